"""The database: its engines, its shape and its health."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import URL, Connection, event, inspect, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from shop.adapters.sql.connection import SqlConnection
from shop.adapters.sql.failures import before_commit, is_connection_lost
from shop.adapters.sql.sets import PostgresSets, Sets, SqliteSets
from shop.adapters.sql.tables import SCHEMA_VERSION, accounts, metadata
from shop.adapters.system.keyring import Keyring
from shop.application.ports.clock import Clock
from shop.application.ports.database import Database, OtherCurrency, Unmigrated
from shop.application.ports.unit_of_work import Interrupted, Unavailable
from shop.domain.account import ShopAccount
from shop.domain.money import Currency

POSTGRES_CONNECTIONS = 10
SQLITE_READERS = 4
POOL_TIMEOUT_SECONDS = 10
BUSY_TIMEOUT_SECONDS = 10

# A server that has stopped answering keeps nobody waiting longer than this. No lock is waited for
# that long; the longest statement of an audit has to fit.
CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 30
CHECK_TIMEOUT_SECONDS = 5
CLOSE_TIMEOUT_SECONDS = 2

# The driver knows no other way to ask for no time-out than one that nobody lives to see.
NEVER_SECONDS = 10**7

# Every COMMIT reaches the disk, and readers do not wait for the writer.
SQLITE_PRAGMAS = {"journal_mode": "WAL", "synchronous": "FULL", "foreign_keys": "ON"}

# No lock is waited for, and no transaction left idle, longer than a customer would wait.
POSTGRES_SETTINGS = {
    "application_name": "shop",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "60s",
}

SQLITE_STATE = text("SELECT version_num, false AS read_only FROM alembic_version")
POSTGRES_STATE = text(
    "SELECT version_num,"
    " pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS read_only"
    " FROM alembic_version"
)


class SqlDatabase(Database):
    """A SQLite file or a PostgreSQL schema, and the engines that write and read it."""

    def __init__(
        self, url: str, *, schema: str, secrets: Sequence[str], currency: Currency, clock: Clock
    ) -> None:
        self._url = make_url(url)
        self._schema = schema
        self._currency = currency
        self._clock = clock
        self.session_keys = Keyring(secrets).keys("session token")
        self.is_embedded = self._url.get_backend_name() == "sqlite"
        self.sets: Sets
        if self.is_embedded:
            self.sets = SqliteSets()
            self.writer = _sqlite_writer(self._url)
            self.reader = _sqlite_reader(self._url)
        else:
            self.sets = PostgresSets()
            self.writer = _postgres_engine(self._url, schema, STATEMENT_TIMEOUT_SECONDS)
            self.reader = self.writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    async def check(self) -> None:
        """Return where orders can be stored, and that soon.

        Else raise `Unavailable`, `Unmigrated`, or `OtherCurrency`.
        """
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                version = await self._version()
                if version != SCHEMA_VERSION:
                    raise Unmigrated(
                        f"schema version {version or 'none'}, {SCHEMA_VERSION} is needed"
                    )
                await self._require_currency()
        except TimeoutError as error:
            raise Unavailable(f"no answer in {CHECK_TIMEOUT_SECONDS} seconds") from error

    async def migrate(self) -> None:
        """Run the migrations that the database lacks; open the shop's own accounts."""
        if await self._version() != SCHEMA_VERSION:
            with _now():
                await self._upgrade()
        await self._require_currency()
        with _now():
            async with self.writer.begin() as connection:
                rows = SqlConnection(connection, self.sets, writing=True)
                await rows.insert_new(accounts, self._shop_accounts())

    async def analyse(self) -> None:
        """Let the query planner learn what was loaded."""
        async with self._unhurried() as engine, engine.begin() as connection:
            for table in metadata.tables:
                await connection.execute(text(f"ANALYZE {table}"))

    async def close(self) -> None:
        """Give back every connection."""
        await self.writer.dispose()
        await self.reader.dispose()

    async def _version(self) -> str | None:
        """Return the newest migration that was run; raise `Unavailable` where nothing can be."""
        if self.is_embedded:
            if not self._file.exists():
                # Connecting would make the file.
                return None
            if not all(os.access(each, os.W_OK) for each in (self._file, self._file.parent)):
                raise Unavailable("the file of the database cannot be written")
        # The readers of PostgreSQL are read-only whatever the server is; SQLite's writer is one.
        engine, state = (
            (self.reader, SQLITE_STATE) if self.is_embedded else (self.writer, POSTGRES_STATE)
        )
        try:
            with _now():
                async with engine.connect() as connection:
                    found = (await connection.execute(state)).one_or_none()
        except Unavailable as failure:
            if _is_missing_table(failure.__cause__):
                return None
            raise
        if found is None:
            return None
        if found.read_only:
            # The primary may be another server by now, which only new connections find.
            await self.writer.dispose()
            raise Unavailable("the database can only be read")
        version: str = found.version_num
        return version

    async def _require_currency(self) -> None:
        sales = select(accounts.c.currency).where(accounts.c.kind == ShopAccount.SALES.value)
        with _now():
            async with self.reader.connect() as connection:
                found = {row.currency for row in await connection.execute(sales)}
        if found - {self._currency}:
            raise OtherCurrency(f"the shop sells in {', '.join(sorted(found))}")

    @property
    def _file(self) -> Path:
        return Path(self._url.database or "")

    async def _upgrade(self) -> None:
        # Alembic takes long to import, and only this needs it.
        from shop.adapters.sql.migrations import upgrade  # noqa: PLC0415

        if self.is_embedded:
            # SQLite would let everybody read it. What lies beside it gets its mode from it.
            with suppress(FileExistsError):
                self._file.touch(0o600, exist_ok=False)
            async with self.writer.begin() as connection:
                await connection.run_sync(upgrade)
            return
        async with self._unhurried() as engine:
            # Each step by itself: not every engine changes its shape within a transaction.
            steps = engine.execution_options(isolation_level="AUTOCOMMIT")
            async with steps.connect() as connection:
                if self._schema not in await connection.run_sync(_schemas):
                    await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"'))
                await connection.run_sync(upgrade)

    @asynccontextmanager
    async def _unhurried(self) -> AsyncIterator[AsyncEngine]:
        """Give an engine for what takes as long as there is data: no time-out ends it."""
        if self.is_embedded:
            yield self.writer
            return
        engine = _postgres_engine(self._url, self._schema, None)
        try:
            yield engine
        finally:
            await engine.dispose()

    def _shop_accounts(self) -> list[dict[str, Any]]:
        return [
            {
                "id": account.id_in(self._currency),
                "kind": account.value,
                "currency": self._currency,
                "created_at": self._clock.now(),
            }
            for account in ShopAccount
        ]


