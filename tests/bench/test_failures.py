"""A measurement that fails leaves its reason, and the others stand."""

import sys
from pathlib import Path

import pytest

from bench.failures import MAX_REASON_CHARACTERS, Attempts, reason_of
from bench.load import InvalidRun, PythonLoadGenerator
from bench.results import Cell, Failure
from bench.run import audit_failures
from bench.servers import serving
from bench.subjects import FailedSubject, start_subject
from bench.workloads import MANY_PRODUCTS
from tests.bench.bench_factories import measured

CELL = Cell(
    engine="postgresql", subject="ORM baseline", processes=1, workload="orders", clients=128
)


def test_successful_measurement_leaves_no_failure() -> None:
    attempts = Attempts(print)

    assert attempts.run(CELL, "round 1", lambda: 42) == 42
    assert attempts.failures == []


@pytest.mark.parametrize("error", [InvalidRun("broken"), RuntimeError("broken"), OSError("broken")])
def test_failed_measurement_records_its_reason(error: Exception) -> None:
    reports: list[str] = []
    attempts = Attempts(reports.append)
    error.add_note("last lines of a log")

    def fail() -> int:
        raise error

    assert attempts.run(CELL, "round 1", fail) is None
    assert attempts.failures == [Failure(cell=CELL, during="round 1", reason="broken")]
    line = "ORM baseline in 1, postgresql, orders, 128 clients, round 1: no result: broken"
    assert reports == [f"{line}\nlast lines of a log"]


def test_error_in_the_benchmark_is_no_failed_measurement() -> None:
    attempts = Attempts(print)

    with pytest.raises(ZeroDivisionError):
        attempts.run(CELL, "round 1", lambda: 1 / 0)
    assert attempts.failures == []


def test_reason_is_one_line_of_limited_length() -> None:
    assert reason_of(RuntimeError("two\n  lines")) == "two lines"
    assert len(reason_of(RuntimeError("word " * 1000))) <= MAX_REASON_CHARACTERS
    assert reason_of(OSError()) == "OSError"


def test_server_that_does_not_start_fails_only_its_own_measurements(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('port in use')"]
    with serving(command, {}, tmp_path) as server:
        subject = start_subject(
            [server],
            engine="postgresql",
            name="ORM baseline",
            processes=1,
            load=PythonLoadGenerator(),
            files=tmp_path,
        )

    assert isinstance(subject, FailedSubject)
    reason = "not started: the server has ended with status 1: port in use"
    with pytest.raises(InvalidRun, match=reason):
        subject.run(MANY_PRODUCTS, clients=1, seconds=1)


def test_failed_audit_invalidates_only_the_measurements_of_its_subject() -> None:
    fault = "the audit has failed: stock"
    measurements = [
        measured("ORM baseline", 128, 1, number=1),
        measured("shop", 128, 1, number=1),
        measured("ORM baseline", 128, 1, number=2),
    ]

    assert audit_failures(measurements, {("postgresql", "ORM baseline", 1): fault}) == [
        Failure(cell=CELL, during="audit", reason=fault)
    ]
