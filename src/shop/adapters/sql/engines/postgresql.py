"""Creates engines for PostgreSQL."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import URL, event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shop.adapters.sql.engines.errors import is_connection_lost
from shop.adapters.sql.engines.plans import SET_KEYED_PLANS, SET_READ_COMMITTED

CONNECTIONS = 10
POOL_TIMEOUT_SECONDS = 10

# Limits the wait for a server that has stopped answering. The statement timeout is longer than
# the lock timeout and allows for the longest statement of the audit.
CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 30
CLOSE_TIMEOUT_SECONDS = 2

# asyncpg cannot disable a statement timeout per call, so use one that is never reached.
UNREACHED_TIMEOUT_SECONDS = 10**7

SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""The options of a connection whose transaction reads one snapshot."""

# Customers do not wait longer for a lock; idle transactions end as well.
SETTINGS = {
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "60s",
}


MAX_NAME_CHARACTERS = 63
"""Of a longer name of an application, the server keeps the beginning."""


def application_name(schema: str) -> str:
    """Return by which name the server lists the connections of a shop."""
    return f"shop {schema}"[:MAX_NAME_CHARACTERS]


def create_engine(url: URL, schema: str) -> AsyncEngine:
    """Create an engine with a statement timeout."""
    return _create_engine(url, schema, STATEMENT_TIMEOUT_SECONDS)


def create_engine_without_timeout(url: URL, schema: str) -> AsyncEngine:
    """Create an engine without a statement timeout."""
    return _create_engine(url, schema, None)


def _create_engine(url: URL, schema: str, statement_timeout_seconds: float | None) -> AsyncEngine:
    created = create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        # Errors are logged, and must not contain rows.
        hide_parameters=True,
        connect_args={
            "server_settings": {
                **SETTINGS,
                "application_name": application_name(schema),
                "search_path": schema,
            },
            "timeout": CONNECT_TIMEOUT_SECONDS,
            "command_timeout": statement_timeout_seconds,
            "connection_class": _Connection,
            "async_creator_fn": _connect,
        },
    )

    @event.listens_for(created.sync_engine, "handle_error")
    def drop_lost_connections(failure: ExceptionContext) -> None:
        if is_connection_lost(failure.original_exception):
            # Closes this connection now, and those in the pool before they are used again.
            failure.is_disconnect = True

    return created


async def _connect(**arguments: Any) -> asyncpg.Connection:  # noqa: ANN401  The driver's arguments.
    """Connect, and keep the plans of this connection to keys.

    Poolers reject these settings among the arguments.
    """
    connection = await asyncpg.connect(**arguments)
    try:
        await connection.execute(f"{SET_KEYED_PLANS}; {SET_READ_COMMITTED}")
    except BaseException:
        connection.terminate()
        raise
    return connection


PREPARED_AGAIN_AFTER = ("0A", "26", "42")
"""The classes of errors after which statements are prepared again, as after a migration."""


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection whose statements time out, except COMMIT.

    A timeout during COMMIT would report a failure although the commit may succeed. It would also
    cancel the wait for a standby, after which a retry would find what the standby does not have.
    """

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  As below.
        super().__init__(*args, **options)
        # The driver would turn it off for its own question about types, which is session state.
        self._server_caps: Any = self._server_caps._replace(jit=False)
        self._prepared: dict[str, Any] = {}
        self._failure: BaseException | None = None

    async def fetch_prepared(
        self, query: str, values: Sequence[object], *, commits: bool
    ) -> Sequence[Any]:
        """Return the rows of a query that is prepared once.

        Like COMMIT, one that commits has no timeout. After an error, `prepare` raises it again.
        """
        timeout = UNREACHED_TIMEOUT_SECONDS if commits else None
        try:
            if query not in self._prepared:
                self._prepared[query] = await self.prepare(query)
            rows: Sequence[Any] = await self._prepared[query].fetch(*values, timeout=timeout)
        except BaseException as error:
            if getattr(error, "sqlstate", "")[:2] in PREPARED_AGAIN_AFTER:
                self._prepared.clear()
            self._failure = error
            raise
        return rows

    async def prepare(self, query: str, **options: Any) -> Any:  # noqa: ANN401  As below.
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        return await super().prepare(query, **options)

    async def execute(
        self,
        query: str,
        *args: Any,  # noqa: ANN401  The driver's signature.
        timeout: float | None = None,  # noqa: ASYNC109  As above.
    ) -> str:
        if query.startswith("COMMIT"):
            timeout = UNREACHED_TIMEOUT_SECONDS
        status: str = await super().execute(query, *args, timeout=timeout)
        return status

    async def close(self, *, timeout: float | None = CLOSE_TIMEOUT_SECONDS) -> None:  # noqa: ASYNC109  As above.
        await super().close(timeout=timeout)
