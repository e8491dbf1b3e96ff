"""Statements that the driver runs itself fail as those that SQLAlchemy runs."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import Uuid, bindparam, event, func, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.adapters.sql.engines.postgresql import create_engine
from shop.adapters.sql.schema.column_types import JsonText, RoleSet, UtcDateTime
from shop.adapters.sql.statements.driver import fetch_from_driver, fetch_rows_from_driver
from shop.domain.user import Role
from tests.factories import NOW

pytestmark = pytest.mark.anyio

DIVIDE = text("SELECT 10 / CAST(:divisor AS integer) AS quotient")
PROCESS = text("SELECT pg_backend_pid()")


@pytest.fixture
async def engine(postgresql_url: str) -> AsyncIterator[AsyncEngine]:
    created = create_engine(make_url(postgresql_url), "public")
    yield created.execution_options(isolation_level="AUTOCOMMIT")
    await created.dispose()


class TestADriversStatement:
    async def test_returns_rows_and_is_heard_by_listeners(self, engine: AsyncEngine) -> None:
        heard: list[object] = []
        event.listen(
            engine.sync_engine, "before_cursor_execute", lambda *given: heard.append(given[2:4])
        )
        async with engine.connect() as connection:
            (row,) = await fetch_from_driver(connection, DIVIDE, {"divisor": 5})

        assert dict(row) == {"quotient": 2}
        assert heard == [("SELECT 10 / CAST($1 AS integer) AS quotient", (5,))]

    async def test_has_the_values_of_sqlalchemy(self, engine: AsyncEngine) -> None:
        query = select(
            bindparam("at", type_=UtcDateTime()).label("at"),
            bindparam("roles", type_=RoleSet()).label("roles"),
            bindparam("cart", type_=JsonText()).label("cart"),
            bindparam("id", type_=Uuid()).label("id"),
            func.count().label("count"),
        )
        given = {"at": NOW, "roles": frozenset(Role), "cart": {"TEA": 1}, "id": uuid4()}
        async with engine.connect() as connection:
            (expected,) = await connection.execute(query, given)
            (row,) = await fetch_rows_from_driver(connection, query, given)

        assert row == tuple(expected) == (*given.values(), 1)
        assert (row.at, row.roles, row.cart, row.id, row.count) == row

    async def test_that_fails_raises_the_error_of_sqlalchemy_and_leaves_the_connection(
        self, engine: AsyncEngine
    ) -> None:
        async with engine.connect() as connection:
            with pytest.raises(DBAPIError) as failed:
                await fetch_from_driver(connection, DIVIDE, {"divisor": 0})
            (row,) = await fetch_from_driver(connection, DIVIDE, {"divisor": 2})

        assert getattr(failed.value.orig, "sqlstate", None) == "22012"
        assert not failed.value.connection_invalidated
        assert row["quotient"] == 5

    async def test_that_loses_its_connection_has_all_connections_opened_again(
        self, engine: AsyncEngine
    ) -> None:
        async with engine.connect() as first, engine.connect() as second:
            processes = [await first.scalar(PROCESS), await second.scalar(PROCESS)]
        async with engine.connect() as connection:
            end = text("SELECT pg_terminate_backend(pg_backend_pid())")
            with pytest.raises(DBAPIError) as failed:
                await fetch_from_driver(connection, end, {})
        async with engine.connect() as first, engine.connect() as second:
            later = [await first.scalar(PROCESS), await second.scalar(PROCESS)]

        assert failed.value.connection_invalidated
        assert not set(later) & set(processes)

    async def test_that_a_migration_has_changed_is_prepared_again(
        self, engine: AsyncEngine
    ) -> None:
        read = text("SELECT * FROM migrated")
        async with engine.connect() as connection:
            await connection.execute(text("CREATE TEMPORARY TABLE migrated AS SELECT 1 AS one"))
            await fetch_from_driver(connection, read, {})
            await connection.execute(text("ALTER TABLE migrated ADD COLUMN two integer"))
            with pytest.raises(DBAPIError):
                await fetch_from_driver(connection, read, {})
            (row,) = await fetch_from_driver(connection, read, {})

        assert dict(row) == {"one": 1, "two": None}
