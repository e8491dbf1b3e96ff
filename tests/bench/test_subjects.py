"""The other subjects of the benchmark do the same work as the shop, as correctly."""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch
from uuid import uuid4

import pytest
from fastapi import FastAPI
from pydantic import Secret
from sqlalchemy import make_url
from starlette.testclient import TestClient

from bench.apps import without_group_commit
from bench.apps.baseline_orm import app as baseline_orm
from bench.databases import Database, Postgres, PostgresDatabase, SqliteDatabase, wheel_programs
from bench.fixtures import SECRET, Fixtures, seed_database, settings
from bench.limits import sqlite_loop
from bench.limits.sqlite_loop import GROUP
from bench.limits.subjects import SETTINGS, YoungShop
from bench.load import PythonLoadGenerator
from bench.scaling import variables
from bench.subjects import SQL, PgbenchSubject, database_limit, lean_limit, stored_procedure
from bench.workloads import (
    COOKIE,
    MANY_PRODUCTS,
    PRODUCTS,
    TWO_HOT_LINES,
    TWO_LINES,
    Workload,
    sku,
)
from shop.adapters.sql.schema.tables import metadata
from shop.application.checkout.placement_batch import PlaceOrder
from shop.domain.cart import Cart
from shop.domain.shared.line_quantity import LineQuantity
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.entrypoints.cli.command_line import logging_restored

T = TypeVar("T")

ONE_PRODUCT = {sku(PRODUCTS): 1}

COUNTS = {
    **{table: f"SELECT COUNT(*) FROM {table}" for table in metadata.tables},  # noqa: S608
    "saves of sessions": "SELECT SUM(version) FROM sessions",
    "money of customers": "SELECT SUM(balance) FROM accounts",
    "goods on hand": "SELECT SUM(on_hand) FROM inventories",
    "keys with an order": "SELECT COUNT(reference) FROM idempotency_keys",
}


@pytest.fixture(scope="module")
def postgres(postgresql_url: str) -> Postgres:
    host = make_url(postgresql_url).query["host"]
    assert isinstance(host, str)
    server = Postgres(programs=wheel_programs(), socket_folder=host, pid=0)
    server.create("seeded")
    return server


@pytest.fixture(scope="module")
def on_postgres(postgres: Postgres) -> Fixtures:
    return seed_database(postgres.address("seeded"))


@pytest.fixture
def postgres_database(postgres: Postgres, on_postgres: Fixtures) -> PostgresDatabase:
    del on_postgres
    return _copy(postgres)


@pytest.fixture(params=[database_limit, stored_procedure])
def subject_under_test(
    request: pytest.FixtureRequest, postgres_database: PostgresDatabase
) -> PgbenchSubject:
    subject: PgbenchSubject = request.param(postgres_database.postgres, postgres_database.name)
    return subject


def test_pgbench_order_writes_the_same_rows_as_a_shop_order(
    subject_under_test: PgbenchSubject, postgres_database: PostgresDatabase, on_postgres: Fixtures
) -> None:
    # Once customers go by number, their tokens open nothing.
    shops_own = _copy(postgres_database.postgres)
    before = _counts(shops_own)
    _order(shops_own, on_postgres)
    by_shop = _difference(before, _counts(shops_own))
    subject_under_test.run_until("--transactions=1", MANY_PRODUCTS)
    by_script = _difference(before, _counts(postgres_database))

    assert by_script == by_shop
    assert by_script["orders"] == 1
    assert _violations(postgres_database) == []


def test_concurrent_pgbench_orders_pass_the_audit(
    subject_under_test: PgbenchSubject, postgres_database: PostgresDatabase
) -> None:
    before = postgres_database.orders()
    responses = subject_under_test.run_until("--transactions=20", MANY_PRODUCTS, clients=8)

    assert responses.done == responses.orders == 160
    assert postgres_database.orders() == before + 160
    assert _violations(postgres_database) == []


