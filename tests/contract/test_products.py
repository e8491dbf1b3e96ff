"""What every adapter owes the port to products."""

from datetime import timedelta

import pytest

from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.unit_of_work import TransientFailure, UnitOfWork
from shop.domain.product import Product
from tests.contract.stores import Stores
from tests.factories import NOW, eur, product

pytestmark = pytest.mark.anyio

TEA = product("TEA", name="Grüner Tee", image_url="https://example.com/tea.jpg")
CUP = product("CUP", name="100% porcelain_cup", price=eur(10**9), active=False)


async def _add(stores: Stores, *products: Product) -> None:
    await stores.commit(*(lambda uow, each=each: uow.products.add(each) for each in products))


async def _search(
    stores: Stores, words: str = "", limit: int = 100, after: str | None = None
) -> Page[Product, str]:
    return await stores.see(
        lambda uow: uow.products.search(words, PageRequest(limit=limit, after=after))
    )


async def _skus(stores: Stores, words: str = "") -> list[str]:
    return [each.sku for each in (await _search(stores, words)).items]


async def test_products_are_found_by_sku_as_they_were_added(stores: Stores) -> None:
    await _add(stores, TEA, CUP)

    found = await stores.see(lambda uow: uow.products.get_many(["CUP", "TEA", "tea", "NONE"]))

    assert found == {"TEA": TEA, "CUP": CUP}


async def test_asking_for_no_sku_finds_nothing(stores: Stores) -> None:
    await _add(stores, TEA)

    assert await stores.see(lambda uow: uow.products.get_many([])) == {}


async def test_a_locked_product_is_saved(stores: Stores) -> None:
    await _add(stores, TEA, CUP)
    black = product("TEA", name="Schwarztee", price=eur(700), updated_at=NOW + timedelta(days=1))

    async def rename(uow: UnitOfWork) -> None:
        assert await uow.products.lock(["TEA", "NONE"]) == {"TEA": TEA}
        uow.products.save(black)

    await stores.change(rename)

    found = await stores.see(lambda uow: uow.products.get_many(["TEA", "CUP"]))
    assert found == {"TEA": black, "CUP": CUP}
    assert await _skus(stores, "schwarz") == ["TEA"]
    assert await _skus(stores, "grün") == []


async def test_a_product_that_was_not_locked_is_not_saved(stores: Stores) -> None:
    await _add(stores, TEA, CUP)

    async with stores.unit_of_work() as uow:
        await uow.products.lock(["CUP"])
        with pytest.raises(RuntimeError):
            uow.products.save(product("TEA", name="Stolen"))

    assert await stores.see(lambda uow: uow.products.get_many(["TEA"])) == {"TEA": TEA}


async def test_a_sku_that_has_a_product_by_now_interrupts_whoever_adds_another(
    stores: Stores,
) -> None:
    await _add(stores, TEA)

    with pytest.raises(TransientFailure):
        await _add(stores, CUP, product("TEA", name="Another"))

    found = await stores.see(lambda uow: uow.products.get_many(["TEA", "CUP"]))
    assert found == {"TEA": TEA}


async def test_no_words_ask_for_every_active_product_in_the_order_of_skus(stores: Stores) -> None:
    skus = ["b", "a.1", "a-1", "a_1", "A", "a", "B2", "B10", "9"]
    await _add(stores, CUP, *(product(sku) for sku in skus))

    assert await _skus(stores) == ["9", "A", "B10", "B2", "a", "a-1", "a.1", "a_1", "b"]


@pytest.mark.parametrize("words", ["tea", "TEA", "eA", "grüner", "GRÜNER T", "Grüner Tee"])
async def test_words_are_found_in_the_sku_or_the_name_in_any_case(
    stores: Stores, words: str
) -> None:
    await _add(stores, TEA, product("POT"))

    assert await _skus(stores, words) == ["TEA"]


@pytest.mark.parametrize("words", ["xyz", "tea tee", "good", "%", "_", "T_A", "\\", "'", "*"])
async def test_words_stand_for_themselves(stores: Stores, words: str) -> None:
    await _add(stores, TEA, product("POT"))

    assert await _skus(stores, words) == []


@pytest.mark.parametrize("words", ["0%", "n_c", "\\o/", "'s", "ß"])
async def test_signs_are_found_like_letters(stores: Stores, words: str) -> None:
    await _add(stores, TEA, product("CUP", name="100% porcelain_cup's \\o/ Spaß"))

    assert await _skus(stores, words) == ["CUP"]


async def test_words_are_not_found_across_sku_and_name(stores: Stores) -> None:
    await _add(stores, product("TEA", name="Pot"))

    for joined in ("teapot", "tea pot", "pottea"):
        assert await _skus(stores, joined) == []


async def test_inactive_products_are_not_listed(stores: Stores) -> None:
    await _add(stores, TEA, CUP)

    assert await _skus(stores) == ["TEA"]
    assert await _skus(stores, "cup") == []


async def test_pages_follow_each_other_without_gap_or_overlap(stores: Stores) -> None:
    products = [product(f"P{n}") for n in range(5)]
    await _add(stores, *products, product("P2-off", active=False))

    first = await _search(stores, "p", limit=2)
    second = await _search(stores, "p", limit=2, after=first.next)
    last = await _search(stores, "p", limit=2, after=second.next)

    assert first == Page(items=products[:2], next="P1")
    assert second == Page(items=products[2:4], next="P3")
    assert last == Page(items=products[4:], next=None)


async def test_a_page_that_is_just_full_is_the_last(stores: Stores) -> None:
    await _add(stores, TEA, product("POT"))

    listing = await _search(stores, limit=2)

    assert listing == Page(items=[product("POT"), TEA], next=None)
