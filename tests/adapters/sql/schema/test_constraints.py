"""Constraint violations name their constraint, the same on both engines."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    UniqueConstraint,
    Uuid,
    select,
    text,
    tuple_,
    update,
)

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import metadata, sessions
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.repositories.idempotency_keys import Succeeded
from shop.application.ports.repositories.rate_limits import Hits
from shop.application.ports.unit_of_work import ConstraintViolated, TransientFailure, UnitOfWork
from shop.domain.orders.order import Actor
from shop.domain.orders.refund import RefundLine
from shop.domain.orders.shipment import ShipmentEventKind
from tests.adapters.sql.conftest import SECRETS
from tests.adapters.sql.schema.catalogue_rows import add_catalogue_rows
from tests.clock import FakeClock
from tests.factories import (
    EUR,
    NOW,
    account,
    claim,
    claim_keys,
    deposit,
    inventory,
    notification_delivery,
    order,
    payment,
    product,
    refund,
    session,
    shipment_event,
    stock_movement,
    transfer,
    user,
)

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
ORDER_KEY = "uq_orders_user_id_idempotency_key"

VIOLATIONS = {
    "ck_accounts_balance_not_below_limit": (
        "UPDATE accounts SET balance = -1 WHERE kind = 'customer'"
    ),
    "ck_accounts_customers_have_balances": "UPDATE accounts SET balance = 1 WHERE kind = 'sales'",
    "ck_deposits_amount_positive": "UPDATE deposits SET amount = 0",
    "ck_shipment_event_lines_quantity_positive": "UPDATE shipment_event_lines SET quantity = 0",
    "ck_notification_deliveries_delivered_has_a_time": (
        "UPDATE notification_deliveries SET status = 'delivered'"
    ),
    "ck_idempotency_keys_one_outcome": "UPDATE idempotency_keys SET rejection = '{}'",
    "ck_inventories_reserved_on_hand": "UPDATE inventories SET reserved = on_hand + 1",
    "ck_order_lines_discount_of_line": (
        "UPDATE order_lines SET discount = quantity * unit_price + 1"
    ),
    "ck_order_lines_quantity_positive": "UPDATE order_lines SET quantity = 0",
    "ck_order_lines_tax_not_negative": "UPDATE order_lines SET tax = -1",
    "ck_order_shares_amount_not_negative": "UPDATE order_shares SET amount = -1",
    "ck_order_shares_base_not_negative": "UPDATE order_shares SET base = -1",
    "ck_order_shares_discount_of_line": "UPDATE order_shares SET amount = line_amount + 1",
    "ck_orders_shipping_price_not_negative": "UPDATE orders SET shipping_price = -1",
    "ck_products_price_positive": "UPDATE products SET price = 0",
    "ck_promotion_counters_uses_left_not_negative": "UPDATE promotion_counters SET uses_left = -1",
    "ck_rate_limits_hits_not_negative": "UPDATE rate_limits SET hits = -1",
    "ck_refund_lines_cancelled_of_refunded": (
        "UPDATE refund_lines SET cancelled_quantity = quantity + 1"
    ),
    "ck_refund_lines_quantity_positive": (
        "UPDATE refund_lines SET quantity = 0, cancelled_quantity = 0"
    ),
    "ck_refunds_amount_positive": "UPDATE refunds SET amount = 0",
    "ck_rule_versions_one_row": "UPDATE rule_versions SET id = 2",
    "ck_transfers_amount_positive": "UPDATE transfers SET amount = 0",
    "ck_transfers_two_accounts": "UPDATE transfers SET debit_account_id = credit_account_id",
    "ck_variants_compare_at_price_higher": "UPDATE variants SET compare_at_price = price",
    "ck_variants_price_positive": "UPDATE variants SET price = 0",
    "ck_variants_weight_not_negative": "UPDATE variants SET weight_grams = -1",
    "uq_accounts_user_id_currency": (
        "UPDATE accounts SET user_id = (SELECT id FROM users WHERE name = 'Ada')"
        " WHERE kind = 'customer'"
    ),
    "uq_deposits_user_id_idempotency_key": (
        "UPDATE deposits SET idempotency_key = 'ONE',"
        " user_id = (SELECT id FROM users WHERE name = 'Ada')"
    ),
    "uq_imports_running": "UPDATE imports SET running = true",
    "uq_orders_number": "UPDATE orders SET number = 'ONE'",
    "uq_product_texts_product_handle": "UPDATE product_texts SET product_handle = 'TEA'",
    "uq_promotion_uses_promotion_customer_key_n": (
        "UPDATE promotion_uses SET promotion = 'spring', customer_key = 'user:1', n = 1"
    ),
    "uq_refunds_order_id_number": (
        "UPDATE refunds SET number = 1, order_id = (SELECT id FROM orders WHERE number = 'ORDER-1')"
    ),
    "uq_sessions_token_hash": "UPDATE sessions SET token_hash = 'ONE'",
    "uq_users_email": "UPDATE users SET email = 'one@example.com'",
}
"""A statement that breaks each rule in a database with two rows of everything."""

FOREIGN_KEYS = sorted(
    (each for table in metadata.sorted_tables for each in table.foreign_key_constraints),
    # A table has them in a set; every worker must collect the same tests.
    key=lambda rule: str(rule.name),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SqlDatabase]:
    """Yield a database with two rows in every table, which no test changes."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('constraints')}/shop.db"
    else:
        url = request.getfixturevalue("postgresql_url")
    database = SqlDatabase(
        url,
        schema=f"constraints_{uuid4().hex}",
        secrets=lambda: SECRETS,
        currency=EUR,
        clock=FakeClock(NOW),
    )
    await database.migrate()
    await _add_two_of_everything(database)
    yield database
    await database.close()


