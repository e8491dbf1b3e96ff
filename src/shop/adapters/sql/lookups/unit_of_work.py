"""A snapshot of PostgreSQL that can look up with one statement what will be asked."""

from sqlalchemy.ext.asyncio import AsyncConnection

from shop.adapters.sql.engines.errors import translating_errors
from shop.adapters.sql.lookups.connection import SnapshotConnection
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.looked_up_rows import LookedUpRows


class SqlSnapshot(SqlUnitOfWork):
    """A reading unit of work whose transaction begins with its first question, if at all."""

    _statements: SnapshotConnection

    async def look_up(self, rows: LookedUpRows) -> None:
        """Read with one statement what will be asked."""
        tokens = self.sessions.stored_tokens(rows.tokens)
        await self._statements.look_up(self._sessions.tokens_by_hash(tokens), rows.order_ids)

    def ask_once(self) -> None:
        """Begin no transaction for the question that follows."""
        self._statements.ask_once()

    async def _begin(self) -> AsyncConnection:
        with translating_errors():
            self._connection = await self._database.guarded.connect()
        return self._connection

    def _statements_of(self, connection: AsyncConnection) -> SnapshotConnection:
        return SnapshotConnection(connection, self._database.row_parameters, writing=False)
