"""The shop that the use cases are tried in."""

import pytest

from shop.adapters.memory.database import MemoryDatabase
from tests.clock import ScriptedClock
from tests.doubles import CountingIds
from tests.unit.application.memory_shop import MemoryShop


@pytest.fixture
async def shop(clock: ScriptedClock) -> MemoryShop:
    """Give an empty shop in memory."""
    return MemoryShop(clock, MemoryDatabase(), CountingIds())
