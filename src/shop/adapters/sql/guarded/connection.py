"""Runs a guarded unit of work's two statements: one that reads, one that writes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, Row, Table, UpdateBase, func, select

from shop.adapters.sql.engines.errors import translating_guarded_errors
from shop.adapters.sql.guarded.statement import (
    LOCK_ORDER,
    WRITE_UNTIL,
    expected_name,
    guarded_statement,
)
from shop.adapters.sql.read_ahead.connection import AnsweringConnection
from shop.adapters.sql.read_ahead.postgresql import read_at_once
from shop.adapters.sql.read_ahead.wanted import ReadAhead
from shop.adapters.sql.statements.driver import fetch_from_driver
from shop.adapters.sql.statements.writes import Fields, PendingWrite, UpdateRows, rows_name
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import GUARDED_SECONDS, LockOrder, TransactionConflict

GUARDED = frozenset(LOCK_ORDER.values())
"""What can be read without its lock, because a guard compares it when it is written."""


class GuardedConnection(AnsweringConnection):
    """Answers questions from what was read ahead, and locks nothing.

    Every statement is a transaction of its own. What was not read ahead is read when it is asked.
    """

    holds_locks = False
    _has_begun = True
    _read_at: datetime | None = None
    """When the first statement ran, by the clock of the database."""

    async def read_ahead(
        self, wanted: Collection[RowsWanted], tokens: Mapping[str, SessionToken]
    ) -> None:
        """Read what is wanted; `tokens` are those of its sessions, by stored hash."""
        self._read_at, self._read = await read_at_once(
            self._connection, ReadAhead(wanted, tokens), from_primary=True
        )

    async def begin_reading(self) -> None:
        """Note the time, unless something was read ahead."""
        if self._read_at is None:
            ((self._read_at,),) = await self.fetch_all(select(func.clock_timestamp()))

    @property
    def account_versions(self) -> Mapping[UUID, str]:
        """The versions of the accounts' rows, if they were read with the use of cards."""
        return {} if self._read is None else self._read.account_versions

    def acquire(self, lock_order: LockOrder) -> None:
        """Record that locks are taken; raise `TransactionConflict` if no guard replaces them."""
        if lock_order not in GUARDED:
            raise TransactionConflict(f"{lock_order.name} need locks")
        super().acquire(lock_order)

    async def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> int:
        """Reject a statement that would be committed at once."""
        del statement, parameters
        raise RuntimeError("a guarded unit of work changes nothing before its end")

    async def fetch_all(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """Return all rows of a query; reject a change that would be committed at once."""
        if isinstance(statement, UpdateBase):
            raise RuntimeError("a guarded unit of work changes nothing before its end")  # noqa: TRY004  A bug.
        return await super().fetch_all(statement, parameters)

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
