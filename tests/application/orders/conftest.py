"""An order that the tests of this folder ship, refund or cancel."""

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.ports.repositories.session_store import SessionToken
from tests.application.memory_shop import MemoryShop, place_order


@pytest.fixture
async def placed(shop: MemoryShop, ada_token: SessionToken) -> PlacedOrder:
    """Return an order of Ada: two of tea and one of coffee, for 300."""
    return await shop.place(place_order(ada_token, ("TEA", 2), ("COFFEE", 1)))
