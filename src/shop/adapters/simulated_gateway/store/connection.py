"""The file that the books are kept in: SQLite, for several processes at once."""

import sqlite3
import time
from contextlib import suppress
from pathlib import Path

BUSY_SECONDS = 10
"""How long one process waits for the others to have written."""

RETRY_SECONDS = 0.01
VERSION = 1

_SCHEMA = (
    """
    CREATE TABLE payments (
        position INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        reference TEXT NOT NULL,
        amount INTEGER NOT NULL CHECK (amount > 0),
        currency TEXT NOT NULL,
        verdict TEXT CHECK (verdict IN ('approved', 'declined', 'challenged')),
        reason TEXT CHECK ((reason IS NOT NULL) = (verdict IS 'declined')),
        captured INTEGER NOT NULL DEFAULT 0 CHECK (captured = 0 OR verdict IS 'approved'),
        voided INTEGER NOT NULL DEFAULT 0 CHECK (voided = 0 OR captured = 0),
        refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND captured * amount),
        calls INTEGER NOT NULL DEFAULT 1,
        created_at INTEGER NOT NULL
    )
    """,
    "CREATE INDEX payments_reference ON payments (reference)",
    "CREATE INDEX payments_created_at ON payments (created_at)",
    """
    CREATE TABLE keys (
        key TEXT PRIMARY KEY,
        request BLOB NOT NULL,
        payment_id TEXT NOT NULL,
        answer TEXT,
        detail TEXT,
        due_at INTEGER NOT NULL,
        made_at INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX keys_made_at ON keys (made_at)",
)


def open_for_writing(file: Path) -> sqlite3.Connection:
    """Return a connection that writes; the first one makes the file, its owner's alone.

    Raise `sqlite3.Error` or `OSError`.
    """
    # What lies beside it gets its mode from it.
    with suppress(FileExistsError):
        file.touch(0o600, exist_ok=False)
    connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        _enable_write_ahead_log(connection)
        # What was answered is on the disk.
        connection.execute("PRAGMA synchronous=FULL")
        _create_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(file: Path) -> sqlite3.Connection | None:
    """Return a connection that reads what is committed; None where nothing was written yet.

    Raise `sqlite3.Error`.
    """
    if not file.exists():
        return None
    address = f"{file.resolve().as_uri()}?mode=rw"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("BEGIN")
        version = _version(connection)
        _require_gateway_schema(connection, version)
    except BaseException:
        connection.close()
        raise
    if version == VERSION:
        return connection
    connection.close()
    return None


def _enable_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Have readers not wait for the writer; the file remembers it.

    Of two processes that ask for it at once, SQLite sends one away without any waiting.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)
        else:
            return


def _create_tables(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        version = _version(connection)
        _require_gateway_schema(connection, version)
        if version != VERSION:
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={VERSION}")


def _require_gateway_schema(connection: sqlite3.Connection, version: int) -> None:
    ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_schema")
    if version not in {0, VERSION} or (version == 0 and tables):
        raise sqlite3.DatabaseError("the file holds something else than the books of a gateway")


def _version(connection: sqlite3.Connection) -> int:
    ((version,),) = connection.execute("PRAGMA user_version")
    return int(version)