def _sqlite_writer(url: URL) -> AsyncEngine:
    # One connection, which locks when it begins: one that reads first and locks later would find
    # that somebody else has written in between.
    return _sqlite_engine(url, connections=1, begin="BEGIN IMMEDIATE", pragmas=SQLITE_PRAGMAS)


def _sqlite_reader(url: URL) -> AsyncEngine:
    pragmas = {**SQLITE_PRAGMAS, "query_only": "ON"}
    return _sqlite_engine(url, connections=SQLITE_READERS, begin="BEGIN", pragmas=pragmas)


def _sqlite_engine(
    url: URL, *, connections: int, begin: str, pragmas: Mapping[str, str]
) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        # Errors are logged, and rows are nobody's business.
        hide_parameters=True,
        # The driver's own idea of when to begin a transaction loses updates.
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_SECONDS},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        for name, value in pragmas.items():
            cursor.execute(f"PRAGMA {name}={value}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_explicitly(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres_engine(url: URL, schema: str, statement_timeout_seconds: float | None) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        # Errors are logged, and rows are nobody's business.
        hide_parameters=True,
        connect_args={
            "server_settings": {**POSTGRES_SETTINGS, "search_path": schema},
            "timeout": CONNECT_TIMEOUT_SECONDS,
            "command_timeout": statement_timeout_seconds,
            "connection_class": _PostgresConnection,
        },
    )

    @event.listens_for(engine.sync_engine, "handle_error")
    def drop_lost_connections(failure: ExceptionContext) -> None:
        if is_connection_lost(failure.original_exception):
            # This one is closed now, and those in the pool before they are used again.
            failure.is_disconnect = True

    return engine


class _PostgresConnection(asyncpg.Connection):  # type: ignore[misc]
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
            timeout = NEVER_SECONDS
        status: str = await super().execute(query, *args, timeout=timeout)
        return status

    async def close(self, *, timeout: float | None = CLOSE_TIMEOUT_SECONDS) -> None:  # noqa: ASYNC109  As above.
        await super().close(timeout=timeout)


@contextmanager
def _now() -> Iterator[None]:
    """Turn what would be tried again, were it a unit of work, into `Unavailable`."""
    try:
        with before_commit():
            yield
    except Interrupted as failure:
        raise Unavailable(str(failure)) from failure.__cause__


def _schemas(connection: Connection) -> list[str]:
    return inspect(connection).get_schema_names()


def _is_missing_table(error: BaseException | None) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    undefined_table = "42P01"
    return getattr(error.orig, "sqlstate", None) == undefined_table or "no such table" in str(error)
