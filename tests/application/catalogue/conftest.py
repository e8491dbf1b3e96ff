"""A bulk import on a database in memory."""

from functools import partial

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.catalogue.bulk_import import BulkImport
from shop.application.transactions.runner import TransactionRunner
from tests.clock import FakeClock
from tests.doubles import SequentialIds
from tests.factories import eur


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
def bulk_import(runner: TransactionRunner, clock: FakeClock) -> BulkImport:
    return BulkImport(runner, clock, SequentialIds(), welcome_credit=eur(1000))
