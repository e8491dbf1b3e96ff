"""Stock: goods come in, or go missing."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.inventory.adjustments import AdjustStock
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.inventory import (
    MAX_ON_HAND,
    Inventory,
    StockBelowReserved,
    StockMovement,
    StockMovementKind,
)
from shop.domain.product import ProductNotFound
from shop.domain.session import NotSignedIn, SessionExpired
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.user import Forbidden
from tests.clock import ScriptedClock
from tests.factories import NOW
from tests.unit.application.memory_shop import IDLE_SECONDS, MemoryShop, count_in

pytestmark = pytest.mark.anyio


@pytest.fixture
async def admin(shop: MemoryShop) -> SessionToken:
    """Give the token of an admin, who has stocked five of tea."""
    token = await shop.admin()
    await shop.stock(token, TEA=5)
    return token


async def test_goods_come_in(shop: MemoryShop, admin: SessionToken) -> None:
    after = await shop.container.inventory_service().adjust(count_in(admin, "TEA", 3))

    assert after == Inventory(sku="TEA", on_hand=8, reserved=0)
    assert shop.state.inventories.rows == {"TEA": after}
    assert await shop.findings() == []


async def test_goods_go_missing_down_to_the_last(shop: MemoryShop, admin: SessionToken) -> None:
    after = await shop.container.inventory_service().adjust(count_in(admin, "TEA", -5))

    assert after == Inventory(sku="TEA", on_hand=0, reserved=0)
    assert shop.state.inventories.rows == {"TEA": after}
    assert await shop.findings() == []


async def test_every_change_is_written_down(shop: MemoryShop, admin: SessionToken) -> None:
    before = shop.state.stock_movements.rows
    command = replace(count_in(admin, "TEA", -2), reason="Broken")

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


async def test_counted_at_once_nothing_is_lost(shop: MemoryShop, admin: SessionToken) -> None:
    adjust = shop.container.inventory_service().adjust

    await asyncio.gather(*(adjust(count_in(admin, "TEA", 1)) for _ in range(9)))

    assert shop.on_hand("TEA") == 14
    assert await shop.findings() == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("command", "error"),
        [
            (count_in(None, "TEA", 0), InvalidValue(field="delta", rule="it is not 0")),
            (
                count_in(None, "TEA", MAX_ON_HAND - 4),
                InvalidValue(field="delta", rule="at most 1000000000 are on hand"),
            ),
            (
                replace(count_in(None, "TEA", 1), reason=""),
                InvalidValue(field="reason", rule="it has 1 to 200 characters"),
            ),
            (
                replace(count_in(None, "TEA", 1), reason="r" * 201),
                InvalidValue(field="reason", rule="it has 1 to 200 characters"),
            ),
            (count_in(None, "SOAP", 1), ProductNotFound(sku="SOAP")),
            (
                count_in(None, "TEA", -6),
                StockBelowReserved(sku="TEA", on_hand=5, reserved=0),
            ),
        ],
    )
    async def test_what_cannot_be_counted_changes_nothing(
        self, command: AdjustStock, error: ShopError, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await _refused(shop, replace(command, session=admin), error)

    async def test_only_admins_may(
        self, shop: MemoryShop, admin: SessionToken, clock: ScriptedClock
    ) -> None:
        adas = await shop.customer("ada")

        await _refused(shop, count_in(adas, "TEA", 1), Forbidden(role="admin"))
        await _refused(shop, count_in(None, "TEA", 1), NotSignedIn())
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        await _refused(shop, count_in(admin, "TEA", 1), SessionExpired())


class TestFailures:
    async def test_interrupted_it_happens_once(self, shop: MemoryShop, admin: SessionToken) -> None:
        shop.mishaps.plan(("commit", TransientFailure("conflict")))

        await shop.container.inventory_service().adjust(count_in(admin, "TEA", 1))

        assert shop.on_hand("TEA") == 6

    @pytest.mark.parametrize(("call", "on_hand"), [("commit", 5), ("committed", 6)])
    async def test_where_the_commit_is_not_answered_it_says_so_and_is_not_run_again(
        self, call: str, on_hand: int, shop: MemoryShop, admin: SessionToken
    ) -> None:
        shop.mishaps.plan((call, CommitOutcomeUnknown("connection lost")))

        with pytest.raises(CommitOutcomeUnknown):
            await shop.container.inventory_service().adjust(count_in(admin, "TEA", 1))

        assert shop.on_hand("TEA") == on_hand
        assert await shop.findings() == []


async def _refused(shop: MemoryShop, command: AdjustStock, error: ShopError) -> None:
    before = shop.state

    with pytest.raises(type(error)) as refusal:
        await shop.container.inventory_service().adjust(command)

    assert refusal.value == error
    assert shop.state == before
