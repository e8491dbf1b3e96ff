"""The shop that the use cases are tried in."""

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.ports.repositories.session_store import SessionToken
from tests.application.memory_shop import MemoryShop
from tests.clock import FakeClock
from tests.doubles import SequentialIds


@pytest.fixture
async def shop(clock: FakeClock) -> MemoryShop:
    """Give an empty shop in memory."""
    return MemoryShop(clock, MemoryDatabase(), SequentialIds())


@pytest.fixture
async def admin(shop: MemoryShop) -> SessionToken:
    """Give the token of an admin, who has stocked five of tea and two of coffee at 100 each."""
    token = await shop.admin()
    await shop.add_products(token, TEA=5, COFFEE=2)
    return token
