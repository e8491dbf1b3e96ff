"""Backs up a schema of a PostgreSQL database, and restores it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.adapters.sql.backup.postgresql_programs import PostgresqlPrograms
from shop.adapters.sql.backup.version_checks import (
    CREATE_VERSION_TABLE,
    CURRENCY,
    require_complete,
    require_known,
)
from shop.adapters.sql.engines.errors import translating_errors
from shop.adapters.sql.engines.postgresql import create_engine_without_timeout
from shop.adapters.sql.engines.postgresql_connection import application_name
from shop.adapters.sql.engines.search_path import CURRENT_SCHEMA, require_search_path
from shop.adapters.sql.schema.tables import RESTORING, metadata
from shop.application.ports.database_backup import (
    BackupFailed,
    DatabaseBackup,
    DatabaseDescription,
    DatabaseReplacement,
    DatabaseSnapshot,
)
from shop.domain.shared.counted import counted

_TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema ORDER BY tablename")
_SERVER_VERSION = text("SELECT current_setting('server_version_num')::int / 10000")
_VERSION = text("SELECT version_num FROM alembic_version")
_LOCK = text("SELECT pg_try_advisory_lock(hashtext('shop restore ' || :schema))")
_OTHER_CONNECTIONS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name IN (:name, 'shop') AND pid <> pg_backend_pid()"
)
"""Connections of this shop, and of releases whose connections did not name theirs."""
_KEPT_ENTRIES = (" SCHEMA - ", " alembic_version ")
"""Entries of a dump that a restore leaves out: the schema, and the table that marks it."""
_FUNCTIONS = ("add_missing_variant",)
"""Functions of triggers, which stay when their tables are dropped."""


class PostgresqlBackup(DatabaseBackup):
    """Copies the schema with `pg_dump`, in a snapshot that also counts the rows."""

    engine = "postgresql"
    part_name = "shop.dump"

    def __init__(self, url: str, schema: str, *, is_pooled: bool = False) -> None:
        self._is_pooled = is_pooled
        self._url = make_url(url)
        self._schema = schema
        self._programs = PostgresqlPrograms(self._url)

    @asynccontextmanager
    async def payments_paused(self) -> AsyncIterator[None]:
        """Lock the tables in which a card payment is stored before the gateway is asked."""
        async with self._connection() as connection, connection.begin():
            tables = await connection.execute(_TABLES, {"schema": self._schema})
            # Without tables there are no payments, and the snapshot says what is missing.
            if {"payments", "deposits"} <= set(tables.scalars()):
                # Orders queue behind a lock that waits, so it must not wait for long.
                await connection.execute(text("SET LOCAL lock_timeout = '2s'"))
                await connection.execute(text("LOCK TABLE payments, deposits IN SHARE MODE"))
            yield

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[DatabaseSnapshot]:
        """Yield a transaction whose snapshot `pg_dump` uses as well."""
        async with self._connection() as connection:
            await connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            async with connection.begin():
                # It is idle while `pg_dump` works.
                await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
                name = await connection.scalar(text("SELECT pg_export_snapshot()"))
                yield _DatabaseSnapshot(connection, self._schema, self._programs, str(name))

    async def require_supported(self, description: DatabaseDescription) -> None:
        """Check the schema's version and name, and the program that restores it."""
        require_known(description.schema_version)
        if description.schema != self._schema:
            raise BackupFailed(
                f"the backup is of the schema {description.schema}, and SHOP_DATABASE_SCHEMA is"
                f" {self._schema}; restore it into {description.schema}, and rename that afterwards"
            )
        async with self._connection() as connection:
            version = await connection.scalar(_SERVER_VERSION)
        await self._programs.require("pg_restore", int(version or 0))

    async def check_copy(self, copy: Path, description: DatabaseDescription) -> None:
        """Check that `pg_restore` can read the copy."""
        del description
        await self._programs.contents(copy)

    @asynccontextmanager
    async def replacement(self, *, overwrite: bool) -> AsyncIterator[DatabaseReplacement]:
        """Yield the schema while no shop is connected to the database."""
        del overwrite
        async with self._connection() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            if not await connection.scalar(_LOCK, {"schema": self._schema}):
                raise BackupFailed("another restore of this database is running; wait for its end")
            name = application_name(self._schema)
            if others := await connection.scalar(_OTHER_CONNECTIONS, {"name": name}):
                raise BackupFailed(
                    f"the database has {counted(others, 'connection')} of a shop; stop all servers"
                    " and workers first"
                )
            yield _Replacement(connection, self._schema, self._programs)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        if self._is_pooled:
            # Locks, snapshots and the programs need the same connection to the server throughout.
            raise BackupFailed(
                "backups and restores cannot go through a pooler of transactions; set"
                " SHOP_DATABASE_POOLER=none, and the server's own address by --database"
            )
        engine: AsyncEngine = create_engine_without_timeout(self._url, self._schema)
        try:
            with translating_errors():
                async with engine.connect() as connection:
                    require_search_path(await connection.scalar(CURRENT_SCHEMA), self._schema)
                    await connection.rollback()
                    yield connection
        finally:
            await engine.dispose()


