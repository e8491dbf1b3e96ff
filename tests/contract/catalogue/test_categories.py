"""Categories, and the products in them, in every database."""

from collections.abc import Sequence

import pytest

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.catalogue.category import Category, CategoryNotFound, CategoryTree
from tests.contract.storage import Storage
from tests.factories import NOW, category, product

pytestmark = pytest.mark.anyio

DRINKS = category("drinks", "Getränke")
TEA = category("tea", parent="drinks", position=2)
CUPS = category("cups", position=1)


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
        await uow.commit()


async def test_a_new_shop_has_no_categories(storage: Storage) -> None:
    assert await _tree(storage) == CategoryTree(categories={})


async def test_categories_are_added_and_changed(storage: Storage) -> None:
    await _put(storage, DRINKS, TEA, CUPS)
    moved = category("tea", "Tee & Kräuter", parent=None, position=7)
    await _put(storage, moved)

    assert await _tree(storage) == CategoryTree.of([DRINKS, moved, CUPS])


async def test_a_removed_category_leaves_no_product_in_it(storage: Storage, products: None) -> None:
    del products
    await _put(storage, DRINKS, TEA)
    await _assign(storage, "A", [], ["tea", "drinks"])
    async with storage.unit_of_work() as uow:
        await uow.categories.lock_tree()
        uow.categories.remove("tea")
        await uow.commit()

    assert await _tree(storage) == CategoryTree.of([DRINKS])
    assert await storage.read(lambda uow: uow.categories.slugs_of(["A"])) == {"A": ["drinks"]}
    assert await storage.read(lambda uow: uow.categories.handles_in("tea", 10)) == []


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
        uow.categories.remove("drinks")

    assert await _tree(storage) == CategoryTree.of([DRINKS])


async def test_only_a_locked_tree_is_changed(storage: Storage) -> None:
    await _put(storage, DRINKS)
    async with storage.unit_of_work() as uow:
        with pytest.raises(RuntimeError):
            uow.categories.put(TEA, NOW)
        with pytest.raises(RuntimeError):
            uow.categories.remove("drinks")
        with pytest.raises(RuntimeError):
            uow.categories.assign("A", [], ["drinks"])
    async with storage.snapshot() as uow:
        with pytest.raises(RuntimeError):
            await uow.categories.lock_tree()


async def test_a_category_that_does_not_exist_is_not_removed(storage: Storage) -> None:
    async with storage.unit_of_work() as uow:
        await uow.categories.lock_tree()
        with pytest.raises(CategoryNotFound):
            uow.categories.remove("tea")
