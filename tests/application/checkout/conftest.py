"""A customer who pays by card, at a gateway that sends events."""

from collections.abc import AsyncIterator

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.ports.repositories.session_store import SessionToken
from tests.application.checkout.event_shop import parse_event, pay
from tests.application.memory_shop import MemoryShop


@pytest.fixture
async def ada_token(
    shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SessionToken]:
    """Session token of customer Ada; fails the test if the audit finds violations afterwards."""
    del admin
    monkeypatch.setattr(shop.gateway, "parse_event", parse_event)
    yield await shop.customer("ada")
    assert await shop.audit_violations() == []


@pytest.fixture
async def pending(shop: MemoryShop, ada_token: SessionToken) -> PlacedOrder:
    """A pending order, whose card was approved without the shop hearing of it."""
    return await pay(shop, ada_token, "tok_timeout_after")
