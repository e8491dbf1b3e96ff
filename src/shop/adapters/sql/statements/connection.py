"""Runs statements over sets of rows in one transaction."""

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

from shop.adapters.sql.engines.errors import (
    translating_commit_errors,
    translating_errors,
    translating_guarded_errors,
)
from shop.adapters.sql.engines.plans import ALLOW_ANY_PLAN
from shop.adapters.sql.statements.driver import (
    fetch_from_driver,
    fetch_rows_from_driver,
    is_constant,
)
from shop.adapters.sql.statements.row_parameters import ROWS, Columns, RowParameters
from shop.adapters.sql.statements.writes import (
    Fields,
    InsertMissingRows,
    PendingWrite,
    columns_of,
    combined_statement,
    rows_name,
    single_statement,
)
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import LockOrder


class SqlConnection:
    """Reads and writes sets of rows, each set with one statement."""

    holds_locks = True
    """Whether locked rows stay locked until the end, and not only from the writing on."""

    _has_begun = False
    """Whether SQLAlchemy has begun the transaction, which it does with the first statement."""

    def __init__(
        self, connection: AsyncConnection, row_parameters: RowParameters, *, writing: bool
    ) -> None:
        self._connection = connection
        self._writing = writing
        self._last_lock: LockOrder | None = None
        self.row_parameters = row_parameters

    def require_staging(self) -> None:
        """Raise `RuntimeError` in a reading unit of work, or after its end."""
        if not self._writing:
            raise RuntimeError("cannot stage changes: the unit of work is read-only or has ended")

    def acquire(self, lock_order: LockOrder) -> None:
        """Record that locks are taken; raise `RuntimeError` if they come too late.

        A reading unit of work cannot take them, as it cannot stage changes.
        """
        self.require_staging()
        lock_order.require_after(self._last_lock)
        self._last_lock = lock_order

    def end_staging(self) -> None:
        """Reject staging from now on."""
        self._writing = False

    @property
    def engine(self) -> str:
        """The name of the database's engine."""
        return self._connection.dialect.name

    @property
    def has_lateral_joins(self) -> bool:
        """Whether one statement can find a page for each of many rows."""
        return self.engine == "postgresql"

    async def read_whole_tables(self) -> None:
        """Have the statements of this transaction planned for whole tables, not for keys."""
        if self.engine == "postgresql":
            await self._execute(ALLOW_ANY_PLAN, None)

    async def read_ahead(
        self, wanted: Collection[RowsWanted], tokens: Mapping[str, SessionToken]
    ) -> None:
        """Read what is wanted, where that saves time; `tokens` are its sessions', by stored hash.

        Without it, each question is asked.
        """

    async def fetch_all(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """Return all rows of a query."""
        return (await self._execute(statement, parameters)).all()

    async def fetch_where_in(
        self,
        statement: Select[Any],
        column: Column[Any],
        values: Collection[object],
        *,
        lock: LockOrder | None = None,
    ) -> Sequence[Row[Any]]:
        """Return the rows of a query where a column has one of the values.

        The query is a constant of its module; with `lock`, rows are locked in its order. Without
        values, no statement is run.
        """
        if lock is not None:
            self.acquire(lock)
        if not values:
            return ()
        query = _where_in(statement, column, self.row_parameters, lock is not None)
        parameters = self.row_parameters.bind_values(column.type, values)
        return await self.fetch_prepared(query, parameters)

    async def fetch_unchanging(
        self, statement: Select[Any], column: Column[Any], values: Collection[object]
    ) -> Sequence[Row[Any]]:
        """Like `fetch_where_in`, for rows that never change once they can be seen."""
        return await self.fetch_where_in(statement, column, values)

    async def fetch_prepared(
        self, statement: Executable, parameters: Mapping[str, Any]
    ) -> Sequence[Row[Any]]:
        """Return all rows of a query that is a constant, whose text an adapter may keep."""
        dialect = self._connection.dialect
        by_driver = self._has_begun and dialect.name == "postgresql"
        if not by_driver or not is_constant(statement, dialect):
            return await self.fetch_all(statement, parameters)
        with translating_errors():
            return await fetch_rows_from_driver(self._connection, statement, parameters)

    async def insert_if_absent(self, table: Table, rows: Sequence[Fields]) -> Sequence[Row[Any]]:
        """Insert the rows without a unique conflict; return their primary keys."""
        if not rows:
            return ()
        columns = columns_of(table, tuple(rows[0]))
        statement = _insert_if_absent(table, columns, self.row_parameters)
        parameters = self.row_parameters.bind_rows(columns, ROWS, rows)
        return await self.fetch_prepared(statement, parameters)

    async def commit(self, writes: Sequence[PendingWrite]) -> None:
        """Run the writes, then COMMIT."""
        await self.write(writes)
        with translating_commit_errors():
            await self._connection.commit()

    async def write(self, writes: Sequence[PendingWrite]) -> None:
        """Run the writes, in this order or in one statement; raise if one is incomplete."""
        if not writes:
            return
        if self.row_parameters.combines_writes:
            await self._write_combined(writes)
            return
        for write in writes:
            columns = write.statement.columns
            parameters = self.row_parameters.bind_rows(columns, ROWS, write.rows)
            write.require_complete(
                await self.execute(
                    single_statement(write.statement, self.row_parameters), parameters
                )
            )

    async def _write_combined(self, writes: Sequence[PendingWrite]) -> None:
        parameters: dict[str, Any] = {}
        for position, write in enumerate(writes):
            parameters |= self.row_parameters.bind_rows(
                write.statement.columns, rows_name(position), write.rows
            )
        statement = combined_statement(
            tuple(change.statement for change in writes), self.row_parameters
        )
        (counts,) = await self.fetch_prepared(statement, parameters)
        for write, row_count in zip(writes, counts, strict=True):
            write.require_complete(row_count)

    async def fetch_matching(self, table: Table, rows: Sequence[Fields]) -> Sequence[Row[Any]]:
        """Return the rows of a table that match one of the given rows in all its fields."""
        if not rows:
            return ()
        columns = columns_of(table, tuple(rows[0]))
        statement = _select_matching(table, columns, self.row_parameters)
        parameters = self.row_parameters.bind_rows(columns, ROWS, rows)
        return await self.fetch_prepared(statement, parameters)

    async def lock_matching(self, table: Table, rows: Sequence[Fields], *, commits: bool) -> None:
        """Lock rows of PostgreSQL until the end, or `commits` at once if there is no transaction.

        No other transaction waits for such a lock, unless it deletes the row.
        """
        if not rows or self.engine != "postgresql":
            return
        columns = columns_of(table, tuple(rows[0]))
        statement = _lock_matching(table, columns, self.row_parameters)
        parameters = self.row_parameters.bind_rows(columns, ROWS, rows)
        if not commits:
            await self._execute(statement, parameters)
            return
        with translating_guarded_errors():
            await fetch_from_driver(self._connection, statement, parameters, commits=True)

    async def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> int:
        """Run a statement; return how many rows it changed."""
        return (await self._execute(statement, parameters)).rowcount

    async def _execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None
    ) -> CursorResult[Any]:
        with translating_errors():
            result = await self._connection.execute(statement, parameters)
        self._has_begun = True
        return cast("CursorResult[Any]", result)


