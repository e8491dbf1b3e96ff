"""SQLite's engines, where several processes open one file."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.adapters.sql.engines.sqlite import SqliteEngines

pytestmark = pytest.mark.anyio

FILES = 100
"""Without a lock, about one of fifty openings reports a locked file."""


async def test_concurrent_processes_can_create_the_same_sqlite_file(tmp_path: Path) -> None:
    for number in range(FILES):
        file = tmp_path / f"{number}.db"
        file.touch()
        openers = [SqliteEngines(file).writer for _ in "1234"]

        assert await asyncio.gather(*map(_journal, openers)) == ["wal"] * 4


async def _journal(engine: AsyncEngine) -> str:
    async with engine.connect() as connection:
        mode: str = (await connection.execute(text("PRAGMA journal_mode"))).scalar_one()
    await engine.dispose()
    return mode
