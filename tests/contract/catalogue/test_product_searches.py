"""One search on every database: the same products, in the same order."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shop.adapters.sql.search.conditions import MAX_COMPARED
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.catalogue.product_searches import (
    ProductSort,
    SearchFilter,
    SearchPosition,
    SearchQuestion,
)
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.catalogue.category import CategoryTree
from shop.domain.catalogue.search_terms import (
    SaleState,
    SearchedProduct,
    SearchQuery,
    category_mark,
    option_mark,
    search_tokens,
)
from shop.domain.catalogue.variant import ChosenOption, Variant
from tests.contract.storage import Storage
from tests.factories import NOW, category, eur, inventory, product, variant
from tests.multilingual_catalogue import CATALOGUE, CATEGORIES, QUERIES, CatalogueEntry

pytestmark = pytest.mark.anyio


async def _add(storage: Storage, *entries: CatalogueEntry) -> None:
    """Add products one after the other, the later ones dearer, and each third without stock."""
    for number, entry in enumerate(entries, start=1):
        async with storage.unit_of_work() as uow:
            added = product(entry.handle, name=entry.name, price=eur(100 * number))
            uow.products.add(added)
            uow.inventories.add(inventory(entry.handle, 5 if number % 3 else 0))
            uow.product_searches.put(entry.handle, search_tokens(entry.searched))
            await uow.commit()


def _question(
    words: str = "",
    *,
    limit: int = 100,
    after: SearchPosition | None = None,
    sort: ProductSort = ProductSort.RELEVANCE,
    **filters: Any,  # noqa: ANN401  The fields of `SearchFilter`.
) -> SearchQuestion:
    return SearchQuestion(
        query=SearchQuery.of(words, CATEGORIES),
        filter=SearchFilter(**filters),
        sort=sort,
        page=PageRequest(limit=limit, after=after),
    )


async def _pages(storage: Storage, words: str, sort: ProductSort, limit: int) -> list[str]:
    """Return what the pages of a list have, one after the other."""
    handles: list[str] = []
    after: SearchPosition | None = None
    while True:
        page = await _find(storage, _question(words, sort=sort, limit=limit, after=after))
        handles += page.items
        if page.next is None:
            return handles
        assert len(page.items) == limit
        after = page.next


async def _find(storage: Storage, question: SearchQuestion) -> Page[str, SearchPosition]:
    return await storage.read(lambda uow: uow.product_searches.find(question))


async def test_queries_in_eight_languages_find_the_same_products(storage: Storage) -> None:
    await _add(storage, *CATALOGUE)

    async def find_all(uow: UnitOfWork) -> Sequence[tuple[str, tuple[str, ...]]]:
        return [
            (text, tuple((await uow.product_searches.find(_question(text))).items))
            for text, _ in QUERIES
        ]

    assert await storage.read(find_all) == list(QUERIES)


async def test_pages_follow_each_other_through_the_ranks(storage: Storage) -> None:
    await _add(storage, *CATALOGUE)

    for words, handles in (("čaj", 2), ("茶", 5), ("a", 5), ("", len(CATALOGUE))):
        whole = (await _find(storage, _question(words))).items
        assert len(whole) == handles
        for limit in (1, 2, 7):
            assert await _pages(storage, words, ProductSort.RELEVANCE, limit) == whole


async def test_without_ranks_the_newest_come_first(storage: Storage) -> None:
    await _add(storage, *CATALOGUE)
    newest = [entry.handle for entry in reversed(CATALOGUE)]

    assert await _pages(storage, "", ProductSort.NEWEST, 7) == newest
    ranked = (await _find(storage, _question("a"))).items
    found = await _pages(storage, "a", ProductSort.NEWEST, 3)
    assert found == [handle for handle in newest if handle in ranked] != ranked


@pytest.mark.parametrize("words", ["", "a"])
async def test_lists_are_sorted_by_price_name_and_handle(storage: Storage, words: str) -> None:
    await _add(storage, *CATALOGUE)
    found = set((await _find(storage, _question(words))).items)
    added = [entry for entry in CATALOGUE if entry.handle in found]
    expected = {
        ProductSort.PRICE: [entry.handle for entry in added],
        ProductSort.PRICE_DESCENDING: [entry.handle for entry in reversed(added)],
        ProductSort.NAME: [entry.handle for entry in sorted(added, key=lambda each: each.name)],
        ProductSort.HANDLE: sorted(entry.handle for entry in added),
    }

    assert {sort: await _pages(storage, words, sort, 6) for sort in expected} == expected


async def test_a_list_ends_after_a_product_that_does_not_exist(storage: Storage) -> None:
    await _add(storage, *CATALOGUE)
    after = SearchPosition(rank=0, key="GONE")

    assert await _find(storage, _question("", sort=ProductSort.NAME, after=after)) == Page(
        items=[], next=None
    )


async def test_filters_choose_by_category_price_and_stock(storage: Storage) -> None:
    await _add(storage, *CATALOGUE)
    tea = [entry.handle for entry in CATALOGUE if entry.category == "tee"]
    numbers = {entry.handle: number for number, entry in enumerate(CATALOGUE, start=1)}

    async def handles(words: str = "", **filters: Any) -> set[str]:  # noqa: ANN401  As above.
        return set((await _find(storage, _question(words, **filters))).items)

    assert await handles(marks=category_mark("getraenke", CATEGORIES)) == set(tea)
    assert await handles("schwarz", marks=category_mark("tee", CATEGORIES)) == {
        "DE-TEE-2",
        "DE-TEE-3",
    }
    assert (
        await handles(
            marks=category_mark("tee", CATEGORIES) + category_mark("spielzeug", CATEGORIES)
        )
        == set()
    )
    assert await handles(min_price=300, max_price=500) == {
        handle for handle, number in numbers.items() if 3 <= number <= 5
    }
    assert await handles("tee", max_price=100) == {"DE-TEE-1"}
    assert await handles(in_stock=True) == {
        handle for handle, number in numbers.items() if number % 3
    }
    assert await handles("tee", in_stock=True) == {"DE-TEE-1", "DE-TEE-2"}


async def test_pages_of_what_passes_a_filter_follow_each_other(storage: Storage) -> None:
    await _add(storage, *CATALOGUE)
    in_stock = [entry.handle for n, entry in enumerate(CATALOGUE, start=1) if n % 3]

    for sort in (ProductSort.NEWEST, ProductSort.PRICE, ProductSort.HANDLE):
        handles: list[str] = []
        after: SearchPosition | None = None
        while True:
            question = _question(sort=sort, limit=4, after=after, in_stock=True)
            page = await _find(storage, question)
            handles += page.items
            if (after := page.next) is None:
                break
        assert sorted(handles) == sorted(in_stock)
        assert len(handles) == len(in_stock)


async def test_off_sale_products_are_found_when_asked_for(storage: Storage) -> None:
    tea, cup = CATALOGUE[:2]
    await _add(storage, tea, cup)
    off_sale = replace(tea.searched, state=SaleState.OFF_SALE)
    await storage.commit(lambda uow: uow.product_searches.put(tea.handle, search_tokens(off_sale)))

    for words in ("", "tee"):
        assert (await _find(storage, _question(words))).items == [cup.handle]
        asked = _question(words, state=SaleState.OFF_SALE)
        assert (await _find(storage, asked)).items == [tea.handle]


async def test_a_changed_product_is_found_by_its_new_words_and_keeps_its_place(
    storage: Storage,
) -> None:
    tea, cup = CATALOGUE[:2]
    await _add(storage, tea, cup)
    renamed = replace(tea.searched, name="Kännchen", description="")
    await storage.commit(lambda uow: uow.product_searches.put(tea.handle, search_tokens(renamed)))

    assert (await _find(storage, _question("sencha"))).items == []
    assert (await _find(storage, _question("kannchen"))).items == [tea.handle]
    assert (await _find(storage, _question())).items == [cup.handle, tea.handle]


async def test_tokens_that_were_not_committed_are_not_found(storage: Storage) -> None:
    await _add(storage, CATALOGUE[0])
    async with storage.unit_of_work() as uow:
        uow.product_searches.put(CATALOGUE[0].handle, ["lost"])

    assert (await _find(storage, _question("lost"))).items == []
    assert (await _find(storage, _question("tee"))).items == [CATALOGUE[0].handle]


async def test_a_snapshot_stages_no_tokens(storage: Storage) -> None:
    async with storage.snapshot() as uow:
        with pytest.raises(RuntimeError):
            uow.product_searches.put("TEA", ["tea"])


async def test_hits_are_counted_by_price_and_category(storage: Storage) -> None:
    await _add(storage, *CATALOGUE[:5])
    async with storage.unit_of_work() as uow:
        await uow.categories.lock_tree()
        for category in CATEGORIES.categories.values():
            uow.categories.put(category, NOW)
        for entry in CATALOGUE[:5]:
            uow.categories.assign(entry.handle, (), [entry.category, "hali"])
        await uow.commit()

    facts = await storage.read(lambda uow: uow.product_searches.facts(_question("strasse")))
    in_stock = await storage.read(
        lambda uow: uow.product_searches.facts(_question("strasse", in_stock=True))
    )

    toys, teas = frozenset({"hali", "spielzeug"}), frozenset({"hali", "tee"})
    assert (facts.total, facts.prices) == (3, [(300, 1), (400, 1), (500, 1)])
    assert facts.categories == {teas: 1, toys: 2}
    assert (in_stock.total, in_stock.prices) == (2, [(400, 1), (500, 1)])
    assert in_stock.categories == {toys: 2}


async def test_options_of_any_length_are_found(storage: Storage) -> None:
    long = "\ufdfa" * 100
    await _add(storage, *CATALOGUE[:2])
    searched = replace(CATALOGUE[0].searched, options=((long, long),))
    async with storage.unit_of_work() as uow:
        uow.product_searches.put(CATALOGUE[0].handle, search_tokens(searched))
        await uow.commit()

    found = await _find(storage, _question(marks=option_mark(long, long)))

    assert list(found.items) == [CATALOGUE[0].handle]


def _sized(sku: str, size: str, colour: str, **changes: Any) -> Variant:  # noqa: ANN401  Of any field.
    chosen = (ChosenOption(name="Größe", value=size), ChosenOption(name="colour", value=colour))
    return variant(sku, 500, options=chosen, **changes)


async def test_options_of_variants_on_sale_are_counted_by_product(storage: Storage) -> None:
    off_sale = _sized("A-3", "XL", "blue", active=False)
    shirts = {
        "A": (_sized("A-1", "L", "red"), _sized("A-2", "L", "blue"), off_sale),
        "B": (_sized("B-1", "L", "green"), _sized("B-2", "M", "green")),
        "C": (variant("C", 500),),
    }
    for handle, variants in shirts.items():
        shirt = product(handle, variants=variants)
        async with storage.unit_of_work() as uow:
            uow.products.add(shirt)
            for position, each in enumerate(variants):
                uow.inventories.add(inventory(each.sku, position))
            searched = SearchedProduct.of(shirt, ())
            uow.product_searches.put(handle, search_tokens(searched))
            await uow.commit()

    facts = await storage.read(lambda uow: uow.product_searches.facts(_question()))
    in_stock = await storage.read(lambda uow: uow.product_searches.facts(_question(in_stock=True)))

    counts = {("Größe", "L"): 2, ("Größe", "M"): 1, ("colour", "green"): 1}
    assert facts.options == counts | {("colour", "red"): 1, ("colour", "blue"): 1}
    assert facts.prices == [(500, 3)]
    assert facts.counts_all_variants
    # All that a product has on sale is counted, also what is sold out.
    assert in_stock.options == facts.options


async def test_a_category_with_many_others_below_it_has_the_products_of_all(
    storage: Storage,
) -> None:
    numbers = range(2 * MAX_COMPARED + 2)
    tree = CategoryTree.of(
        [category("all"), *(category(f"c{each}", parent="all") for each in numbers)]
    )
    entries = [
        CatalogueEntry(handle=f"P{each}", name="Tea", category=f"c{each}", description="")
        for each in (*numbers[:2], *numbers[-2:])
    ]
    outside = CatalogueEntry(handle="Q", name="Tea", category="others", description="")
    await _add(storage, *entries, outside)

    marks = category_mark("all", tree)
    for words in ("", "tea "):
        question = _question(words, sort=ProductSort.NEWEST, marks=marks)
        found = (await _find(storage, question)).items
        assert list(found) == [each.handle for each in reversed(entries)]
