"""What PostgreSQL finds does not depend on how many of the newest products are looked through."""

from uuid import uuid4

import pytest

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.catalogue.product_searches import (
    ProductSort,
    SearchFilter,
    SearchPosition,
    SearchQuestion,
)
from shop.domain.catalogue.search_terms import SearchQuery, search_tokens
from shop.entrypoints.container.factories import sql_snapshot
from tests.adapters.sql.conftest import NewDatabase
from tests.factories import product
from tests.multilingual_catalogue import CATALOGUE, CATEGORIES, QUERIES

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(new_database: NewDatabase, postgresql_url: str) -> SqlDatabase:
    database = new_database(postgresql_url, f"hits_{uuid4().hex}")
    await database.migrate()
    for entry in CATALOGUE:
        async with SqlUnitOfWork(database, writing=True) as uow:
            uow.products.add(product(entry.handle, name=entry.name))
            uow.product_searches.put(entry.handle, search_tokens(entry.searched))
            await uow.commit()
    return database


@pytest.mark.parametrize("window", [1, 3, 12, 40])
@pytest.mark.parametrize("limit", [1, 4])
async def test_pages_are_the_same_whatever_the_window_is(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch, window: int, limit: int
) -> None:
    monkeypatch.setattr("shop.adapters.sql.search.postgresql_hits.WINDOW", window)

    found = [(text, tuple(await _pages(database, text, limit))) for text, _ in QUERIES]

    assert found == list(QUERIES)


async def _pages(database: SqlDatabase, text: str, limit: int) -> list[str]:
    handles: list[str] = []
    after: SearchPosition | None = None
    async with sql_snapshot(database) as uow:
        while True:
            question = SearchQuestion(
                query=SearchQuery.of(text, CATEGORIES),
                filter=SearchFilter(),
                sort=ProductSort.RELEVANCE,
                page=PageRequest(limit=limit, after=after),
            )
            page = await uow.product_searches.find(question)
            handles += page.items
            if (after := page.next) is None:
                return handles
