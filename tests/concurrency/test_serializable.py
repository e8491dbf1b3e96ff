"""The shop works on a database whose transactions are SERIALIZABLE by default."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import asyncpg
import pytest

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.engines import postgresql
from tests.concurrency.conftest import OpenShop, RunningShop, in_process_shop, serving_shop
from tests.processes.isolation import begin_connections_serializable

pytestmark = pytest.mark.anyio

DATABASE = "race_serializable"


@pytest.fixture(scope="module")
def shop(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenShop]:
    """Serve a shop on such a database, in two processes."""
    asyncio.run(_make_database(postgresql_url))
    database = {"SHOP_DATABASE_URL": postgresql_url.replace("/postgres?", f"/{DATABASE}?")}
    with serving_shop(tmp_path_factory.mktemp("race-serializable"), database, 2) as shop:
        yield shop


async def _make_database(url: str) -> None:
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    await connection.execute(f"CREATE DATABASE {DATABASE}")
    await connection.execute(
        f"ALTER DATABASE {DATABASE} SET default_transaction_isolation = 'serializable'"
    )
    await connection.close()


async def test_eighty_concurrent_customers_buy_exactly_the_stock(
    running_shop: RunningShop, sku: str
) -> None:
    await running_shop.admin.stock(sku, quantity=20)
    customers = await running_shop.customers(80)

    responses = await asyncio.gather(*(each.order(sku) for each in customers))

    assert Counter(each.status_code for each in responses) == {201: 20, 409: 60}
    await running_shop.audit()


async def test_carts_transfers_and_orders_do_not_block_each_other(
    running_shop: RunningShop, sku: str
) -> None:
    await running_shop.admin.stock(sku, quantity=1000)
    customers = await running_shop.customers(20)

    async def busy(customer: int) -> list[int]:
        here, next_one = customers[customer], customers[(customer + 1) % len(customers)]
        transfer = {"to": next_one.email, "amount": {"amount": 5, "currency": "EUR"}}
        requests = [
            await here.request("PUT", f"/cart/lines/{sku}", {"quantity": 1}),
            await here.request(
                "POST", "/transfers", transfer, idempotency_key=f"pass-on-{customer}"
            ),
            await here.order(sku),
            await here.request("GET", "/account"),
        ]
        return [each.status_code for each in requests]

    codes = await asyncio.gather(*(busy(customer) for customer in range(len(customers))))

    assert codes == [[200, 201, 201, 200]] * len(customers)
    await running_shop.audit()


async def test_switch_of_the_tests_has_every_transaction_serializable(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "SET_READ_COMMITTED", "")
    begin_connections_serializable()
    levels = []
    async with in_process_shop({"SHOP_DATABASE_URL": postgresql_url}) as shop:
        database = shop.database()
        assert isinstance(database, SqlDatabase)
        for engine in (database.writer, database.guarded):
            async with engine.connect() as connection:
                level = await connection.exec_driver_sql("SHOW transaction_isolation")
                levels.append(level.scalar_one())

    assert levels == ["serializable", "serializable"]