# Statements are cached because building one costs more than running it.


@cache
def _where_in(
    statement: Select[Any],
    column: Column[Any],
    row_parameters: RowParameters,
    lock: bool,  # noqa: FBT001  The cache's key has positional parameters only.
) -> Select[Any]:
    query = statement.where(row_parameters.is_in(column))
    # Keys never change, so other transactions may insert rows that refer to a locked one.
    return query.with_for_update(of=column.table, key_share=True) if lock else query


@cache
def _insert_if_absent(table: Table, columns: Columns, row_parameters: RowParameters) -> Executable:
    write = InsertMissingRows(table, tuple(name for name, _ in columns), row_parameters)
    return single_statement(write, row_parameters).returning(*table.primary_key)


@cache
def _select_matching(table: Table, columns: Columns, row_parameters: RowParameters) -> Select[Any]:
    rows = row_parameters.rows_from(columns, ROWS)
    return select(table).join(rows, _matches(table, rows))


@cache
def _lock_matching(table: Table, columns: Columns, row_parameters: RowParameters) -> Select[Any]:
    rows = row_parameters.rows_from(columns, ROWS)
    query = select(*table.primary_key).join(rows, _matches(table, rows))
    return query.with_for_update(of=table, read=True, key_share=True)


def _matches(table: Table, rows: FromClause) -> ColumnElement[bool]:
    return and_(*(table.c[each.name] == each for each in rows.c))
