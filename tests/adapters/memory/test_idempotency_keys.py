"""Idempotency keys in memory, beyond the port: each replay raises an error of its own."""

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.ports.repositories.idempotency_keys import KeyRecord, Rejected
from shop.domain.catalogue.product import ProductNotFound
from tests.factories import claim, claim_keys, user

pytestmark = pytest.mark.anyio

ADA = user("ada")
KEY = claim(ADA)


async def _claimed(database: MemoryDatabase) -> KeyRecord:
    async with MemoryUnitOfWork(database, writing=True) as uow:
        return (await claim_keys(uow, [KEY]))[KEY.id]


async def test_raising_a_stored_rejection_does_not_affect_its_next_replay() -> None:
    database = MemoryDatabase()
    rejection = Rejected(error=ProductNotFound(sku="TEA"))
    async with MemoryUnitOfWork(database, writing=True) as uow:
        uow.users.add(ADA)
        await claim_keys(uow, [KEY])
        uow.idempotency_keys.complete(KEY.id, rejection)
        await uow.commit()
    with pytest.raises(ProductNotFound):
        raise rejection.error

    first = await _claimed(database)
    assert isinstance(first.outcome, Rejected)
    assert first.outcome.error.__traceback__ is None
    with pytest.raises(ProductNotFound):
        raise first.outcome.error

    second = await _claimed(database)
    assert isinstance(second.outcome, Rejected)
    assert second == first
    assert second.outcome.error.__traceback__ is None
