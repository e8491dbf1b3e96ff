"""Answers the questions of a snapshot: from what was read ahead, or in a transaction."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, CursorResult, Executable, Row, Select

from shop.adapters.sql.engines.errors import translating_errors
from shop.adapters.sql.engines.postgresql import SNAPSHOT
from shop.adapters.sql.read_ahead.connection import AnsweringConnection
from shop.adapters.sql.read_ahead.postgresql import read_at_once
from shop.adapters.sql.read_ahead.wanted import ReadAhead
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted


class SnapshotConnection(AnsweringConnection):
    """Reads ahead with one statement without a transaction, or begins one at the first question.

    After it has read ahead, only what never changes can be asked: anything else would be of
    another time.
    """

    _asks_once = False
    _asks_unchanging = False

    def ask_once(self) -> None:
        """Begin no transaction for the next question, and answer no other."""
        self._asks_once = True

    async def read_ahead(
        self, wanted: Collection[RowsWanted], tokens: Mapping[str, SessionToken]
    ) -> None:
        """Read what is wanted; `tokens` are those of its sessions, by stored hash."""
        _, self._read = await read_at_once(
            self._connection, ReadAhead(wanted, tokens), from_primary=False
        )

    async def read_whole_tables(self) -> None:
        """Have the statements of this transaction planned for whole tables, not for keys."""
        await self._require_transaction()
        await super().read_whole_tables()

    async def fetch_unchanging(
        self, statement: Select[Any], column: Column[Any], values: Collection[object]
    ) -> Sequence[Row[Any]]:
        """Return rows that never change, whenever that is."""
        self._asks_unchanging = True
        try:
            return await super().fetch_unchanging(statement, column, values)
        finally:
            self._asks_unchanging = False

    async def fetch_prepared(
        self, statement: Executable, parameters: Mapping[str, Any]
    ) -> Sequence[Row[Any]]:
        """Return all rows of a query that is a constant."""
        await self._require_transaction()
        return await super().fetch_prepared(statement, parameters)

    async def _execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None
    ) -> CursorResult[Any]:
        await self._require_transaction()
        return await super()._execute(statement, parameters)

    async def _require_transaction(self) -> None:
        if self._read is not None:
            if self._asks_unchanging:
                return
            raise RuntimeError("this question was not read ahead")
        if self._connection.in_transaction():
            if self._asks_once:
                raise RuntimeError("only one question was to be asked")
        elif not self._asks_once:
            with translating_errors():
                await self._connection.execution_options(**SNAPSHOT)
                await self._connection.begin()
