"""The shop in memory that the use cases are tested in, with values that reject changes."""

from collections.abc import AsyncIterator
from functools import partial

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.transactions.runner import TransactionRunner
from tests.application.memory_shop import MemoryShop
from tests.clock import FakeClock
from tests.doubles import SequentialIds
from tests.frozen_values import values_are_frozen

__all__ = ["values_are_frozen"]


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def runner(database: MemoryDatabase, clock: FakeClock) -> TransactionRunner:
    return TransactionRunner(
        partial(MemoryUnitOfWork, database, writing=True),
        partial(MemoryUnitOfWork, database, writing=False),
        clock,
    )


@pytest.fixture
async def shop(clock: FakeClock) -> MemoryShop:
    """Return an empty shop in memory."""
    return MemoryShop(clock, MemoryDatabase(), SequentialIds())


@pytest.fixture
async def admin(shop: MemoryShop) -> SessionToken:
    """Return the token of an admin; five of tea and two of coffee are in stock, at 100 each."""
    token = await shop.admin()
    await shop.add_products(token, TEA=5, COFFEE=2)
    return token


@pytest.fixture
async def ada_token(shop: MemoryShop, admin: SessionToken) -> AsyncIterator[SessionToken]:
    """Yield the token of the customer Ada, and audit the shop after the test."""
    del admin
    yield await shop.customer("ada")
    assert await shop.audit_violations() == []
