"""Pending writes of sets of rows, and the statements that write them.

A statement does not depend on the number of rows, and is cached: building one costs more than
running it.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    FromClause,
    Insert,
    Select,
    Table,
    Update,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
    tuple_,
    update,
)

from shop.adapters.sql.statements.guards import Guard
from shop.adapters.sql.statements.row_parameters import ROWS, Columns, RowParameters
from shop.domain.shared.value import value

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WriteStatement(ABC):
    """A write to a table, for any set of rows."""

    table: Table
    names: tuple[str, ...]

    @property
    def columns(self) -> Columns:
        """The columns of the given rows."""
        return columns_of(self.table, self.names)

    @abstractmethod
    def statement(self, rows: FromClause) -> Insert | Update | Delete:
        """Build the statement for rows that are parameters."""


@dataclass(frozen=True, slots=True)
class InsertRows(WriteStatement):
    """Inserts rows."""

    def statement(self, rows: FromClause) -> Insert:
        """Build the INSERT."""
        return insert(self.table).from_select(self.names, select(*rows.c))


@dataclass(frozen=True, slots=True)
class InsertMissingRows(WriteStatement):
    """Inserts the rows without a unique conflict."""

    row_parameters: RowParameters

    def statement(self, rows: FromClause) -> Insert:
        """Build the INSERT."""
        # Without a WHERE, SQLite would read ON CONFLICT as part of a join.
        candidates = select(*rows.c).where(text("1 = 1"))
        return self.row_parameters.insert_if_absent(self.table).from_select(self.names, candidates)


@dataclass(frozen=True, slots=True)
class UpdateRows(WriteStatement):
    """Updates the rows with matching keys, if the guard allows it."""

    keys: tuple[str, ...]
    only_if: Guard | None
    for_guard: Columns = ()
    """What the rows have for the guard alone."""

    greatest: str = ""
    """The column that keeps its value if that is greater."""

    @property
    def columns(self) -> Columns:
        """The columns of the given rows."""
        return (*columns_of(self.table, self.names), *self.for_guard)

    def statement(self, rows: FromClause) -> Update:
        """Build the UPDATE."""
        changes = {name: self.new_value(name, rows) for name in self.names if name not in self.keys}
        conditions = [*self.same_keys(rows)]
        if self.only_if is not None:
            conditions.append(self.only_if(self.table, rows))
        return update(self.table).values(changes).where(*conditions)

    @property
    def guard(self) -> Guard | None:
        """The condition under which a decision on earlier rows is still right."""
        return self.only_if

    def same_keys(self, rows: FromClause) -> Sequence[ColumnElement[bool]]:
        """Return the conditions that a row has the keys of one of the given rows."""
        return [self.table.c[name] == rows.c[name] for name in self.keys]

    def new_value(self, name: str, rows: FromClause) -> ColumnElement[Any]:
        """Return the next value of a column."""
        given, stored = rows.c[name], self.table.c[name]
        return case((stored > given, stored), else_=given) if name == self.greatest else given


@dataclass(frozen=True, slots=True)
class AddToRows(UpdateRows):
    """Adds to numbers of the rows with matching keys, whatever the numbers are by now.

    The guard says which numbers the addition must not exceed. It matters only if the rows were not
    locked when they were read.
    """

    allowed_if: Guard | None = None

    @property
    def guard(self) -> Guard | None:
        """The condition that the table's constraint checks after the addition."""
        return self.allowed_if

    def new_value(self, name: str, rows: FromClause) -> ColumnElement[Any]:
        """Return the sum of a column and what is added."""
        return self.table.c[name] + rows.c[name]


@dataclass(frozen=True, slots=True)
class LockRows(UpdateRows):
    """Locks rows that stay as they were read, for units of work without locks."""


@dataclass(frozen=True, slots=True)
class DeleteRows(WriteStatement):
    """Deletes the rows that match one of the given rows in all its fields.

    `only_if` says which of them, by the table alone.
    """

    only_if: Guard | None = None

    def statement(self, rows: FromClause) -> Delete:
        """Build the DELETE."""
        names = [self.table.c[name] for name in self.names]
        matching = delete(self.table).where(tuple_(*names).in_(select(*rows.c)))
        return matching if self.only_if is None else matching.where(self.only_if(self.table, rows))


