"""When a failed job is tried again, and when it is marked dead."""

from datetime import datetime, timedelta

from shop.application.ports.repositories.jobs import Job
from shop.domain.shared.value import value

MAX_FAILURES = 50
RETRY_PERIOD = timedelta(hours=6)
"""A job is dead only after both, so it survives any shorter outage."""

MAX_RETRY_DELAY = timedelta(minutes=10)


class RetryLater(Exception):
    """The job cannot finish yet; it is retried without counting a failure.

    The retry is at `not_after` at the latest, and not before `not_before`.
    """

    def __init__(
        self,
        reason: str = "no outcome yet",
        *,
        not_after: datetime | None,
        not_before: datetime | None = None,
    ) -> None:
        super().__init__(reason)
        self.not_after = not_after
        self.not_before = not_before


@value
class RetryPolicy:
    """The time that a worker has for a job, and the delay of the first retry."""

    lease: timedelta
    retry_delay: timedelta


def retries_exhausted(job: Job) -> bool:
    """Check whether a leased job is dead if it fails once more."""
    # `due_at` of a leased job is the end of the lease.
    return job.failures + 1 >= MAX_FAILURES and job.due_at - job.created_at >= RETRY_PERIOD
