"""The PostgreSQL schema into which a shop moves."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, Column, Integer, Table, Uuid

from shop.adapters.sql.engines.errors import translating_errors
from shop.adapters.sql.engines.plans import ALLOW_ANY_PLAN
from shop.adapters.sql.engines.postgresql import create_engine_without_timeout
from shop.adapters.sql.engines.search_path import CURRENT_SCHEMA, require_search_path
from shop.adapters.sql.engines.unreachable import explain_unreachable
from shop.adapters.sql.move.marks import TABLES, VERSION_TABLE
from shop.adapters.sql.move.row_texts import HASH_DIGITS, postgresql_text, quoted
from shop.adapters.sql.move.source import Sums
from shop.adapters.sql.schema.tables import MOVING, SCHEMA_VERSION
from shop.application.ports.moves.database_move import MoveRejected
from shop.application.ports.unit_of_work import DatabaseFailure, DatabaseUnreachable

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('shop move ' || $1, 0))"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = $1"
_FOREIGN_KEYS = """
    SELECT format('ALTER TABLE %s ALTER CONSTRAINT %I ', conrelid::regclass, conname)
    FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
"""
_OWN_ROWS = {"accounts": "user_id IS NULL", "rule_versions": "version = 0"}
"""What a migration adds to an empty shop."""


class TargetSchema:
    """A schema that is empty at first, and that no shop opens before it is released."""

    def __init__(self, url: URL, schema: str, migrate: Callable[[], Awaitable[object]]) -> None:
        self._url = url
        self._schema = schema
        self._migrate = migrate
        self._driver: Any = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Connect, and keep every other move out until the context ends."""
        engine = create_engine_without_timeout(self._url, self._schema)
        try:
            with translating_errors():
                async with engine.execution_options(
                    isolation_level="AUTOCOMMIT"
                ).connect() as connection:
                    require_search_path(await connection.scalar(CURRENT_SCHEMA), self._schema)
                    raw_connection = await connection.get_raw_connection()
                    self._driver = raw_connection.driver_connection
                    # Its times are without a zone, and it lives as long as the move.
                    await self._driver.execute("SET timezone = 'UTC'")
                    if not await self._driver.fetchval(_LOCK, self._schema):
                        raise MoveRejected(
                            f"another `shop move` into the schema {self._schema} is running; wait"
                            " for its end"
                        )
                    yield
        except DatabaseFailure as failure:
            if explanation := explain_unreachable(failure.__cause__, self._url):
                raise DatabaseUnreachable(explanation) from failure.__cause__
            raise
        finally:
            self._driver = None
            await engine.dispose()

    async def version(self) -> str | None:
        """Return the schema version, None if there are no tables; raise `MoveRejected`."""
        tables = {row[0] for row in await self._driver.fetch(_TABLES, self._schema)}
        if VERSION_TABLE in tables:
            version: str | None = await self._driver.fetchval(
                f"SELECT max(version_num) FROM {VERSION_TABLE}"  # noqa: S608  Constants, as all below.
            )
            return version
        if tables:
            raise MoveRejected(
                f"the schema {self._schema} has tables of something else than a shop; choose"
                " another with --schema"
            )
        return None

    async def require_empty(self) -> None:
        """Raise `MoveRejected` unless a shop can be copied into the schema."""
        version = await self.version()
        if version is None or version.startswith(MOVING):
            return
        if version != SCHEMA_VERSION:
            raise MoveRejected(
                f"the schema {self._schema} has schema version {version}, and this release has"
                f" {SCHEMA_VERSION}; choose an empty schema with --schema"
            )
        filled = [table.name for table in TABLES if await self._has_rows(table)]
        if filled:
            raise MoveRejected(
                f"the schema {self._schema} is not empty: {', '.join(sorted(filled))}; choose an"
                " empty one with --schema"
            )

    async def begin(self, token: str) -> None:
        """Create the tables if there are none, mark them as incomplete, and empty them.

        Foreign keys are checked when each copy is complete, so that its tables may come in any
        order.
        """
        if await self.version() is None:
            await self._migrate()
        names = ", ".join(table.name for table in TABLES)
        async with self._driver.transaction():
            await self._set_version(f"{MOVING} {token}")
            await self._driver.execute(f"TRUNCATE {names}")
            await self._alter_foreign_keys("DEFERRABLE INITIALLY DEFERRED")
            # It would add variants before they are copied.
            await self._driver.execute("ALTER TABLE products DISABLE TRIGGER add_missing_variant")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Commit what is copied in the context at its end."""
        async with self._driver.transaction():
            yield

    async def copy(self, table: Table, lines: AsyncIterator[bytes]) -> int:
        """Add rows; return their number."""
        status: str = await self._driver.copy_to_table(
            table.name,
            source=lines,
            columns=[column.name for column in table.columns],
            schema_name=self._schema,
            format="csv",
        )
        return int(status.rpartition(" ")[2])

    async def delete(self, table: Table, keys: Sequence[Sequence[object]]) -> None:
        """Delete the rows with these keys, if they are there."""
        columns = list(table.primary_key.columns)
        types = [_key_type(column) for column in columns]
        names = ", ".join(quoted(column) for column in columns)
        values = ", ".join(f"CAST(k{n} AS {kind})" for n, kind in enumerate(types))
        arrays = ", ".join(f"CAST(${n + 1} AS text[])" for n in range(len(columns)))
        aliases = ", ".join(f"k{n}" for n in range(len(columns)))
        await self._driver.execute(
            f"DELETE FROM {table.name} WHERE ({names}) IN"  # noqa: S608
            f" (SELECT {values} FROM unnest({arrays}) AS keys ({aliases}))",
            *([str(key[n]) for key in keys] for n in range(len(columns))),
        )

    async def analyse(self) -> None:
        """Update the statistics, without which the first orders would be planned badly."""
        for table in TABLES:
            await self._driver.execute(f"ANALYZE {table.name}")

    async def sums(self) -> Sums:
        """Count and add up the rows of each table."""
        async with self._driver.transaction():
            await self._driver.execute(str(ALLOW_ANY_PLAN))
            return {table.name: await self._sum(table) for table in TABLES}

    async def release(self, token: str) -> None:
        """Let shops open the schema, unless that has been done."""
        version = await self.version()
        if version == SCHEMA_VERSION:
            return
        if version != f"{MOVING} {token}":
            raise MoveRejected(
                f"the schema {self._schema} has schema version {version}, not that of this move;"
                " something else has changed it"
            )
        async with self._driver.transaction():
            await self._alter_foreign_keys("NOT DEFERRABLE")
            await self._driver.execute("ALTER TABLE products ENABLE TRIGGER add_missing_variant")
            await self._set_version(SCHEMA_VERSION)

    async def _sum(self, table: Table) -> tuple[int, int]:
        digest = f"md5(convert_to({postgresql_text(table)}, 'UTF8'))"
        number = (
            f"CAST(CAST('x' || left({digest}, {HASH_DIGITS}) AS bit({4 * HASH_DIGITS})) AS bigint)"
        )
        row = await self._driver.fetchrow(
            f"SELECT count(*), coalesce(sum({number}), 0) FROM {table.name} AS t"  # noqa: S608
        )
        return row[0], int(row[1])

    async def _has_rows(self, table: Table) -> bool:
        own = _OWN_ROWS.get(table.name)
        condition = "" if own is None else f"WHERE NOT ({own})"
        query = f"SELECT EXISTS (SELECT FROM {table.name} {condition})"  # noqa: S608
        is_filled: bool = await self._driver.fetchval(query)
        return is_filled

    async def _set_version(self, version: str) -> None:
        await self._driver.execute(f"DELETE FROM {VERSION_TABLE}")  # noqa: S608
        await self._driver.execute(f"INSERT INTO {VERSION_TABLE} VALUES ($1)", version)  # noqa: S608

    async def _alter_foreign_keys(self, how: str) -> None:
        for (statement,) in await self._driver.fetch(_FOREIGN_KEYS):
            await self._driver.execute(f"{statement}{how}")


def _key_type(column: Column[Any]) -> str:
    match column.type:
        case Uuid():
            return "uuid"
        case Integer():
            return "bigint"
        case _:
            return "text"
