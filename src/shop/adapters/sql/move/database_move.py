"""Moves a shop from a SQLite file into a PostgreSQL schema while it is in use."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, make_url

from shop.adapters.sql.move import marks
from shop.adapters.sql.move.marks import TABLES
from shop.adapters.sql.move.source import SourceFile, Sums
from shop.adapters.sql.move.target import TargetSchema
from shop.adapters.sql.schema.tables import SCHEMA_VERSION
from shop.application.ports.moves.database_move import (
    DatabaseMove,
    MoveState,
    MoveStep,
    TableComparison,
)


class SqlDatabaseMove(DatabaseMove):
    """Copies a snapshot, then what triggers have recorded since, then what is left."""

    def __init__(
        self, file: Path, url: str, schema: str, migrate: Callable[[], Awaitable[object]]
    ) -> None:
        self.target = f"{_without_secrets(url)}, schema {schema}"
        self._source = SourceFile(file)
        self._target = TargetSchema(make_url(url), schema, migrate)
        self._token = ""
        self._position = 0

    async def state(self) -> MoveState | None:
        """Return what the file says."""
        return await self._source.state()

    async def require_movable(self) -> None:
        """Check the version and the tables of the file."""
        await self._source.require_movable()

    @asynccontextmanager
    async def target_opened(self, state: MoveState | None) -> AsyncIterator[None]:
        """Lock the schema."""
        async with self._target.opened():
            if state is not None:
                self._token = state.token
            if state is None or state.step is not MoveStep.MOVED:
                await self._target.require_empty()
            yield

    async def is_released(self) -> bool:
        """Check whether shops may open the schema."""
        return await self._target.version() == SCHEMA_VERSION

    async def begin(self, token: str) -> None:
        """Empty the schema first: until then, the file is as before."""
        self._token = token
        await self._target.begin(token)
        await self._source.write(marks.begin, token, self.target)

    async def copy(self) -> AsyncIterator[tuple[str, int]]:
        """Copy each table in a transaction of its own, all of one snapshot."""
        async with self._source.snapshot() as snapshot:
            for table in TABLES:
                async with self._target.transaction():
                    copied = await self._target.copy(table, snapshot.rows(table))
                yield table.name, copied
            self._position = snapshot.position

    async def catch_up(self) -> int:
        """Replace the rows that have changed, all in one transaction."""
        changed = 0
        async with self._source.snapshot() as snapshot:
            async with self._target.transaction():
                for table in reversed(TABLES):
                    async for keys in snapshot.changed_keys(table, self._position):
                        await self._target.delete(table, keys)
                        changed += len(keys)
                for table in TABLES if changed else ():
                    await self._target.copy(table, snapshot.changed_rows(table, self._position))
            self._position = snapshot.position
        return changed

    async def analyse(self) -> None:
        """Update the statistics of all tables."""
        await self._target.analyse()

    async def stop_writes(self) -> None:
        """Stop them in one transaction, after which there are no more changes."""
        await self._source.write(marks.stop, self._token)

    async def compare(self) -> Sequence[TableComparison]:
        """Add up both sides at the same time."""
        async with self._source.snapshot() as snapshot:
            both = await asyncio.gather(
                snapshot.sums(), self._target.sums(), return_exceptions=True
            )
        # Only now: if one side fails, the other may still be reading.
        before, after = (_raised(sums) for sums in both)
        return [
            TableComparison(
                table=table.name,
                rows_before=before[table.name][0],
                rows_after=after[table.name][0],
                is_equal=before[table.name] == after[table.name],
            )
            for table in TABLES
        ]

    async def mark_moved(self, moved_at: datetime) -> None:
        """Mark the file."""
        await self._source.write(marks.mark_moved, self._token, moved_at)

    async def release(self) -> None:
        """Release the schema, unless an earlier attempt has."""
        await self._target.release(self._token)

    async def complete(self) -> None:
        """Record in the file that the schema is released."""
        await self._source.write(marks.mark_complete, self._token)

    async def undo(self) -> None:
        """Make the file what it was before."""
        await self._source.write(marks.remove)


def _raised(sums: Sums | BaseException) -> Sums:
    if isinstance(sums, BaseException):
        raise sums
    return sums


def _without_secrets(url: str) -> str:
    parsed = make_url(url)
    places = {name: parsed.query[name] for name in ("host", "port") if name in parsed.query}
    shown = URL.create(
        parsed.drivername,
        username=parsed.username,
        host=parsed.host,
        port=parsed.port,
        database=parsed.database,
        query=places,
    )
    return shown.render_as_string()
