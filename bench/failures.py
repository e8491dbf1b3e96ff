"""Records failed measurements with their reasons, so that the run continues."""

from collections.abc import Callable
from textwrap import shorten
from typing import TypeVar

from bench.load import InvalidRun
from bench.results import Cell, Failure, label

T = TypeVar("T")

FAILURES = (InvalidRun, RuntimeError, OSError)
"""The errors of a failed measurement; any other is a bug in the benchmark."""

MAX_REASON_CHARACTERS = 200


class Attempts:
    """Runs measurements and records the failed ones."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self.failures: list[Failure] = []

    def run(self, cell: Cell, during: str, work: Callable[[], T]) -> T | None:
        """Return the result of `work`, or None if it fails."""
        try:
            return work()
        except FAILURES as error:
            failure = Failure(cell=cell, during=during, reason=reason_of(error))
            self.failures.append(failure)
            self._report("\n".join([describe_failure(failure), *getattr(error, "__notes__", ())]))
            return None


def describe_failure(failure: Failure) -> str:
    """Return a failure on one line."""
    return f"{label(failure.cell)}, {failure.during}: no result: {failure.reason}"


def reason_of(error: Exception) -> str:
    """Return the message of an error on one line of limited length."""
    return shorten(str(error) or type(error).__name__, MAX_REASON_CHARACTERS, placeholder=" …")
