"""PostgreSQL's engines."""

from typing import Any

import asyncpg
from sqlalchemy import URL, event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shop.adapters.sql.engines.errors import is_connection_lost

CONNECTIONS = 10
POOL_TIMEOUT_SECONDS = 10

# A server that has stopped answering keeps nobody waiting longer than this. No lock is waited for
# that long; the longest statement of an audit has to fit.
CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 30
CLOSE_TIMEOUT_SECONDS = 2

# The driver knows no other way to ask for no time-out than one that nobody lives to see.
UNREACHED_TIMEOUT_SECONDS = 10**7

# No lock is waited for, and no transaction left idle, longer than a customer would wait.
SETTINGS = {
    "application_name": "shop",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "60s",
}


def create_engine(url: URL, schema: str) -> AsyncEngine:
    """Return an engine whose statements end in time."""
    return _create_engine(url, schema, STATEMENT_TIMEOUT_SECONDS)


def create_engine_without_timeout(url: URL, schema: str) -> AsyncEngine:
    """Return an engine for what takes as long as there is data."""
    return _create_engine(url, schema, None)


def _create_engine(url: URL, schema: str, statement_timeout_seconds: float | None) -> AsyncEngine:
    created = create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        # Errors are logged, and rows are nobody's business.
        hide_parameters=True,
        connect_args={
            "server_settings": {**SETTINGS, "search_path": schema},
            "timeout": CONNECT_TIMEOUT_SECONDS,
            "command_timeout": statement_timeout_seconds,
            "connection_class": _Connection,
        },
    )

    @event.listens_for(created.sync_engine, "handle_error")
    def drop_lost_connections(failure: ExceptionContext) -> None:
        if is_connection_lost(failure.original_exception):
            # This one is closed now, and those in the pool before they are used again.
            failure.is_disconnect = True

    return created


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection whose statements time out, except for COMMIT.

    To leave while COMMIT is on its way would be to report a failure that may not be one.
    """

    async def execute(
        self,
        query: str,
        *args: Any,  # noqa: ANN401  What the driver takes.
        timeout: float | None = None,  # noqa: ASYNC109  As above.
    ) -> str:
        if query.startswith("COMMIT"):
            timeout = UNREACHED_TIMEOUT_SECONDS
        status: str = await super().execute(query, *args, timeout=timeout)
        return status

    async def close(self, *, timeout: float | None = CLOSE_TIMEOUT_SECONDS) -> None:  # noqa: ASYNC109  As above.
        await super().close(timeout=timeout)
