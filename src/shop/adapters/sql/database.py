"""Checks and migrates the database, and opens its engines."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from shop.adapters.sql.engines import postgresql, sqlite
from shop.adapters.sql.engines.errors import translating_errors
from shop.adapters.sql.engines.unreachable import explain_unreachable
from shop.adapters.sql.schema.tables import SCHEMA_VERSION, accounts, metadata
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.row_parameters import (
    PostgresqlRowParameters,
    RowParameters,
    SqliteRowParameters,
)
from shop.adapters.system.keyring import Keyring
from shop.application.ports.clock import Clock
from shop.application.ports.database import CurrencyMismatch, Database, MigrationRequired
from shop.application.ports.unit_of_work import (
    DatabaseFailure,
    DatabaseUnavailable,
    DatabaseUnreachable,
    TransientFailure,
)
from shop.domain.account import ShopAccount
from shop.domain.shared.money import Currency

CHECK_TIMEOUT_SECONDS = 5

SQLITE_STATE = text("SELECT version_num, false AS read_only FROM alembic_version")
POSTGRES_STATE = text(
    "SELECT version_num,"
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
    ) -> None:
        self._url = make_url(url)
        self._schema = schema
        self._currency = currency
        self._clock = clock
        self._secrets = secrets
        self.is_embedded = self._url.get_backend_name() == "sqlite"
        self.row_parameters: RowParameters
        if self.is_embedded:
            self.row_parameters = SqliteRowParameters()
            self.writer = sqlite.create_writer(self._url)
            self.reader = sqlite.create_reader(self._url)
        else:
            self.row_parameters = PostgresqlRowParameters()
            self.writer = postgresql.create_engine(self._url, schema)
            self.reader = self.writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    @cached_property
    def session_keys(self) -> Sequence[bytes]:
        """The keys of session tokens; the first use loads the secrets, which may create them."""
        return Keyring(self._secrets()).keys("session token")

    async def check(self) -> None:
        """Check version, currency and availability within five seconds."""
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                version = await self._version()
                if version != SCHEMA_VERSION:
                    raise MigrationRequired(
                        f"schema version {version or 'none'}, expected {SCHEMA_VERSION}"
                    )
                await self._require_currency()
        except TimeoutError as error:
            raise DatabaseUnavailable(f"no answer in {CHECK_TIMEOUT_SECONDS} seconds") from error

    async def migrate(self) -> None:
        """Run the missing migrations and create the shop's own accounts."""
        if await self._version() != SCHEMA_VERSION:
            with self._failing_at_once():
                await self._upgrade()
        await self._require_currency()
        with self._failing_at_once():
            async with self.writer.begin() as connection:
                rows = SqlConnection(connection, self.row_parameters, writing=True)
                await rows.insert_if_absent(accounts, self._shop_accounts())

    async def analyse(self) -> None:
        """Update the query planner's statistics."""
        async with self._engine_without_timeout() as engine, engine.begin() as connection:
            for table in metadata.tables:
                await connection.execute(text(f"ANALYZE {table}"))

    def connections(self) -> tuple[int, int]:
        """Return how many connections this process uses, and how many it may use."""
        # PostgreSQL's reader shares the pool of the writer.
        pools = {engine.pool for engine in (self.writer, self.reader)}
        queues = [each for each in pools if isinstance(each, QueuePool)]
        return sum(each.checkedout() for each in queues), sum(each.size() for each in queues)

    async def close(self) -> None:
        """Close all connections."""
        await self.writer.dispose()
        await self.reader.dispose()

    async def _version(self) -> str | None:
        """Return the schema version; raise `DatabaseUnavailable`."""
        if self.is_embedded:
            if not self._file.exists():
                # Connecting would create the file.
                return None
            if not all(os.access(each, os.W_OK) for each in (self._file, self._file.parent)):
                raise DatabaseUnavailable("the database file is not writable")
        # PostgreSQL's reader is always read-only; SQLite has only one writing connection.
        engine, query = (
            (self.reader, SQLITE_STATE) if self.is_embedded else (self.writer, POSTGRES_STATE)
        )
        try:
            with self._failing_at_once():
                async with engine.connect() as connection:
                    state_row = (await connection.execute(query)).one_or_none()
        except DatabaseUnavailable as failure:
            if _is_missing_table(failure.__cause__):
                return None
            raise
        if state_row is None:
            return None
        if state_row.read_only:
            # Another server may be the primary by now, which only new connections reach.
            await self.writer.dispose()
            raise DatabaseUnavailable("the database is read-only")
        version: str = state_row.version_num
        return version

    async def _require_currency(self) -> None:
        sales = select(accounts.c.currency).where(accounts.c.kind == ShopAccount.SALES.value)
        with self._failing_at_once():
            async with self.reader.connect() as connection:
                currencies = {row.currency for row in await connection.execute(sales)}
        if currencies - {self._currency}:
            raise CurrencyMismatch(stored=", ".join(sorted(currencies)), configured=self._currency)

    @property
    def _file(self) -> Path:
        return Path(self._url.database or "")

    async def _upgrade(self) -> None:
        # Alembic is slow to import and needed only here.
        from shop.adapters.sql.schema.migrations import upgrade  # noqa: PLC0415

        if self.is_embedded:
            # SQLite would create a file that all users can read. Its side files get the same mode.
            with suppress(FileExistsError):
                self._file.touch(0o600, exist_ok=False)
            async with self.writer.begin() as connection:
                await connection.run_sync(upgrade)
            return
        async with self._engine_without_timeout() as engine:
            # Each step commits by itself, so that a failed upgrade continues where it stopped.
            steps = engine.execution_options(isolation_level="AUTOCOMMIT")
            async with steps.connect() as connection:
                if self._schema not in await connection.run_sync(_schemas):
                    await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"'))
                await connection.run_sync(upgrade)

    @asynccontextmanager
    async def _engine_without_timeout(self) -> AsyncIterator[AsyncEngine]:
        """Yield an engine without statement timeouts, for work that grows with the data."""
        if self.is_embedded:
            yield self.writer
            return
        engine = postgresql.create_engine_without_timeout(self._url, self._schema)
        try:
            yield engine
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

    def _shop_accounts(self) -> list[dict[str, Any]]:
        return [
            {
                "id": account.account_id(self._currency),
                "kind": account.value,
                "currency": self._currency,
                "created_at": self._clock.now(),
            }
            for account in ShopAccount
        ]


def _schemas(connection: Connection) -> list[str]:
    return inspect(connection).get_schema_names()


def _is_missing_table(error: BaseException | None) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    undefined_table = "42P01"
    return getattr(error.orig, "sqlstate", None) == undefined_table or "no such table" in str(error)
