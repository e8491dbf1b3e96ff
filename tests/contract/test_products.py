"""What every adapter owes the port to products."""

from datetime import timedelta
from typing import Any

import pytest

from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.products import AvailableProduct, ProductListing
from shop.application.ports.unit_of_work import TransientFailure, UnitOfWork
from shop.domain.catalogue.options import ProductOption
from shop.domain.catalogue.product import Product
from shop.domain.catalogue.product_details import ProductSafety, Seo
from shop.domain.catalogue.product_image import ProductImage
from shop.domain.catalogue.variant import ChosenOption
from tests.contract.storage import Storage
from tests.factories import NOW, category, eur, id_of, inventory, product, variant

pytestmark = pytest.mark.anyio

TEA = product("TEA", name="Grüner Tee", image_url="https://example.com/tea.jpg")
CUP = product("CUP", name="100% porcelain_cup", price=eur(10**9), active=False)


def image(name: str, **changes: Any) -> ProductImage:  # noqa: ANN401  Of any field.
    fields: dict[str, Any] = {"position": 0, "alt": "", "sizes": ()} | changes
    key = name.encode().hex().ljust(64, "0")
    return ProductImage(
        id=id_of(name), product="SHIRT", key=key, width=800, height=600, created_at=NOW, **fields
    )


async def _add(storage: Storage, *products: Product) -> None:
    await storage.commit(
        *(lambda uow, each=each: uow.products.add(each) for each in products),
        *(lambda uow, each=each: uow.inventories.add(inventory(each.handle)) for each in products),
    )


async def _list(storage: Storage, limit: int = 100, after: str | None = None) -> Page[Product, str]:
    return await _answer(storage, ProductListing(page=PageRequest(limit=limit, after=after)))


async def _page(storage: Storage, question: ProductListing) -> Page[AvailableProduct, str]:
    return (await storage.read(lambda uow: uow.products.pages([question])))[question]


async def _answer(storage: Storage, question: ProductListing) -> Page[Product, str]:
    found = await _page(storage, question)
    return Page(items=[each.product for each in found.items], next=found.next)


async def test_inactive_products_are_listed_apart(storage: Storage) -> None:
    jar = product("JAR", active=False)
    await _add(storage, TEA, CUP, jar)

    async def page(after: str | None = None) -> Page[Product, str]:
        page = PageRequest(limit=1, after=after)
        return await _answer(storage, ProductListing(page=page, active=False))

    assert await page() == Page(items=[CUP], next="CUP")
    assert await page(after="CUP") == Page(items=[jar], next=None)


async def _skus(storage: Storage) -> list[str]:
    return [each.handle for each in (await _list(storage)).items]


async def test_products_are_found_by_sku_as_they_were_added(storage: Storage) -> None:
    await _add(storage, TEA, CUP)

    found = await storage.read(lambda uow: uow.products.get_many(["CUP", "TEA", "tea", "NONE"]))

    assert found == {"TEA": TEA, "CUP": CUP}


async def test_search_for_no_skus_returns_nothing(storage: Storage) -> None:
    await _add(storage, TEA)

    assert await storage.read(lambda uow: uow.products.get_many([])) == {}


async def test_locked_product_is_saved(storage: Storage) -> None:
    await _add(storage, TEA, CUP)
    black = product("TEA", name="Schwarztee", price=eur(700), updated_at=NOW + timedelta(days=1))

    async def rename(uow: UnitOfWork) -> None:
        assert await uow.products.lock(["TEA", "NONE"]) == {"TEA": TEA}
        uow.products.save(black)

    await storage.write(rename)

    found = await storage.read(lambda uow: uow.products.get_many(["TEA", "CUP"]))
    assert found == {"TEA": black, "CUP": CUP}


async def test_product_that_is_not_locked_cannot_be_saved(storage: Storage) -> None:
    await _add(storage, TEA, CUP)

    async with storage.unit_of_work() as uow:
        await uow.products.lock(["CUP"])
        with pytest.raises(RuntimeError):
            uow.products.save(product("TEA", name="Stolen"))

    assert await storage.read(lambda uow: uow.products.get_many(["TEA"])) == {"TEA": TEA}


async def test_adding_a_product_with_a_used_sku_raises_a_transient_failure(
    storage: Storage,
) -> None:
    await _add(storage, TEA)

    with pytest.raises(TransientFailure):
        await _add(storage, CUP, product("TEA", name="Another"))

    found = await storage.read(lambda uow: uow.products.get_many(["TEA", "CUP"]))
    assert found == {"TEA": TEA}


