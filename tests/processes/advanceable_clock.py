"""A clock that processes share, and that a test puts forward."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from shop.adapters.system.clock import SystemClock

OFFSET_FILE_VARIABLE = "TESTS_TIME_PASSED"
"""The variable of the environment that names the file."""


class AdvanceableClock(SystemClock):
    """The machine's clock, ahead by the seconds in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._offset_seconds())

    def advance(self, seconds: float) -> None:
        """Advance the clock of all processes that have this file."""
        written = self._file.with_suffix(".new")
        written.write_text(str(self._offset_seconds() + seconds))
        # No process reads a half-written file.
        written.replace(self._file)

    def _offset_seconds(self) -> float:
        return float(self._file.read_text()) if self._file.exists() else 0.0
