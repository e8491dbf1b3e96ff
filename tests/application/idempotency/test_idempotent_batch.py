"""A pending request that is decided while its key is read is not answered from the old state."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from unittest.mock import create_autospec
from uuid import UUID

import pytest

from shop.application.idempotency.batch import IdempotentBatch, IdempotentRequest
from shop.application.idempotency.results import CommandResult
from shop.application.ports.repositories.idempotency_keys import KeyRecord
from shop.application.ports.unit_of_work import TransientFailure, UnitOfWork
from shop.domain.shared.idempotency_key import IdempotencyKey
from tests.factories import id_of, key_of, user

pytestmark = pytest.mark.anyio

KEY = key_of(user("ada"))
REQUEST = IdempotentRequest(key=KEY, fingerprint="the same", command="pay")


@dataclass(frozen=True, kw_only=True)
class CardPayment:
    """What the request created; the gateway may have decided it meanwhile."""

    id: UUID
    is_pending: bool


@pytest.fixture
def uow() -> UnitOfWork:
    unit_of_work: UnitOfWork = create_autospec(UnitOfWork, instance=True)
    return unit_of_work


async def _repeat(uow: UnitOfWork, found: CardPayment) -> CommandResult[CardPayment]:
    """Repeat the request, whose key was read as pending, and whose payment is found like this."""

    def decide_again(request: IdempotentRequest[str]) -> CardPayment:
        raise AssertionError(f"{request.key} was decided twice")

    async def find_pending(keys: Collection[IdempotencyKey]) -> Mapping[IdempotencyKey, UUID]:
        return dict.fromkeys(keys, found.id)

    async def load(ids: Collection[UUID]) -> Mapping[UUID, CardPayment]:
        return dict.fromkeys(ids, found)

    batch = IdempotentBatch(uow, [REQUEST], {KEY: KeyRecord(fingerprint="the same", outcome=None)})
    (result,) = await batch.execute(
        decide_again, load, find_pending=find_pending, is_pending=lambda each: each.is_pending
    )
    return result


async def test_request_that_is_pending_is_answered_as_pending(uow: UnitOfWork) -> None:
    pending = CardPayment(id=id_of("payment"), is_pending=True)

    result = await _repeat(uow, pending)

    assert (result.value, result.replayed) == (pending, False)
    uow.commit.assert_awaited_once_with()  # type: ignore[attr-defined]


async def test_request_that_was_decided_meanwhile_is_tried_again(uow: UnitOfWork) -> None:
    decided = CardPayment(id=id_of("payment"), is_pending=False)

    with pytest.raises(TransientFailure):
        await _repeat(uow, decided)

    uow.commit.assert_not_awaited()  # type: ignore[attr-defined]
