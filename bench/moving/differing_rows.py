"""Counts the rows that differ between a SQLite file and a PostgreSQL schema.

It reads every value by the drivers, and shares no code with the comparison of `shop move`.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Column, Table, Uuid

from shop.adapters.sql.schema.column_types import UtcDateTime
from shop.adapters.sql.schema.tables import metadata, product_texts

ROWS_AT_ONCE = 5_000


async def count_differing_rows(file: Path, url: str) -> int:
    """Return how many rows one side has and the other has not."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        with closing(sqlite3.connect(file)) as before:
            return sum([await _count(before, connection, each) for each in metadata.sorted_tables])
    finally:
        await connection.close()


def select_rows(table: Table) -> str:
    """Return the query of all rows of a table, for either engine."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f"SELECT {names} FROM {table.name}"  # noqa: S608  Names of its own tables.


def comparable(table: Table, row: Iterable[Any]) -> tuple[Any, ...]:
    """Return a row as it is the same from both drivers."""
    return tuple(_value(column, value) for column, value in zip(table.columns, row, strict=True))


async def _count(before: sqlite3.Connection, after: asyncpg.Connection, table: Table) -> int:
    query = select_rows(table)
    rows = {hash(comparable(table, row)) for row in before.execute(query)}
    number = 0
    async with after.transaction():
        cursor = await after.cursor(query)
        while found := await cursor.fetch(ROWS_AT_ONCE):
            for each in found:
                known = hash(comparable(table, each))
                number += known not in rows
                rows.discard(known)
    return number + len(rows)


def _value(column: Column[Any], value: Any) -> Any:  # noqa: ANN401  Each column has its own.
    if value is None:
        return None
    if isinstance(column.type, Uuid):
        return str(value).replace("-", "")
    if isinstance(column.type, UtcDateTime):
        return column.type.parse(value)
    if column is product_texts.c.tokens:
        # As PostgreSQL prints them, and as they were written.
        return tuple(sorted({token.strip("'") for token in value.split()}))
    return int(value) if isinstance(value, bool) else value
