"""The database: made, missing, unmigrated, or not to be had."""

import pytest

from shop.adapters.sql.schema.tables import SCHEMA_VERSION
from tests.cli.program import Program

COMMANDS = (
    ("import", "products.csv"),
    ("audit",),
    ("sessions", "sweep"),
    ("users", "promote", "ada@example.com", "--role", "admin"),
    ("users", "demote", "ada@example.com", "--role", "admin"),
)


@pytest.fixture
def with_file(shop: Program) -> Program:
    (shop.folder / "products.csv").write_text("sku,name,description,price,stock\n")
    return shop


def test_a_database_is_made_and_made_again(shop: Program) -> None:
    for _ in range(2):
        assert shop.printed("migrate") == "The database is ready.\n"

    assert shop.rows("SELECT kind FROM accounts ORDER BY kind") == [
        ("adjustments",),
        ("card_clearing",),
        ("sales",),
    ]


def test_the_database_is_the_one_that_is_named(shop: Program) -> None:
    shop.printed("migrate", "--database", "sqlite+aiosqlite:///named.db")

    assert (shop.folder / "named.db").exists()
    assert not (shop.folder / "shop.db").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_missing_database_is_told_and_not_made(
    command: tuple[str, ...], with_file: Program
) -> None:
    ended = with_file.end(*command)

    assert ended.code == 1
    assert ended.line == (
        "shop: there is no database file shop.db; `shop serve` or `shop migrate` makes it"
    )
    assert [each.name for each in with_file.folder.iterdir()] == ["products.csv"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite+aiosqlite:///broken.db", "file is not a database"),
        ("postgresql+asyncpg://shop:hunter2@127.0.0.1:1/shop", "Connect call failed"),
        ("postgresql+asyncpg://shop:hunter2@no.such.host.invalid/shop", "not known"),
    ],
)
@pytest.mark.parametrize("command", ["audit", "migrate", "seed"])
def test_a_database_that_cannot_be_used_is_told_in_one_line(
    command: str, url: str, reason: str, shop: Program
) -> None:
    (shop.folder / "broken.db").write_text("This is no database.\n" * 100)

    ended = shop.end(command, "--database", url)

    assert ended.code == 1
    assert ended.line.startswith("shop: the database cannot be used: ")
    assert reason in ended.line
    assert "hunter2" not in ended.line


@pytest.mark.parametrize("command", ["migrate", "seed", "serve", "audit"])
def test_a_folder_that_is_not_there_is_named(command: str, shop: Program) -> None:
    ended = shop.end(command, "--database", "sqlite+aiosqlite:///no/such/folder/shop.db")

    assert ended.code == 1
    assert ended.line == "shop: there is no folder no/such/folder for the database file shop.db"
    assert list(shop.folder.iterdir()) == []


def test_a_database_that_was_never_migrated_is_told(shop: Program) -> None:
    (shop.folder / "shop.db").touch()

    ended = shop.end("audit")

    assert ended.code == 1
    assert ended.line == (
        "shop: the database is not ready"
        f" (schema version none, {SCHEMA_VERSION} is needed): run `shop migrate`"
    )


def test_on_postgresql_only_migrate_makes_the_database(shop: Program, postgresql_url: str) -> None:
    elsewhere = shop.with_settings(
        SHOP_DATABASE_URL=postgresql_url, SHOP_DATABASE_SCHEMA="of_the_command_line"
    )

    for command in ("seed", "audit", "serve"):
        ended = elsewhere.end(command)
        assert ended.code == 1
        assert "run `shop migrate`" in ended.line

    assert elsewhere.printed("migrate") == "The database is ready.\n"
    assert elsewhere.printed("seed", "--customers", "2").startswith("Products: 50 added")
    assert elsewhere.run("audit").returncode == 0
    with elsewhere.serving() as serving:
        assert serving.status("/readyz") == 200
