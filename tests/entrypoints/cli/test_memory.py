"""The database in memory: only `shop serve` with one process can use it."""

import json

import pytest

from tests.entrypoints.cli.command_line import CommandLine


@pytest.fixture
def in_memory(shop: CommandLine) -> CommandLine:
    (shop.folder / "products.csv").write_text("sku,name,description,price,stock\n")
    return shop.with_settings(SHOP_DATABASE_URL="memory://")


@pytest.mark.parametrize(
    "command",
    [
        "migrate",
        "seed",
        "import products.csv",
        "worker --once",
        "audit",
        "reconcile",
        "jobs list",
        "jobs retry",
        "notifications purge",
        "sessions sweep",
        "users promote ada@example.com --role admin",
    ],
)
def test_command_for_a_shared_database_rejects_one_in_memory(
    command: str, in_memory: CommandLine
) -> None:
    ended = in_memory.complete(*command.split())

    assert ended.code == 2
    assert ended.error_line == (
        "shop: memory:// is inside a `shop serve` process, where no other command can reach it;"
        " use a SQLite or PostgreSQL database (SHOP_DATABASE_URL or --database)"
    )
    assert [each.name for each in in_memory.folder.iterdir()] == ["products.csv"]


def test_several_workers_cannot_share_a_database_in_memory(in_memory: CommandLine) -> None:
    ended = in_memory.complete("serve", "--port", "0", "--workers", "2")

    assert ended.code == 2
    assert ended.error_line == (
        "shop: --workers 2: memory:// is one database for each process; use --workers 1,"
        " or a SQLite or PostgreSQL database"
    )


def test_server_in_memory_runs_its_own_jobs(in_memory: CommandLine) -> None:
    ended = in_memory.with_settings(SHOP_RUN_JOBS_IN_SERVER="false").complete("serve", "--port=0")

    assert ended.code == 2
    assert ended.error_line == (
        "shop: SHOP_RUN_JOBS_IN_SERVER=false: no other process can run the jobs of memory://;"
        " set it to true, or use a SQLite or PostgreSQL database"
    )


def test_production_rejects_a_database_in_memory(in_memory: CommandLine) -> None:
    ended = in_memory.with_settings(
        SHOP_ENVIRONMENT="production",
        SHOP_PAYMENT_GATEWAY="simulated",
        SHOP_SESSION_SECRETS='["the newer secret, which seals from now on"]',
    ).complete("serve", "--port", "0")

    assert ended.code == 2
    assert ended.error_line == (
        "shop: SHOP_DATABASE_URL=memory:// loses every order when the server stops;"
        " use a SQLite or PostgreSQL database in production"
    )


def test_demo_in_memory_serves_products_and_creates_no_file(in_memory: CommandLine) -> None:
    with in_memory.serving("--demo") as server:
        status, body = server.get("/api/v1/products")
        ready = server.status("/readyz")

    assert (status, ready) == (200, 200)
    assert json.loads(body)["items"][0]["available"] > 0
    assert [each.name for each in in_memory.folder.iterdir()] == ["products.csv"]
