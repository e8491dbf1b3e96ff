"""A shop for each test, in this process."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.clock import FakeClock
from tests.entrypoints.http.clients import HttpShop


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Number tests of the same name: parallel workers would run only one of them."""
    known: Counter[str] = Counter()
    for item in items:
        name = item.nodeid
        known[name] += 1
        if known[name] > 1:
            item._id = type(item._id).parse(f"{name}[{known[name]}]")


@pytest.fixture
def session_store() -> str:
    """Name the store of sessions; a module of tests may override it with several."""
    return "database"


@pytest.fixture
def shop(
    clock: FakeClock, session_store: str, request: pytest.FixtureRequest
) -> Iterator[HttpShop]:
    """Open a shop in which the audit finds nothing after the test, whatever that has tried."""
    shop = HttpShop.open(clock, session_store=session_store)
    yield shop
    if request.node.get_closest_marker("corrupts") is None:
        assert shop.violations() == []
