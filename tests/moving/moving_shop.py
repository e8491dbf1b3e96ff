"""A shop in a SQLite file with rows of all kinds, and PostgreSQL schemas into which it moves."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from sqlalchemy import Table

from bench.moving.differing_rows import comparable, select_rows
from shop.adapters.sql.schema.tables import metadata
from tests.entrypoints.cli.command_line import CommandLine, InProcessCommandLine
from tests.servers import PROCESS_ENVIRONMENT

Rows = Mapping[str, list[tuple[Any, ...]]]


@dataclass(frozen=True, kw_only=True)
class MovingShop:
    """A folder with a shop, and the schema into which it moves."""

    commands: CommandLine
    database_url: str
    schema: str

    @property
    def moved(self) -> CommandLine:
        """The commands of the shop in its new place."""
        return self.commands.with_settings(
            SHOP_DATABASE_URL=self.database_url, SHOP_DATABASE_SCHEMA=self.schema
        )

    @property
    def arguments(self) -> Sequence[str]:
        """The command that moves it."""
        return ("move", "--to", self.database_url, "--schema", self.schema)

    def ask(self, query: str, *values: object) -> list[Any]:
        """Ask the new place, behind the shop's back."""
        return asyncio.run(_ask(self.database_url, self.schema, query, *values))

    def rows_before(self) -> Rows:
        """Return the rows of all tables of the file."""
        with closing(sqlite3.connect(self.commands.folder / "shop.db")) as connection:
            return {
                table.name: _sorted(table, connection.execute(select_rows(table)))
                for table in metadata.sorted_tables
            }

    def rows_after(self) -> Rows:
        """Return the rows of all tables of the schema."""

        async def read() -> Rows:
            connection = await _connect(self.database_url, self.schema)
            try:
                return {
                    table.name: _sorted(table, await connection.fetch(select_rows(table)))
                    for table in metadata.sorted_tables
                }
            finally:
                await connection.close()

        return asyncio.run(read())


def new_moving_shop(template: Path, folder: Path, database_url: str) -> MovingShop:
    """Copy a shop that no process has open, and name a new schema."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return MovingShop(
        commands=command_line(folder),
        database_url=database_url,
        schema=f"moved_{uuid4().hex}",
    )


def command_line(folder: Path) -> CommandLine:
    """Return the program in a folder, with cheap passwords."""
    settings = {**PROCESS_ENVIRONMENT, "SHOP_WELCOME_CREDIT": "100000", "SHOP_RATE_LIMITS": "off"}
    return InProcessCommandLine(folder=folder, settings=settings)


def _sorted(table: Table, rows: Iterable[Iterable[Any]]) -> list[tuple[Any, ...]]:
    return sorted((comparable(table, row) for row in rows), key=repr)


async def _ask(url: str, schema: str, query: str, *values: object) -> list[Any]:
    connection = await _connect(url, schema)
    try:
        rows: list[Any] = await connection.fetch(query, *values)
    finally:
        await connection.close()
    return rows


async def _connect(url: str, schema: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        url.replace("+asyncpg", ""), server_settings={"search_path": schema}
    )
