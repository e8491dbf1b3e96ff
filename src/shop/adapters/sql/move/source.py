"""The SQLite file that a shop leaves, read in snapshots while the shop serves."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Table

from shop.adapters.sql.backup import sqlite_file_copy
from shop.adapters.sql.engines.move_mark import MOVE_TABLE
from shop.adapters.sql.move import marks
from shop.adapters.sql.move.marks import CHANGES, TABLES, VERSION_TABLE
from shop.adapters.sql.move.row_texts import (
    HASH_DIGITS,
    SORT_TOKENS,
    copied_line,
    quoted,
    sqlite_text,
)
from shop.adapters.sql.schema.tables import SCHEMA_VERSION
from shop.application.ports.moves.database_move import MoveRejected, MoveState
from shop.application.ports.unit_of_work import DatabaseUnavailable

T = TypeVar("T")

ROWS_AT_ONCE = 2_000
KEYS_AT_ONCE = 5_000

_ROW_SUM = "row_sum"
_SEARCH_INDEX = "product_search"
"""SQLite's index of the tokens, and how the names of its tables begin; PostgreSQL has another."""

Sums = Mapping[str, tuple[int, int]]
"""By table: its number of rows, and the sum of their hashes."""


class SourceFile:
    """A file with a shop, and what a move writes into it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def state(self) -> MoveState | None:
        """Return what the file says of a move."""
        return await self._read(marks.read_state)

    async def require_movable(self) -> None:
        """Check that the file has the tables of this release, and no others."""
        await self._read(self._require_tables)

    async def write(self, change: Callable[..., None], *needed: Any) -> None:  # noqa: ANN401  What it takes.
        """Make a change in one transaction, which is on the disk afterwards."""
        await asyncio.to_thread(self._write, change, *needed)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Snapshot"]:
        """Yield the file as it is now, while others write."""
        with self._opened() as connection:
            sqlite_file_copy.begin_snapshot(connection)
            yield Snapshot(connection)

    async def _read(self, read: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            with self._opened() as connection:
                return read(connection)

        return await asyncio.to_thread(run)

    def _write(self, change: Callable[..., None], *needed: Any) -> None:  # noqa: ANN401  As above.
        with self._opened() as connection:
            connection.execute("PRAGMA synchronous=FULL")
            with marks.writing(connection):
                change(connection, *needed)

    def _require_tables(self, connection: sqlite3.Connection) -> None:
        existing = {
            name
            for name in sqlite_file_copy.count_rows(connection)
            if not name.startswith((_SEARCH_INDEX, MOVE_TABLE))
        }
        versions: list[tuple[str]] = []
        if VERSION_TABLE in existing:
            versions = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall()  # noqa: S608  A constant.
        if versions != [(SCHEMA_VERSION,)]:
            found = ", ".join(version for (version,) in versions) or "none"
            raise MoveRejected(
                f"{self._file} has schema version {found}, and this release moves {SCHEMA_VERSION};"
                " run `shop migrate` with the release that serves the shop, and move with that"
            )
        unknown = existing - {VERSION_TABLE, *(table.name for table in TABLES)}
        if unknown:
            raise MoveRejected(
                f"{self._file} has tables that are not the shop's: {', '.join(sorted(unknown))};"
                " delete them, or move their rows elsewhere"
            )

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite_file_copy.connect(self._file)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise DatabaseUnavailable(f"{self._file}: {error}") from error


class Snapshot:
    """The file at one moment, by a connection that waits for no writes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.create_function(SORT_TOKENS, 1, _sort_tokens, deterministic=True)
        connection.create_aggregate(_ROW_SUM, 1, _RowSum)  # type: ignore[arg-type]  # Sums are texts.
        (self.position,) = connection.execute(
            f"SELECT coalesce(max(number), 0) FROM {CHANGES}"  # noqa: S608  Constants, as all below.
        ).fetchone()

    def rows(self, table: Table) -> AsyncIterator[bytes]:
        """Yield all rows of a table as lines of CSV, many at once."""
        return self._lines(f"SELECT {copied_line(table)} FROM {table.name} AS t", ())  # noqa: S608

    async def changed_keys(self, table: Table, after: int) -> AsyncIterator[Sequence[Any]]:
        """Yield the keys of rows that were changed after a position, many at once."""
        columns = ", ".join(f"key_{number + 1}" for number in range(len(table.primary_key.columns)))
        cursor = self._connection.execute(
            f"SELECT DISTINCT {columns} FROM {CHANGES} WHERE table_name = ? AND number > ?",  # noqa: S608
            (table.name, after),
        )
        while keys := await _in_thread(partial(cursor.fetchmany, KEYS_AT_ONCE)):
            yield keys

    def changed_rows(self, table: Table, after: int) -> AsyncIterator[bytes]:
        """Yield the rows, as they are now, that were changed after a position."""
        keys = " AND ".join(
            f"t.{quoted(column)} = c.key_{number + 1}"
            for number, column in enumerate(table.primary_key.columns)
        )
        names = ", ".join(f"key_{number + 1}" for number in range(len(table.primary_key.columns)))
        return self._lines(
            f"SELECT {copied_line(table)} FROM (SELECT DISTINCT {names} FROM {CHANGES}"  # noqa: S608
            f" WHERE table_name = ? AND number > ?) AS c CROSS JOIN {table.name} AS t ON {keys}",
            (table.name, after),
        )

    async def sums(self) -> Sums:
        """Count and add up the rows of each table."""
        return await _in_thread(lambda: {table.name: self._sum(table) for table in TABLES})

    def _sum(self, table: Table) -> tuple[int, int]:
        count, total = self._connection.execute(
            f"SELECT count(*), {_ROW_SUM}({sqlite_text(table)}) FROM {table.name} AS t"  # noqa: S608
        ).fetchone()
        return count, int(total or 0)

    async def _lines(self, query: str, parameters: Sequence[object]) -> AsyncIterator[bytes]:
        cursor = self._connection.execute(query, parameters)
        while rows := await _in_thread(partial(cursor.fetchmany, ROWS_AT_ONCE)):
            yield "".join(f"{line}\n" for (line,) in rows).encode()


async def _in_thread(work: Callable[[], T]) -> T:
    """Do work in a thread, and end only when it has ended: its connection is closed then."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


class _RowSum:
    """Adds up the hashes of texts; the sum outgrows SQLite's integers, so it is a text."""

    def __init__(self) -> None:
        self._sum = 0

    def step(self, text: str) -> None:
        digest = md5(text.encode(), usedforsecurity=False).hexdigest()
        self._sum += int(digest[:HASH_DIGITS], 16)

    def finalize(self) -> str:
        return str(self._sum)


def _sort_tokens(tokens: str | None) -> str | None:
    return None if tokens is None else " ".join(sorted(set(tokens.split())))
