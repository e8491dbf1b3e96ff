"""The database: its engines, its shape and its health."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from shop.adapters.sql.connection import SqlConnection
from shop.adapters.sql.failures import before_commit
from shop.adapters.sql.sets import PostgresSets, Sets, SqliteSets
from shop.adapters.sql.tables import SCHEMA_VERSION, accounts, metadata
from shop.adapters.system.keyring import Keyring
from shop.application.ports.clock import Clock
from shop.application.ports.database import Database, Unmigrated
from shop.application.ports.unit_of_work import Interrupted, Unavailable
from shop.domain.account import ShopAccount
from shop.domain.money import Currency

POSTGRES_CONNECTIONS = 10
SQLITE_READERS = 4
POOL_TIMEOUT_SECONDS = 10
BUSY_TIMEOUT_SECONDS = 10

# Every COMMIT reaches the disk, and readers do not wait for the writer.
SQLITE_PRAGMAS = {"journal_mode": "WAL", "synchronous": "FULL", "foreign_keys": "ON"}

# No lock is waited for, and no transaction left idle, longer than a customer would wait.
POSTGRES_SETTINGS = {
    "application_name": "shop",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}

VERSION = text("SELECT version_num FROM alembic_version")


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
            self.writer = _postgres_engine(self._url, schema)
            self.reader = self.writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    async def check(self) -> None:
        """Return where orders can be stored; else raise `Unavailable`, or `Unmigrated`."""
        version = await self._version()
        if version != SCHEMA_VERSION:
            raise Unmigrated(f"schema version {version or 'none'}, {SCHEMA_VERSION} is needed")

    async def migrate(self) -> None:
        """Run the migrations that the database lacks; open the shop's own accounts."""
        if await self._version() != SCHEMA_VERSION:
            await self._upgrade()
        async with self.writer.begin() as connection:
            rows = SqlConnection(connection, self.sets, writing=True)
            await rows.insert_new(accounts, self._shop_accounts())

    async def analyse(self) -> None:
        """Let the query planner learn what was loaded."""
        async with self.writer.begin() as connection:
            for table in metadata.tables:
                await connection.execute(text(f"ANALYZE {table}"))

    async def close(self) -> None:
        """Give back every connection."""
        await self.writer.dispose()
        await self.reader.dispose()

    async def _version(self) -> str | None:
        if self.is_embedded and not self._file_exists():
            # Connecting would make the file.
            return None
        try:
            with before_commit():
                async with self.reader.connect() as connection:
                    found = await connection.execute(VERSION)
                    return found.scalar_one_or_none()
        except Interrupted as failure:
            raise Unavailable(str(failure)) from failure
        except Unavailable as failure:
            if _is_missing_table(failure.__cause__):
                return None
            raise

    def _file_exists(self) -> bool:
        return Path(self._url.database or "").exists()

    async def _upgrade(self) -> None:
        # Alembic takes long to import, and only this needs it.
        from shop.adapters.sql.migrations import upgrade  # noqa: PLC0415

        if self.is_embedded:
            async with self.writer.begin() as connection:
                await connection.run_sync(upgrade)
            return
        # Each step by itself: not every engine changes its shape within a transaction.
        steps = self.writer.execution_options(isolation_level="AUTOCOMMIT")
        async with steps.connect() as connection:
            await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"'))
            await connection.run_sync(upgrade)

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


def _postgres_engine(url: URL, schema: str) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        # Errors are logged, and rows are nobody's business.
        hide_parameters=True,
        connect_args={"server_settings": {**POSTGRES_SETTINGS, "search_path": schema}},
    )


def _is_missing_table(error: BaseException | None) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    undefined_table = "42P01"
    return getattr(error.orig, "sqlstate", None) == undefined_table or "no such table" in str(error)
