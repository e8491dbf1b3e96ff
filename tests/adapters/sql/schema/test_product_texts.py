"""SQLite's full-text index holds the tokens that the table of texts has, and no others."""

import pytest
from sqlalchemy import delete, insert, text, update

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import product_texts
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from tests.adapters.sql.conftest import NewDatabase
from tests.factories import product

pytestmark = pytest.mark.anyio

TEA, OIL = 1, 2


@pytest.fixture
async def database(new_database: NewDatabase, sqlite_url: str) -> SqlDatabase:
    """Return a database with two products and their tokens."""
    database = new_database(sqlite_url)
    await database.migrate()
    async with SqlUnitOfWork(database, writing=True) as uow:
        for sku in ("TEA", "OIL"):
            uow.products.add(product(sku))
        await uow.commit()
    rows = [
        {"search_id": TEA, "product_handle": "TEA", "tokens": "earl grey \ue000grey żółty"},
        {"search_id": OIL, "product_handle": "OIL", "tokens": "olive żółty"},
    ]
    async with database.writer.begin() as connection:
        for row in rows:
            await connection.execute(insert(product_texts).values(row))
    return database


async def test_added_tokens_are_found_whole_and_by_their_beginning(database: SqlDatabase) -> None:
    assert await _find(database, "earl") == [TEA]
    assert await _find(database, '"\ue000grey"') == [TEA]
    assert await _find(database, '"\ue000earl"') == []
    assert await _find(database, '"gre" *') == [TEA]
    assert await _find(database, '"gre"') == []
    assert await _find(database, '"żółty" NOT "grey"') == [OIL]
    assert await _find(database, '"zolty"') == []


async def test_changed_tokens_replace_those_of_before(database: SqlDatabase) -> None:
    async with database.writer.begin() as connection:
        changed = update(product_texts).where(product_texts.c.search_id == TEA)
        await connection.execute(changed.values(tokens="lady grey"))

    assert await _find(database, "earl") == []
    assert await _find(database, "lady") == [TEA]
    assert await _find(database, "olive") == [OIL]
    await _require_index_like_table(database)


async def test_tokens_of_deleted_texts_are_not_found(database: SqlDatabase) -> None:
    async with database.writer.begin() as connection:
        await connection.execute(delete(product_texts))

    assert await _find(database, "earl OR olive") == []
    await _require_index_like_table(database)


async def test_rows_of_the_index_are_counted_like_those_of_tables(database: SqlDatabase) -> None:
    async with database.reader.connect() as connection:
        # As `shop backup` does.
        counted = await connection.execute(text("SELECT count(*) FROM product_search"))
        assert counted.scalar_one() == 2


async def _find(database: SqlDatabase, words: str) -> list[int]:
    found = "SELECT rowid FROM product_search WHERE product_search MATCH :words ORDER BY rowid"
    async with database.reader.connect() as connection:
        return list((await connection.execute(text(found), {"words": words})).scalars())


async def _require_index_like_table(database: SqlDatabase) -> None:
    """Let SQLite compare the index with the table; it raises an error if they differ."""
    async with database.writer.begin() as connection:
        await connection.execute(
            text("INSERT INTO product_search (product_search, rank) VALUES ('integrity-check', 1)")
        )
