"""The purge of guests: what is left of rejected orders goes, what orders need stays."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.idempotency.purge import REJECTION_RETENTION
from shop.application.identity import guest_purge
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order_details import OrderDetails
from tests.application.memory_shop import (
    ABSOLUTE_SECONDS,
    MemoryShop,
    place_order,
    set_preferences,
)
from tests.clock import FakeClock
from tests.doubles import SequentialIds

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(clock: FakeClock) -> AsyncIterator[MemoryShop]:
    """Yield a shop that allows guests, and audit it after the test."""
    shop = MemoryShop(clock, MemoryDatabase(), SequentialIds(), guest_checkout=True, country="DE")
    await shop.add_products(await shop.admin(), TEA=5)
    yield shop
    assert await shop.audit_violations() == []


async def _order(shop: MemoryShop, quantity: int) -> SessionToken:
    """Order in a new session without a user; return its token."""
    token = (await set_preferences(shop, None, {"theme": "dark"})).new_token
    assert token is not None
    command = place_order(token, ("TEA", quantity), card="tok_visa")
    await shop.order(replace(command, details=OrderDetails(email="mira@example.com")))
    return token


async def _sweep(shop: MemoryShop) -> tuple[int, int, int]:
    """Do what `shop sessions sweep` does; return how many sessions, keys and guests it deletes."""
    container = shop.container
    return (
        await container.session_service().purge_expired(),
        await container.purge_idempotency_keys().purge(),
        await container.purge_guests().purge(),
    )


def _guests(shop: MemoryShop) -> int:
    return sum(each.is_guest for each in shop.state.users.rows.values())


class TestTheGuestOfARejectedOrder:
    async def test_is_purged_once_the_key_and_the_session_are_over(self, shop: MemoryShop) -> None:
        await _order(shop, 6)
        assert (len(shop.state.orders.rows), _guests(shop)) == (0, 1)

        shop.clock.advance(timedelta(seconds=ABSOLUTE_SECONDS) + guest_purge.MARGIN)
        assert (await _sweep(shop))[1:] == (0, 0)
        shop.clock.advance(REJECTION_RETENTION)
        assert await _sweep(shop) == (0, 1, 1)

        assert _guests(shop) == 0

    async def test_is_kept_as_long_as_a_session_can_be(
        self, shop: MemoryShop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shop.application.idempotency.purge.REJECTION_RETENTION", timedelta())
        token = await _order(shop, 6)
        await shop.container.session_service().sign_out(token)

        shop.clock.advance(timedelta(seconds=ABSOLUTE_SECONDS) + guest_purge.MARGIN)
        # The session and the key are gone, but a request that has found them may still run.
        assert (await _sweep(shop))[1:] == (1, 0)
        shop.clock.advance(timedelta(seconds=1))
        assert await _sweep(shop) == (0, 0, 1)

    async def test_is_purged_with_all_others_like_that(
        self, shop: MemoryShop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(guest_purge, "GUESTS_AT_ONCE", 2)
        for _ in range(3):
            await _order(shop, 6)
        await _order(shop, 1)

        shop.clock.advance(REJECTION_RETENTION + timedelta(days=1))
        await shop.run_jobs()
        assert (await _sweep(shop))[2] == 3

        assert [each.is_guest for each in shop.state.users.rows.values()] == [False, True]
        (kept,) = shop.state.orders.rows.values()
        assert shop.state.users.rows[kept.user_id].is_guest
