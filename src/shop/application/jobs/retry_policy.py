"""When a failed job is tried again, and when it is marked dead."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shop.application.ports.repositories.jobs import Job

MAX_FAILURES = 50


RETRY_PERIOD = timedelta(hours=6)
"""A job's budget is used up by so many failures and so long: it outlives any shorter outage."""


MAX_RETRY_DELAY = timedelta(minutes=10)


class RetryLater(Exception):
    """A job that cannot end now, through no fault: it is tried again, as often as that takes.

    Where a time is named, it is tried then at the latest.
    """

    def __init__(self, *, not_after: datetime | None) -> None:
        super().__init__("nothing is known yet")
        self.not_after = not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long a worker may take for a job, and the first pause before it is tried again."""

    lease: timedelta
    retry_delay: timedelta


def retries_exhausted(job: Job) -> bool:
    """Tell whether a leased job may not fail once more: both parts of its budget are used up."""
    # While it is leased, it is due when the lease ends.
    return job.failures + 1 >= MAX_FAILURES and job.due_at - job.created_at >= RETRY_PERIOD
