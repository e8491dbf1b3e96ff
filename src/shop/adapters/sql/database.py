"""Checks the database and opens its engines."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cached_property
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import QueuePool

from shop.adapters.sql.engines.errors import translating_errors
from shop.adapters.sql.engines.plans import KEYED_PLANS
from shop.adapters.sql.engines.role_settings import needed_settings
from shop.adapters.sql.engines.search_path import CURRENT_SCHEMA, require_search_path
from shop.adapters.sql.engines.sqlite import SqliteEngines
from shop.adapters.sql.engines.unreachable import explain_unreachable
from shop.adapters.sql.engines.write_probe import WriteProbe
from shop.adapters.sql.migration.currency import own_account_query, require_currency
from shop.adapters.sql.migration.migrator import Migrator
from shop.adapters.sql.migration.schema_version import require_current
from shop.adapters.sql.schema.tables import metadata
from shop.adapters.sql.statements.commit_probe import READ_ONLY, CommitProbe
from shop.adapters.sql.statements.row_parameters import (
    PostgresqlRowParameters,
    RowParameters,
    SqliteRowParameters,
)
from shop.adapters.system.keyring import Keyring
from shop.application.ports.clock import Clock
from shop.application.ports.database import (
    CurrencyMismatch,
    Database,
    IncompatibleSchema,
    MigrationRequired,
)
from shop.application.ports.unit_of_work import (
    DatabaseFailure,
    DatabaseUnavailable,
    DatabaseUnreachable,
    TransientFailure,
)
from shop.domain.shared.money import Currency

CHECK_TIMEOUT_SECONDS = 5

SQLITE_STATE = text("SELECT version_num, false AS read_only FROM alembic_version")
POSTGRES_STATE = text(
    "SELECT version_num, current_schema() AS schema,"
    " pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS read_only"
    " FROM alembic_version"
)


class SqlDatabase(Database):
    """A SQLite file or a PostgreSQL schema, with engines for writing and reading."""

    def __init__(
        self,
        url: str,
        *,
        schema: str,
        secrets: Callable[[], Sequence[str]],
        currency: Currency,
        clock: Clock,
        is_pooled: bool = False,
    ) -> None:
        self._url = make_url(url)
        self._schema = schema
        self._is_pooled = is_pooled
        self._currency = currency
        self._clock = clock
        self._secrets = secrets
        self._own_account = own_account_query(currency)
        self.is_embedded = self._url.get_backend_name() == "sqlite"
        self.row_parameters: RowParameters
        self._sqlite: SqliteEngines | None = None
        self._write_probe: WriteProbe | None = None
        if self.is_embedded:
            self.row_parameters = SqliteRowParameters()
            self._sqlite = SqliteEngines(self._file)
            self._write_probe = WriteProbe(self._sqlite, _write_again)
            self.writer, self.reader = self._sqlite.writer, self._sqlite.reader
        else:
            # A shop with a file does not wait for the driver (decision 30).
            from shop.adapters.sql.engines import postgresql  # noqa: PLC0415

            self.row_parameters = PostgresqlRowParameters()
            self.writer = postgresql.create_engine(self._url, schema, is_pooled=is_pooled)
            self.reader = self.writer.execution_options(**postgresql.SNAPSHOT)
        # Each statement is a transaction of its own, without BEGIN and COMMIT.
        self.guarded = self.writer.execution_options(isolation_level="AUTOCOMMIT")
        self._commit_probe = None if self.is_embedded else CommitProbe(self.guarded)

    @cached_property
    def session_keys(self) -> Sequence[bytes]:
        """The keys of session tokens; the first use loads the secrets, which may create them."""
        return Keyring(self._secrets()).keys("session token")

    @cached_property
    def rate_limit_key(self) -> bytes:
        """The key under which subjects of rate limits are stored; loads the secrets as above."""
        return Keyring(self._secrets()).keys("rate limit")[0]

    async def check(self) -> None:
        """Check version, currency and availability within five seconds."""
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                await self._require_pooled_settings()
                require_current(await self._versions())
                with self._failing_at_once():
                    async with self.reader.connect() as connection:
                        await connection.run_sync(require_currency, self._currency)
        except TimeoutError as error:
            raise DatabaseUnavailable(f"no answer in {CHECK_TIMEOUT_SECONDS} seconds") from error

    async def check_writing(self) -> None:
        """Commit something small, at most once in two seconds."""
        if self._write_probe is not None:
            await self._write_probe.require_writable()
        if self._commit_probe is not None:
            await self._commit_probe.require_commits()

    async def migrate(self) -> str | None:
        """Run the missing migrations and create the shop's own accounts."""
        if self.is_embedded:
            self._require_writable_file()
            # SQLite would create a file that all users can read. Its side files get the same mode.
            with suppress(FileExistsError):
                self._file.touch(0o600, exist_ok=False)
        schema = None if self.is_embedded else self._schema
        migrator = Migrator(
            schema=schema,
            currency=self._currency,
            clock=self._clock,
            role_defaults=needed_settings(self._schema) if self._is_pooled else KEYED_PLANS,
        )
        with self._failing_at_once():
            async with self._engine_without_timeout() as engine:
                return await migrator.run(engine)

    async def require_schema(self) -> None:
        """Raise `DatabaseUnavailable` if another release has migrated the database meanwhile."""
        try:
            require_current(await self._versions())
        except (MigrationRequired, IncompatibleSchema) as error:
            raise DatabaseUnavailable(str(error)) from error

    async def require_currency(self, connection: AsyncConnection) -> None:
        """Keep an empty shop from changing its currency until this transaction ends.

        Raise `CurrencyMismatch` if it has another currency by now.
        """
        if (await connection.execute(self._own_account)).first() is None:
            raise CurrencyMismatch(f"the shop does not sell in {self._currency} any more")

    async def analyse(self) -> None:
        """Update the query planner's statistics."""
        async with self._engine_without_timeout() as engine, engine.begin() as connection:
            for table in metadata.tables:
                await connection.execute(text(f"ANALYZE {table}"))

    async def require_unchanged_file(self) -> None:
        """Raise `DatabaseUnavailable` if an embedded database's file is not the opened one."""
        if self._sqlite is not None:
            await self._sqlite.require_unchanged()

    def require_committed_file(self) -> None:
        """Raise `CommitOutcomeUnknown` if the file changed while a transaction was committed."""
        if self._sqlite is not None:
            self._sqlite.require_committed()

    def connections(self) -> tuple[int, int]:
        """Return how many connections this process uses, and how many it may use."""
        # PostgreSQL's reader shares the pool of the writer.
        pools = {engine.pool for engine in (self.writer, self.reader)}
        queues = [each for each in pools if isinstance(each, QueuePool)]
        return sum(each.checkedout() for each in queues), sum(each.size() for each in queues)

    async def close(self) -> None:
        """Close all connections."""
        if self._sqlite is not None and self._write_probe is not None:
            await self._write_probe.close()
            await self._sqlite.close()
            return
        if self._commit_probe is not None:
            await self._commit_probe.close()
        await self.writer.dispose()
        await self.reader.dispose()

    async def _versions(self) -> Sequence[str]:
        """Return the schema versions; raise `DatabaseUnavailable`."""
        await self.require_unchanged_file()
        if self.is_embedded:
            if not self._file.exists():
                # Connecting would create the file.
                return ()
            self._require_writable_file()
        # PostgreSQL's reader is always read-only; SQLite has only one writing connection.
        engine, query = (
            (self.reader, SQLITE_STATE) if self.is_embedded else (self.writer, POSTGRES_STATE)
        )
        try:
            with self._failing_at_once():
                async with engine.connect() as connection:
                    rows = (await connection.execute(query)).all()
        except DatabaseUnavailable as failure:
            if _is_missing_table(failure.__cause__):
                await self._require_search_path()
                return ()
            raise
        if any(row.read_only for row in rows):
            # Another server may be the primary by now, which only new connections reach.
            await self.writer.dispose()
            raise DatabaseUnavailable(READ_ONLY)
        if not self.is_embedded:
            for row in rows:
                require_search_path(row.schema, self._schema)
        return [row.version_num for row in rows]

    async def _require_search_path(self) -> None:
        """Raise `DatabaseUnreachable` if the tables are missing because another schema is read."""
        if not self.is_embedded:
            with self._failing_at_once():
                async with self.writer.connect() as connection:
                    found = await connection.scalar(CURRENT_SCHEMA)
            require_search_path(found, self._schema)

    async def _require_pooled_settings(self) -> None:
        """Raise `DatabaseUnreachable` if the pooler has connections without the settings."""
        if not self._is_pooled:
            return
        from shop.adapters.sql.engines.pooled import require_settings  # noqa: PLC0415  As above.

        with self._failing_at_once():
            async with self.writer.connect() as connection:
                await require_settings(connection, self._schema)

    @property
    def _file(self) -> Path:
        return Path(self._url.database or "")

    def _require_writable_file(self) -> None:
        if self._file.exists() and not all(
            os.access(each, os.W_OK) for each in (self._file, self._file.parent)
        ):
            raise DatabaseUnavailable("the database file is not writable")

    @asynccontextmanager
    async def _engine_without_timeout(self) -> AsyncIterator[AsyncEngine]:
        """Yield an engine without statement timeouts, for work that grows with the data."""
        if self.is_embedded:
            yield self.writer
            return
        from shop.adapters.sql.engines import postgresql  # noqa: PLC0415  As above.

        engine = postgresql.create_engine_without_timeout(
            self._url, self._schema, is_pooled=self._is_pooled
        )
        try:
            # Whatever the server's default is: after a wait, statements see what was committed.
            yield engine.execution_options(isolation_level="READ COMMITTED")
        finally:
            await engine.dispose()

    @contextmanager
    def _failing_at_once(self) -> Iterator[None]:
        """Raise `DatabaseUnavailable` for failures that a unit of work would retry."""
        try:
            with translating_errors():
                yield
        except DatabaseFailure as failure:
            if explanation := explain_unreachable(failure.__cause__, self._url):
                raise DatabaseUnreachable(explanation) from failure.__cause__
            if isinstance(failure, TransientFailure):
                raise DatabaseUnavailable(str(failure)) from failure.__cause__
            raise


def _write_again(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE alembic_version SET version_num = version_num")


def _is_missing_table(error: BaseException | None) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    undefined_table = "42P01"
    return getattr(error.orig, "sqlstate", None) == undefined_table or "no such table" in str(error)
