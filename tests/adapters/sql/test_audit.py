"""The audit reports data that constraints prevent, in case a constraint is missing."""

from dataclasses import replace
from pathlib import Path
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
    promotion_counters,
    stock_movements,
    transfers,
)
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.domain.account import ShopAccount
from tests.adapters.sql.conftest import NewDatabase
from tests.contract.audit.consistent_orders import (
    ADA,
    ADA_ACCOUNT,
    BOB_ACCOUNT,
    ORDER,
    charge,
    findings,
    paid,
    pending,
    store_customers_and_products,
    store_order,
)
from tests.contract.storage import Storage
from tests.factories import NOW, USD, id_of, line, order

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, new_database: NewDatabase) -> SqlDatabase:
    """Return a database that has only tables and primary keys."""
    url, schema = request.getfixturevalue(f"{request.param}_url"), f"audit_{uuid4().hex}"
    database = new_database(url, schema)
    if database.is_embedded:
        _create_file(url)
    async with database.writer.begin() as connection:
        if not database.is_embedded:
            await connection.execute(CreateSchema(schema))
        await connection.run_sync(_without_constraints().create_all)
        version = f"CREATE TABLE alembic_version AS SELECT '{SCHEMA_VERSION}' AS version_num"
        await connection.execute(text(version))
    # It adds the shop's own accounts.
    await database.migrate()
    return database


@pytest.fixture
async def shop(database: SqlDatabase) -> Storage:
    return await store_customers_and_products(
        Storage(
            unit_of_work=lambda: SqlUnitOfWork(database, writing=True),
            snapshot=lambda: SqlUnitOfWork(database, writing=False),
        )
    )


async def test_transfer_of_zero_is_reported(shop: Storage, database: SqlDatabase) -> None:
    await _insert_violation(database, _transfer("nothing", amount=0))

    facts = {"transfer_id": str(id_of("nothing")), "amount": 0}
    assert await findings(shop) == [(1, "transfer-moves-nothing", facts)]


async def test_number_of_uses_that_differs_from_the_uses_is_reported(
    shop: Storage, database: SqlDatabase
) -> None:
    counters = [
        {
            "key": key,
            "promotion": "sale",
            "uses": uses,
            "rules_version": 1,
            "created_at": NOW,
        }
        for key, uses in (("p:sale", -2), ("p:sale:3", 9), ("c:ONE", 5))
    ]
    await _insert_violation(database, insert(promotion_counters).values(counters))

    facts = {"promotion": "sale", "used": 7, "uses": 0}
    assert await findings(shop) == [(17, "used-differs-from-uses", facts)]


async def test_transfer_of_a_negative_amount_is_reported(
    shop: Storage, database: SqlDatabase
) -> None:
    # With one that makes up for it, so that the sums agree.
    await _insert_violation(database, _transfer("less", amount=-5), _transfer("more", amount=5))

    facts = {"transfer_id": str(id_of("less")), "amount": -5}
    assert await findings(shop) == [(1, "transfer-moves-nothing", facts)]


async def test_transfer_from_an_account_to_itself_is_reported(
    shop: Storage, database: SqlDatabase
) -> None:
    await _insert_violation(
        database, _transfer("circle", amount=5, credit_account_id=ADA_ACCOUNT.id)
    )

    facts = {"transfer_id": str(id_of("circle")), "amount": 5}
    assert await findings(shop) == [(1, "transfer-moves-nothing", facts)]


async def test_shop_account_balance_unlike_its_transfers_is_reported(
    shop: Storage, database: SqlDatabase
) -> None:
    await _insert_violation(
        database, update(accounts).where(accounts.c.kind == "sales").values(balance=5)
    )

    facts = {"currency": "EUR", "surplus": 5}
    assert await findings(shop) == [(1, "ledger-off-balance", facts)]


