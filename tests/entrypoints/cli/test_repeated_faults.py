"""Faults of the machine: logged as errors, and not once for each request."""

import logging

import pytest
import structlog

from shop.entrypoints.observability.repeated_faults import INTERVAL_SECONDS, RepeatedFaults


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def faults(time: Time) -> RepeatedFaults:
    return RepeatedFaults(time)


def _record(event: str) -> logging.LogRecord:
    return logging.LogRecord("shop", logging.ERROR, __file__, 1, event, (), None)


def _passes(faults: RepeatedFaults, **event: str) -> bool:
    try:
        faults(None, "error", dict(event))
    except structlog.DropEvent:
        return False
    return True


def test_repeated_fault_is_logged_once_in_the_interval_with_its_count(
    faults: RepeatedFaults, time: Time
) -> None:
    assert [faults.filter(_record("commit_outcome_unknown")) for _ in range(4)] == [
        True,
        False,
        False,
        False,
    ]

    time.now = INTERVAL_SECONDS
    record = _record("commit_outcome_unknown")
    assert faults.filter(record)
    assert vars(record)["suppressed"] == 3


def test_failed_requests_are_counted_by_the_kind_of_error(
    faults: RepeatedFaults, time: Time
) -> None:
    assert _passes(faults, event="request_failed", error="DatabaseUnavailable")
    assert not _passes(faults, event="request_failed", error="DatabaseUnavailable")
    assert _passes(faults, event="request_failed", error="CommitOutcomeUnknown")

    time.now = INTERVAL_SECONDS
    line = {"event": "request_failed", "error": "DatabaseUnavailable"}
    assert faults(None, "error", dict(line)) == {**line, "suppressed": 1}


def test_other_events_are_never_dropped(faults: RepeatedFaults) -> None:
    for event in ("access_denied", "unexpected_error", "job_dead"):
        assert [_passes(faults, event=event) for _ in range(2)] == [True, True]
        assert [faults.filter(_record(event)) for _ in range(2)] == [True, True]
