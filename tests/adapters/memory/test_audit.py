"""The audit in memory finds also what no unit of work lets through."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from shop.adapters.memory.engine.database import KeyRow, MemoryDatabase, State
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.ports.repositories.audit import INVARIANTS, Fact
from shop.application.ports.repositories.idempotency_keys import KeyRecord, Succeeded
from tests.factories import (
    NOW,
    SALES,
    account,
    claim,
    eur,
    inventory,
    key_of,
    order,
    product,
    stock_movement,
    transfer,
    user,
)

pytestmark = pytest.mark.anyio

ADA_ACCOUNT = account(user("ada"))


async def _findings(state: State) -> list[tuple[int, str, Mapping[str, Fact]]]:
    database = MemoryDatabase()
    database.state = state
    async with MemoryUnitOfWork(database, writing=False) as snapshot:
        return [
            (invariant.number, violation.rule, violation.facts)
            for invariant in INVARIANTS
            for violation in await snapshot.audit.violations(invariant, NOW)
        ]


async def test_transfer_of_zero_is_reported() -> None:
    nothing = transfer(ADA_ACCOUNT.id, SALES)
    object.__setattr__(nothing, "amount", eur(0))
    empty = State.empty()

    found = await _findings(
        replace(
            empty,
            accounts=empty.accounts.with_changes(added=[ADA_ACCOUNT]),
            transfers=empty.transfers.with_changes(added=[nothing]),
        )
    )

    facts = {"transfer_id": str(nothing.id), "amount": 0}
    assert found == [(1, "transfer-moves-nothing", facts)]


async def test_transfer_of_a_negative_amount_is_reported() -> None:
    less = transfer(ADA_ACCOUNT.id, SALES)
    object.__setattr__(less, "amount", eur(-5))
    empty = State.empty()

    found = await _findings(
        replace(
            empty,
            accounts=empty.accounts.with_changes(added=[account(user("ada"), 5)]),
            transfers=empty.transfers.with_changes(added=[less]),
        )
    )

    facts = {"transfer_id": str(less.id), "amount": -5}
    assert found == [(1, "transfer-moves-nothing", facts)]


async def test_transfer_from_an_account_to_itself_is_reported() -> None:
    circle = transfer(ADA_ACCOUNT.id, SALES)
    object.__setattr__(circle, "credit_account_id", ADA_ACCOUNT.id)
    empty = State.empty()

    found = await _findings(
        replace(
            empty,
            accounts=empty.accounts.with_changes(added=[ADA_ACCOUNT]),
            transfers=empty.transfers.with_changes(added=[circle]),
        )
    )

    facts = {"transfer_id": str(circle.id), "amount": 100}
    assert found == [(1, "transfer-moves-nothing", facts)]


async def test_balance_below_its_minimum_is_reported() -> None:
    overdrawn = account(user("ada"), -100)
    empty = State.empty()

    found = await _findings(
        replace(
            empty,
            accounts=empty.accounts.with_changes(added=[overdrawn]),
            transfers=empty.transfers.with_changes(added=[transfer(overdrawn.id, SALES, 100)]),
        )
    )

    facts = {"account_id": str(overdrawn.id), "balance": -100, "minimum_balance": 0}
    assert found == [(2, "balance-below-minimum", facts)]


@pytest.mark.parametrize(("on_hand", "reserved"), [(1, 2), (0, -1), (-1, 0)])
async def test_stock_out_of_range_is_reported(on_hand: int, reserved: int) -> None:
    stock = inventory()
    object.__setattr__(stock, "on_hand", on_hand)
    object.__setattr__(stock, "reserved", reserved)
    empty = State.empty()

    found = await _findings(
        replace(
            empty,
            products=empty.products.with_changes(added=[product()]),
            inventories=empty.inventories.with_changes(added=[stock]),
            stock_movements=empty.stock_movements.with_changes(
                added=[stock_movement(inventory(), stock)]
            ),
        )
    )

    facts = {"sku": "TEA", "on_hand": on_hand, "reserved": reserved}
    assert found[0] == (3, "reserved-exceeds-on-hand", facts)


async def test_two_orders_under_one_key_are_reported() -> None:
    ada = user("ada")
    first, second = order(ada, "1"), order(ada, "2", idempotency_key=key_of(ada, "key-of-order-1"))
    other_claim = claim(ada, "key-of-order-1")
    record = KeyRecord(fingerprint=other_claim.fingerprint, outcome=Succeeded(reference=first.id))
    row = KeyRow(id=other_claim.id, record=record, created_at=other_claim.created_at)
    empty = State.empty()

    found = await _findings(
        replace(
            empty,
            orders=replace(empty.orders, unique={}).with_changes(added=[first, second]),
            idempotency_keys=empty.idempotency_keys.with_changes(added=[row]),
        )
    )

    facts = {"order_id": str(second.id)}
    assert [each for each in found if each[0] == 7] == [(7, "order-without-outcome", facts)]
