"""Old rejections are purged; keys of successful requests are kept."""

from datetime import timedelta
from functools import partial

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.idempotency.purge import PurgeIdempotencyKeys
from shop.application.ports.repositories.idempotency_keys import Rejected, StoredOutcome, Succeeded
from shop.application.transactions.runner import TransactionRunner
from shop.domain.cart import EmptyCart
from tests.clock import FakeClock
from tests.factories import claim, claim_keys, id_of, user

pytestmark = pytest.mark.anyio

ADA = user("ada")
SEVEN_DAYS = timedelta(days=7)


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def purge_keys(database: MemoryDatabase, clock: FakeClock) -> PurgeIdempotencyKeys:
    transact = TransactionRunner(
        partial(MemoryUnitOfWork, database, writing=True),
        partial(MemoryUnitOfWork, database, writing=False),
        clock,
    )
    return PurgeIdempotencyKeys(transact, clock)


async def complete_key(database: MemoryDatabase, key: str, outcome: StoredOutcome) -> None:
    async with MemoryUnitOfWork(database, writing=True) as uow:
        if ADA.id not in database.state.users.rows:
            uow.users.add(ADA)
        claimed = claim(ADA, key)
        await claim_keys(uow, [claimed])
        uow.idempotency_keys.complete(claimed.id, outcome)
        await uow.commit()


async def test_rejection_is_purged_after_seven_days(
    purge_keys: PurgeIdempotencyKeys, database: MemoryDatabase, clock: FakeClock
) -> None:
    await complete_key(database, "rejected-1", Rejected(error=EmptyCart()))
    await complete_key(database, "ordered-1", Succeeded(reference=id_of("order 1")))

    clock.advance(SEVEN_DAYS)
    assert await purge_keys.purge() == 0
    assert len(database.state.idempotency_keys.rows) == 2

    clock.advance(timedelta(microseconds=1))
    assert await purge_keys.purge() == 1
    assert [each.id.value for each in database.state.idempotency_keys.rows.values()] == [
        "ordered-1"
    ]