async def test_charge_to_sales_in_another_currency_is_reported(
    shop: Storage, database: SqlDatabase
) -> None:
    sales = ShopAccount.SALES.account_id(USD)
    opened = insert(accounts).values(id=sales, kind="sales", currency="USD", created_at=NOW)
    await _insert_violation(database, opened)
    wrong = charge(ORDER, credit_account_id=sales)
    await store_order(shop, replace(paid(ORDER), transfers=(wrong,)))

    facts = {"transfer_id": str(wrong.id)}
    found = await findings(shop)
    assert [rule for _, rule, _ in found] == [
        "transfer-without-account",
        "ledger-off-balance",
        "ledger-off-balance",
        "charge-on-wrong-account",
    ]
    assert [each for _, rule, each in found if rule != "ledger-off-balance"] == [
        facts,
        {**facts, "order_id": str(ORDER.id)},
    ]


async def test_balance_below_its_minimum_is_reported(shop: Storage, database: SqlDatabase) -> None:
    adas = update(accounts).where(accounts.c.id == ADA_ACCOUNT.id)
    await _insert_violation(database, adas.values(minimum_balance=10_001))

    facts = {"account_id": str(ADA_ACCOUNT.id), "balance": 10_000, "minimum_balance": 10_001}
    assert await findings(shop) == [(2, "balance-below-minimum", facts)]


async def test_excess_reservation_is_reported(shop: Storage, database: SqlDatabase) -> None:
    await store_order(shop, pending(order(ADA, "1", line("POT", 5))))
    await _insert_violation(database, *_moved("POT", on_hand=4, by=-1))

    facts = {"sku": "POT", "on_hand": 4, "reserved": 5}
    assert await findings(shop) == [(3, "reserved-exceeds-on-hand", facts)]


async def test_negative_reservation_is_reported(shop: Storage, database: SqlDatabase) -> None:
    await _insert_violation(database, *_moved("POT", reserved=-1, by=-1))

    facts = {"sku": "POT", "on_hand": 5, "reserved": -1}
    assert await findings(shop) == [
        (3, "reserved-exceeds-on-hand", facts),
        (
            3,
            "reserved-differs-from-pending-orders",
            {"sku": "POT", "reserved": -1, "open_quantity": 0},
        ),
    ]


async def test_two_orders_under_one_key_are_reported(shop: Storage, database: SqlDatabase) -> None:
    second = order(ADA, "2", line("TEA", 1))
    await store_order(shop, paid(ORDER))
    await store_order(shop, paid(second))
    await _insert_violation(
        database,
        delete(idempotency_keys).where(idempotency_keys.c.key == second.idempotency_key.value),
        update(orders).values(idempotency_key=ORDER.idempotency_key.value),
    )

    assert await findings(shop) == [(7, "order-without-outcome", {"order_id": str(second.id)})]


def _create_file(url: str) -> None:
    Path(url.removeprefix("sqlite+aiosqlite:///")).touch()


def _without_constraints() -> MetaData:
    bare = MetaData()
    for table in metadata.tables.values():
        copy = table.to_metadata(bare)
        for constraint in set(copy.constraints):
            if not isinstance(constraint, PrimaryKeyConstraint):
                copy.constraints.remove(constraint)
    return bare


async def _insert_violation(database: SqlDatabase, *statements: Executable) -> None:
    async with database.writer.begin() as connection:
        for each in statements:
            await connection.execute(each)


def _transfer(name: str, **changes: object) -> Executable:
    facts = {
        "id": id_of(name),
        "kind": "transfer",
        "debit_account_id": ADA_ACCOUNT.id,
        "credit_account_id": BOB_ACCOUNT.id,
        "currency": "EUR",
        "note": "",
        "created_at": NOW,
    }
    return insert(transfers).values(facts | changes)


def _moved(sku: str, *, by: int, **changed: int) -> tuple[Executable, ...]:
    """Change an inventory, and explain it by a movement."""
    (what,) = changed
    deltas = {"on_hand_delta": 0, "reserved_delta": 0, f"{what}_delta": by}
    moved = {
        "id": id_of("a movement"),
        "sku": sku,
        "kind": "adjustment",
        "reason": "",
        "created_at": NOW,
    }
    return (
        update(inventories).where(inventories.c.sku == sku).values(changed),
        insert(stock_movements).values(moved | deltas),
    )
