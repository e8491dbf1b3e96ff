"""Databases of the tests of this folder: files, and schemas of a PostgreSQL server."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.engines.sqlite_driver import DriverConnection
from shop.adapters.sql.schema.tables import metadata
from shop.domain.shared.money import Currency
from tests.clock import FakeClock
from tests.factories import EUR

SECRETS = ["a secret for tests alone, of enough characters"]

NewDatabase = Callable[..., SqlDatabase]


@pytest.fixture
async def new_database(clock: FakeClock) -> AsyncIterator[NewDatabase]:
    """Yield a function that opens databases, which are closed after the test."""
    opened: list[SqlDatabase] = []

    def new(
        url: str, schema: str = "public", currency: Currency = EUR, *, is_pooled: bool = False
    ) -> SqlDatabase:
        opened.append(
            SqlDatabase(
                url,
                schema=schema,
                secrets=lambda: SECRETS,
                currency=currency,
                clock=clock,
                is_pooled=is_pooled,
            )
        )
        return opened[-1]

    yield new
    for each in opened:
        await each.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture(scope="module")
def schema() -> str:
    """Return the name of a schema for the tests of a file."""
    return f"failures_{uuid4().hex}"


@pytest.fixture
async def postgresql(
    new_database: NewDatabase, postgresql_url: str, schema: str
) -> AsyncIterator[SqlDatabase]:
    """Yield a database on PostgreSQL without users, migrated again after the test."""
    database = new_database(postgresql_url, schema)
    await database.migrate()
    yield database
    async with database.writer.begin() as connection:
        await connection.execute(text("TRUNCATE users CASCADE"))
    await database.migrate()


ONE_ENGINE_ALONE = {
    "sqlite": re.compile("product_search(_(data|idx|config))?|ix_product_texts_tokens"),
    "postgresql": re.compile("$"),
}
"""The tables of SQLite's full-text index, which are not declared, and PostgreSQL's own index."""


async def differences(database: SqlDatabase) -> list[object]:
    """Return what differs between the declared and the existing tables."""

    def compare(connection: Connection) -> list[object]:
        expected = ONE_ENGINE_ALONE[connection.dialect.name]
        options = {
            "compare_type": True,
            "include_object": lambda _, name, *__: not expected.fullmatch(name or ""),
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    async with database.reader.connect() as connection:
        return await connection.run_sync(compare)


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list to which each visit of the thread of a SQLite connection is added."""
    made: list[object] = []
    visit = DriverConnection._execute

    async def record(connection: DriverConnection, *work: Any, **options: Any) -> Any:  # noqa: ANN401  The driver's.
        made.append(work)
        return await visit(connection, *work, **options)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(DriverConnection, "_execute", record)
    return made
