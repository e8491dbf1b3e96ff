"""A database whose transactions are SERIALIZABLE by default refuses what only looks dangerous."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import asyncpg
import pytest

from tests.race.conftest import OpenShop, RaceTrack, opened

pytestmark = pytest.mark.anyio

DATABASE = "race_serializable"


@pytest.fixture(scope="module")
def shop(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenShop]:
    """Serve a shop on such a database, in two processes."""
    asyncio.run(_make_database(postgresql_url))
    database = {"SHOP_DATABASE_URL": postgresql_url.replace("/postgres?", f"/{DATABASE}?")}
    with opened(tmp_path_factory.mktemp("race-serializable"), database, 2) as shop:
        yield shop


async def _make_database(url: str) -> None:
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    await connection.execute(f"CREATE DATABASE {DATABASE}")
    await connection.execute(
        f"ALTER DATABASE {DATABASE} SET default_transaction_isolation = 'serializable'"
    )
    await connection.close()


async def test_of_80_customers_at_once_exactly_as_many_as_there_are_units_get_one(
    track: RaceTrack, sku: str
) -> None:
    await track.admin.stock(sku, quantity=20)
    customers = await track.customers(80)

    answers = await asyncio.gather(*(each.order(sku) for each in customers))

    assert Counter(each.status_code for each in answers) == {201: 20, 409: 60}
    await asyncio.to_thread(track.audit)


async def test_carts_transfers_and_orders_do_not_keep_each_other_from_ending(
    track: RaceTrack, sku: str
) -> None:
    await track.admin.stock(sku, quantity=1000)
    customers = await track.customers(20)

    async def busy(customer: int) -> list[int]:
        here, next_one = customers[customer], customers[(customer + 1) % len(customers)]
        transfer = {"to": next_one.email, "amount": {"amount": 5, "currency": "EUR"}}
        asked = [
            await here.ask("PUT", f"/cart/lines/{sku}", {"quantity": 1}),
            await here.ask("POST", "/transfers", transfer, idempotency_key=f"pass-on-{customer}"),
            await here.order(sku),
            await here.ask("GET", "/account"),
        ]
        return [each.status_code for each in asked]

    codes = await asyncio.gather(*(busy(customer) for customer in range(len(customers))))

    assert codes == [[200, 201, 201, 200]] * len(customers)
    await asyncio.to_thread(track.audit)
