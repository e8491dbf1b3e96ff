"""A unit of work of two statements: it reads without locks, and its write is guarded."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from shop.adapters.sql.engines.errors import translating_errors
from shop.adapters.sql.guarded.connection import GuardedConnection
from shop.adapters.sql.repositories.accounts import GuardedAccounts, SqlAccounts
from shop.adapters.sql.repositories.idempotency_keys import (
    LateIdempotencyKeys,
    SqlIdempotencyKeys,
)
from shop.adapters.sql.schema.tables import idempotency_keys
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import LockRows
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.rows_wanted import RowsWanted


class GuardedSqlUnitOfWork(SqlUnitOfWork):
    """Decides on rows as they were read, and commits only if the decision is still right.

    No lock is held between its statements (decision 3). It can insert rows, and change those for
    which there are guards; everything else needs locks.
    """

    _statements: GuardedConnection

    async def read_ahead(self, wanted: Collection[RowsWanted]) -> None:
        """Read with one statement what is wanted, or at least the time."""
        await super().read_ahead(wanted)
        await self._statements.begin_reading()

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
        # Without a change, what was decided is an answer about the moment of the read.
        if any(not isinstance(each.statement, LockRows) for each in writes):
            await self._statements.write_guarded(writes)
        else:
            await self._keys.confirm_found(commits=True)

    async def _begin(self) -> AsyncConnection:
        # No transaction: each statement is one of its own.
        with translating_errors():
            self._connection = await self._database.guarded.connect()
        return self._connection

    def _statements_of(self, connection: AsyncConnection) -> SqlConnection:
        return GuardedConnection(connection, self._database.row_parameters, writing=True)

    def _accounts_of(self, connection: SqlConnection) -> SqlAccounts:
        statements = self._statements
        return GuardedAccounts(connection, lambda: statements.account_versions)

    def _keys_of(self, connection: SqlConnection) -> SqlIdempotencyKeys:
        return LateIdempotencyKeys(connection)
