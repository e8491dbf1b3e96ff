"""Changes: sets of rows to be written, and the statements that write them.

A statement's text depends on its shape alone, not on how many rows it takes, and is built once:
building one costs more than running it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
    tuple_,
    update,
)

from shop.adapters.sql.statements.row_parameters import ROWS, Columns, RowParameters

Fields = Mapping[str, Any]
Guard = Callable[[Table, FromClause], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class WriteStatement(ABC):
    """What a change does to the rows of a table, whichever rows they are."""

    table: Table
    names: tuple[str, ...]

    @property
    def columns(self) -> Columns:
        """The columns in which rows are given."""
        return columns_of(self.table, self.names)

    @abstractmethod
    def statement(self, rows: FromClause) -> Insert | Update | Delete:
        """Return the statement that makes the change for rows given as parameters."""


@dataclass(frozen=True, slots=True)
class InsertRows(WriteStatement):
    """The rows are added."""

    def statement(self, rows: FromClause) -> Insert:
        """Return the insertion."""
        return insert(self.table).from_select(self.names, select(*rows.c))


@dataclass(frozen=True, slots=True)
class InsertMissingRows(WriteStatement):
    """Those rows are added that break no uniqueness; each engine has its own words for that."""

    row_parameters: RowParameters

    def statement(self, rows: FromClause) -> Insert:
        """Return the insertion."""
        # Without a WHERE, SQLite would read ON CONFLICT as part of a join.
        candidates = select(*rows.c).where(text("1 = 1"))
        return self.row_parameters.insert_if_absent(self.table).from_select(self.names, candidates)


@dataclass(frozen=True, slots=True)
class UpdateRows(WriteStatement):
    """The rows' other fields are set where their keys match, and a guard lets them."""

    keys: tuple[str, ...]
    only_if: Guard | None

    def statement(self, rows: FromClause) -> Update:
        """Return the update."""
        matches = [self.table.c[name] == rows.c[name] for name in self.keys]
        if self.only_if is not None:
            matches.append(self.only_if(self.table, rows))
        changes = {name: rows.c[name] for name in self.names if name not in self.keys}
        return update(self.table).values(changes).where(*matches)


@dataclass(frozen=True, slots=True)
class DeleteRows(WriteStatement):
    """Those rows go that agree with one of the given in all of its fields."""

    def statement(self, rows: FromClause) -> Delete:
        """Return the deletion."""
        names = [self.table.c[name] for name in self.names]
        return delete(self.table).where(tuple_(*names).in_(select(*rows.c)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingWrite:
    """Rows to be written, and the error to be raised where some of them cannot be."""

    statement: WriteStatement
    rows: Sequence[Fields]
    error_if_incomplete: Exception | None

    def require_complete(self, changed: int) -> None:
        """Raise the error unless as many rows were changed as were given."""
        if self.error_if_incomplete is not None and changed != len(self.rows):
            raise self.error_if_incomplete


def insert_rows(table: Table, rows: Collection[Fields]) -> Iterator[PendingWrite]:
    """Add rows, which all have the same fields; no rows are no change."""
    for names in _names(rows):
        yield PendingWrite(
            statement=InsertRows(table, names), rows=tuple(rows), error_if_incomplete=None
        )


def insert_missing_rows(
    table: Table, rows: Collection[Fields], row_parameters: RowParameters
) -> Iterator[PendingWrite]:
    """Add those rows that are not there yet."""
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
    error_if_incomplete: Exception | None = None,
) -> Iterator[PendingWrite]:
    """Set each row's other fields where its key fields match; no row may come twice.

    A guard, the same function each time, narrows the match further.
    """
    for names in _names(rows):
        statement = UpdateRows(table, names, tuple(keys), only_if)
        yield PendingWrite(
            statement=statement, rows=tuple(rows), error_if_incomplete=error_if_incomplete
        )


def delete_rows(table: Table, rows: Collection[Fields]) -> Iterator[PendingWrite]:
    """Remove the rows that agree with one of those given."""
    for names in _names(rows):
        yield PendingWrite(
            statement=DeleteRows(table, names), rows=tuple(rows), error_if_incomplete=None
        )


def next_version(table: Table, rows: FromClause) -> ColumnElement[bool]:
    """Guard that a row is the one before: nobody else has changed it since it was read."""
    return table.c.version == rows.c.version - 1


@cache
def version_after(steps: int) -> Guard:
    """Return the guard that a row is so many versions before the one that is to be written."""

    def guard(table: Table, rows: FromClause) -> ColumnElement[bool]:
        return table.c.version == rows.c.version - steps

    return guard


def _names(rows: Collection[Fields]) -> Iterator[tuple[str, ...]]:
    """Give the names of the fields, once, where there are rows at all."""
    for row in rows:
        yield tuple(row)
        return


@cache
def columns_of(table: Table, names: tuple[str, ...]) -> Columns:
    """Return the columns of these names with their types."""
    return tuple((name, table.c[name].type) for name in names)


@cache
def single_statement(
    write: WriteStatement, row_parameters: RowParameters
) -> Insert | Update | Delete:
    """Return the statement of one change."""
    return write.statement(row_parameters.rows_from(write.columns, ROWS))


@cache
def combined_statement(
    writes: tuple[WriteStatement, ...], row_parameters: RowParameters
) -> Select[Any]:
    """Return one statement that makes many changes, and tells for each how many rows it changed.

    They happen at once: none sees what another does. Their rows are called `rows0`, `rows1`, ….
    """
    changed = [
        shape.statement(row_parameters.rows_from(shape.columns, rows_name(position)))
        .returning(literal_column("1"))
        .cte(f"changed{position}")
        for position, shape in enumerate(writes)
    ]
    return select(*(select(func.count()).select_from(each).scalar_subquery() for each in changed))


def rows_name(position: int) -> str:
    """Return what the rows of a change are called beside those of others."""
    return f"{ROWS}{position}"
