"""The port to the outbox: what has to be done outside the database once a fact is in it.

A job is staged beside the fact that asks for it, so that both are there or neither. Workers lease
jobs, do them, and stage their end beside what came of them. A worker that dies loses its lease:
a job is done at least once, and everything that it does must bear to be done twice.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor


class JobKind(StrEnum):
    """What is to be done."""

    HANDLE_GATEWAY_EVENT = "handle_gateway_event"
    """Look up the payment of a gateway event, and complete its order or deposit."""

    RESOLVE_PAYMENT = "resolve_payment"
    """Find out how a pending payment ends, and give it up once its time is over."""

    CAPTURE_PAYMENT = "capture_payment"
    """Take the money that a card has set aside."""

    RESOLVE_DEPOSIT = "resolve_deposit"
    """Do the same for a deposit."""

    CAPTURE_DEPOSIT = "capture_deposit"
    """Take the money that is in the account already."""

    REVERSE_PAYMENT = "reverse_payment"
    """Give back whatever the gateway holds or has taken."""

    REFUND_PAYMENT = "refund_payment"
    """Give back the amount of a refund, which is the job's subject."""

    SEND_WEBHOOK = "send_webhook"
    """Bring an announcement to an endpoint."""

    SEND_EMAIL = "send_email"
    """Bring an announcement to a customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobId:
    """There is one job of a kind for one subject: an order, or whatever the kind is about."""

    kind: JobKind
    subject_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to be done, not before it is due.

    `attempts` counts those that were begun, `failures` those that have failed: not those that only
    found that the time has not come. A dead job has failed too often and waits for an operator.
    `failure` is what the last attempt came to.
    """

    id: JobId
    due_at: datetime
    attempts: int
    failures: int
    is_dead: bool
    last_error: str | None
    created_at: datetime

    @classmethod
    def new(cls, kind: JobKind, subject_id: UUID, *, at: datetime, due_at: datetime) -> "Job":
        """Return a job that nobody has tried yet."""
        return cls(
            id=JobId(kind=kind, subject_id=subject_id),
            due_at=due_at,
            attempts=0,
            failures=0,
            is_dead=False,
            last_error=None,
            created_at=at,
        )


class Jobs(ABC):
    """All jobs, as one unit of work sees them."""

    @abstractmethod
    def add(self, job: Job) -> None:
        """Stage a new job; nothing happens where it is there, but that a begun undo is done anew.

        What there is to undo may have come after somebody has begun to look.
        """

    @abstractmethod
    def remove(self, job_id: JobId) -> None:
        """Stage the end of a job: it is gone; nothing happens where it is gone already."""

    @abstractmethod
    def complete(self, job: Job) -> None:
        """Stage the end of a leased job, unless it is to be done anew or leased by another now."""

    @abstractmethod
    async def lease(
        self, kinds: Collection[JobKind], now: datetime, until: datetime, limit: int
    ) -> Sequence[Job]:
        """Take jobs of these kinds that are due, the longest due first; count an attempt at each.

        Until then nobody else gets them: their new `due_at` is the end of the lease. Of two
        workers that want the same job at the same time, one gets it.
        """

    @abstractmethod
    async def for_subjects(self, subject_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Job]]:
        """Return the jobs of those subjects that have any, living and dead, by subject id."""

    @abstractmethod
    async def next_due(self, kinds: Collection[JobKind]) -> datetime | None:
        """Return when the next living job of these kinds is due; None where there is none."""

    @abstractmethod
    def reschedule(self, job: Job, due_at: datetime, error: str) -> None:
        """Stage that a leased job is tried again, unless it is gone or leased by another now.

        Its failures are kept as they are given.
        """

    @abstractmethod
    def mark_dead(self, job: Job, error: str) -> None:
        """Stage that a leased job is dead, unless it is gone or leased by another now."""

    @abstractmethod
    async def search(self, page: PageRequest[TimeCursor], *, dead: bool) -> Page[Job, TimeCursor]:
        """Return a page of the dead or of the living jobs, the newest first."""

    @abstractmethod
    async def retry(self, job_ids: Collection[JobId], at: datetime) -> int:
        """Make dead jobs due at once, with all attempts before them; return how many."""
