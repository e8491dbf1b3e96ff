"""Idempotency: what is asked under one key happens once, and is answered alike every time.

A use case that serves many commands in one unit of work turns each into a `IdempotentRequest` or
the error that refuses it, claims the keys of the requests, and decides them in order of arrival.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from shop.application.idempotency.results import Decision, IdempotencyKeyReused, Pending
from shop.application.identity.authentication import CurrentSession
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
from shop.domain.shared.errors import ShopError

C = TypeVar("C")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotentRequest(Generic[C]):
    """A sound command of a signed-in user, under a key."""

    command: C
    current_session: CurrentSession
    claim: Claim


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


def _rejected(error: ShopError) -> Decision:
    return Decision(outcome=Rejected(error=error), replayed=False)
