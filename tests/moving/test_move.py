"""A shop moves with every row, and is then in one place."""

from pathlib import Path

import pytest

from shop.adapters.sql.schema.tables import SCHEMA_VERSION
from tests.moving.moving_shop import MovingShop


def test_every_row_is_the_same_in_the_new_place(shop: MovingShop) -> None:
    before = shop.rows_before()

    done = shop.commands.output_of(*shop.arguments).splitlines()

    assert {table for table, rows in before.items() if rows} >= {
        "orders", "order_lines", "payments", "refunds", "shipment_events", "sessions", "transfers",
        "idempotency_keys", "product_texts", "variants", "stock_movements", "accounts",
    }  # fmt: skip
    number = sum(map(len, before.values()))
    assert done[0] == f"Copied {len(before)} tables with {number:,} rows."
    assert f"Moved {len(before)} tables with {number:,} rows to " in done[3]
    assert shop.rows_after() == before


def test_the_moved_shop_is_whole(shop: MovingShop) -> None:
    shop.commands.output_of(*shop.arguments)

    assert shop.ask("SELECT version_num FROM alembic_version")[0][0] == SCHEMA_VERSION
    assert shop.moved.output_of("migrate") == "The database schema is up to date.\n"
    deferrable = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND condeferrable"
    assert shop.ask(deferrable)[0][0] == 0
    disabled = "SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O'"
    assert shop.ask(disabled)[0][0] == 0


def test_files_beside_the_database_come_along(shop: MovingShop) -> None:
    folder = shop.commands.folder
    image = Path("ab", "ab" * 32 + "-320.webp")
    for name in (image, Path("kept", image), Path("imports", "of", "file")):
        file = folder / "shop.db.media" / name
        file.parent.mkdir(parents=True)
        file.write_bytes(str(name).encode())
    (folder / "shop.db.secret").write_text("a secret that was generated, 0123456789")

    shop.commands.output_of(*shop.arguments)

    target = f"shop-{shop.schema}"
    assert (folder / f"{target}.secret").read_bytes() == (folder / "shop.db.secret").read_bytes()
    for name in (image, Path("kept", image), Path("imports", "of", "file")):
        copied = folder / f"{target}.media" / name
        assert copied.read_bytes() == (folder / "shop.db.media" / name).read_bytes()


@pytest.mark.parametrize(
    "command", [("audit",), ("migrate",), ("serve", "--port", "0"), ("worker", "--once")]
)
def test_the_old_place_opens_for_no_command(left: MovingShop, command: tuple[str, ...]) -> None:
    rejected = left.commands.complete(*command)

    assert rejected.code == 1
    assert rejected.error_line.startswith("shop: the shop has moved to postgresql+asyncpg://")
    assert f", schema {left.schema} on " in rejected.error_line


@pytest.fixture(scope="module")
def left(template: Path, tmp_path_factory: pytest.TempPathFactory, database_url: str) -> MovingShop:
    """Return a shop that has moved."""
    from tests.moving.moving_shop import new_moving_shop  # noqa: PLC0415

    shop = new_moving_shop(template, tmp_path_factory.mktemp("left"), database_url)
    shop.commands.output_of(*shop.arguments)
    return shop


def test_no_password_is_printed_or_stored(shop: MovingShop) -> None:
    url = shop.database_url.replace("postgres@", "postgres:open-sesame@")

    done = shop.commands.output_of("move", "--to", url, "--schema", shop.schema)

    assert "open-sesame" not in done
    assert "open-sesame" not in shop.commands.complete("audit").errors
    assert b"open-sesame" not in (shop.commands.folder / "shop.db").read_bytes()


def test_no_program_writes_to_the_old_place(left: MovingShop) -> None:
    with pytest.raises(Exception, match="the shop is moving to another database"):
        left.commands.rows("UPDATE accounts SET balance = balance + 1")
    with pytest.raises(Exception, match="the shop is moving to another database"):
        left.commands.rows("INSERT OR IGNORE INTO user_groups SELECT id, 'friends' FROM users")