async def _add_two_of_everything(database: SqlDatabase) -> None:
    async with SqlUnitOfWork(database, writing=True) as uow:
        _add_people(uow)
        for sku in ("TEA", "COFFEE"):
            uow.products.add(product(sku))
            uow.inventories.add(inventory(sku))
        await uow.commit()
    async with SqlUnitOfWork(database, writing=True) as uow:
        await claim_keys(uow, [claim(ADA)])
        uow.idempotency_keys.complete(claim(ADA).id, Succeeded(reference=order(ADA, "1").id))
        await uow.inventories.lock(["TEA"])
        uow.inventories.save(
            inventory("TEA", 2), stock_movement(inventory("TEA"), inventory("TEA", 2))
        )
        for placed in (order(ADA, "1"), order(BOB, "2")):
            uow.orders.add(placed, placed.initial_status_change(actor=Actor.CUSTOMER))
            uow.payments.add(payment(placed))
        uow.deposits.add(deposit(account(ADA), "1"))
        uow.deposits.add(deposit(account(BOB), "2"))
        await uow.commit()
    async with SqlUnitOfWork(database, writing=True) as uow:
        await _add_fulfilments(uow)
        for name in ("1", "2"):
            uow.notification_deliveries.add(notification_delivery(name))
        hits = [Hits(key=name, amount=1, window=timedelta(hours=1)) for name in ("1", "2")]
        await uow.rate_limits.add(hits, NOW)
        await uow.commit()
    async with database.writer.begin() as connection:
        await connection.run_sync(add_catalogue_rows)
        await connection.execute(update(sessions).values(guest_id=ADA.id))


def _add_people(uow: UnitOfWork) -> None:
    for person in (ADA, BOB):
        uow.users.add(person)
        uow.accounts.add(account(person, 100))
        uow.sessions.create(session(person.name, user_id=person.id))
    uow.transfers.add(transfer(account(ADA).id, account(BOB).id))


async def _add_fulfilments(uow: UnitOfWork) -> None:
    placed = (order(ADA, "1"), order(BOB, "2"))
    await uow.orders.lock([each.id for each in placed])
    for each in placed:
        uow.shipment_events.add(shipment_event(each, kind=ShipmentEventKind.SHIPPED))
        uow.refunds.add(
            refund(each, 1, lines=(RefundLine(sku="TEA", quantity=1, cancelled_quantity=0),))
        )


async def _break(database: SqlDatabase, statement: str) -> None:
    async with SqlUnitOfWork(database, writing=True) as uow:
        await uow._statements.execute(text(statement))


@pytest.mark.parametrize(("name", "statement"), VIOLATIONS.items(), ids=VIOLATIONS)
async def test_violation_names_its_constraint(
    database: SqlDatabase, name: str, statement: str
) -> None:
    with pytest.raises(ConstraintViolated) as violation:
        await _break(database, statement)

    assert violation.value.constraint == name


async def test_order_under_a_used_key_raises_a_transient_failure(
    database: SqlDatabase,
) -> None:
    statement = (
        "UPDATE orders SET idempotency_key = 'key-0001',"
        " user_id = (SELECT id FROM users WHERE name = 'Ada')"
    )

    with pytest.raises(TransientFailure):
        await _break(database, statement)


@pytest.mark.parametrize("rule", FOREIGN_KEYS, ids=lambda rule: rule.name)
async def test_foreign_keys_reject_missing_rows(
    database: SqlDatabase, rule: ForeignKeyConstraint
) -> None:
    table, (column,) = rule.table, rule.columns
    one = select(*table.primary_key).where(column.is_not(None)).limit(1)
    nothing = uuid4() if isinstance(column.type, Uuid) else "NOTHING"

    with pytest.raises(ConstraintViolated) as violation:
        async with SqlUnitOfWork(database, writing=True) as uow:
            await uow._statements.execute(
                update(table).where(tuple_(*table.primary_key).in_(one)).values({column: nothing})
            )

    # SQLite does not name the constraint.
    assert violation.value.constraint in {rule.name, "FOREIGN KEY constraint failed"}


def test_every_constraint_is_tested_here() -> None:
    rules = {
        str(each.name)
        for table in metadata.tables.values()
        for each in table.constraints
        if isinstance(each, CheckConstraint | UniqueConstraint)
    }

    assert rules == {*VIOLATIONS, ORDER_KEY}
