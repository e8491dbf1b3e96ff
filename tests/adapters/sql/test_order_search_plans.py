"""The search for orders finds addresses by indexes, and reads no order in vain."""

import pytest
from sqlalchemy.dialects import sqlite

from shop.adapters.sql.statements.order_search import select_order_ids
from shop.application.ports.paging import PageRequest
from tests.adapters.sql.conftest import NewDatabase
from tests.factories import order_filter

pytestmark = pytest.mark.anyio


async def test_addresses_of_orders_are_found_by_their_index(
    new_database: NewDatabase, sqlite_url: str
) -> None:
    database = new_database(sqlite_url)
    await database.migrate()
    found = select_order_ids(
        order_filter(words="boss@company.example"), PageRequest(limit=20, after=None)
    )
    dialect = sqlite.dialect()
    statement = found.compile(dialect=dialect, compile_kwargs={"literal_binds": True})

    async with database.reader.connect() as connection:
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        steps = [row.detail for row in plan]

    by_address = "ix_orders_email_key_placed_at (email_key>? AND email_key<?)"
    assert [each for each in steps if "email_key" in each] == [
        f"SEARCH orders USING INDEX {by_address}"
    ]
    assert [each for each in steps if each.startswith("SCAN orders")] == []
