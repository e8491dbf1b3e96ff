"""Creates engines for PostgreSQL."""

from collections.abc import Mapping
from typing import Any

import asyncpg
from sqlalchemy import URL, event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shop.adapters.sql.engines import pooled
from shop.adapters.sql.engines.errors import is_connection_lost
from shop.adapters.sql.engines.plans import SET_KEYED_PLANS, SET_READ_COMMITTED
from shop.adapters.sql.engines.postgresql_connection import (
    CONNECT_TIMEOUT_SECONDS,
    STATEMENT_TIMEOUT_SECONDS,
    PostgresqlConnection,
    application_name,
)
from shop.adapters.sql.engines.role_settings import SETTINGS

CONNECTIONS = 10
POOL_TIMEOUT_SECONDS = 10

SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""The options of a connection whose transaction reads one snapshot."""


def create_engine(url: URL, schema: str, *, is_pooled: bool = False) -> AsyncEngine:
    """Create an engine with a statement timeout; `is_pooled` behind a pooler of transactions."""
    return _create_engine(url, _arguments(schema, is_pooled), STATEMENT_TIMEOUT_SECONDS)


def create_engine_without_timeout(url: URL, schema: str, *, is_pooled: bool = False) -> AsyncEngine:
    """Create an engine without a statement timeout.

    Behind a pooler, its transactions begin with the shop's settings, so that a migration need not
    find them in force.
    """
    created = _create_engine(url, _arguments(schema, is_pooled), None)
    if is_pooled:
        pooled.begin_with_settings(created, schema)
    return created


def _arguments(schema: str, is_pooled: bool) -> Mapping[str, Any]:  # noqa: FBT001  Passed on.
    if is_pooled:
        return pooled.arguments(schema)
    return {
        "server_settings": {
            **SETTINGS,
            "application_name": application_name(schema),
            "search_path": schema,
        },
        "connection_class": PostgresqlConnection,
        "async_creator_fn": _connect,
    }


def _create_engine(
    url: URL, arguments: Mapping[str, Any], statement_timeout_seconds: float | None
) -> AsyncEngine:
    created = create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        # Errors are logged, and must not contain rows.
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_TIMEOUT_SECONDS,
            "command_timeout": statement_timeout_seconds,
            **arguments,
        },
    )

    @event.listens_for(created.sync_engine, "handle_error")
    def drop_lost_connections(failure: ExceptionContext) -> None:
        if is_connection_lost(failure.original_exception):
            # Closes this connection now, and those in the pool before they are used again.
            failure.is_disconnect = True

    return created


async def _connect(**arguments: Any) -> asyncpg.Connection:  # noqa: ANN401  The driver's arguments.
    """Connect, and keep the plans of this connection to keys."""
    connection = await asyncpg.connect(**arguments)
    try:
        await connection.execute(f"{SET_KEYED_PLANS}; {SET_READ_COMMITTED}")
    except BaseException:
        connection.terminate()
        raise
    return connection