async def test_search_without_words_lists_active_products_by_sku(storage: Storage) -> None:
    skus = ["b", "a.1", "a-1", "a_1", "A", "a", "B2", "B10", "9"]
    await _add(storage, CUP, *(product(sku) for sku in skus))

    assert await _skus(storage) == ["9", "A", "B10", "B2", "a", "a-1", "a.1", "a_1", "b"]


async def test_inactive_products_are_not_listed(storage: Storage) -> None:
    await _add(storage, TEA, CUP)

    assert await _skus(storage) == ["TEA"]


async def test_pages_follow_each_other_without_gap_or_overlap(storage: Storage) -> None:
    products = [product(f"P{n}") for n in range(5)]
    await _add(storage, *products, product("P2-off", active=False))

    first = await _list(storage, limit=2)
    second = await _list(storage, limit=2, after=first.next)
    last = await _list(storage, limit=2, after=second.next)

    assert first == Page(items=products[:2], next="P1")
    assert second == Page(items=products[2:4], next="P3")
    assert last == Page(items=products[4:], next=None)


async def test_pages_that_are_asked_for_together_are_answered_alike(storage: Storage) -> None:
    await _add(storage, TEA, CUP, *(product(f"P{number}") for number in range(5)))
    questions = {
        ProductListing(page=PageRequest(limit=limit, after=after), active=active)
        for limit in (1, 3, 100)
        for after in (None, "P1", "ZZZ")
        for active in (True, False)
    }

    together = await storage.read(lambda uow: uow.products.pages(questions))

    assert together.keys() == questions
    for question in questions:
        assert together[question] == await _page(storage, question), question
    assert await storage.read(lambda uow: uow.products.pages([])) == {}


async def test_products_are_shown_with_what_is_not_reserved(storage: Storage) -> None:
    await storage.commit(
        lambda uow: uow.products.add(TEA),
        lambda uow: uow.products.add(CUP),
        lambda uow: uow.inventories.add(inventory("TEA", 7, reserved=2)),
        lambda uow: uow.inventories.add(inventory("CUP", 3)),
    )
    tea = AvailableProduct(product=TEA, stock={"TEA": 5})
    cup = AvailableProduct(product=CUP, stock={"CUP": 3})
    question = ProductListing(page=PageRequest(limit=1, after=None))

    found = await storage.read(lambda uow: uow.products.available(["CUP", "TEA", "tea", "NONE"]))

    assert found == {"CUP": cup, "TEA": tea}
    assert await _page(storage, question) == Page(items=[tea], next=None)
    assert await storage.read(lambda uow: uow.products.available([])) == {}


async def test_products_are_shown_with_their_categories_images_and_texts(storage: Storage) -> None:
    shirt = product(
        "SHIRT",
        variants=(variant("SHIRT-S", options=_size("S")), variant("SHIRT-M", options=_size("M"))),
        options=(ProductOption(name="Size", values=("S", "M")),),
        safety=ProductSafety(manufacturer="M", address="A\nB", contact="C", warnings="Hot."),
        seo=Seo(title="A shirt"),
    )
    images = [
        image("second", position=1),
        image("first", alt='"Shirt", ✓', sizes=(320, 640)),
    ]
    await storage.commit(
        lambda uow: uow.products.add(shirt),
        lambda uow: uow.products.add(TEA),
        lambda uow: uow.inventories.add(inventory("SHIRT-S")),
        lambda uow: uow.inventories.add(inventory("SHIRT-M")),
        lambda uow: uow.inventories.add(inventory("TEA")),
        *(lambda uow, each=each: uow.product_images.add(each) for each in images),
    )
    async with storage.unit_of_work() as uow:
        await uow.categories.lock_tree()
        for slug in ("tops", "linen"):
            uow.categories.put(category(slug), NOW)
        uow.categories.assign("SHIRT", [], ["tops", "linen"])
        await uow.commit()
    shown = AvailableProduct(
        product=shirt,
        stock={"SHIRT-S": 0, "SHIRT-M": 0},
        categories=("linen", "tops"),
        images=(images[1], images[0]),
    )
    tea = AvailableProduct(product=TEA, stock={"TEA": 0})

    found = await storage.read(lambda uow: uow.products.available(["SHIRT", "TEA"]))
    page = await _page(storage, ProductListing(page=PageRequest(limit=9, after=None)))

    assert found == {"SHIRT": shown, "TEA": tea}
    assert page.items == [shown, tea]


def _size(size: str) -> tuple[ChosenOption, ...]:
    return (ChosenOption(name="Size", value=size),)


async def test_exactly_full_page_is_the_last(storage: Storage) -> None:
    await _add(storage, TEA, product("POT"))

    page = await _list(storage, limit=2)

    assert page == Page(items=[product("POT"), TEA], next=None)
