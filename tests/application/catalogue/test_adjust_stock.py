"""Adjustments of stock."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.inventory.adjustments import AdjustStock
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.inventory import (
    MAX_ON_HAND,
    Inventory,
    StockBelowReserved,
    StockMovement,
    StockMovementKind,
)
from shop.domain.session import NotSignedIn, SessionExpired
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.user import Forbidden
from tests.application.memory_shop import IDLE_SECONDS, MemoryShop, add_stock
from tests.clock import FakeClock
from tests.factories import NOW

pytestmark = pytest.mark.anyio


@pytest.fixture
async def admin(shop: MemoryShop) -> SessionToken:
    """Return the token of an admin; five of tea are in stock."""
    token = await shop.admin()
    await shop.add_products(token, TEA=5)
    return token


async def _adjust(shop: MemoryShop, command: AdjustStock) -> Inventory:
    return (await shop.container.inventory_service().adjust(command)).unwrap().inventory


async def test_stock_increases(shop: MemoryShop, admin: SessionToken) -> None:
    after = await _adjust(shop, add_stock(admin, "TEA", 3))

    assert after == Inventory(sku="TEA", on_hand=8, reserved=0)
    assert shop.state.inventories.rows == {"TEA": after}
    assert await shop.audit_violations() == []


async def test_stock_decreases_to_zero(shop: MemoryShop, admin: SessionToken) -> None:
    after = await _adjust(shop, add_stock(admin, "TEA", -5))

    assert after == Inventory(sku="TEA", on_hand=0, reserved=0)
    assert shop.state.inventories.rows == {"TEA": after}
    assert await shop.audit_violations() == []


async def test_every_adjustment_is_recorded(shop: MemoryShop, admin: SessionToken) -> None:
    before = shop.state.stock_movements.rows
    command = replace(add_stock(admin, "TEA", -2), reason="Broken")

    await shop.container.inventory_service().adjust(command)

    ((movement_id, movement),) = shop.state.stock_movements.rows.items() - before.items()
    assert movement == StockMovement(
        id=movement_id,
        sku="TEA",
        kind=StockMovementKind.ADJUSTMENT,
        on_hand_delta=-2,
        reserved_delta=0,
        order_id=None,
        reason="Broken",
        created_at=NOW,
    )


async def test_concurrent_adjustments_are_not_lost(shop: MemoryShop, admin: SessionToken) -> None:
    adjust = shop.container.inventory_service().adjust

    await asyncio.gather(*(adjust(add_stock(admin, "TEA", 1)) for _ in range(9)))

    assert shop.on_hand("TEA") == 14
    assert await shop.audit_violations() == []


class TestRejections:
    @pytest.mark.parametrize(
        ("command", "error"),
        [
            (add_stock(None, "TEA", 0), InvalidValue(field="delta", rule="must not be 0")),
            (
                add_stock(None, "TEA", MAX_ON_HAND - 4),
                InvalidValue(field="delta", rule="must leave at most 1000000000 on hand"),
            ),
            (
                replace(add_stock(None, "TEA", 1), reason=""),
                InvalidValue(field="reason", rule="must be 1 to 200 characters"),
            ),
            (
                replace(add_stock(None, "TEA", 1), reason="r" * 201),
                InvalidValue(field="reason", rule="must be 1 to 200 characters"),
            ),
            (add_stock(None, "SOAP", 1), ProductNotFound(sku="SOAP")),
            (
                add_stock(None, "TEA", -6),
                StockBelowReserved(sku="TEA", on_hand=5, reserved=0),
            ),
        ],
    )
    async def test_invalid_adjustment_changes_nothing(
        self, command: AdjustStock, error: ShopError, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await _assert_rejected(shop, replace(command, session=admin), error)

    async def test_only_admins_can_adjust(
        self, shop: MemoryShop, admin: SessionToken, clock: FakeClock
    ) -> None:
        ada_token = await shop.customer("ada")

        await _assert_rejected(shop, add_stock(ada_token, "TEA", 1), Forbidden(role="admin"))
        await _assert_rejected(shop, add_stock(None, "TEA", 1), NotSignedIn())
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        await _assert_rejected(shop, add_stock(admin, "TEA", 1), SessionExpired())


class TestFailures:
    async def test_interrupted_adjustment_happens_once(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        shop.faults.plan(("commit", TransientFailure("conflict")))

        await shop.container.inventory_service().adjust(add_stock(admin, "TEA", 1))

        assert shop.on_hand("TEA") == 6

    @pytest.mark.parametrize(("call", "on_hand"), [("commit", 5), ("committed", 6)])
    async def test_unknown_commit_outcome_is_reported_and_not_retried(
        self, call: str, on_hand: int, shop: MemoryShop, admin: SessionToken
    ) -> None:
        shop.faults.plan((call, CommitOutcomeUnknown("connection lost")))

        with pytest.raises(CommitOutcomeUnknown):
            await shop.container.inventory_service().adjust(add_stock(admin, "TEA", 1))

        assert shop.on_hand("TEA") == on_hand
        assert await shop.audit_violations() == []


async def _assert_rejected(shop: MemoryShop, command: AdjustStock, error: ShopError) -> None:
    before = shop.state

    with pytest.raises(type(error)) as rejection:
        await shop.container.inventory_service().adjust(command)

    assert rejection.value == error
    assert shop.state == before
