"""Idempotency: what is asked under one key happens once, and is answered alike every time.

A use case that serves many commands in one unit of work turns each into a `IdempotentRequest` or
the error that refuses it, claims the keys of the requests, and decides them in order of arrival.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import timedelta
from functools import cache
from typing import Generic, TypeVar
from uuid import UUID

from shop.application.identity.authentication import CurrentSession
from shop.application.ports.clock import Clock
from shop.application.ports.repositories.idempotency_keys import (
    Claim,
    IdempotencyKey,
    KeyRecord,
    Rejected,
    RequestInProgress,
    StoredOutcome,
    Succeeded,
)
from shop.application.ports.unit_of_work import TransientFailure, UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.shared.errors import ShopError

C = TypeVar("C")
T = TypeVar("T")

REJECTION_RETENTION = timedelta(days=7)
"""How long a refusal is replayed; one of what was begun is remembered for as long as that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotentRequest(Generic[C]):
    """A sound command of a signed-in user, under a key."""

    command: C
    current_session: CurrentSession
    claim: Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A request was begun, under the id of what it made; how it ends is not known yet."""

    reference: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult(Generic[T]):
    """The answer to one command of a group: what it made, or why it was refused.

    The `client_secret` is there where the customer has to take a step at the gateway first.
    """

    value: T | ShopError
    replayed: bool
    client_secret: str | None = field(default=None, repr=False)

    def unwrap(self) -> T:
        """Return what was made; raise the refusal."""
        if isinstance(self.value, ShopError):
            raise self.value
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How a request ended, now or when it was first made."""

    outcome: StoredOutcome | Pending
    replayed: bool

    def to_result(self, created: Mapping[UUID, T]) -> CommandResult[T]:
        """Return the reply; what was made is found by its id."""
        if isinstance(self.outcome, Rejected):
            return CommandResult(value=self.outcome.error, replayed=self.replayed)
        return CommandResult(value=created[self.outcome.reference], replayed=self.replayed)


class IdempotentBatch:
    """The keys of a group of requests, claimed in one unit of work.

    Of two requests under one key in the same group, the second follows the first.
    """

    def __init__(self, uow: UnitOfWork, records: Mapping[IdempotencyKey, KeyRecord]) -> None:
        self._uow = uow
        self._records = dict(records)
        self._pending: dict[IdempotencyKey, Pending] = {}

    @classmethod
    async def claim(
        cls, uow: UnitOfWork, requests: Iterable[IdempotentRequest[C]]
    ) -> "IdempotentBatch":
        """Claim the keys of these requests."""
        first_claims: dict[IdempotencyKey, Claim] = {}
        for request in requests:
            first_claims.setdefault(request.claim.id, request.claim)
        return cls(
            uow,
            await uow.idempotency_keys.claim(list(first_claims.values())) if first_claims else {},
        )

    @property
    def pending_keys(self) -> Collection[IdempotencyKey]:
        """The keys that were taken before, and whose requests have not ended."""
        return [key for key, record in self._records.items() if record.outcome is None]

    def mark_pending(self, pending: Mapping[IdempotencyKey, UUID]) -> None:
        """Note what the requests under undecided keys have made; they are not refused."""
        self._pending |= {key: Pending(reference=created) for key, created in pending.items()}

    def decide(
        self,
        request: IdempotentRequest[C] | ShopError,
        execute: Callable[[IdempotentRequest[C]], UUID | Pending],
    ) -> Decision:
        """Decide a request whose key is free, and store how it ended; else tell how it did.

        The decision returns the id of what it made and staged, as pending where it has not ended;
        it raises a refusal before it stages anything.
        """
        if isinstance(request, ShopError):
            return _rejected(request)
        claim = request.claim
        record = self._records.get(claim.id)
        if record is None:
            return self._decide_first(request, execute)
        if record.fingerprint != claim.fingerprint:
            return _rejected(IdempotencyKeyReused())
        if record.outcome is not None:
            return Decision(outcome=record.outcome, replayed=True)
        if claim.id in self._pending:
            return Decision(outcome=self._pending[claim.id], replayed=False)
        return _rejected(RequestInProgress())

    def _decide_first(
        self,
        request: IdempotentRequest[C],
        execute: Callable[[IdempotentRequest[C]], UUID | Pending],
    ) -> Decision:
        claim = request.claim
        outcome: StoredOutcome
        try:
            created = execute(request)
            if isinstance(created, Pending):
                self._records[claim.id] = KeyRecord(fingerprint=claim.fingerprint, outcome=None)
                self._pending[claim.id] = created
                return Decision(outcome=created, replayed=False)
            outcome = Succeeded(reference=created)
        except ShopError as error:
            if not error.is_final:
                self._uow.idempotency_keys.release(claim.id)
                return _rejected(error)
            outcome = Rejected(error=error)
        self._uow.idempotency_keys.complete(claim.id, outcome)
        self._records[claim.id] = KeyRecord(fingerprint=claim.fingerprint, outcome=outcome)
        return Decision(outcome=outcome, replayed=False)


class PurgeIdempotencyKeys:
    """The operator's use case that forgets the keys of old refusals."""

    def __init__(self, transactions: TransactionRunner, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    async def purge(self) -> int:
        """Forget the keys of refusals that are older than seven days; return how many."""
        return await self._transactions.write(self._purge, retryable=True)

    async def _purge(self, uow: UnitOfWork) -> int:
        purged_count = await uow.idempotency_keys.purge(self._clock.now() - REJECTION_RETENTION)
        await uow.commit()
        return purged_count


def accepted(
    requests: Iterable[IdempotentRequest[C] | ShopError],
) -> Sequence[IdempotentRequest[C]]:
    """Return those that are not refused yet."""
    return [request for request in requests if isinstance(request, IdempotentRequest)]


def ids_to_replay(decisions: Iterable[Decision], created: Mapping[UUID, object]) -> set[UUID]:
    """Return the ids of what earlier units of work made: those that this one must look up."""
    return {
        decision.outcome.reference
        for decision in decisions
        if not isinstance(decision.outcome, Rejected) and decision.outcome.reference not in created
    }


def require_still_pending(decisions: Iterable[Decision], decided: Collection[UUID]) -> None:
    """Raise `TransientFailure` where a key was found undecided, and what it made is decided by now.

    Nobody locks a key to read it: somebody may have decided since. The next attempt finds how.
    """
    for decision in decisions:
        if isinstance(decision.outcome, Pending) and decision.outcome.reference in decided:
            raise TransientFailure("a request was decided while its key was read")


def fingerprint(operation: str, **members: object) -> str:
    """Return what tells a request from any other under the same key: a hash of all it says."""
    request = json.dumps([operation, members], sort_keys=True, default=_plain)
    return hashlib.sha256(request.encode()).hexdigest()


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: getattr(value, name) for name in _field_names(type(value))}
    return str(value)


@cache
def _field_names(kind: type) -> Sequence[str]:
    return [field.name for field in fields(kind)]


def _rejected(error: ShopError) -> Decision:
    return Decision(outcome=Rejected(error=error), replayed=False)


class IdempotencyKeyReused(ShopError):
    """The key was used for another request before."""

    code = "idempotency-key-reused"
    message = "This idempotency key was used for another request."
