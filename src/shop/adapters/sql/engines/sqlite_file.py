"""Watches over the file of a SQLite database.

SQLite has the file open, so it reads and writes on after the file was moved, replaced or deleted.
Those commits would be in a file that no other process finds. The watch compares what is at the
paths with what was opened. It only asks for the files' status: closing a second descriptor of a
file would release the locks that SQLite holds on it.
"""

import logging
import os
from pathlib import Path
from time import monotonic

from shop.application.ports.unit_of_work import CommitOutcomeUnknown, DatabaseUnavailable

_log = logging.getLogger(__name__)

_Identity = tuple[int, int]

MISSING = "the database file is missing"
REPLACED = "another file is in the place of the database file"
TRUNCATED = "the database file became smaller"
LOG_LOST = "the log beside the database file was replaced or deleted"


class SqliteFile:
    """The path of a database, and the files that this process has opened there.

    The log and its index are the files `-wal` and `-shm`. SQLite keeps them as long as a process
    has the database open, and creates new ones later.
    """

    def __init__(self, path: Path) -> None:
        # A relative path would follow its folder if that is renamed.
        self.path = Path(os.path.abspath(path))  # noqa: PTH100  Symbolic links are kept.
        self.log_bytes = 0
        self.committed_at: float | None = None
        self._main: _Identity | None = None
        self._link: _Identity | None = None
        self._bytes = 0
        self._is_truncated = False
        # `os.stat` of a text takes half the time of `Path.stat`.
        self._name = str(self.path)
        self._log = self._index = ""
        self._beside: tuple[_Identity, _Identity] | None = None
        self._connections: set[object] = set()
        self._problem: str | None = None
        self._log_is_unsaved = False
        self._remember_main()

    @property
    def is_open(self) -> bool:
        """Whether a connection to the file is open."""
        return bool(self._connections)

    def require_unchanged(self) -> None:
        """Raise `DatabaseUnavailable` unless the paths hold the opened files."""
        problem = self._look()
        if problem is not None:
            raise DatabaseUnavailable(problem)

    def require_committed(self) -> None:
        """Raise `CommitOutcomeUnknown` unless the paths hold what was just committed."""
        problem = self._look()
        if problem is not None:
            raise CommitOutcomeUnknown(f"{problem} during COMMIT")
        self.committed_at = monotonic()

    def take_unsaved_log(self) -> bool:
        """Return, once after each loss, that the log has to be written to the opened file."""
        is_unsaved, self._log_is_unsaved = self._log_is_unsaved, False
        return is_unsaved

    def add_connection(self, connection: object) -> None:
        """Count an opened connection; raise `DatabaseUnavailable` if it opened other files."""
        if not self._connections:
            self._remember_main()
            # SQLite follows symbolic links, and has the log beside the file itself.
            real_path = self.path.resolve()
            self._log, self._index = f"{real_path}-wal", f"{real_path}-shm"
            self._beside = _identity(_stat(self._log)), _identity(_stat(self._index))
        self.require_unchanged()
        self._connections.add(connection)

    def remove_connection(self, connection: object) -> None:
        """Forget a closed connection; after the last, other processes may replace the log.

        One that was rejected when it opened was never counted.
        """
        self._connections.discard(connection)
        if not self._connections:
            self._beside = None

    def _remember_main(self) -> None:
        if self._main is None and self.path.exists():
            self._main = _identity(self.path.stat())
            self._link = _identity(self.path.lstat()) if self.path.is_symlink() else None

    def _look(self) -> str | None:
        problem = self._find_problem()
        if problem != self._problem:
            self._report(problem)
            self._problem = problem
        return problem

    def _find_problem(self) -> str | None:
        if self._main is None:
            return None
        try:
            status = os.lstat(self._name)
            if self._link is not None:
                if _identity(status) != self._link:
                    return REPLACED
                status = _stat(self._name)
        except OSError:
            return MISSING
        if _identity(status) != self._main:
            return REPLACED
        # Pages are lost, or were moved by VACUUM. It remains so when the file grows again.
        self._is_truncated |= status.st_size < self._bytes
        if self._is_truncated:
            return TRUNCATED
        self._bytes = status.st_size
        return None if self._beside is None else self._find_problem_beside(self._beside)

    def _find_problem_beside(self, opened: tuple[_Identity, _Identity]) -> str | None:
        try:
            log, index = _stat(self._log), _stat(self._index)
        except OSError:
            return LOG_LOST
        if (_identity(log), _identity(index)) != opened:
            return LOG_LOST
        self.log_bytes = log.st_size
        return None

    def _report(self, problem: str | None) -> None:
        if problem is None:
            self._log_is_unsaved = False
            _log.warning("database_file_returned", extra={"file": str(self.path)})
            return
        self._log_is_unsaved = problem != TRUNCATED
        _log.error("database_file_changed", extra={"file": str(self.path), "problem": problem})


_stat = os.stat


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino
