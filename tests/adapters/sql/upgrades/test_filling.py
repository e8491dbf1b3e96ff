"""An upgrade fills tables in short transactions: it can be cut off, and blocks no writer."""

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection, Executable, func, select, text

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.migration import older_servers
from shop.adapters.sql.migration.older_products import complete_products
from shop.adapters.sql.schema.tables import (
    SCHEMA_VERSION,
    price_changes,
    product_texts,
    products,
    variants,
)
from shop.application.ports.database import MigrationRequired
from tests.adapters.sql.conftest import NewDatabase, differences
from tests.adapters.sql.upgrades.loaded_dumps import load_dump

pytestmark = pytest.mark.anyio

IN_DUMP = 6
COPIES = 40
SMALL_PAGE = 8
COMPLETE = "complete_products"

_COPY = text(
    "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :copies)"
    " INSERT INTO products (sku, name, description, price, currency, active, search_text,"
    " created_at, updated_at)"
    " SELECT 'COPY-' || (1000 + n), name, description, price, currency, active, search_text,"
    " created_at, updated_at FROM products, numbers WHERE sku = 'MUG-BLUE'"
)
_UNCHECKED = text(
    "SELECT conname FROM pg_constraint WHERE NOT convalidated"
    " AND connamespace = current_schema()::regnamespace ORDER BY conname"
)
_LOCKED_TABLES = text(
    "SELECT relation::regclass::text, mode FROM pg_locks WHERE pid = pg_backend_pid()"
    " AND locktype = 'relation' AND mode IN ('ShareUpdateExclusiveLock', 'ShareLock',"
    " 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"
)


class PowerCutError(Exception):
    """The process ends here."""


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(
    request: pytest.FixtureRequest,
    new_database: NewDatabase,
    postgresql_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> SqlDatabase:
    """Return a database of the release before, whose products are filled in several pages."""
    database = new_database(*await load_dump(f"0008.{request.param}", tmp_path, postgresql_url))
    async with database.writer.begin() as connection:
        await connection.execute(_COPY, {"copies": COPIES})
    monkeypatch.setattr(older_servers, "PAGE", SMALL_PAGE)
    return database


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of the pages that are filled."""
    sizes: list[int] = []

    def fill(handles: Sequence[str], connection: Connection) -> None:
        sizes.append(len(handles))
        complete_products(handles, connection)

    monkeypatch.setattr(older_servers, COMPLETE, fill)
    return sizes


@pytest.fixture
def power_cut_on_page_3(monkeypatch: pytest.MonkeyPatch, pages: list[int]) -> None:
    del pages  # They are recorded first.
    fill: Callable[[Sequence[str], Connection], None] = getattr(older_servers, COMPLETE)
    numbers = count(1)

    def fill_until_power_cut(handles: Sequence[str], connection: Connection) -> None:
        fill(handles, connection)
        if next(numbers) == 3:
            raise PowerCutError

    monkeypatch.setattr(older_servers, COMPLETE, fill_until_power_cut)


async def test_products_are_filled_in_pages(database: SqlDatabase, pages: list[int]) -> None:
    await database.migrate()

    assert pages == [SMALL_PAGE] * 5 + [6]
    await _require_complete(database)


@pytest.mark.usefixtures("power_cut_on_page_3")
async def test_fill_that_is_cut_off_goes_on_where_it_was(
    database: SqlDatabase, pages: list[int]
) -> None:
    with pytest.raises(PowerCutError):
        await database.migrate()

    assert await _counts(database) == [2 * SMALL_PAGE] * 3
    with pytest.raises(MigrationRequired, match="schema version 0008, expected 0009"):
        await database.check()

    pages.clear()
    await database.migrate()

    assert pages == [SMALL_PAGE] * 3 + [6]
    await _require_complete(database)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_page_locks_no_table_against_writers(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks: list[object] = []

    def fill(handles: Sequence[str], connection: Connection) -> None:
        complete_products(handles, connection)
        locks.append(connection.execute(_LOCKED_TABLES).all())

    monkeypatch.setattr(older_servers, COMPLETE, fill)
    await database.migrate()

    assert locks == [[]] * 6


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("power_cut_on_page_3")
async def test_rows_of_before_are_checked_after_the_schema_is_changed(
    database: SqlDatabase,
) -> None:
    with pytest.raises(PowerCutError):
        await database.migrate()

    assert await _rows(database, _UNCHECKED) == [
        ("ck_order_lines_discount_of_line",),
        ("ck_order_lines_tax_not_negative",),
        ("ck_orders_shipping_price_not_negative",),
        ("fk_sessions_guest_id_users",),
    ]

    await database.migrate()

    assert await _rows(database, _UNCHECKED) == []


async def _require_complete(database: SqlDatabase) -> None:
    await database.check()
    assert await differences(database) == []
    assert await _rows(database, text("SELECT version_num FROM alembic_version")) == [
        (SCHEMA_VERSION,)
    ]
    assert await _counts(database) == [IN_DUMP + COPIES] * 3
    by_age = select(products.c.search_id).order_by(products.c.created_at, products.c.sku)
    assert await _rows(database, by_age) == [(number,) for number in range(1, IN_DUMP + COPIES + 1)]


async def _counts(database: SqlDatabase) -> list[object]:
    """Return how many variants, price changes and search rows there are."""
    tables = (variants, price_changes, product_texts)
    counts = [await _rows(database, select(func.count()).select_from(each)) for each in tables]
    return [count for ((count,),) in counts]


async def _rows(database: SqlDatabase, query: Executable) -> list[tuple[object, ...]]:
    async with database.reader.connect() as connection:
        return [tuple(row) for row in await connection.execute(query)]