def test_full_loop_writes_the_same_rows_as_orders_of_the_shop(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "shop.db")
    fixtures = seed_database(database.address)
    seeded = _counts(database)
    _order(database, fixtures, {sku(PRODUCTS - 1): 1, sku(PRODUCTS): 2})
    by_shop = _counts(database)
    done = sqlite_loop.run("full", str(database.file), PRODUCTS, seconds=0)

    expected = {name: GROUP * of for name, of in _difference(seeded, by_shop).items()}
    assert _difference(by_shop, _counts(database)) == expected
    assert done["orders"] == expected["orders"] == GROUP
    assert _violations(database) == []


@pytest.mark.parametrize("workload", [TWO_LINES, TWO_HOT_LINES], ids=lambda each: each.name)
def test_lean_limit_writes_an_order_of_two_lines_in_each_transaction(
    postgres: Postgres, workload: Workload
) -> None:
    database = f"lean_{uuid4().hex}"
    postgres.create(database)
    subject = lean_limit(postgres, database)
    before = _lean_counts(postgres, database)
    responses = subject.run_until("--transactions=5", workload, clients=4)
    written = [
        after - old for old, after in zip(before, _lean_counts(postgres, database), strict=True)
    ]

    assert responses.orders == 20
    rows = {"orders": 1, "order_lines": 2, "ledger": 2, "idempotency_keys": 1, "jobs": 1}
    assert dict(zip(rows, written, strict=False)) == {each: 20 * of for each, of in rows.items()}
    assert written[len(rows) :] == [-3 * 20, -300 * 20, 20]
    hot = postgres.ask(database, "SELECT COUNT(*) FROM stock WHERE on_hand < 100000000")
    assert (int(hot) == 2) == (workload is TWO_HOT_LINES)


@pytest.mark.parametrize(("products", "sold"), [(2, 2), (300, 64)])
def test_lean_loop_writes_an_order_of_two_lines_at_a_time(
    products: int, sold: int, tmp_path: Path
) -> None:
    file = tmp_path / "lean.db"
    done = sqlite_loop.run("lean", str(file), products, seconds=0)

    def count(query: str) -> int:
        with closing(sqlite3.connect(file)) as connection:
            return int(connection.execute(query).fetchone()[0])

    assert done["orders"] == count("SELECT COUNT(*) FROM orders") == GROUP
    assert count("SELECT COUNT(*) FROM order_lines") == 2 * GROUP
    assert count("SELECT SUM(100000000 - on_hand) FROM stock") == 3 * GROUP
    assert count("SELECT COUNT(*) FROM stock WHERE on_hand < 100000000") >= sold


def test_young_shop_is_new_for_each_measurement_and_was_analysed_without_orders(
    postgres: Postgres, tmp_path: Path
) -> None:
    postgres.create("young")
    seed_database(postgres.address("young"), orders=0).write_to(tmp_path)
    young = YoungShop(
        postgres=postgres,
        template="young",
        settings=settings("") | SETTINGS,
        load=PythonLoadGenerator(),
        files=tmp_path,
    )

    assert postgres.ask("young", "SELECT reltuples FROM pg_class WHERE relname = 'orders'") == "0\n"
    for _ in range(2):
        young.prepare()
        responses = young.run(TWO_LINES, clients=2, seconds=1)
        assert young.acknowledged == responses.orders > 0
        young.finish()
    stored = [PostgresDatabase(postgres, f"young_{number}").orders() for number in (1, 2)]
    assert min(stored) > 0
    assert PostgresDatabase(postgres, "young").orders() == 0


def test_scaled_database_passes_the_audit(postgres_database: PostgresDatabase) -> None:
    size = 1_500
    postgres_database.postgres.run_file(postgres_database.name, SQL / "grow.sql", variables(size))

    counts = _counts(postgres_database)
    assert (counts["orders"], counts["products"], counts["payments"]) == (size, size, size)
    assert _violations(postgres_database) == []


