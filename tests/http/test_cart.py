"""The cart over HTTP, with every store of sessions."""

from datetime import timedelta

import pytest

from tests.http.shops import Json, Shop, eur, invalid, refused

pytestmark = pytest.mark.anyio

EMPTY = {"lines": [], "total": eur(0)}


@pytest.fixture(params=["database", "cookie"])
def session_store(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def line(sku: str, quantity: int, available: int = 10) -> Json:
    return {
        "sku": sku,
        "name": f"The {sku.lower()}",
        "quantity": quantity,
        "unit_price": eur(500),
        "amount": eur(500 * quantity),
        "available": available,
    }


async def test_a_visitor_fills_a_cart_before_signing_in(shop: Shop) -> None:
    await shop.stock("CUP")
    await shop.stock("TEA")
    visitor = shop.visitor()
    assert (await visitor.put("/cart/lines/TEA", {"quantity": 12})).json() == {
        "lines": [line("TEA", 12)],
        "total": eur(6000),
    }
    answer = await visitor.put("/cart/lines/CUP", {"quantity": 1})
    assert answer.status_code == 200
    assert answer.json() == {"lines": [line("TEA", 12), line("CUP", 1)], "total": eur(6500)}
    answer = await visitor.put("/cart/lines/TEA", {"quantity": 2})
    assert answer.json() == {"lines": [line("TEA", 2), line("CUP", 1)], "total": eur(1500)}
    assert (await visitor.get("/cart")).json() == answer.json()
    answer = await visitor.delete("/cart/lines/TEA")
    assert answer.status_code == 200
    assert answer.json() == {"lines": [line("CUP", 1)], "total": eur(500)}
    answer = await visitor.delete("/cart")
    assert answer.status_code == 200
    assert answer.json() == EMPTY
    assert (await visitor.get("/cart")).json() == EMPTY


async def test_nobody_has_an_empty_cart_and_gets_no_cookie_for_it(shop: Shop) -> None:
    visitor = shop.visitor()
    with shop.unchanged():
        answers = [
            await visitor.get("/cart"),
            await visitor.delete("/cart"),
            await visitor.delete("/cart/lines/TEA"),
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json() for answer in answers] == [EMPTY] * 3
    assert visitor.token is None


async def test_the_cart_comes_along_when_signing_up_and_is_ordered_from(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = shop.visitor()
    await visitor.put("/cart/lines/TEA", {"quantity": 2})
    await visitor.sign_up("ada")
    assert (await visitor.get("/cart")).json()["lines"] == [line("TEA", 2)]
    body = {"payment": {"method": "account"}}
    answer = await visitor.post("/orders", body, idempotency_key="key-0001")
    assert answer.status_code == 201
    assert answer.json()["total"] == eur(1000)
    assert (await visitor.get("/cart")).json() == EMPTY


async def test_what_is_not_sold_is_not_put_into_carts(shop: Shop) -> None:
    await shop.stock("OLD", active=False)
    visitor = shop.visitor()
    with shop.unchanged():
        for sku in ("TEA", "OLD"):
            answer = await visitor.put(f"/cart/lines/{sku}", {"quantity": 1})
            refused(answer, 404, "product-not-found", sku=sku)
    assert visitor.token is None


@pytest.mark.parametrize("quantity", [0, -1, 10_001, 2**63, 1.0, "1", True, None])
async def test_a_quantity_that_cannot_be_is_pointed_to(shop: Shop, quantity: object) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    with shop.unchanged():
        invalid(await visitor.put("/cart/lines/TEA", {"quantity": quantity}), "/quantity")


async def test_a_cart_has_a_hundred_lines(shop: Shop) -> None:
    skus = [f"S{number}" for number in range(101)]
    for sku in skus:
        await shop.stock(sku)
    visitor = await shop.customer("ada")
    for sku in skus[:-1]:
        answer = await visitor.put(f"/cart/lines/{sku}", {"quantity": 10_000})
        assert answer.status_code == 200, answer.text
    with shop.unchanged():
        invalid(await visitor.put(f"/cart/lines/{skus[-1]}", {"quantity": 1}), "/lines")
    assert len((await visitor.get("/cart")).json()["lines"]) == 100


async def test_the_cart_of_an_expired_session_is_gone_with_it(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    await visitor.put("/cart/lines/TEA", {"quantity": 1})
    shop.clock.advance(timedelta(days=7))
    with shop.unchanged():
        refused(await visitor.get("/cart"), 401, "session-expired")
    assert visitor.token is None
    assert (await visitor.get("/cart")).json() == EMPTY
