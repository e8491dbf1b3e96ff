"""A snapshot of PostgreSQL."""

from sqlalchemy.ext.asyncio import AsyncConnection

from shop.adapters.sql.engines.errors import translating_errors
from shop.adapters.sql.snapshot.connection import SnapshotConnection
from shop.adapters.sql.unit_of_work import SqlUnitOfWork


class SqlSnapshot(SqlUnitOfWork):
    """A reading unit of work whose transaction begins with its first question, if at all."""

    _statements: SnapshotConnection

    def ask_once(self) -> None:
        """Begin no transaction for the question that follows."""
        self._statements.ask_once()

    async def _begin(self) -> AsyncConnection:
        with translating_errors():
            self._connection = await self._database.guarded.connect()
        return self._connection

    def _statements_of(self, connection: AsyncConnection) -> SnapshotConnection:
        return SnapshotConnection(connection, self._database.row_parameters, writing=False)
