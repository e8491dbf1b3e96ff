"""Categories, and the products in them, in every database."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from shop.application.catalogue.categories import sweep
from shop.application.catalogue.categories.sweep import CategorySweep
from shop.application.catalogue.search_rows import stage_search_rows
from shop.application.jobs.retry_policy import RetryLater
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.catalogue.product_searches import (
    ProductSort,
    SearchFilter,
    SearchQuestion,
)
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.repositories.products import ProductListing
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.category import (
    Category,
    CategoryNotFound,
    CategoryTree,
    EndedCategory,
)
from shop.domain.catalogue.search_terms import category_mark
from tests.clock import FakeClock
from tests.contract.storage import Storage
from tests.factories import NOW, category, id_of, inventory, product

pytestmark = pytest.mark.anyio

DRINKS = category("drinks", "Getränke")
TEA = category("tea", parent="drinks", position=2)
CUPS = category("cups", position=1)
ENDED_TEA = EndedCategory(id=id_of("tea"), slug="tea")


async def _put(storage: Storage, *categories: Category) -> None:
    async def put(uow: UnitOfWork) -> None:
        await uow.categories.lock_tree()
        for each in categories:
            uow.categories.put(each, NOW)

    await storage.write(put)


async def _tree(storage: Storage) -> CategoryTree:
    return await storage.read(lambda uow: uow.categories.tree())


async def _assign(storage: Storage, handle: str, before: list[str], after: list[str]) -> None:
    async def assign(uow: UnitOfWork) -> None:
        await uow.categories.lock_tree()
        uow.categories.assign(handle, before, after)

    await storage.write(assign)


@pytest.fixture
async def products(storage: Storage) -> None:
    async with storage.unit_of_work() as uow:
        for sku in "ABC":
            uow.products.add(product(sku))
            uow.inventories.add(inventory(sku))
        await uow.commit()


async def test_a_new_shop_has_no_categories(storage: Storage) -> None:
    assert await _tree(storage) == CategoryTree(categories={})


async def test_categories_are_added_and_changed(storage: Storage) -> None:
    await _put(storage, DRINKS, TEA, CUPS)
    moved = category("tea", "Tee & Kräuter", parent=None, position=7)
    await _put(storage, moved)

    assert await _tree(storage) == CategoryTree.of([DRINKS, moved, CUPS])


async def _end(storage: Storage, *ended: EndedCategory) -> None:
    async def end(uow: UnitOfWork) -> None:
        await uow.categories.lock_tree()
        for each in ended:
            uow.categories.end(each, NOW)
            uow.jobs.add(Job.new(JobKind.SWEEP_CATEGORY, each.id, at=NOW, due_at=NOW))

    await storage.write(end)


async def _shown(storage: Storage, handle: str) -> list[Sequence[str]]:
    """Return the categories of a product, from all that shows them."""

    async def shown(uow: UnitOfWork) -> list[Sequence[str]]:
        listing = ProductListing(active=True, page=PageRequest(limit=10, after=None))
        page = (await uow.products.pages([listing]))[listing]
        return [
            (await uow.categories.slugs_of([handle]))[handle],
            list((await uow.products.available([handle]))[handle].categories),
            *(list(each.categories) for each in page.items if each.product.handle == handle),
        ]

    return await storage.read(shown)


async def test_an_ended_category_is_shown_nowhere(storage: Storage, products: None) -> None:
    del products
    await _put(storage, DRINKS, TEA)
    await _assign(storage, "A", [], ["tea", "drinks"])
    assert await _shown(storage, "A") == [["drinks", "tea"]] * 3
    await _end(storage, ENDED_TEA)

    assert await _tree(storage) == CategoryTree.of([DRINKS])
    assert await _shown(storage, "A") == [["drinks"]] * 3
    # Its products have yet to leave it.
    assert await storage.read(lambda uow: uow.categories.ended()) == [ENDED_TEA]
    assert await storage.read(lambda uow: uow.categories.handles_in("tea", 10)) == ["A"]


async def test_an_ended_category_is_forgotten(storage: Storage, products: None) -> None:
    del products
    await _put(storage, DRINKS, TEA, CUPS)
    await _assign(storage, "A", [], ["tea"])
    await _end(storage, ENDED_TEA, EndedCategory(id=id_of("cups"), slug="cups"))

    async def forget(uow: UnitOfWork) -> None:
        await uow.categories.lock_tree()
        uow.categories.assign("A", ["tea"], [])
        uow.categories.forget(ENDED_TEA)

    await storage.write(forget)
    ended = await storage.read(lambda uow: uow.categories.ended())
    assert [each.slug for each in ended] == ["cups"]
    assert await storage.read(lambda uow: uow.categories.handles_in("tea", 10)) == []
    await _put(storage, TEA)
    assert await _tree(storage) == CategoryTree.of([DRINKS, TEA])


class TestTheSweepOfAnEndedCategory:
    @pytest.fixture(autouse=True)
    async def ended(
        self, storage: Storage, products: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """End a category of three products, of which two leave it at once."""
        del products
        monkeypatch.setattr(sweep, "PRODUCTS_AT_ONCE", 2)
        await _put(storage, DRINKS, TEA)
        for handle in "ABC":
            await _assign(storage, handle, [], ["drinks", "tea"])
        async with storage.unit_of_work() as uow:
            await stage_search_rows(uow, (await uow.products.lock("ABC")).values())
            await uow.commit()
        await _end(storage, ENDED_TEA)

    def _sweep(self, storage: Storage, lease: timedelta = timedelta(minutes=1)) -> CategorySweep:
        clock = FakeClock(NOW)
        runner = TransactionRunner(storage.unit_of_work, storage.snapshot, clock)
        return CategorySweep(runner, clock, lease=lease)

    async def _job(self, storage: Storage) -> Job:
        async def lease(uow: UnitOfWork) -> Job:
            (job,) = await uow.jobs.lease(
                [JobKind.SWEEP_CATEGORY], NOW, NOW + timedelta(minutes=1), 1
            )
            return job

        return await storage.write(lease)

    async def _found(self, storage: Storage, *slugs: str) -> list[Sequence[str]]:
        """Return the products that a search finds in each category."""
        tree = CategoryTree.of([category("drinks"), category("tea")])

        async def found(uow: UnitOfWork) -> list[Sequence[str]]:
            return [
                (
                    await uow.product_searches.find(
                        SearchQuestion(
                            query=None,
                            filter=SearchFilter(marks=category_mark(slug, tree)),
                            sort=ProductSort.HANDLE,
                            page=PageRequest(limit=10, after=None),
                        )
                    )
                ).items
                for slug in slugs
            ]

        return await storage.read(found)

    async def _assert_swept(self, storage: Storage) -> None:
        assert await storage.read(lambda uow: uow.categories.ended()) == []
        assert await storage.read(lambda uow: uow.categories.handles_in("tea", 10)) == []
        assert [list(each) for each in await self._found(storage, "drinks", "tea")] == [
            ["A", "B", "C"],
            [],
        ]

    async def test_takes_all_products_out_of_it(self, storage: Storage) -> None:
        job = await self._job(storage)
        await self._sweep(storage).run(job)

        await self._assert_swept(storage)
        assert await storage.read(lambda uow: uow.jobs.for_subjects([ENDED_TEA.id])) == {}

    async def test_goes_on_where_it_was_stopped(self, storage: Storage) -> None:
        job = await self._job(storage)
        # It has no time, as if the process had died after the first transaction.
        with pytest.raises(RetryLater):
            await self._sweep(storage, timedelta()).run(job)

        assert await storage.read(lambda uow: uow.categories.ended()) == [ENDED_TEA]
        assert await storage.read(lambda uow: uow.categories.handles_in("tea", 10)) == ["C"]
        assert await _shown(storage, "C") == [["drinks"]] * 3
        await self._sweep(storage).run(job)
        await self._assert_swept(storage)

    async def test_leaves_a_new_category_of_that_slug_alone(self, storage: Storage) -> None:
        job = await self._job(storage)
        await self._sweep(storage).finish(ENDED_TEA)
        await _put(storage, TEA)
        await _assign(storage, "A", ["drinks"], ["drinks", "tea"])
        await self._sweep(storage).run(job)
        # A sweep that has found the category before may still be at work.
        await self._sweep(storage).finish(ENDED_TEA)

        assert await _shown(storage, "A") == [["drinks", "tea"]] * 3


async def test_products_are_in_the_categories_they_were_assigned(
    storage: Storage, products: None
) -> None:
    del products
    await _put(storage, DRINKS, TEA, CUPS)
    await _assign(storage, "A", [], ["tea", "cups"])
    await _assign(storage, "B", [], ["tea"])
    await _assign(storage, "A", ["tea", "cups"], ["cups", "drinks"])

    assert await storage.read(lambda uow: uow.categories.slugs_of(["A", "B", "C"])) == {
        "A": ["cups", "drinks"],
        "B": ["tea"],
        "C": [],
    }

    async def found(uow: UnitOfWork) -> list[Sequence[str]]:
        return [await uow.categories.handles_in(slug, 10) for slug in ("tea", "cups", "none")]

    assert await storage.read(found) == [["B"], ["A"], []]


async def test_products_have_paths_of_categories(storage: Storage, products: None) -> None:
    del products
    green = category("green", parent="tea")
    await _put(storage, DRINKS, TEA, green, CUPS)
    await _assign(storage, "A", [], ["green", "drinks"])
    await _assign(storage, "B", [], ["cups", "tea"])

    async def paths(uow: UnitOfWork) -> Mapping[str, frozenset[str]]:
        return await uow.categories.paths_of(["A", "B", "C"])

    assert await storage.read(paths) == {
        "A": {"green", "tea", "drinks"},
        "B": {"cups", "tea", "drinks"},
        "C": frozenset(),
    }
    await _end(storage, EndedCategory(id=id_of("green"), slug="green"))
    assert (await storage.read(paths))["A"] == {"drinks"}
    assert await storage.read(lambda uow: uow.categories.paths_of([])) == {}


async def test_the_first_products_of_a_category_are_returned(
    storage: Storage, products: None
) -> None:
    del products
    await _put(storage, TEA, DRINKS)
    for handle in "CBA":
        await _assign(storage, handle, [], ["tea"])

    assert await storage.read(lambda uow: uow.categories.handles_in("tea", 2)) == ["A", "B"]


async def test_what_was_not_committed_has_not_happened(storage: Storage) -> None:
    await _put(storage, DRINKS)
    async with storage.unit_of_work() as uow:
        await uow.categories.lock_tree()
        uow.categories.put(TEA, NOW)
        uow.categories.end(EndedCategory(id=id_of("drinks"), slug="drinks"), NOW)

    assert await storage.read(lambda uow: uow.categories.ended()) == []
    assert await _tree(storage) == CategoryTree.of([DRINKS])


async def test_only_a_locked_tree_is_changed(storage: Storage) -> None:
    await _put(storage, DRINKS)
    async with storage.unit_of_work() as uow:
        with pytest.raises(RuntimeError):
            uow.categories.put(TEA, NOW)
        with pytest.raises(RuntimeError):
            uow.categories.end(EndedCategory(id=id_of("drinks"), slug="drinks"), NOW)
        with pytest.raises(RuntimeError):
            uow.categories.forget(ENDED_TEA)
        with pytest.raises(RuntimeError):
            uow.categories.assign("A", [], ["drinks"])
    async with storage.snapshot() as uow:
        with pytest.raises(RuntimeError):
            await uow.categories.lock_tree()


async def test_a_category_that_does_not_exist_does_not_end(storage: Storage) -> None:
    async with storage.unit_of_work() as uow:
        await uow.categories.lock_tree()
        with pytest.raises(CategoryNotFound):
            uow.categories.end(ENDED_TEA, NOW)
