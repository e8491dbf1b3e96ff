"""A unit of work of two statements: it reads without locks, and its write is guarded."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.adapters.sql.guarded.connection import GuardedConnection
from shop.adapters.sql.repositories.accounts import GuardedAccounts, SqlAccounts
from shop.adapters.sql.repositories.idempotency_keys import (
    GuardedIdempotencyKeys,
    SqlIdempotencyKeys,
)
from shop.adapters.sql.schema.tables import idempotency_keys
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.rows_wanted import RowsWanted


class GuardedSqlUnitOfWork(SqlUnitOfWork):
    """Decides on rows as they were read, and commits only if the decision is still right.

    No lock is held between its statements (decision 3). It can insert rows, and change sessions,
    balances and stock; everything else needs locks.
    """

    _statements: GuardedConnection

    async def read_ahead(self, wanted: Collection[RowsWanted]) -> None:
        """Read with one statement what is wanted, unless cookies have the sessions."""
        tokens = {each.session for each in wanted if each.session is not None}
        session_ids = {session_id for each in wanted for session_id in each.session_ids}
        if self.sessions is not self._sessions and (tokens or session_ids):
            await self._statements.begin_reading()
            return
        await self._statements.read_ahead(wanted, self._sessions.tokens_by_hash(tokens))

    async def commit(self) -> None:
        """Write everything with one statement; raise `TransactionConflict` if a guard fails."""
        self._statements.end_staging()
        if any(each.has_added for each in self._first_in_currency):
            raise RuntimeError("new products, accounts and deposits need locks")
        for repository in self._unique_first:
            await repository.insert_unique()
        # A key that another request has used is found before anything else is written.
        writes = sorted(
            (write for part in self._repositories for write in part.pending_writes()),
            key=lambda each: each.statement.table is not idempotency_keys,
        )
        if writes:
            await self._statements.write_guarded(writes)

    @property
    def _engine(self) -> AsyncEngine:
        return self._database.guarded

    def _statements_of(self, connection: AsyncConnection) -> SqlConnection:
        return GuardedConnection(connection, self._database.row_parameters, writing=True)

    def _accounts_of(self, connection: SqlConnection) -> SqlAccounts:
        return GuardedAccounts(connection, lambda: self._statements.account_versions)

    def _keys_of(self, connection: SqlConnection) -> SqlIdempotencyKeys:
        return GuardedIdempotencyKeys(connection)
