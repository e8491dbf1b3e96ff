"""What a move writes into the file that a shop leaves: its step, changes, and what stops writes."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Table

from shop.adapters.sql.engines.move_mark import MOVE_TABLE, MOVED
from shop.adapters.sql.move.row_texts import quoted
from shop.adapters.sql.schema.tables import metadata
from shop.application.ports.moves.database_move import MoveRejected, MoveState, MoveStep

CHANGES = "shop_move_changes"
MAX_KEYS = 3
"""The number of columns of the longest primary key."""

STOPPED = 1
"""The value of `user_version` while writes are stopped for a move that is not complete."""

STOPPED_MESSAGE = "the shop is moving to another database and takes no orders for some seconds"

VERSION_TABLE = "alembic_version"
TABLES: Sequence[Table] = metadata.sorted_tables
"""In an order in which each table comes after those that it refers to."""

_CREATE = (
    f"""CREATE TABLE IF NOT EXISTS {MOVE_TABLE} (
        id INTEGER PRIMARY KEY CHECK (id = 1), token TEXT NOT NULL, target TEXT NOT NULL,
        step TEXT NOT NULL, moved_at TEXT)""",
    # Never shortened: a row that changes again while it is copied is found by a later number.
    f"""CREATE TABLE IF NOT EXISTS {CHANGES} (
        number INTEGER PRIMARY KEY AUTOINCREMENT, table_name TEXT NOT NULL,
        key_1 NOT NULL, key_2, key_3)""",
)
_EVENTS = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what happens in the context, all or nothing, before any other process writes."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def read_state(connection: sqlite3.Connection) -> MoveState | None:
    """Return what the file says of a move."""
    if not _has_move(connection):
        return None
    row = connection.execute(f"SELECT token, target, step FROM {MOVE_TABLE}").fetchone()  # noqa: S608  Constants, as below.
    return None if row is None else MoveState(token=row[0], target=row[1], step=MoveStep(row[2]))


def begin(connection: sqlite3.Connection, token: str, target: str) -> None:
    """Record all changes from now on; let writes go on that an earlier attempt has stopped."""
    remove(connection)
    for statement in _CREATE:
        connection.execute(statement)
    connection.execute(
        f"INSERT INTO {MOVE_TABLE} VALUES (1, ?, ?, ?, NULL)",  # noqa: S608
        (token, target, MoveStep.COPYING),
    )
    for table in TABLES:
        for statement in _recording(table):
            connection.execute(statement)


def stop(connection: sqlite3.Connection, token: str) -> None:
    """Let every write fail from now on."""
    _require_own(connection, token)
    _drop_triggers(connection)
    for name in (VERSION_TABLE, *(table.name for table in TABLES)):
        for event in _EVENTS:
            connection.execute(
                f"CREATE TRIGGER {_trigger(name, event)} BEFORE {event} ON {name}"
                f" BEGIN SELECT RAISE(ABORT, '{STOPPED_MESSAGE}'); END"
            )
    _set_step(connection, MoveStep.STOPPED)
    connection.execute(f"PRAGMA user_version={STOPPED}")


def mark_moved(connection: sqlite3.Connection, token: str, moved_at: datetime) -> None:
    """Let every transaction fail from now on, reading ones too."""
    _require_own(connection, token)
    _set_step(connection, MoveStep.MOVED)
    connection.execute(f"UPDATE {MOVE_TABLE} SET moved_at = ?", (f"{moved_at:%Y-%m-%d %H:%M} UTC",))  # noqa: S608
    connection.execute(f"PRAGMA user_version={MOVED}")


def mark_complete(connection: sqlite3.Connection, token: str) -> None:
    """Record that the target is released."""
    _require_own(connection, token)
    _set_step(connection, MoveStep.COMPLETE)


def remove(connection: sqlite3.Connection) -> None:
    """Make the file what it was before the move."""
    _drop_triggers(connection)
    connection.execute(f"DROP TABLE IF EXISTS {MOVE_TABLE}")
    connection.execute(f"DROP TABLE IF EXISTS {CHANGES}")
    connection.execute("PRAGMA user_version=0")


def _recording(table: Table) -> Iterator[str]:
    keys = [quoted(column) for column in table.primary_key.columns]
    nulls = ["NULL"] * (MAX_KEYS - len(keys))

    def insert(row: str) -> str:
        values = ", ".join([f"'{table.name}'", *(f"{row}.{key}" for key in keys), *nulls])
        return f"INSERT INTO {CHANGES} (table_name, key_1, key_2, key_3) VALUES ({values});"  # noqa: S608

    rows = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}
    for event, changed in rows.items():
        statements = " ".join(insert(row) for row in changed)
        yield (
            f"CREATE TRIGGER {_trigger(table.name, event)} AFTER {event} ON {table.name}"
            f" BEGIN {statements} END"
        )


def _trigger(table: str, event: str) -> str:
    return f"shop_move_{table}_{event.lower()}"


def _drop_triggers(connection: sqlite3.Connection) -> None:
    names = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'shop\\_move\\_%'"
        " ESCAPE '\\'"
    ).fetchall()
    for (name,) in names:
        connection.execute(f"DROP TRIGGER {name}")


def _set_step(connection: sqlite3.Connection, step: MoveStep) -> None:
    connection.execute(f"UPDATE {MOVE_TABLE} SET step = ?", (step,))  # noqa: S608


def _require_own(connection: sqlite3.Connection, token: str) -> None:
    state = read_state(connection)
    if state is None or state.token != token:
        raise MoveRejected("another `shop move` has begun or undone meanwhile; run only one")


def _has_move(connection: sqlite3.Connection) -> bool:
    query = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
    return connection.execute(query, (MOVE_TABLE,)).fetchone() is not None
