"""A connection that answers questions from what was read ahead."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Executable, Row, Select, Table

from shop.adapters.sql.read_ahead.rows import RowsReadAhead
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import Fields
from shop.application.ports.unit_of_work import LockOrder


class AnsweringConnection(SqlConnection):
    """Answers what it can from the rows read ahead; everything else is read when it is asked."""

    _read: RowsReadAhead | None = None

    async def fetch_all(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """Return all rows of a query."""
        known = self._read.answer(statement, parameters or {}) if self._read else None
        return await super().fetch_all(statement, parameters) if known is None else known

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