@value
class PendingWrite:
    """Rows to write, and the error to raise if some of them cannot be written."""

    statement: WriteStatement
    rows: Sequence[Fields]
    error_if_incomplete: Exception | None

    def require_complete(self, changed: int) -> None:
        """Raise the error unless all rows were written."""
        if self.error_if_incomplete is not None and changed != len(self.rows):
            raise self.error_if_incomplete


def insert_rows(table: Table, rows: Collection[Fields]) -> Iterator[PendingWrite]:
    """Insert rows, which must have the same fields; without rows, yield nothing."""
    for names in _names(rows):
        yield PendingWrite(
            statement=InsertRows(table, names), rows=tuple(rows), error_if_incomplete=None
        )


def insert_missing_rows(
    table: Table, rows: Collection[Fields], row_parameters: RowParameters
) -> Iterator[PendingWrite]:
    """Insert the rows that do not exist."""
    for names in _names(rows):
        yield PendingWrite(
            statement=InsertMissingRows(table, names, row_parameters),
            rows=tuple(rows),
            error_if_incomplete=None,
        )


def update_rows(
    table: Table,
    keys: Sequence[str],
    rows: Collection[Fields],
    *,
    only_if: Guard | None = None,
    for_guard: Columns = (),
    greatest: str = "",
    error_if_incomplete: Exception | None = None,
) -> Iterator[PendingWrite]:
    """Update rows by their key fields; no key may occur twice.

    The guard and the types of `for_guard` must be the same objects every time, because statements
    are cached. The rows also have the columns `for_guard`, after the others. The column `greatest`
    never becomes less.
    """
    for names in _names(rows):
        changed = names[: len(names) - len(for_guard)]
        statement = UpdateRows(table, changed, tuple(keys), only_if, for_guard, greatest)
        yield PendingWrite(
            statement=statement, rows=tuple(rows), error_if_incomplete=error_if_incomplete
        )


def add_to_rows(
    table: Table,
    key: str,
    rows: Collection[Fields],
    *,
    allowed_if: Guard | None,
    for_guard: Columns = (),
    error_if_incomplete: Exception,
) -> Iterator[PendingWrite]:
    """Add the numbers in the rows to those in the table; otherwise like `update_rows`."""
    for names in _names(rows):
        added = names[: len(names) - len(for_guard)]
        yield PendingWrite(
            statement=AddToRows(table, added, (key,), None, for_guard, allowed_if=allowed_if),
            rows=tuple(rows),
            error_if_incomplete=error_if_incomplete,
        )


def lock_rows(
    table: Table, key: str, rows: Collection[Fields], *, only_if: Guard
) -> Iterator[PendingWrite]:
    """Lock rows without a change, if the guard allows it."""
    for names in _names(rows):
        yield PendingWrite(
            statement=LockRows(table, names, (key,), only_if),
            rows=tuple(rows),
            error_if_incomplete=None,
        )


def delete_rows(
    table: Table, rows: Collection[Fields], *, only_if: Guard | None = None
) -> Iterator[PendingWrite]:
    """Delete the rows that match one of the given rows."""
    for names in _names(rows):
        yield PendingWrite(
            statement=DeleteRows(table, names, only_if), rows=tuple(rows), error_if_incomplete=None
        )


def _names(rows: Collection[Fields]) -> Iterator[tuple[str, ...]]:
    """Yield the names of the fields once if there are rows."""
    for row in rows:
        yield tuple(row)
        return


@cache
def columns_of(table: Table, names: tuple[str, ...]) -> Columns:
    """Return columns by name, with their types."""
    return tuple((name, table.c[name].type) for name in names)


@cache
def single_statement(
    write: WriteStatement, row_parameters: RowParameters
) -> Insert | Update | Delete:
    """Build the statement of one write."""
    return write.statement(row_parameters.rows_from(write.columns, ROWS))


@cache
def combined_statement(
    writes: tuple[WriteStatement, ...], row_parameters: RowParameters
) -> Select[Any]:
    """Build one statement of many writes that returns the row count of each.

    No write sees the others. Their parameters are named `rows0`, `rows1` and so on.
    """
    changed = [
        shape.statement(row_parameters.rows_from(shape.columns, rows_name(position)))
        .returning(literal_column("1"))
        .cte(f"changed{position}")
        for position, shape in enumerate(writes)
    ]
    return select(*(select(func.count()).select_from(each).scalar_subquery() for each in changed))


def rows_name(position: int) -> str:
    """Return the name of a write's parameter in a combined statement."""
    return f"{ROWS}{position}"
