"""A move that cannot succeed changes nothing."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from shop.adapters.sql.schema.tables import SCHEMA_VERSION
from tests.moving.moving_shop import MovingShop, new_moving_shop


@pytest.fixture(scope="module")
def shop(template: Path, tmp_path_factory: pytest.TempPathFactory, database_url: str) -> MovingShop:
    """Return one shop for all tests: none of them moves it."""
    return new_moving_shop(template, tmp_path_factory.mktemp("rejected"), database_url)


def require_rejected(shop: MovingShop, message: str, *arguments: str, code: int = 1) -> None:
    before = shop.rows_before()

    rejected = shop.commands.complete(*(arguments or shop.arguments))

    assert (rejected.code, rejected.error_line) == (code, f"shop: {message}")
    assert shop.rows_before() == before
    assert shop.commands.rows("PRAGMA user_version") == [(0,)]
    assert shop.commands.rows("SELECT name FROM sqlite_schema WHERE name LIKE 'shop_move%'") == []


def test_a_schema_with_customers_is_not_empty(shop: MovingShop) -> None:
    shop.moved.output_of("migrate")
    shop.moved.output_of("seed", "--products", "1", "--customers", "1")

    require_rejected(
        shop,
        f"the schema {shop.schema} is not empty: accounts, categories, inventories, price_changes,"
        " product_categories, product_texts, products, stock_movements, transfers, users, variants;"
        " choose an empty one with --schema",
    )
    assert shop.ask("SELECT count(*) FROM users")[0][0] == 1
    shop.ask(f"DROP SCHEMA {shop.schema} CASCADE")


def test_a_schema_of_another_release_is_not_migrated(shop: MovingShop) -> None:
    shop.ask(f"CREATE SCHEMA {shop.schema}")
    shop.ask("CREATE TABLE alembic_version AS SELECT '0008' AS version_num")

    require_rejected(
        shop,
        f"the schema {shop.schema} has schema version 0008, and this release has {SCHEMA_VERSION};"
        " choose an empty schema with --schema",
    )
    shop.ask(f"DROP SCHEMA {shop.schema} CASCADE")


def test_a_schema_of_another_program_is_left_alone(shop: MovingShop) -> None:
    shop.ask(f"CREATE SCHEMA {shop.schema}")
    shop.ask("CREATE TABLE letters (id int)")

    require_rejected(
        shop,
        f"the schema {shop.schema} has tables of something else than a shop; choose another with"
        " --schema",
    )
    shop.ask(f"DROP SCHEMA {shop.schema} CASCADE")


def test_the_target_is_postgresql(shop: MovingShop) -> None:
    require_rejected(
        shop,
        "--to: a shop moves to PostgreSQL only (postgresql+asyncpg://…)",
        *("move", "--to", "sqlite+aiosqlite:///other.db"),
        code=2,
    )


def test_the_target_is_named(shop: MovingShop) -> None:
    message = "--to is missing: name the PostgreSQL database to move to"
    require_rejected(shop, message, "move", code=2)


def test_the_source_is_a_file(shop: MovingShop) -> None:
    require_rejected(
        shop,
        "only a shop in a SQLite file can move; name it by SHOP_DATABASE_URL or --database",
        *(*shop.arguments, "--database", shop.database_url),
        code=2,
    )


def test_a_source_of_an_older_release_is_migrated_first(shop: MovingShop) -> None:
    shop.commands.rows("UPDATE alembic_version SET version_num = '0008'")

    require_rejected(
        shop,
        f"shop.db has schema version 0008, and this release moves {SCHEMA_VERSION}; run `shop"
        " migrate` with the release that serves the shop, and move with that",
    )
    shop.commands.rows(f"UPDATE alembic_version SET version_num = '{SCHEMA_VERSION}'")  # noqa: S608


def test_tables_that_are_not_the_shops_would_be_lost(shop: MovingShop) -> None:
    shop.commands.rows("CREATE TABLE notes (id INTEGER)")

    require_rejected(
        shop,
        "shop.db has tables that are not the shop's: notes; delete them, or move their rows"
        " elsewhere",
    )
    shop.commands.rows("DROP TABLE notes")


def test_a_shop_that_violates_an_invariant_does_not_move(shop: MovingShop) -> None:
    more = "UPDATE inventories SET on_hand = on_hand + 1 WHERE rowid = 1"
    shop.commands.rows(more)

    require_rejected(
        shop,
        "the audit of this shop found violated invariants: 3; run `shop audit` to see the rows, and"
        " repair them first",
    )
    shop.commands.rows(more.replace("+ 1", "- 1"))


def test_files_of_another_shop_are_not_replaced(shop: MovingShop) -> None:
    folder = shop.commands.folder
    (folder / "shop.db.secret").write_text("one secret")
    secret = folder / f"shop-{shop.schema}.secret"
    secret.write_text("another secret")

    require_rejected(
        shop,
        f"{secret.name} has another secret, which the move would replace; move it away, or choose"
        " another folder",
    )
    assert secret.read_text() == "another secret"
    secret.unlink()


def test_a_database_that_is_missing_is_named(shop: MovingShop) -> None:
    host = make_url(shop.database_url).query["host"]
    require_rejected(
        shop,
        f"PostgreSQL at {host}:5432 has no database missing; create it, or correct"
        " SHOP_DATABASE_URL or --database",
        *("move", "--to", _with_database(shop.database_url, "missing")),
    )


def test_a_shop_without_a_move_has_nothing_to_undo(shop: MovingShop) -> None:
    message = "no move of this shop has begun; nothing is to be undone"
    require_rejected(shop, message, "move", "--undo")


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)
