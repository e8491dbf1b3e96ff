"""One connection in one transaction, asked with statements over sets."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    CursorResult,
    Delete,
    Executable,
    FromClause,
    Insert,
    Row,
    Select,
    Table,
    Update,
    and_,
    delete,
    insert,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.adapters.sql.failures import before_commit
from shop.adapters.sql.sets import Columns, Sets

Fields = Mapping[str, Any]
Guard = Callable[[Table, FromClause], ColumnElement[bool]]


def next_version(table: Table, rows: FromClause) -> ColumnElement[bool]:
    """Guard that a row is the one before: nobody else has changed it since it was read."""
    return table.c.version == rows.c.version - 1


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

    async def insert(self, table: Table, rows: Sequence[Fields]) -> None:
        """Add rows, which all have the same fields."""
        if rows:
            columns = _columns(table, tuple(rows[0]))
            statement = _insert(table, columns, self.sets)
            await self._execute(statement, self.sets.rows_parameters(columns, rows))

    async def insert_new(self, table: Table, rows: Sequence[Fields]) -> Sequence[Row[Any]]:
        """Add those rows that break no uniqueness; return the primary keys of the added ones."""
        if not rows:
            return ()
        columns = _columns(table, tuple(rows[0]))
        statement = _insert_new(table, columns, self.sets)
        return await self.all(statement, self.sets.rows_parameters(columns, rows))

    async def update(
        self,
        table: Table,
        keys: Sequence[str],
        rows: Sequence[Fields],
        *,
        only_if: Guard | None = None,
    ) -> int:
        """Set each row's other fields where its key fields match; return how many matched.

        A guard, which is a function of its module, narrows the match further.
        """
        if not rows:
            return 0
        columns = _columns(table, tuple(rows[0]))
        statement = _update(table, tuple(keys), columns, self.sets, only_if)
        return await self.changed(statement, self.sets.rows_parameters(columns, rows))

    async def matching(self, table: Table, rows: Sequence[Fields]) -> Sequence[Row[Any]]:
        """Return the rows of a table that agree with one of those given in all of its fields."""
        if not rows:
            return ()
        columns = _columns(table, tuple(rows[0]))
        statement = _matching(table, columns, self.sets)
        return await self.all(statement, self.sets.rows_parameters(columns, rows))

    async def remove(self, table: Table, rows: Sequence[Fields]) -> int:
        """Remove the rows that agree with one of those given; return how many there were."""
        if not rows:
            return 0
        columns = _columns(table, tuple(rows[0]))
        statement = _remove(table, columns, self.sets)
        return await self.changed(statement, self.sets.rows_parameters(columns, rows))

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
def _columns(table: Table, names: tuple[str, ...]) -> Columns:
    return tuple((name, table.c[name].type) for name in names)


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
def _insert(table: Table, columns: Columns, sets: Sets) -> Insert:
    names = [name for name, _ in columns]
    return insert(table).from_select(names, select(*sets.rows(columns).c))


@cache
def _insert_new(table: Table, columns: Columns, sets: Sets) -> Executable:
    names = [name for name, _ in columns]
    # Without a WHERE, SQLite would read ON CONFLICT as part of a join.
    rows = select(*sets.rows(columns).c).where(text("1 = 1"))
    return sets.insert_new(table).from_select(names, rows).returning(*table.primary_key)


@cache
def _update(
    table: Table, keys: tuple[str, ...], columns: Columns, sets: Sets, only_if: Guard | None
) -> Update:
    rows = sets.rows(columns)
    matches = [table.c[name] == rows.c[name] for name in keys]
    if only_if is not None:
        matches.append(only_if(table, rows))
    changes = {name: rows.c[name] for name, _ in columns if name not in keys}
    return update(table).values(changes).where(*matches)


@cache
def _matching(table: Table, columns: Columns, sets: Sets) -> Select[Any]:
    rows = sets.rows(columns)
    return select(table).join(rows, _agreeing(table, rows))


@cache
def _remove(table: Table, columns: Columns, sets: Sets) -> Delete:
    names = [table.c[name] for name, _ in columns]
    return delete(table).where(tuple_(*names).in_(select(*sets.rows(columns).c)))


def _agreeing(table: Table, rows: FromClause) -> ColumnElement[bool]:
    return and_(*(table.c[each.name] == each for each in rows.c))
