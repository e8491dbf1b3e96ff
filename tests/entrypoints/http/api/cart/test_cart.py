"""The cart over HTTP, with every store of sessions."""

from datetime import timedelta

import pytest

from tests.entrypoints.http.api.cart.shown_carts import EMPTY_CART, cart, line
from tests.entrypoints.http.clients import HttpShop, assert_invalid, assert_problem, eur

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["database", "cookie"])
def session_store(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


async def test_anonymous_user_can_fill_a_cart_before_signing_in(shop: HttpShop) -> None:
    await shop.add_product("CUP")
    await shop.add_product("TEA")
    browser = shop.browser()
    short = {"code": "out-of-stock", "sku": "TEA", "requested": 12, "available": 10}
    too_many = line("TEA", 12, 10, "out-of-stock")
    response = await browser.put("/cart/lines/TEA", {"quantity": 12})
    assert response.json() == cart(too_many, problems=[short])
    response = await browser.put("/cart/lines/CUP", {"quantity": 1})
    assert response.status_code == 200
    assert response.json() == cart(too_many, line("CUP", 1), problems=[short])
    response = await browser.put("/cart/lines/TEA", {"quantity": 2})
    assert response.json() == cart(line("TEA", 2), line("CUP", 1))
    assert (await browser.get("/cart")).json() == response.json()
    response = await browser.delete("/cart/lines/TEA")
    assert response.status_code == 200
    assert response.json() == cart(line("CUP", 1))
    response = await browser.delete("/cart")
    assert response.status_code == 200
    assert response.json() == EMPTY_CART
    assert (await browser.get("/cart")).json() == EMPTY_CART


async def test_empty_cart_is_shown_without_a_session_cookie(shop: HttpShop) -> None:
    browser = shop.browser()
    with shop.unchanged():
        responses = [
            await browser.get("/cart"),
            await browser.delete("/cart"),
            await browser.delete("/cart/lines/TEA"),
        ]
    assert [response.status_code for response in responses] == [200, 200, 200]
    assert [each.json() for each in responses] == [EMPTY_CART] * 3
    assert browser.token is None


async def test_cart_is_kept_at_sign_up_and_can_be_ordered(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = shop.browser()
    await browser.put("/cart/lines/TEA", {"quantity": 2})
    await browser.sign_up("ada")
    assert (await browser.get("/cart")).json()["lines"] == [line("TEA", 2)]
    body = {"payment": {"method": "account"}}
    response = await browser.post("/orders", body, idempotency_key="key-0001")
    assert response.status_code == 201
    assert response.json()["total"] == eur(1000)
    assert (await browser.get("/cart")).json() == EMPTY_CART


async def test_unavailable_product_cannot_be_added_to_a_cart(shop: HttpShop) -> None:
    await shop.add_product("OLD", active=False)
    browser = shop.browser()
    with shop.unchanged():
        for sku in ("TEA", "OLD"):
            response = await browser.put(f"/cart/lines/{sku}", {"quantity": 1})
            assert_problem(response, 404, "product-not-found", sku=sku)
    assert browser.token is None


async def test_cart_lists_everything_that_would_stop_its_order(shop: HttpShop) -> None:
    for sku in ("CUP", "OLD", "TEA"):
        await shop.add_product(sku, on_hand=3)
    browser = await shop.customer("ada")
    for sku, quantity in {"OLD": 2, "CUP": 1, "TEA": 4}.items():
        await browser.put(f"/cart/lines/{sku}", {"quantity": quantity})
    await (await shop.admin()).put(
        "/products/OLD", {"name": "The old", "description": "", "price": eur(500), "active": False}
    )
    shown = (await browser.get("/cart")).json()
    assert shown == cart(
        line("OLD", 2, 0, "not-for-sale"),
        line("CUP", 1, 3),
        line("TEA", 4, 3, "out-of-stock"),
        problems=[
            {"code": "not-for-sale", "sku": "OLD", "requested": 2, "available": 0},
            {"code": "out-of-stock", "sku": "TEA", "requested": 4, "available": 3},
        ],
    )
    assert (await browser.get("/session")).json()["cart"] == shown
    body = {"payment": {"method": "account"}}
    rejected = (await browser.post("/orders", body, idempotency_key="key-0001")).json()
    assert [rejected["lines"], rejected["short"]] == [
        [{name: value for name, value in problem.items() if name != "code"}]
        for problem in shown["problems"]
    ]


@pytest.mark.parametrize("quantity", [0, -1, 10_001, 2**63, 1.0, "1", True, None])
async def test_invalid_quantity_is_rejected_with_a_pointer(
    shop: HttpShop, quantity: object
) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    with shop.unchanged():
        assert_invalid(await browser.put("/cart/lines/TEA", {"quantity": quantity}), "/quantity")


async def test_cart_is_limited_to_a_hundred_lines(shop: HttpShop) -> None:
    skus = [f"S{number}" for number in range(101)]
    for sku in skus:
        await shop.add_product(sku)
    browser = await shop.customer("ada")
    for sku in skus[:-1]:
        response = await browser.put(f"/cart/lines/{sku}", {"quantity": 10_000})
        assert response.status_code == 200, response.text
    with shop.unchanged():
        assert_invalid(await browser.put(f"/cart/lines/{skus[-1]}", {"quantity": 1}), "/lines")
    assert len((await browser.get("/cart")).json()["lines"]) == 100


async def test_cart_of_an_expired_session_is_gone(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    await browser.put("/cart/lines/TEA", {"quantity": 1})
    shop.clock.advance(timedelta(days=7))
    with shop.unchanged():
        assert_problem(await browser.get("/cart"), 401, "session-expired")
    assert browser.token is None
    assert (await browser.get("/cart")).json() == EMPTY_CART
