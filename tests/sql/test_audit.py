"""The audit finds also what a database refuses, should a constraint be lost."""

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import Executable, MetaData, PrimaryKeyConstraint, delete, insert, text, update
from sqlalchemy.schema import CreateSchema

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import (
    SCHEMA_VERSION,
    accounts,
    idempotency_keys,
    inventories,
    metadata,
    orders,
    stock_movements,
    transfers,
)
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.domain.account import ShopAccount
from tests.contract.books import (
    ADA,
    ADAS,
    BOBS,
    ORDER,
    bought,
    charge,
    fill,
    findings,
    pending,
    place,
)
from tests.contract.stores import Stores
from tests.factories import NOW, USD, an_id, line, order
from tests.sql.conftest import NewDatabase

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, new_database: NewDatabase) -> SqlDatabase:
    """Give a database of which nothing is left but tables and primary keys."""
    url, schema = request.getfixturevalue(f"{request.param}_url"), f"audit_{uuid4().hex}"
    made = new_database(url, schema)
    async with made.writer.begin() as connection:
        if not made.is_embedded:
            await connection.execute(CreateSchema(schema))
        await connection.run_sync(_without_constraints().create_all)
        version = f"CREATE TABLE alembic_version AS SELECT '{SCHEMA_VERSION}' AS version_num"
        await connection.execute(text(version))
    # It adds the shop's own accounts.
    await made.migrate()
    return made


@pytest.fixture
async def shop(database: SqlDatabase) -> Stores:
    return await fill(
        Stores(
            unit_of_work=lambda: SqlUnitOfWork(database, writing=True),
            snapshot=lambda: SqlUnitOfWork(database, writing=False),
        )
    )


async def test_a_transfer_of_nothing(shop: Stores, database: SqlDatabase) -> None:
    await _plant(database, _transfer("nothing", amount=0))

    facts = {"transfer_id": str(an_id("nothing")), "amount": 0}
    assert await findings(shop) == [(1, "transfer-moves-nothing", facts)]


async def test_a_transfer_of_less_than_nothing(shop: Stores, database: SqlDatabase) -> None:
    # With one that makes up for it, so that the sums agree.
    await _plant(database, _transfer("less", amount=-5), _transfer("more", amount=5))

    facts = {"transfer_id": str(an_id("less")), "amount": -5}
    assert await findings(shop) == [(1, "transfer-moves-nothing", facts)]


async def test_a_transfer_from_an_account_to_itself(shop: Stores, database: SqlDatabase) -> None:
    await _plant(database, _transfer("circle", amount=5, credit_account_id=ADAS.id))

    facts = {"transfer_id": str(an_id("circle")), "amount": 5}
    assert await findings(shop) == [(1, "transfer-moves-nothing", facts)]


async def test_a_balance_of_the_shops_own(shop: Stores, database: SqlDatabase) -> None:
    await _plant(database, update(accounts).where(accounts.c.kind == "sales").values(balance=5))

    facts = {"currency": "EUR", "surplus": 5}
    assert await findings(shop) == [(1, "ledger-off-balance", facts)]


async def test_a_charge_to_the_sales_in_another_currency(
    shop: Stores, database: SqlDatabase
) -> None:
    sales = ShopAccount.SALES.account_id(USD)
    opened = insert(accounts).values(id=sales, kind="sales", currency="USD", created_at=NOW)
    await _plant(database, opened)
    wrong = charge(ORDER, credit_account_id=sales)
    await place(shop, replace(bought(ORDER), transfers=(wrong,)))

    facts = {"transfer_id": str(wrong.id)}
    found = await findings(shop)
    assert [rule for _, rule, _ in found] == [
        "transfer-without-account",
        "ledger-off-balance",
        "ledger-off-balance",
        "charge-of-another",
    ]
    assert [each for _, rule, each in found if rule != "ledger-off-balance"] == [
        facts,
        {**facts, "order_id": str(ORDER.id)},
    ]


async def test_a_balance_below_its_limit(shop: Stores, database: SqlDatabase) -> None:
    adas = update(accounts).where(accounts.c.id == ADAS.id)
    await _plant(database, adas.values(minimum_balance=10_001))

    facts = {"account_id": str(ADAS.id), "balance": 10_000, "minimum_balance": 10_001}
    assert await findings(shop) == [(2, "balance-below-limit", facts)]


async def test_more_reserved_than_there_is(shop: Stores, database: SqlDatabase) -> None:
    await place(shop, pending(order(ADA, "1", line("POT", 5))))
    await _plant(database, *_moved("POT", on_hand=4, by=-1))

    facts = {"sku": "POT", "on_hand": 4, "reserved": 5}
    assert await findings(shop) == [(3, "reserved-not-on-hand", facts)]


async def test_less_reserved_than_nothing(shop: Stores, database: SqlDatabase) -> None:
    await _plant(database, *_moved("POT", reserved=-1, by=-1))

    facts = {"sku": "POT", "on_hand": 5, "reserved": -1}
    assert await findings(shop) == [
        (3, "reserved-not-on-hand", facts),
        (3, "reserved-not-by-open-orders", {"sku": "POT", "reserved": -1, "open_quantity": 0}),
    ]


async def test_two_orders_under_one_key(shop: Stores, database: SqlDatabase) -> None:
    second = order(ADA, "2", line("TEA", 1))
    await place(shop, bought(ORDER))
    await place(shop, bought(second))
    await _plant(
        database,
        delete(idempotency_keys).where(idempotency_keys.c.key == second.idempotency_key),
        update(orders).values(idempotency_key=ORDER.idempotency_key),
    )

    assert await findings(shop) == [(7, "order-without-outcome", {"order_id": str(second.id)})]


def _without_constraints() -> MetaData:
    bare = MetaData()
    for table in metadata.tables.values():
        copy = table.to_metadata(bare)
        for constraint in set(copy.constraints):
            if not isinstance(constraint, PrimaryKeyConstraint):
                copy.constraints.remove(constraint)
    return bare


async def _plant(database: SqlDatabase, *statements: Executable) -> None:
    async with database.writer.begin() as connection:
        for each in statements:
            await connection.execute(each)


def _transfer(name: str, **changes: object) -> Executable:
    made = {
        "id": an_id(name),
        "kind": "transfer",
        "debit_account_id": ADAS.id,
        "credit_account_id": BOBS.id,
        "currency": "EUR",
        "note": "",
        "created_at": NOW,
    }
    return insert(transfers).values(made | changes)


def _moved(sku: str, *, by: int, **changed: int) -> tuple[Executable, ...]:
    """Change an inventory, and explain it by a movement."""
    (what,) = changed
    deltas = {"on_hand_delta": 0, "reserved_delta": 0, f"{what}_delta": by}
    moved = {
        "id": an_id("a movement"),
        "sku": sku,
        "kind": "adjustment",
        "reason": "",
        "created_at": NOW,
    }
    return (
        update(inventories).where(inventories.c.sku == sku).values(changed),
        insert(stock_movements).values(moved | deltas),
    )
