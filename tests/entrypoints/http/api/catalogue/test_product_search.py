"""The search for products over HTTP."""

from collections.abc import Sequence

import httpx2
import pytest

from shop.application.catalogue.search_rows import stage_search_rows
from tests.entrypoints.http.clients import Browser, HttpShop, assert_invalid, eur
from tests.factories import NOW, category
from tests.factories import eur as money

pytestmark = pytest.mark.anyio


@pytest.fixture
async def visitor(shop: HttpShop) -> Browser:
    """Return a visitor of a shop with two teas and a cup; the cups are sold out."""
    await shop.add_product("TEA-1", name="Grüner Tee", price=money(900))
    await shop.add_product("CUP", 0, name="Tasse", description="Für Tee.", price=money(700))
    await shop.add_product("TEA-2", name="Earl Grey", price=money(500))
    async with shop.container.unit_of_work() as uow:
        tree = await uow.categories.lock_tree()
        for each in (category("drinks", "Getränke"), category("tea", "Tee", parent="drinks")):
            tree = tree.put(each)
            uow.categories.put(each, NOW)
        for sku in ("TEA-1", "TEA-2"):
            uow.categories.assign(sku, [], ["tea"])
        await uow.commit()
    async with shop.container.unit_of_work() as uow:
        products = await uow.products.lock(["TEA-1", "TEA-2"])
        await stage_search_rows(uow, products.values())
        await uow.commit()
    return shop.browser()


def skus(response: httpx2.Response) -> Sequence[str]:
    assert response.status_code == 200, response.text
    return [item["sku"] for item in response.json()["items"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=tee", ["TEA-1", "TEA-2", "CUP"]),
        ("q=gruner%20te", ["TEA-1"]),
        ("q=tee%20grey", ["TEA-2"]),
        ("q=TEA-2", ["TEA-2"]),
        ("q=%25", []),
        ("q=tee&category=drinks", ["TEA-1", "TEA-2"]),
        ("q=tee&in_stock=true", ["TEA-1", "TEA-2"]),
        ("q=tee&max_price=700", ["TEA-2", "CUP"]),
        ("q=tee&min_price=700&max_price=899", ["CUP"]),
        ("q=tee&sort=price", ["TEA-2", "CUP", "TEA-1"]),
        ("q=tee&sort=-price", ["TEA-1", "CUP", "TEA-2"]),
        ("q=tee&sort=newest", ["TEA-2", "CUP", "TEA-1"]),
        ("sort=name", ["TEA-2", "TEA-1", "CUP"]),
        ("sort=relevance", ["TEA-2", "CUP", "TEA-1"]),
        ("category=tea", ["TEA-1", "TEA-2"]),
        ("category=none", []),
        ("option.size=L", []),
        ("in_stock=false", ["CUP", "TEA-1", "TEA-2"]),
        ("", ["CUP", "TEA-1", "TEA-2"]),
        ("q=%20", ["CUP", "TEA-1", "TEA-2"]),
    ],
)
async def test_products_are_found_by_words_and_filters(
    visitor: Browser, query: str, found: Sequence[str]
) -> None:
    assert skus(await visitor.get(f"/products?{query}")) == found


@pytest.mark.parametrize("query", ["q=tee", "q=tee&sort=-price", "sort=name", "in_stock=false"])
async def test_pages_follow_each_other(visitor: Browser, query: str) -> None:
    whole = skus(await visitor.get(f"/products?{query}"))
    paged: list[str] = []
    cursor = ""
    while len(paged) < 10:
        response = await visitor.get(f"/products?{query}&limit=1{cursor}")
        paged += skus(response)
        if response.json()["next"] is None:
            break
        cursor = f"&cursor={response.json()['next']}"

    assert paged == whole


@pytest.mark.parametrize("query", ["sort=relevance", "q=tee&sort=newest", "q=tee&sort=price", ""])
async def test_a_cursor_of_another_sort_is_an_error(visitor: Browser, query: str) -> None:
    cursor = (await visitor.get("/products?q=tee&limit=2")).json()["next"]

    assert_invalid(await visitor.get(f"/products?{query}&cursor={cursor}"), "/query/cursor")


async def test_facets_count_what_was_found_on_all_pages(visitor: Browser) -> None:
    response = await visitor.get("/products?q=tee&limit=1&facets=true")

    assert skus(response) == ["TEA-1"]
    assert response.json()["facets"] == {
        "total": 3,
        "categories": [
            {"slug": "drinks", "name": "Getränke", "count": 2},
            {"slug": "tea", "name": "Tee", "count": 2},
        ],
        "options": [],
        "prices": [
            {"lowest": eur(each), "highest": eur(each), "count": 1} for each in (500, 700, 900)
        ],
    }
    assert "facets" not in (await visitor.get("/products?q=tee")).json()


async def test_an_answer_that_has_not_changed_is_not_sent_again(visitor: Browser) -> None:
    first = await visitor.get("/products?q=tee")
    again = await visitor.get("/products?q=tee", if_none_match=first.headers["ETag"])

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("sort=cheap", "/query/sort"),
        ("min_price=-1", "/query/min_price"),
        ("min_price=1.5", "/query/min_price"),
        ("max_price=1000000001", "/query/max_price"),
        ("in_stock=perhaps", "/query/in_stock"),
        ("facets=2", "/query/facets"),
        ("category=A%20B", "/query/category"),
        ("category=", "/query/category"),
        ("option.=L", "/query/option."),
        ("option.size=", "/query/option.size"),
        ("option.size=L&option.size=M", "/query/option.size"),
        ("option.a=1&option.b=1&option.c=1&option.d=1", "/query/option.d"),
        ("options=L", "/query/options"),
        ("_options=L", "/query/_options"),
        ("q=tee&cursor=VEVBLUVBUkwtR1JFWQ", "/query/cursor"),
        ("sort=price&cursor=____", "/query/cursor"),
    ],
)
async def test_a_wrong_parameter_is_named(visitor: Browser, query: str, pointer: str) -> None:
    assert_invalid(await visitor.get(f"/products?{query}"), pointer)
