"""Executes groups of requests, each at most once under its idempotency key."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Generic, Protocol, Self, TypeVar
from uuid import UUID

from shop.application.idempotency.results import CommandResult, IdempotencyKeyReused
from shop.application.ports.repositories.idempotency_keys import (
    KeyRecord,
    Rejected,
    RequestInProgress,
    StoredOutcome,
    Succeeded,
)
from shop.application.ports.unit_of_work import TransientFailure, UnitOfWork
from shop.domain.shared.errors import ShopError
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.value import value

C = TypeVar("C")


class Identified(Protocol):
    """An object that a request creates: an order, a transfer, a deposit or a refund."""

    @property
    def id(self) -> UUID:
        """The id of the stored object, to which the key's outcome refers."""


T = TypeVar("T", bound=Identified)


@value
class IdempotentRequest(Generic[C]):
    """A valid command of a user, with its key and fingerprint."""

    key: IdempotencyKey
    fingerprint: str
    command: C


Create = Callable[[IdempotentRequest[C]], tuple[UUID, bool]]
"""Creates the object of a request; returns its id, and whether it is pending."""


async def _none_pending(keys: Collection[IdempotencyKey]) -> Mapping[IdempotencyKey, UUID]:
    del keys
    return {}


def _never_pending(created: Identified) -> bool:
    del created
    return False


async def _nothing() -> None:
    pass


class IdempotentBatch(Generic[C]):
    """Requests that one unit of work executes, each at most once.

    Claim the keys, lock the rows that the requests need, then execute the requests: keys are locked
    before accounts. A second request under the same key in a group replays the first.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        requests: Sequence[IdempotentRequest[C] | ShopError],
        records: Mapping[IdempotencyKey, KeyRecord],
    ) -> None:
        self._uow = uow
        self._requests = requests
        self._records = dict(records)
        self._pending_ids: dict[IdempotencyKey, UUID] = {}

    @classmethod
    async def claim(
        cls,
        uow: UnitOfWork,
        requests: Sequence[IdempotentRequest[C] | ShopError],
        *,
        at: datetime,
        new_users: Collection[UUID] = (),
    ) -> Self:
        """Claim the keys of valid requests; an error stands for an invalid command.

        `new_users` are added in this unit of work if one of their requests has an outcome.
        """
        fingerprints: dict[IdempotencyKey, str] = {}
        for request in _valid(requests):
            fingerprints.setdefault(request.key, request.fingerprint)
        of_new_users = {key: each for key, each in fingerprints.items() if key.user_id in new_users}
        if of_new_users:
            uow.idempotency_keys.claim_for_new_users(of_new_users, at)
            fingerprints = {
                key: each for key, each in fingerprints.items() if key not in of_new_users
            }
        records = await uow.idempotency_keys.claim(fingerprints, at) if fingerprints else {}
        return cls(uow, requests, records)

    @property
    def requests(self) -> Sequence[IdempotentRequest[C]]:
        """The valid requests, in order of arrival."""
        return _valid(self._requests)

    async def execute(
        self,
        decide: Callable[[IdempotentRequest[C]], T],
        load: Callable[[Collection[UUID]], Awaitable[Mapping[UUID, T]]],
        *,
        find_pending: Callable[
            [Collection[IdempotencyKey]], Awaitable[Mapping[IdempotencyKey, UUID]]
        ] = _none_pending,
        is_pending: Callable[[T], bool] = _never_pending,
        before_commit: Callable[[], Awaitable[None]] = _nothing,
    ) -> Sequence[CommandResult[T]]:
        """Decide the requests in order of arrival, commit, and return one result each.

        `decide` stages the object of a request and returns it, or raises a `ShopError` before it
        stages anything. `load` returns the objects of earlier requests as they were first returned.
        For requests that may stay pending, `find_pending` returns the objects of keys without an
        outcome, and `is_pending` checks one of them. `before_commit` writes what follows from all
        decisions.
        """
        open_keys = [key for key, record in self._records.items() if record.outcome is None]
        if open_keys:
            self._pending_ids = dict(await find_pending(open_keys))
        found_pending = set(self._pending_ids.values())
        created: dict[UUID, T] = {}

        def create(request: IdempotentRequest[C]) -> tuple[UUID, bool]:
            value = decide(request)
            created[value.id] = value
            return value.id, is_pending(value)

        outcomes = [self._outcome(request, create) for request in self._requests]
        earlier_ids = {
            outcome.reference
            for outcome, _ in outcomes
            if isinstance(outcome, Succeeded) and outcome.reference not in created
        }
        values = {**await load(earlier_ids), **created}
        # Reading a key takes no lock, so its request may have been decided since.
        if any(not is_pending(values[id_]) for id_ in found_pending & earlier_ids):
            raise TransientFailure("a request was decided while its key was read")
        await before_commit()
        await self._uow.commit()
        return [
            CommandResult(
                value=outcome.error if isinstance(outcome, Rejected) else values[outcome.reference],
                replayed=replayed,
                user_id=request.key.user_id if isinstance(request, IdempotentRequest) else None,
            )
            for request, (outcome, replayed) in zip(self._requests, outcomes, strict=True)
        ]

    def _outcome(
        self, request: IdempotentRequest[C] | ShopError, create: Create[C]
    ) -> tuple[StoredOutcome, bool]:
        """Return the outcome of a request, and whether it is replayed."""
        if isinstance(request, ShopError):
            return Rejected(error=request), False
        record = self._records.get(request.key)
        if record is None:
            return self._first_outcome(request, create), False
        if record.fingerprint != request.fingerprint:
            return Rejected(error=IdempotencyKeyReused()), False
        if record.outcome is not None:
            return record.outcome, True
        if request.key in self._pending_ids:
            return Succeeded(reference=self._pending_ids[request.key]), False
        return Rejected(error=RequestInProgress()), False

    def _first_outcome(self, request: IdempotentRequest[C], create: Create[C]) -> StoredOutcome:
        try:
            created_id, is_pending = create(request)
        except ShopError as error:
            if error.is_final:
                return self._complete(request, Rejected(error=error))
            self._uow.idempotency_keys.release(request.key)
            return Rejected(error=error)
        outcome = Succeeded(reference=created_id)
        if not is_pending:
            return self._complete(request, outcome)
        self._records[request.key] = KeyRecord(fingerprint=request.fingerprint, outcome=None)
        self._pending_ids[request.key] = created_id
        return outcome

    def _complete(self, request: IdempotentRequest[C], outcome: StoredOutcome) -> StoredOutcome:
        self._uow.idempotency_keys.complete(request.key, outcome)
        self._records[request.key] = KeyRecord(fingerprint=request.fingerprint, outcome=outcome)
        return outcome


def _valid(
    requests: Iterable[IdempotentRequest[C] | ShopError],
) -> Sequence[IdempotentRequest[C]]:
    return [request for request in requests if isinstance(request, IdempotentRequest)]
