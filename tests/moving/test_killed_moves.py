"""A move that is killed at any step is run again, or undone: the shop is always in one place."""

import signal
from pathlib import Path

import pytest

from tests.moving.moving_shop import MovingShop, Rows, new_moving_shop
from tests.processes.move_kills import KILL_VARIABLE
from tests.timeouts import TEST_TIMEOUT_SECONDS


def kill(shop: MovingShop, step: str) -> Rows:
    """Move the shop until it dies at a step; return the rows that it had."""
    before = shop.rows_before()
    commands = shop.commands.with_settings(**{KILL_VARIABLE: step})
    with commands.running(*shop.arguments) as process:
        assert process.wait(timeout=TEST_TIMEOUT_SECONDS) == -signal.SIGKILL
    return before


@pytest.mark.parametrize(
    "step", ["after begin", "after stop_writes", "after mark_moved", "after release"]
)
def test_a_killed_move_is_completed_by_another_one(shop: MovingShop, step: str) -> None:
    before = kill(shop, step)

    shop.commands.output_of(*shop.arguments)

    assert shop.rows_after() == before
    assert shop.commands.complete("audit").error_line.startswith("shop: the shop has moved to ")
    assert shop.moved.output_of("migrate") == "The database schema is up to date.\n"


def test_the_shop_serves_on_after_a_killed_move(shop: MovingShop) -> None:
    kill(shop, "after catch_up")

    shop.commands.output_of("seed", "--customers", "5")

    # A shop in both places would sell everything twice.
    rejected = shop.moved.complete("migrate")
    assert rejected.error_line == (
        "shop: the move of a shop into this database has not finished; run `shop move` again, or"
        " delete the tables"
    )
    shop.commands.output_of(*shop.arguments)
    assert shop.rows_after() == shop.rows_before()


@pytest.mark.parametrize("step", ["after catch_up", "before mark_moved"])
def test_a_killed_move_is_undone(shop: MovingShop, step: str) -> None:
    before = kill(shop, step)

    undone = shop.commands.output_of("move", "--undo")

    assert undone.startswith("The shop goes on in SQLite.")
    assert shop.rows_before() == before
    assert shop.commands.rows("SELECT name FROM sqlite_schema WHERE name LIKE 'shop_move%'") == []
    shop.commands.output_of("seed", "--customers", "5")
    assert shop.commands.rows("PRAGMA user_version") == [(0,)]


def test_orders_are_stopped_after_a_kill_at_the_end(shop: MovingShop) -> None:
    kill(shop, "after stop_writes")

    rejected = shop.commands.run("seed", "--customers", "5")

    assert rejected.returncode == 1
    assert "the shop is moving to another database and takes no orders" in rejected.stderr


def test_a_shop_that_was_marked_is_undone_unless_the_other_one_serves(shop: MovingShop) -> None:
    kill(shop, "after mark_moved")

    without_target = shop.commands.complete("move", "--undo")
    assert "may take orders already; add --to with its address" in without_target.error_line

    shop.commands.output_of(*shop.arguments, "--undo")
    shop.commands.output_of("seed", "--customers", "5")


def test_a_shop_whose_other_place_serves_is_not_undone(shop: MovingShop) -> None:
    kill(shop, "after release")

    rejected = shop.commands.complete(*shop.arguments, "--undo")

    assert rejected.code == 1
    assert "which takes its orders" in rejected.error_line
    assert shop.commands.complete("audit").error_line.startswith("shop: the shop has moved to ")


@pytest.mark.parametrize("arguments", [("move", "--undo"), ()])
def test_a_complete_move_is_neither_undone_nor_repeated(
    moved: MovingShop, arguments: tuple[str, ...]
) -> None:
    rejected = moved.commands.complete(*(arguments or moved.arguments))

    assert rejected.code == 1
    assert rejected.error_line.startswith("shop: the shop has moved to postgresql+asyncpg://")


def test_a_shop_that_is_about_to_move_elsewhere_is_not_moved_twice(shop: MovingShop) -> None:
    kill(shop, "after mark_moved")

    rejected = shop.commands.complete("move", "--to", shop.database_url, "--schema", "elsewhere")

    assert rejected.code == 1
    assert ", schema elsewhere; complete that move, or undo it" in rejected.error_line


@pytest.fixture(scope="module")
def moved(
    template: Path, tmp_path_factory: pytest.TempPathFactory, database_url: str
) -> MovingShop:
    shop = new_moving_shop(template, tmp_path_factory.mktemp("complete"), database_url)
    shop.commands.output_of(*shop.arguments)
    return shop
