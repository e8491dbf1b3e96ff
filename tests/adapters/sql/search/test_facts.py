"""Counting what is found reads a bounded number of variants, and says if there are more."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from shop.adapters.sql.search import facts as statements
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.catalogue.product_searches import (
    ProductSort,
    SearchFilter,
    SearchQuestion,
)
from shop.domain.catalogue.search_terms import SearchedProduct, search_tokens
from shop.domain.catalogue.variant import ChosenOption
from shop.entrypoints.container.factories import sql_snapshot
from tests.adapters.sql.conftest import NewDatabase
from tests.factories import inventory, product, variant

pytestmark = pytest.mark.anyio

QUESTION = SearchQuestion(
    query=None,
    filter=SearchFilter(),
    sort=ProductSort.NEWEST,
    page=PageRequest(limit=1, after=None),
)


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[int]:
    """Count at most so many variants."""
    monkeypatch.setattr(statements, "MAX_COUNTED_VARIANTS", request.param)
    repository = "shop.adapters.sql.repositories.catalogue.product_searches"
    monkeypatch.setattr(f"{repository}.MAX_COUNTED_VARIANTS", request.param)
    statements.select_options.cache_clear()
    yield request.param
    statements.select_options.cache_clear()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize(("bound", "counted"), [(2, 3), (3, 3)], indirect=["bound"])
async def test_options_are_counted_of_a_bounded_number_of_variants(
    new_database: NewDatabase,
    request: pytest.FixtureRequest,
    engine: str,
    bound: int,
    counted: int,
) -> None:
    database = new_database(request.getfixturevalue(f"{engine}_url"), f"facts_{uuid4().hex}")
    await database.migrate()
    for handle in "ABC":
        chosen = (ChosenOption(name="size", value=handle),)
        shirt = product(handle, variants=(variant(handle, 500, options=chosen),))
        async with SqlUnitOfWork(database, writing=True) as uow:
            uow.products.add(shirt)
            uow.inventories.add(inventory(handle))
            uow.product_searches.put(handle, search_tokens(SearchedProduct.of(shirt, ())))
            await uow.commit()

    async with sql_snapshot(database) as uow:
        facts = await uow.product_searches.facts(QUESTION)

    # One more than is counted shows that there are more.
    assert sum(facts.options.values()) == counted
    assert facts.counts_all_variants is (bound == 3)
