"""Limits how often the log names a fault that hits every request or job."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from structlog.typing import EventDict, WrappedLogger

INTERVAL_SECONDS = 5.0

FAULTS = frozenset(
    {
        "authorisation_outcome_unknown",
        "commit_outcome_unknown",
        "database_checkpoint_failed",
        "database_connection_lost",
        "gateway_lookup_failed",
        "group_lock_timeout",
        "job_interrupted",
        "jobs_unavailable",
        "records_unusable",
        "request_failed",
        "stripe_access_denied",
        "unit_of_work_interrupted",
    }
)
"""Events of a machine that fails: each is logged at most once in the interval."""

ERROR_KINDS = frozenset({"request_failed"})
"""Events whose field `error` is the kind of the fault."""


@dataclass
class _Fault:
    logged_at: float
    suppressed: int = 0


class RepeatedFaults(logging.Filter):
    """Drops repeated lines of a fault; the next line has their number in `suppressed`.

    A processor of structlog and a filter of the standard library.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._faults: dict[tuple[str, object], _Fault] = {}

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Drop an event of structlog, or add the number of suppressed ones."""
        name = str(event.get("event"))
        suppressed = self._suppressed(name, event.get("error") if name in ERROR_KINDS else None)
        if suppressed is None:
            raise structlog.DropEvent
        return {**event, "suppressed": suppressed} if suppressed else event

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop a record, or add the number of suppressed ones."""
        suppressed = self._suppressed(str(record.msg), None)
        if suppressed:
            record.suppressed = suppressed
        return suppressed is not None

    def _suppressed(self, name: str, kind: object) -> int | None:
        """Return how many lines were dropped since the last; None for another to drop."""
        if name not in FAULTS:
            return 0
        now = self._now()
        fault = self._faults.get((name, kind))
        if fault is not None and now - fault.logged_at < INTERVAL_SECONDS:
            fault.suppressed += 1
            return None
        self._faults[name, kind] = _Fault(logged_at=now)
        return fault.suppressed if fault is not None else 0
