"""Port to jobs: work to do after a commit (a transactional outbox).

A job is staged together with the change that needs it. Workers lease jobs, run them, and stage
their completion together with the result. A worker that dies loses its lease, so a job runs at
least once and has to be idempotent.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.domain.shared.value import value


class JobKind(StrEnum):
    """What a job does."""

    HANDLE_GATEWAY_EVENT = "handle_gateway_event"  # Look the payment up, complete what it pays.
    RESOLVE_PAYMENT = "resolve_payment"  # Find the outcome of a pending payment, or expire it.
    CAPTURE_PAYMENT = "capture_payment"  # Capture an authorised payment.
    RESOLVE_DEPOSIT = "resolve_deposit"  # Find the outcome of a pending deposit, or expire it.
    CAPTURE_DEPOSIT = "capture_deposit"  # Capture a deposit that the account already has.
    REVERSE_PAYMENT = "reverse_payment"  # Void or refund what the gateway holds or has captured.
    REFUND_PAYMENT = "refund_payment"  # Refund to a card; the subject is the refund.
    SEND_WEBHOOK = "send_webhook"  # Send a notification to an endpoint.
    IMPORT_PRODUCTS = "import_products"  # Check a file of products, then apply it.
    MAKE_IMAGE_SIZES = "make_image_sizes"  # Make the sizes of an image of a product.
    SWEEP_CATEGORY = "sweep_category"  # Take the products out of a category that has ended.
    SEND_EMAIL = "send_email"  # Send a notification to a customer.


@value
class JobId:
    """The identity of a job: one of each kind for each subject, such as an order."""

    kind: JobKind
    subject_id: UUID


@value
class Job:
    """Work to do once it is due.

    `attempts` counts all attempts, `failures` only those that failed: not those that ended in
    `RetryLater`. A dead job failed too often and waits for an operator.
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
        """Create a job without attempts."""
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
    """All jobs."""

    @abstractmethod
    def add(self, job: Job) -> None:
        """Stage a new job, unless it exists; a leased reversal will run again.

        The payment to reverse may have reached the gateway after the running attempt looked.
        """

    @abstractmethod
    def remove(self, job_id: JobId) -> None:
        """Stage the removal of a job; one that is gone is ignored."""

    @abstractmethod
    def complete(self, job: Job) -> None:
        """Stage the removal of a leased job, unless it was rescheduled or leased again."""

    @abstractmethod
    async def lease(
        self, kinds: Collection[JobKind], now: datetime, until: datetime, limit: int
    ) -> Sequence[Job]:
        """Lease due jobs of these kinds, longest due first, and count an attempt for each.

        Their new `due_at` is the end of the lease. No other worker gets them before that.
        """

    @abstractmethod
    async def for_subjects(self, subject_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Job]]:
        """Return the jobs of subjects, including dead ones, by subject id."""

    @abstractmethod
    async def next_due(self, kinds: Collection[JobKind]) -> datetime | None:
        """Return when the next job of these kinds is due, or None; ignores dead jobs."""

    @abstractmethod
    def reschedule(self, job: Job, due_at: datetime, error: str) -> None:
        """Stage a retry of a leased job with its failures, unless it was leased again."""

    @abstractmethod
    def mark_dead(self, job: Job, error: str) -> None:
        """Stage that a leased job is dead, unless it was leased again."""

    @abstractmethod
    async def search(self, page: PageRequest[TimeCursor], *, dead: bool) -> Page[Job, TimeCursor]:
        """Return a page of dead jobs or of all others, newest first."""

    @abstractmethod
    async def retry(self, job_ids: Collection[JobId], at: datetime) -> int:
        """Make dead jobs due and reset their attempts; return how many."""