class _DatabaseSnapshot(DatabaseSnapshot):
    def __init__(
        self, connection: AsyncConnection, schema: str, programs: PostgresqlPrograms, name: str
    ) -> None:
        self._connection = connection
        self._schema = schema
        self._programs = programs
        self._name = name

    async def describe(self) -> DatabaseDescription:
        rows = await _count_rows(self._connection, self._schema)
        version = await _version(self._connection, rows)
        require_complete(version)
        currency = await self._connection.scalar(text(CURRENCY)) if "accounts" in rows else None
        return DatabaseDescription(
            engine=PostgresqlBackup.engine,
            schema=self._schema,
            schema_version=version or "",
            currency=currency,
            rows=rows,
        )

    async def copy_to(self, file: Path) -> None:
        server_version = await self._connection.scalar(_SERVER_VERSION)
        await self._programs.dump(
            file,
            schema=self._schema,
            snapshot=self._name,
            server_version=int(server_version or 0),
        )


class _Replacement(DatabaseReplacement):
    def __init__(
        self, connection: AsyncConnection, schema: str, programs: PostgresqlPrograms
    ) -> None:
        self._connection = connection
        self._schema = schema
        self._programs = programs

    async def rows(self) -> Mapping[str, int]:
        rows = await _count_rows(self._connection, self._schema)
        if not rows:
            return {}
        if "alembic_version" not in rows:
            raise BackupFailed(
                f"the schema {self._schema} has tables of something else than a shop; choose"
                " another with SHOP_DATABASE_SCHEMA"
            )
        return {} if await _version(self._connection, rows) == RESTORING else rows

    async def is_incomplete(self) -> bool:
        rows = await _count_rows(self._connection, self._schema)
        return await _version(self._connection, rows) == RESTORING

    async def begin(self) -> None:
        await self._connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"'))
        await self._connection.execute(text(CREATE_VERSION_TABLE))
        await self._set_version(RESTORING)

    async def finish(self, copy: Path, description: DatabaseDescription) -> None:
        tables = (set(metadata.tables) | set(description.rows)) - {"alembic_version"}
        names = ", ".join(f'"{self._schema}"."{each}"' for each in sorted(tables))
        await self._connection.execute(text(f"DROP TABLE IF EXISTS {names} CASCADE"))
        for function in _FUNCTIONS:
            drop = f'DROP FUNCTION IF EXISTS "{self._schema}".{function}()'
            await self._connection.execute(text(drop))
        contents = (await self._programs.contents(copy)).splitlines()
        chosen = copy.with_suffix(".list")
        chosen.write_text(
            "\n".join(each for each in contents if not any(kept in each for kept in _KEPT_ENTRIES))
        )
        await self._programs.restore(copy, chosen)
        restored = await _count_rows(self._connection, self._schema)
        different = {
            name
            for name, count in description.rows.items()
            if name != "alembic_version" and restored.get(name) != count
        }
        if different:
            raise BackupFailed(
                f"the restored tables {', '.join(sorted(different))} are not as the manifest says"
            )
        await self._set_version(description.schema_version)

    async def _set_version(self, version: str) -> None:
        await self._connection.execute(
            text(
                "WITH earlier AS (DELETE FROM alembic_version WHERE version_num <> :version)"
                " INSERT INTO alembic_version VALUES (:version) ON CONFLICT DO NOTHING"
            ),
            {"version": version},
        )


async def _count_rows(connection: AsyncConnection, schema: str) -> Mapping[str, int]:
    tables = (await connection.execute(_TABLES, {"schema": schema})).scalars().all()
    return {
        each: await connection.scalar(text(f'SELECT count(*) FROM "{schema}"."{each}"')) or 0  # noqa: S608  Names of its own tables.
        for each in tables
    }


async def _version(connection: AsyncConnection, rows: Mapping[str, int]) -> str | None:
    return None if "alembic_version" not in rows else await connection.scalar(_VERSION)
