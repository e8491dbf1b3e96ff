"""The database: made, missing, unmigrated, or not to be had."""

import pytest

from shop.adapters.sql.schema.tables import SCHEMA_VERSION
from tests.entrypoints.cli.command_line import CommandLine

COMMANDS = (
    ("import", "products.csv"),
    ("audit",),
    ("sessions", "sweep"),
    ("users", "promote", "ada@example.com", "--role", "admin"),
    ("users", "demote", "ada@example.com", "--role", "admin"),
)


@pytest.fixture
def with_file(shop: CommandLine) -> CommandLine:
    (shop.folder / "products.csv").write_text("sku,name,description,price,stock\n")
    return shop


def test_database_is_created_and_created_again_after_removal(shop: CommandLine) -> None:
    for _ in range(2):
        assert shop.output_of("migrate") == "The database schema is up to date.\n"

    assert shop.rows("SELECT kind FROM accounts ORDER BY kind") == [
        ("adjustments",),
        ("card_clearing",),
        ("sales",),
    ]


def test_database_option_selects_the_database(shop: CommandLine) -> None:
    shop.output_of("migrate", "--database", "sqlite+aiosqlite:///named.db")

    assert (shop.folder / "named.db").exists()
    assert not (shop.folder / "shop.db").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_missing_database_is_reported_and_not_created(
    command: tuple[str, ...], with_file: CommandLine
) -> None:
    ended = with_file.complete(*command)

    assert ended.code == 1
    assert ended.error_line == (
        f"shop: the database file {with_file.folder / 'shop.db'} does not exist; run `shop migrate`"
    )
    assert [each.name for each in with_file.folder.iterdir()] == ["products.csv"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite+aiosqlite:///broken.db", "broken.db is not a SQLite database; check"),
        (
            "postgresql+asyncpg://shop:hunter2@127.0.0.1:1/shop",
            "the database at 127.0.0.1:1 cannot be reached; check that it is running, and",
        ),
        (
            "postgresql+asyncpg://shop:hunter2@no.such.host.invalid/shop",
            "the database host no.such.host.invalid is unknown; check",
        ),
    ],
)
@pytest.mark.parametrize("command", ["audit", "migrate", "seed", "worker --once"])
def test_unusable_database_is_reported_in_one_line(
    command: str, url: str, reason: str, shop: CommandLine
) -> None:
    (shop.folder / "broken.db").write_text("This is no database.\n" * 100)

    ended = shop.complete(*command.split(), "--database", url)

    assert ended.code == 1
    assert ended.error_line == f"shop: {reason} SHOP_DATABASE_URL or --database"


def test_missing_postgresql_database_and_user_are_named(
    shop: CommandLine, postgresql_url: str
) -> None:
    other_database = postgresql_url.replace("/postgres?", "/missing?")
    other_user = postgresql_url.replace("postgres@", "missing:hunter2@")

    without_database = shop.complete("audit", "--database", other_database).error_line
    without_user = shop.complete("audit", "--database", other_user).error_line

    assert " has no database missing; create it, or correct SHOP_DATABASE_URL" in without_database
    assert " rejects the user missing or the password; check SHOP_DATABASE_URL" in without_user
    assert "hunter2" not in without_user


def test_database_of_another_currency_is_rejected_with_both_currencies(shop: CommandLine) -> None:
    shop.output_of("migrate")

    ended = shop.with_settings(SHOP_CURRENCY="USD").complete("audit")

    assert (ended.code, ended.error_line) == (
        2,
        (
            "shop: SHOP_CURRENCY: the shop in this database sells in EUR, not in USD;"
            " set it to EUR, or use another database (SHOP_DATABASE_URL or --database)"
        ),
    )


@pytest.mark.parametrize("command", ["migrate", "seed", "serve --port 0", "audit"])
def test_missing_folder_is_named(command: str, shop: CommandLine) -> None:
    ended = shop.complete(
        *command.split(), "--database", "sqlite+aiosqlite:///no/such/folder/shop.db"
    )

    assert ended.code == 1
    assert (
        ended.error_line
        == "shop: the folder no/such/folder of the database file shop.db does not exist"
    )
    assert list(shop.folder.iterdir()) == []


def test_unmigrated_database_is_reported(shop: CommandLine) -> None:
    (shop.folder / "shop.db").touch()

    ended = shop.complete("audit")

    assert ended.code == 1
    assert ended.error_line == (
        "shop: the database is not migrated"
        f" (schema version none, expected {SCHEMA_VERSION}); run `shop migrate`"
    )


def test_postgresql_schema_is_created_by_migrate_only(
    shop: CommandLine, postgresql_url: str
) -> None:
    elsewhere = shop.with_settings(
        SHOP_DATABASE_URL=postgresql_url, SHOP_DATABASE_SCHEMA="of_the_command_line"
    )

    for command in ("seed", "audit", "serve --port 0"):
        ended = elsewhere.complete(*command.split())
        assert ended.code == 1
        assert "run `shop migrate`" in ended.error_line

    assert elsewhere.output_of("migrate") == "The database schema is up to date.\n"
    assert elsewhere.output_of("seed", "--customers", "2").startswith("Products: 50 added")
    assert elsewhere.run("audit").returncode == 0
    with elsewhere.serving() as serving:
        assert serving.status("/readyz") == 200
