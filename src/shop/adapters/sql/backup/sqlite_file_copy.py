"""Copies a SQLite file in use, and replaces the content of one that is not.

Content is replaced in one transaction of the same file. A renamed file would leave processes that
have the old one open with orders that no one reads.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from shop.adapters.files.durable import sync_file, sync_folder
from shop.application.ports.database_backup import BackupFailed

READ_TIMEOUT_SECONDS = 10
LOCK_TIMEOUT_SECONDS = 2
"""Enough for a short command such as `shop jobs list` to end."""

SIDE_FILES = ("-journal", "-wal", "-shm")


class DamagedFile(BackupFailed):
    """SQLite cannot read the file."""


@contextmanager
def read_snapshot(file: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection that reads the file as it is now, while others write."""
    with _translating_errors(file), closing(connect(file)) as connection:
        begin_snapshot(connection)
        yield connection


@contextmanager
def writes_paused(file: Path) -> Iterator[None]:
    """Let no other process write until the context ends."""
    with _translating_errors(file), closing(connect(file)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def locked(file: Path) -> Iterator[sqlite3.Connection]:
    """Yield the only connection to the file; raise `BackupFailed` if a process has it open.

    In WAL mode, a connection holds a shared lock from its first statement until it is closed, so
    the exclusive lock also detects an idle server. Raise `DamagedFile` if SQLite cannot read it.
    """
    with _translating_errors(file), closing(connect(file, LOCK_TIMEOUT_SECONDS)) as connection:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        try:
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            raise BackupFailed(
                f"{file} is in use; stop all servers and workers of the shop first"
            ) from error
        connection.execute("PRAGMA synchronous=FULL")
        yield connection


def connect(file: Path, timeout_seconds: float = READ_TIMEOUT_SECONDS) -> sqlite3.Connection:
    """Open an existing file. Threads may share the connection if they take turns."""
    return sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=timeout_seconds,
        isolation_level=None,
        check_same_thread=False,
    )


def begin_snapshot(connection: sqlite3.Connection) -> None:
    """Fix what the connection reads from now on."""
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def copy_snapshot(snapshot: sqlite3.Connection, target: Path) -> None:
    """Copy what a connection reads to a new file without a log beside it, and check the copy."""
    with _translating_errors(target):
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            snapshot.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        require_sound(target)
    sync_file(target)


def require_sound(file: Path) -> None:
    """Check the whole file; raise `DamagedFile`."""
    with _translating_errors(file), closing(connect(file)) as connection:
        ((result, *_), *_) = connection.execute("PRAGMA integrity_check(1)").fetchall()
    if result != "ok":
        raise DamagedFile(f"{file} is damaged: {result}")


def replace_content(target: sqlite3.Connection, copy: Path) -> None:
    """Replace what a file contains with a copy, completely or not at all."""
    with _translating_errors(copy), closing(connect(copy)) as source:
        source.backup(target)


def replace_file(file: Path, replacement: Path) -> None:
    """Put a file in the place of one that does not exist or that SQLite cannot read."""
    for suffix in SIDE_FILES:
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    replacement.replace(file)
    sync_folder(file.parent)


def count_rows(connection: sqlite3.Connection) -> Mapping[str, int]:
    """Return the number of rows of each table."""
    tables = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
        " ESCAPE '\\' ORDER BY name"
    ).fetchall()
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608  Names of its own tables.
        for (name,) in tables
    }


@contextmanager
def _translating_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise BackupFailed(f"{file}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise DamagedFile(f"{file} is damaged: {error}") from error
