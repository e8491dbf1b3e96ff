"""A shop for each test, in this process."""

import pytest

from tests.clock import ScriptedClock
from tests.http.shops import Shop


@pytest.fixture
def session_store() -> str:
    """Name the store of sessions; a module of tests may override it with several."""
    return "database"


@pytest.fixture
def shop(clock: ScriptedClock, session_store: str) -> Shop:
    return Shop.open(clock, session_store=session_store)
