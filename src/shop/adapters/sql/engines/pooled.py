"""Connections behind a pooler of transactions, such as pgbouncer (decision 53).

Each transaction, and each statement outside one, may run on another connection to the server. So
nothing is set on a connection, and no statement is prepared for a later one. What the shop needs is
set for its role in its database, where `shop migrate` stores it.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.adapters.sql.engines.postgresql_connection import (
    PostgresqlConnection,
    application_name,
)
from shop.adapters.sql.engines.role_settings import needed_settings
from shop.application.ports.unit_of_work import DatabaseUnreachable

UNNAMED = ""
"""The name of the statement that is prepared and run within one request."""


class PooledConnection(PostgresqlConnection):
    """A connection whose statements leave nothing behind on the server."""

    async def _prepared_once(self, query: str) -> Any:  # noqa: ANN401  The driver's.
        return await self.prepare(query)

    async def prepare(self, query: str, **options: Any) -> Any:  # noqa: ANN401  As above.
        """Prepare a statement that is run next, or raise as above."""
        # The driver ends no request between preparing and running an unnamed statement, so that
        # a pooler runs both on the same connection.
        return await super().prepare(query, **{**options, "name": UNNAMED})


def arguments(schema: str) -> Mapping[str, Any]:
    """Return the driver's arguments, and those of its dialect."""
    return {
        # The only startup parameter that poolers know.
        "server_settings": {"application_name": application_name(schema)},
        "connection_class": PooledConnection,
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
    }


def begin_with_settings(engine: AsyncEngine, schema: str) -> None:
    """Have each transaction of an engine begin with the settings; they end with it."""
    needed = {
        name: value
        for name, value in needed_settings(schema).items()
        # A transaction that has begun has its level.
        if name != "default_transaction_isolation"
    }
    calls = ", ".join(f"set_config('{name}', :{name}, true)" for name in needed)
    statement = text(f"SELECT {calls}")

    @event.listens_for(engine.sync_engine, "begin")
    def set_for_the_transaction(connection: Connection) -> None:
        connection.execute(statement, needed)


async def require_settings(connection: AsyncConnection, schema: str) -> None:
    """Raise `DatabaseUnreachable` if a connection of the pooler is without the settings."""
    needed = needed_settings(schema)
    calls = ", ".join(f"current_setting('{name}') AS {name}" for name in needed)
    found = (await connection.execute(text(f"SELECT {calls}"))).one()._asdict()
    different = [
        f"{name} = {found[name]} in the place of {value}"
        for name, value in needed.items()
        if found[name].strip('"') != value
    ]
    if different:
        raise DatabaseUnreachable(
            f"the role of SHOP_DATABASE_URL has {'; '.join(different)}; run `shop migrate` with"
            " SHOP_DATABASE_POOLER=transaction, then RECONNECT on the pooler's console"
        )
