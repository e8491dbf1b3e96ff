"""Runs a guarded unit of work's two statements: one that reads, one that writes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Executable, Row, Select, Table, func, select

from shop.adapters.sql.engines.errors import translating_errors, translating_guarded_errors
from shop.adapters.sql.guarded.read_ahead import ReadAhead
from shop.adapters.sql.guarded.rows_read_ahead import RowsReadAhead
from shop.adapters.sql.guarded.statement import WRITE_UNTIL, expected_name, guarded_statement
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.driver import fetch_from_driver
from shop.adapters.sql.statements.writes import Fields, PendingWrite, UpdateRows, rows_name
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import GUARDED_SECONDS, LockOrder, TransactionConflict


class GuardedConnection(SqlConnection):
    """Answers questions from what was read ahead, and locks nothing.

    Every statement is a transaction of its own. What was not read ahead is read when it is asked.
    """

    _has_begun = True
    _read: RowsReadAhead | None = None
    _read_at: datetime | None = None
    """When the first statement ran, by the clock of the database."""

    async def read_ahead(
        self, wanted: Collection[RowsWanted], tokens: Mapping[str, SessionToken]
    ) -> None:
        """Read what is wanted; `tokens` are those of its sessions, by stored hash."""
        read_ahead = ReadAhead(wanted, tokens)
        with translating_errors():
            (row,) = await fetch_from_driver(
                self._connection, read_ahead.statement, read_ahead.parameters
            )
        self._read_at = row["read_at"]
        self._read = RowsReadAhead(read_ahead, row)

    async def begin_reading(self) -> None:
        """Note the time, for a unit of work that reads nothing ahead."""
        ((self._read_at,),) = await self.fetch_all(select(func.clock_timestamp()))

    async def fetch_where_in(
        self,
        statement: Select[Any],
        column: Column[Any],
        values: Collection[object],
        *,
        lock: LockOrder | None = None,
    ) -> Sequence[Row[Any]]:
        """Return the rows of a query where a column has one of the values, without locks."""
        if lock is not None:
            self.acquire(lock)
        known = self._read.where_in(statement, column, values) if self._read else None
        return await super().fetch_where_in(statement, column, values) if known is None else known

    async def fetch_matching(self, table: Table, rows: Sequence[Fields]) -> Sequence[Row[Any]]:
        """Return the rows of a table that match one of the given rows in all its fields."""
        known = self._read.matching(table, rows) if self._read else None
        return await super().fetch_matching(table, rows) if known is None else known

    async def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> int:
        """Reject a statement that would be committed at once."""
        del statement, parameters
        raise RuntimeError("a guarded unit of work changes nothing before its end")

    async def insert_if_absent(self, table: Table, rows: Sequence[Fields]) -> Sequence[Row[Any]]:
        """Reject an insert that would be committed at once."""
        if rows:
            raise RuntimeError(f"new rows of {table.name} need a transaction")
        return ()

    async def write_guarded(self, writes: Sequence[PendingWrite]) -> None:
        """Write everything and commit; raise `TransactionConflict` if a guard does not hold.

        It is also raised if the statement comes too late, as from the buffer of a proxy.
        """
        if self._read_at is None:
            raise RuntimeError("a guarded unit of work must read ahead before it writes")
        parameters: dict[str, Any] = {
            WRITE_UNTIL: self._read_at + timedelta(seconds=GUARDED_SECONDS)
        }
        for position, write in enumerate(writes):
            columns = write.statement.columns
            parameters |= self.row_parameters.bind_rows(columns, rows_name(position), write.rows)
            if isinstance(write.statement, UpdateRows):
                parameters[expected_name(position)] = len(write.rows)
        statement = guarded_statement(tuple(each.statement for each in writes), self.row_parameters)
        with translating_guarded_errors():
            ((all_hold, *_),) = await fetch_from_driver(
                self._connection, statement, parameters, commits=True
            )
        if not all_hold:
            raise TransactionConflict("a row has changed since it was read")
