"""The simulated gateway's books."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shop.adapters.simulated.books import Books
from tests.clock import ScriptedClock

KEY_SECONDS = 3600.0


@pytest.fixture
async def books(tmp_path: Path, clock: ScriptedClock) -> AsyncIterator[Books]:
    made = Books(tmp_path / "gateway.db", clock=clock, key_seconds=KEY_SECONDS)
    yield made
    await made.close()
