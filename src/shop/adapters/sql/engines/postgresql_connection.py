"""A connection to PostgreSQL: its settings, its timeouts, and how it ends."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg

# Limits the wait for a server that has stopped answering. The statement timeout is longer than
# the lock timeout and allows for the longest statement of the audit.
CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 30
CLOSE_TIMEOUT_SECONDS = 2

COMMIT_TIMEOUT_SECONDS = 30
"""How long a commit may take, which waits for the standby of a cluster."""

MAX_NAME_CHARACTERS = 63
"""Of a longer name of an application, the server keeps the beginning."""

PREPARED_AGAIN_AFTER = ("0A", "26", "42")
"""The classes of errors after which statements are prepared again, as after a migration."""

_NOT_REPLICATED = ("01", "57")
"""The classes of warnings about a commit that no longer waits for its standby."""


def application_name(schema: str) -> str:
    """Return by which name the server lists the connections of a shop."""
    return f"shop {schema}"[:MAX_NAME_CHARACTERS]


class PostgresqlConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection whose statements time out, and whose commits are never cancelled.

    PostgreSQL answers a commit whose wait for a standby was cancelled with a warning and success.
    Others can read it then, but the standby does not have it. So a commit that takes too long, or
    whose caller is cancelled, loses its connection instead: the server goes on waiting, and locks
    what it has written. A commit with such a warning fails with an unknown outcome.
    """

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  As below.
        super().__init__(*args, **options)
        # The driver would turn it off for its own question about types, which is session state.
        self._server_caps: Any = self._server_caps._replace(jit=False)
        self._prepared: dict[str, Any] = {}
        self._failure: BaseException | None = None
        self._is_committing = False
        self._is_not_replicated = False

    async def fetch_prepared(
        self, query: str, values: Sequence[object], *, commits: bool
    ) -> Sequence[Any]:
        """Return the rows of a query that is prepared once.

        One that commits is never cancelled, like COMMIT. After an error, `prepare` raises it again.
        """
        try:
            statement = await self._prepared_once(query)
            rows: Sequence[Any]
            if commits:
                with self._committing():
                    rows = await statement.fetch(*values, timeout=COMMIT_TIMEOUT_SECONDS)
            else:
                rows = await statement.fetch(*values)
        except BaseException as error:
            if getattr(error, "sqlstate", "")[:2] in PREPARED_AGAIN_AFTER:
                self._prepared.clear()
            self._failure = error
            raise
        return rows

    async def _prepared_once(self, query: str) -> Any:  # noqa: ANN401  As below.
        if query not in self._prepared:
            self._prepared[query] = await self.prepare(query)
        return self._prepared[query]

    async def prepare(self, query: str, **options: Any) -> Any:  # noqa: ANN401  As below.
        """Prepare a statement, or raise again what `fetch_prepared` has raised."""
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
        """Run a statement; return its status. COMMIT has a timeout of its own."""
        status: str
        if query.startswith("COMMIT"):
            with self._committing():
                status = await super().execute(query, *args, timeout=COMMIT_TIMEOUT_SECONDS)
        else:
            status = await super().execute(query, *args, timeout=timeout)
        return status

    async def close(self, *, timeout: float | None = CLOSE_TIMEOUT_SECONDS) -> None:  # noqa: ASYNC109  As above.
        """Close the connection, without waiting long for the server."""
        await super().close(timeout=timeout)

    @contextmanager
    def _committing(self) -> Iterator[None]:
        """Raise what says that the outcome is unknown, if the commit stopped waiting."""
        self._is_committing, self._is_not_replicated = True, False
        try:
            yield
        finally:
            self._is_committing = False
        if self._is_not_replicated:
            raise asyncpg.StatementCompletionUnknownError(
                "the commit stopped waiting for its standby"
            )

    def _cancel_current_command(
        self, waiter: asyncio.Future[None], cancel_waiter: asyncio.Future[None] | None = None
    ) -> None:
        """Do what the driver calls after a timeout, and if a caller is cancelled."""
        if not self._is_committing:
            super()._cancel_current_command(waiter, cancel_waiter)
            return
        if not waiter.done():
            waiter.set_result(None)
        # The driver has yet to say so to the caller.
        self._loop.call_soon(self.terminate)

    def _process_log_message(self, fields: Any, last_query: Any) -> None:  # noqa: ANN401  As above.
        if self._is_committing:
            warning = asyncpg.PostgresLogMessage.new(fields, query=last_query)
            state = getattr(warning, "sqlstate", None) or ""
            self._is_not_replicated |= state.startswith(_NOT_REPLICATED)
        super()._process_log_message(fields, last_query)
