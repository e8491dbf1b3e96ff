"""One connection in one transaction, asked with statements over sets."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    CursorResult,
    Executable,
    FromClause,
    Row,
    Select,
    Table,
    and_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.adapters.sql.changes import Addition, Change, Fields, alone, columns_of, rows_of, together
from shop.adapters.sql.failures import before_commit
from shop.adapters.sql.sets import ROWS, Columns, Sets


class SqlConnection:
    """Reads and writes sets of rows, each with one statement, whatever their number."""

    def __init__(self, connection: AsyncConnection, sets: Sets, *, writing: bool) -> None:
        self._connection = connection
        self._writing = writing
        self.sets = sets

    def require_staging(self) -> None:
        """Raise `RuntimeError` where nothing can be staged: in a snapshot, or after the end."""
        if not self._writing:
            raise RuntimeError("nothing can be staged: a snapshot, or a unit of work that is over")

    def end_staging(self) -> None:
        """Let nothing be staged any more."""
        self._writing = False

    async def all(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """Return all rows of a question."""
        return (await self._execute(statement, parameters)).all()

    async def among(
        self,
        statement: Select[Any],
        what: Column[Any],
        values: Collection[object],
        *,
        lock: bool = False,
    ) -> Sequence[Row[Any]]:
        """Return the rows of a question where a column has one of the values; none ask nothing.

        The question is a constant of its module. Locked rows are locked in its order.
        """
        if not values:
            return ()
        asked = _where_among(statement, what, self.sets, lock)
        return await self.all(asked, self.sets.among_parameters(what.type, values))

    async def insert_new(self, table: Table, rows: Sequence[Fields]) -> Sequence[Row[Any]]:
        """Add those rows that break no uniqueness; return the primary keys of the added ones."""
        if not rows:
            return ()
        columns = columns_of(table, tuple(rows[0]))
        statement = _insert_new(table, columns, self.sets)
        return await self.all(statement, self.sets.rows_parameters(columns, ROWS, rows))

    async def write(self, changes: Sequence[Change]) -> None:
        """Make the changes, in this order or all at once; raise what one was to raise."""
        if not changes:
            return
        if self.sets.writes_together:
            await self._write_together(changes)
            return
        for change in changes:
            columns = change.shape.columns
            parameters = self.sets.rows_parameters(columns, ROWS, change.rows)
            change.require_whole(await self.changed(alone(change.shape, self.sets), parameters))

    async def _write_together(self, changes: Sequence[Change]) -> None:
        parameters: dict[str, Any] = {}
        for position, change in enumerate(changes):
            parameters |= self.sets.rows_parameters(
                change.shape.columns, rows_of(position), change.rows
            )
        statement = together(tuple(change.shape for change in changes), self.sets)
        (counts,) = await self.all(statement, parameters)
        for change, changed in zip(changes, counts, strict=True):
            change.require_whole(changed)

    async def matching(self, table: Table, rows: Sequence[Fields]) -> Sequence[Row[Any]]:
        """Return the rows of a table that agree with one of those given in all of its fields."""
        if not rows:
            return ()
        columns = columns_of(table, tuple(rows[0]))
        statement = _matching(table, columns, self.sets)
        return await self.all(statement, self.sets.rows_parameters(columns, ROWS, rows))

    async def changed(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> int:
        """Run a statement that changes rows; return how many it changed."""
        return (await self._execute(statement, parameters)).rowcount

    async def _execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None
    ) -> CursorResult[Any]:
        with before_commit():
            result = await self._connection.execute(statement, parameters)
        return cast("CursorResult[Any]", result)


# Statements are built once per shape: building one costs more than running it.


@cache
def _where_among(
    statement: Select[Any],
    what: Column[Any],
    sets: Sets,
    lock: bool,  # noqa: FBT001  A cached function takes what tells calls apart, no more.
) -> Select[Any]:
    asked = statement.where(sets.among(what))
    # No key is ever changed: rows that refer to a locked one may come meanwhile.
    return asked.with_for_update(of=what.table, key_share=True) if lock else asked


@cache
def _insert_new(table: Table, columns: Columns, sets: Sets) -> Executable:
    shape = Addition(table, tuple(name for name, _ in columns), sets)
    return alone(shape, sets).returning(*table.primary_key)


@cache
def _matching(table: Table, columns: Columns, sets: Sets) -> Select[Any]:
    rows = sets.rows(columns, ROWS)
    return select(table).join(rows, _agreeing(table, rows))


def _agreeing(table: Table, rows: FromClause) -> ColumnElement[bool]:
    return and_(*(table.c[each.name] == each for each in rows.c))
