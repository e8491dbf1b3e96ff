"""Idempotency: what is asked under one key happens once, and is answered alike every time.

A use case that serves many commands in one unit of work turns each into a `Request` or the error
that refuses it, claims the keys of the requests, and decides them in order of arrival.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import timedelta
from functools import cache
from typing import Generic, TypeVar
from uuid import UUID

from shop.application.admission import Visit
from shop.application.ports.clock import Clock
from shop.application.ports.idempotency import (
    Claim,
    KeyId,
    KeyRecord,
    Outcome,
    Refused,
    RequestInProgress,
    Succeeded,
)
from shop.application.ports.unit_of_work import Interrupted, UnitOfWork
from shop.application.transact import Transact
from shop.domain.errors import ShopError

C = TypeVar("C")
T = TypeVar("T")

REFUSALS_KEPT = timedelta(days=7)
"""How long a refusal is replayed; one of what was begun is remembered for as long as that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[C]):
    """A sound command of a signed-in user, under a key."""

    command: C
    visit: Visit
    claim: Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A request was begun, under the id of what it made; how it ends is not known yet."""

    reference: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Generic[T]):
    """The answer to one command of a group: what it made, or why it was refused.

    The `client_secret` is there where the customer has to take a step at the gateway first.
    """

    answer: T | ShopError
    replayed: bool
    client_secret: str | None = field(default=None, repr=False)

    def unwrap(self) -> T:
        """Return what was made; raise the refusal."""
        if isinstance(self.answer, ShopError):
            raise self.answer
        return self.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a request ended, now or when it was first made."""

    outcome: Outcome | Pending
    replayed: bool

    def reply(self, made: Mapping[UUID, T]) -> Reply[T]:
        """Return the reply; what was made is found by its id."""
        if isinstance(self.outcome, Refused):
            return Reply(answer=self.outcome.error, replayed=self.replayed)
        return Reply(answer=made[self.outcome.reference], replayed=self.replayed)


class Claims:
    """The keys of a group of requests, claimed in one unit of work.

    Of two requests under one key in the same group, the second follows the first.
    """

    def __init__(self, uow: UnitOfWork, records: Mapping[KeyId, KeyRecord]) -> None:
        self._uow = uow
        self._records = dict(records)
        self._pending: dict[KeyId, Pending] = {}

    @classmethod
    async def take(cls, uow: UnitOfWork, requests: Iterable[Request[C]]) -> "Claims":
        """Claim the keys of these requests."""
        first: dict[KeyId, Claim] = {}
        for request in requests:
            first.setdefault(request.claim.id, request.claim)
        return cls(uow, await uow.keys.claim(list(first.values())) if first else {})

    @property
    def undecided(self) -> Collection[KeyId]:
        """The keys that were taken before, and whose requests have not ended."""
        return [key for key, record in self._records.items() if record.outcome is None]

    def await_outcome(self, pending: Mapping[KeyId, UUID]) -> None:
        """Note what the requests under undecided keys have made; they are not refused."""
        self._pending |= {key: Pending(reference=made) for key, made in pending.items()}

    def decide(
        self, request: Request[C] | ShopError, decision: Callable[[Request[C]], UUID | Pending]
    ) -> Verdict:
        """Decide a request whose key is free, and store how it ended; else tell how it did.

        The decision returns the id of what it made and staged, as pending where it has not ended;
        it raises a refusal before it stages anything.
        """
        if isinstance(request, ShopError):
            return _refused(request)
        claim = request.claim
        record = self._records.get(claim.id)
        if record is None:
            return self._decide_first(request, decision)
        if record.fingerprint != claim.fingerprint:
            return _refused(IdempotencyKeyReused())
        if record.outcome is not None:
            return Verdict(outcome=record.outcome, replayed=True)
        if claim.id in self._pending:
            return Verdict(outcome=self._pending[claim.id], replayed=False)
        return _refused(RequestInProgress())

    def _decide_first(
        self, request: Request[C], decision: Callable[[Request[C]], UUID | Pending]
    ) -> Verdict:
        claim = request.claim
        outcome: Outcome
        try:
            made = decision(request)
            if isinstance(made, Pending):
                self._records[claim.id] = KeyRecord(fingerprint=claim.fingerprint, outcome=None)
                self._pending[claim.id] = made
                return Verdict(outcome=made, replayed=False)
            outcome = Succeeded(reference=made)
        except ShopError as error:
            if not error.is_final:
                self._uow.keys.release(claim.id)
                return _refused(error)
            outcome = Refused(error=error)
        self._uow.keys.settle(claim.id, outcome)
        self._records[claim.id] = KeyRecord(fingerprint=claim.fingerprint, outcome=outcome)
        return Verdict(outcome=outcome, replayed=False)


class SweepKeys:
    """The operator's use case that forgets the keys of old refusals."""

    def __init__(self, transact: Transact, clock: Clock) -> None:
        self._transact = transact
        self._clock = clock

    async def sweep(self) -> int:
        """Forget the keys of refusals that are older than seven days; return how many."""
        return await self._transact.write(self._sweep, repeatable=True)

    async def _sweep(self, uow: UnitOfWork) -> int:
        swept = await uow.keys.sweep(self._clock.now() - REFUSALS_KEPT)
        await uow.commit()
        return swept


def sound(requests: Iterable[Request[C] | ShopError]) -> Sequence[Request[C]]:
    """Return those that are not refused yet."""
    return [request for request in requests if isinstance(request, Request)]


def made_earlier(verdicts: Iterable[Verdict], made: Mapping[UUID, object]) -> set[UUID]:
    """Return the ids of what earlier units of work made: those that this one must look up."""
    return {
        verdict.outcome.reference
        for verdict in verdicts
        if not isinstance(verdict.outcome, Refused) and verdict.outcome.reference not in made
    }


def require_undecided(verdicts: Iterable[Verdict], decided: Collection[UUID]) -> None:
    """Raise `Interrupted` where a key was found undecided, and what it made is decided by now.

    Nobody locks a key to read it: somebody may have decided since. The next attempt finds how.
    """
    for verdict in verdicts:
        if isinstance(verdict.outcome, Pending) and verdict.outcome.reference in decided:
            raise Interrupted("a request was decided while its key was read")


def fingerprint(operation: str, **said: object) -> str:
    """Return what tells a request from any other under the same key: a hash of all it says."""
    request = json.dumps([operation, said], sort_keys=True, default=_plain)
    return hashlib.sha256(request.encode()).hexdigest()


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: getattr(value, name) for name in _field_names(type(value))}
    return str(value)


@cache
def _field_names(kind: type) -> Sequence[str]:
    return [field.name for field in fields(kind)]


def _refused(error: ShopError) -> Verdict:
    return Verdict(outcome=Refused(error=error), replayed=False)


class IdempotencyKeyReused(ShopError):
    """The key was used for another request before."""

    code = "idempotency-key-reused"
    message = "This idempotency key was used for another request."