def test_orm_baseline_order_writes_the_same_rows_as_a_shop_order(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "shop.db")
    fixtures = seed_database(database.address)
    before = _counts(database)
    with patch.dict(os.environ, settings(database.address)):
        app = baseline_orm.create_app()
    response = _order_over_http(app, fixtures)
    app.state.engine.dispose()
    by_baseline = _counts(database)
    _order(database, fixtures)
    by_shop = _counts(database)

    assert response == {"sku": sku(PRODUCTS), "status": "paid"}
    assert _difference(before, by_baseline) == _difference(by_baseline, by_shop)
    assert _difference(before, by_baseline)["orders"] == 1
    assert _violations(database) == []


def test_shop_without_group_commit_writes_the_same_rows_as_the_shop(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "shop.db")
    fixtures = seed_database(database.address)
    before = _counts(database)
    with logging_restored(), patch.dict(os.environ, settings(database.address)):
        response = _order_over_http(without_group_commit.create_app(), fixtures)
    without_groups = _counts(database)
    _order(database, fixtures)

    assert response == {"sku": sku(PRODUCTS), "status": "paid"}
    assert _difference(before, without_groups) == _difference(without_groups, _counts(database))
    assert _violations(database) == []


def _copy(postgres: Postgres) -> PostgresDatabase:
    name = f"copy_{uuid4().hex}"
    postgres.create(name, "seeded")
    return PostgresDatabase(postgres, name)


def _order_over_http(app: FastAPI, fixtures: Fixtures) -> Mapping[str, str]:
    body = {
        "lines": [{"sku": sku(PRODUCTS), "quantity": 1}],
        "payment": {"method": "account"},
    }
    headers = {"Cookie": f"{COOKIE}={fixtures.tokens[-1]}", "Idempotency-Key": "order-over-http"}
    with TestClient(app) as client:
        response = client.post("/api/v1/orders", json=body, headers=headers)
    assert response.status_code == 201, response.text
    order = response.json()
    return {"sku": order["lines"][0]["sku"], "status": order["status"]}


def _order(
    database: Database, fixtures: Fixtures, quantities: Mapping[str, int] = ONE_PRODUCT
) -> None:
    async def order(container: Container) -> None:
        command = PlaceOrder(
            session=fixtures.tokens[-1],
            key="order-of-the-shop",
            cart=Cart.of([LineQuantity(sku=of, quantity=n) for of, n in quantities.items()]),
            card=None,
            expected_total=None,
        )
        (reply,) = await container.place_orders().place([command])
        reply.unwrap()

    _in_shop(database, order)


def _violations(database: Database) -> list[int]:
    async def audit(container: Container) -> list[int]:
        findings = await container.audit_shop().run(lambda _: None)
        return [each.invariant.number for each in findings if each.violations]

    return _in_shop(database, audit)


def _in_shop(database: Database, work: Callable[[Container], Awaitable[T]]) -> T:
    async def opened() -> T:
        container = Container(
            settings=Settings(database_url=database.address, session_secrets=(Secret(SECRET),))
        )
        try:
            return await work(container)
        finally:
            await container.transaction_runner().drain()
            await container.database().close()

    return asyncio.run(opened())


def _counts(database: Database) -> Mapping[str, int]:
    if isinstance(database, PostgresDatabase):
        counts = database.postgres.ask(database.name, *COUNTS.values())
        return dict(zip(COUNTS, map(int, counts.split()), strict=True))
    assert isinstance(database, SqliteDatabase)
    with closing(sqlite3.connect(database.file)) as connection:
        return {name: connection.execute(each).fetchone()[0] for name, each in COUNTS.items()}


def _lean_counts(postgres: Postgres, database: str) -> list[int]:
    tables = ("orders", "order_lines", "ledger", "idempotency_keys", "jobs")
    counts = [f"SELECT COUNT(*) FROM {table}" for table in tables]  # noqa: S608
    sums = ["SUM(on_hand) FROM stock", "SUM(balance) FROM accounts", "SUM(version) FROM sessions"]
    answer = postgres.ask(database, *counts, *(f"SELECT {each}" for each in sums))
    return [int(each) for each in answer.split()]


def _difference(before: Mapping[str, int], after: Mapping[str, int]) -> Mapping[str, int]:
    return {name: after[name] - before[name] for name in COUNTS}
