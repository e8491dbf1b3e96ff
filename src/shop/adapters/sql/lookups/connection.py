"""Answers the questions of a snapshot: from what was looked up, or in a transaction."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, CursorResult, Executable, Row, Select

from shop.adapters.sql.engines.errors import translating_errors
from shop.adapters.sql.engines.postgresql import SNAPSHOT
from shop.adapters.sql.lookups.statement import HASHES, LOOK_UP, ORDER_IDS, FoundRows
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.driver import fetch_from_driver
from shop.application.ports.unit_of_work import LockOrder


class SnapshotConnection(SqlConnection):
    """A lookup is one statement without a transaction; without one, the first question begins it.

    After a lookup, nothing else can be asked: it would be of another time.
    """

    _found: FoundRows | None = None
    _asks_once = False

    def ask_once(self) -> None:
        """Begin no transaction for the next question, and answer no other."""
        self._asks_once = True

    async def look_up(self, token_hashes: Collection[str], order_ids: Collection[object]) -> None:
        """Read what is found by these values."""
        parameters = {HASHES: list(token_hashes), ORDER_IDS: list(order_ids)}
        with translating_errors():
            (row,) = await fetch_from_driver(self._connection, LOOK_UP, parameters)
        self._found = FoundRows(row)

    async def read_whole_tables(self) -> None:
        """Have the statements of this transaction planned for whole tables, not for keys."""
        await self._require_transaction()
        await super().read_whole_tables()

    async def fetch_where_in(
        self,
        statement: Select[Any],
        column: Column[Any],
        values: Collection[object],
        *,
        lock: LockOrder | None = None,
    ) -> Sequence[Row[Any]]:
        """Return the rows of a query where a column has one of the values."""
        if self._found is None or lock is not None:
            return await super().fetch_where_in(statement, column, values, lock=lock)
        return self._found.where_in(statement, column, values)

    async def _execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None
    ) -> CursorResult[Any]:
        await self._require_transaction()
        return await super()._execute(statement, parameters)

    async def _require_transaction(self) -> None:
        if self._found is not None:
            raise RuntimeError("this question was not looked up")
        if self._connection.in_transaction():
            if self._asks_once:
                raise RuntimeError("only one question was to be asked")
        elif not self._asks_once:
            with translating_errors():
                await self._connection.execution_options(**SNAPSHOT)
                await self._connection.begin()
