"""The database: made, missing, unmigrated, or not to be had."""

import json
import signal

import pytest

from shop.adapters.sql.database import SqlDatabase
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
    created = "Created the tables and the accounts of a shop in shop.db.\n"
    for first in (created, ""):
        assert shop.output_of("migrate") == f"{first}The database schema is up to date.\n"

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


@pytest.mark.parametrize("left", ["-wal", "-shm", ".gateway", ".secret"])
@pytest.mark.parametrize("command", [("migrate",), ("serve", "--port", "0"), ("seed",), ("audit",)])
def test_database_moved_away_from_its_other_files_is_not_created_again(
    shop: CommandLine, command: tuple[str, ...], left: str
) -> None:
    beside = shop.folder / f"shop.db{left}"
    beside.write_text("kept")

    ended = shop.complete(*command)

    assert ended.code == 1
    assert ended.error_line == (
        f"shop: the database file {shop.folder / 'shop.db'} is missing, but files of its shop are"
        f" there ({beside}); put the database file back, or run `shop restore`, or move those files"
        " away to start a new shop"
    )
    assert list(shop.folder.iterdir()) == [beside]
    assert beside.read_text() == "kept"


def test_shop_whose_first_start_was_interrupted_starts(shop: CommandLine) -> None:
    # The database is the first file that a start creates, and is empty before it is migrated.
    (shop.folder / "shop.db").touch()
    (shop.folder / "shop.db-wal").touch()
    (shop.folder / "shop.db-shm").touch()

    with shop.serving() as server:
        assert server.status("/readyz") == 200


def test_first_start_creates_the_database_before_any_other_file(
    shop: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[set[str]] = []
    migrate = SqlDatabase.migrate

    async def look_and_migrate(database: SqlDatabase) -> None:
        found.append({each.name for each in shop.folder.iterdir()})
        await migrate(database)
        found.append({each.name for each in shop.folder.iterdir()})

    monkeypatch.setattr(SqlDatabase, "migrate", look_and_migrate)
    assert shop.run("seed").returncode == 0

    assert found == [set(), {"shop.db", "shop.db-wal", "shop.db-shm"}]


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


@pytest.mark.parametrize(
    "command",
    [
        *(" ".join(each) for each in COMMANDS),
        *("migrate", "seed", "serve --port 0", "worker --once", "reconcile"),
        *("jobs list", "jobs retry", "notifications purge"),
    ],
)
def test_database_of_a_newer_release_is_reported(command: str, with_file: CommandLine) -> None:
    with_file.output_of("migrate")
    with_file.rows("UPDATE alembic_version SET version_num = '0099'")

    ended = with_file.complete(*command.split())

    assert ended.code == 1
    assert ended.error_line == (
        "shop: the database has schema version 0099, but this release knows none after"
        f" {SCHEMA_VERSION}; run the newer release, or restore a backup from before the upgrade"
    )


@pytest.mark.parametrize(
    "command", ["migrate", "seed", "serve --port 0", "worker --once", "audit", "sessions sweep"]
)
def test_other_currency_of_a_shop_with_products_is_reported(
    command: str, shop: CommandLine
) -> None:
    shop.output_of("seed", "--products", "1")

    ended = shop.with_settings(SHOP_CURRENCY="CHF").complete(*command.split())

    assert ended.code == 2
    assert ended.error_line == (
        "shop: SHOP_CURRENCY: the shop sells in EUR, not in CHF, and cannot change because it has"
        " products; set SHOP_CURRENCY=EUR"
    )


def test_migrate_changes_the_currency_of_an_empty_shop(shop: CommandLine) -> None:
    shop.output_of("migrate")
    in_francs = shop.with_settings(SHOP_CURRENCY="CHF")

    ended = in_francs.complete("audit")
    assert ended.code == 2
    assert ended.error_line == (
        "shop: SHOP_CURRENCY: the shop sells in EUR, not in CHF; it is still empty, so run"
        " `shop migrate` to change that, or set SHOP_CURRENCY=EUR"
    )
    changed = in_francs.run("migrate")

    assert (changed.returncode, changed.stdout) == (0, "The database schema is up to date.\n")
    assert "shop_currency_changed" in changed.stderr
    assert in_francs.run("audit").returncode == 0
    assert shop.rows("SELECT DISTINCT currency FROM accounts") == [("CHF",)]


def test_running_server_says_that_a_newer_release_has_migrated(shop: CommandLine) -> None:
    with shop.serving() as serving:
        assert serving.status("/readyz") == 200
        shop.rows("UPDATE alembic_version SET version_num = '0099'")
        shop.rows("ALTER TABLE products RENAME TO articles")

        status, body = serving.get("/readyz")
        assert (status, json.loads(body)["type"]) == (503, "/problems/database-incompatible")
        assert serving.status("/api/v1/products") == 503
        _, _, errors = serving.stop(signal.SIGTERM)
    assert "but this release knows none after" in errors


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

    assert elsewhere.output_of("migrate").splitlines() == [
        "Created the tables and the accounts of a shop in the database.",
        "The database schema is up to date.",
    ]
    assert elsewhere.output_of("seed", "--customers", "2").startswith("Products: 50 added")
    assert elsewhere.run("audit").returncode == 0
    with elsewhere.serving() as serving:
        assert serving.status("/readyz") == 200
