"""Codes of promotions in carts, over HTTP."""

from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest

from tests.clock import FakeClock
from tests.entrypoints.http.api.rules.documents import PROMOTION
from tests.entrypoints.http.clients import (
    Browser,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
    eur,
)

pytestmark = pytest.mark.anyio

WELCOME: Json = {**PROMOTION, "code": "WELCOME10", "conditions": {"minimum": eur(1000)}}


@pytest.fixture
async def shop(clock: FakeClock) -> HttpShop:
    """Return a shop with tea at 5 euros, and a code for 10 euros or more."""
    shop = HttpShop.open(clock, unknown_codes_per_customer=2, guest_checkout=True)
    await shop.add_product("TEA")
    admin = await shop.admin()
    response = await admin.put("/promotions/welcome", WELCOME)
    assert response.status_code == 201, response.text
    return shop


async def _visitor(shop: HttpShop, tea: int) -> Browser:
    browser = shop.browser()
    await browser.put("/cart/lines/TEA", {"quantity": tea})
    return browser


async def test_code_is_added_and_removed(shop: HttpShop) -> None:
    browser = await _visitor(shop, 2)

    added = await browser.post("/cart/codes", {"code": " welcome10"})
    assert added.status_code == 200, added.text
    cart = added.json()
    assert (cart["codes"], cart["total"]) == (["WELCOME10"], eur(900))
    assert cart["discounts"] == [
        {"promotion": "welcome", "code": "WELCOME10", "name": "Sale", "amount": eur(100)}
    ]
    assert (await browser.get("/cart")).json() == cart
    with shop.unchanged():
        assert (await browser.post("/cart/codes", {"code": "WELCOME10"})).json() == cart

    for _ in range(2):
        removed = await browser.delete("/cart/codes/welcome10")
        assert removed.status_code == 200
        assert (removed.json()["codes"], removed.json()["total"]) == ([], eur(1000))


async def test_unknown_code_changes_nothing(shop: HttpShop) -> None:
    browser = await _visitor(shop, 2)
    with shop.unchanged():
        response = await browser.post("/cart/codes", {"code": "welcome11"})
        assert_problem(response, 404, "code-not-found", codes=["WELCOME11"])


async def test_condition_that_the_cart_does_not_fulfil_is_named(shop: HttpShop) -> None:
    browser = await _visitor(shop, 1)
    with shop.unchanged():
        response = await browser.post("/cart/codes", {"code": "WELCOME10"})
        assert_problem(
            response,
            409,
            "code-not-applicable",
            condition="minimum",
            codes=[{"code": "WELCOME10", "condition": "minimum"}],
        )


async def test_used_up_code_changes_nothing(shop: HttpShop) -> None:
    admin = await shop.admin("boss")
    await admin.put("/promotions/welcome", {**WELCOME, "limit": 1})
    async with shop.container.unit_of_work() as uow:
        (counter,) = (await uow.promotion_counters.lock_whole(["p:welcome"])).values()
        uow.promotion_counters.save(replace(counter, uses_left=0))
        await uow.commit()
    browser = await _visitor(shop, 2)
    with shop.unchanged():
        response = await browser.post("/cart/codes", {"code": "WELCOME10"})
        assert_problem(response, 409, "code-used-up", codes=["WELCOME10"])


async def test_code_that_stops_to_apply_becomes_a_problem_of_the_cart(shop: HttpShop) -> None:
    browser = await _visitor(shop, 2)
    await browser.post("/cart/codes", {"code": "WELCOME10"})

    cart = (await browser.put("/cart/lines/TEA", {"quantity": 1})).json()

    assert (cart["codes"], cart["total"]) == (["WELCOME10"], eur(500))
    assert cart["problems"] == [
        {"code": "code-not-applicable", "entered_code": "WELCOME10", "condition": "minimum"}
    ]

    await (await shop.admin("boss")).delete("/promotions/welcome")
    cart = (await browser.get("/cart")).json()
    assert cart["problems"] == [{"code": "code-not-found", "entered_code": "WELCOME10"}]


@pytest.mark.parametrize("code", ["", "AB", "A" * 41, "WEL COME", "ÄÖÜ", None, 5])
async def test_malformed_code_is_rejected(shop: HttpShop, code: object) -> None:
    browser = await _visitor(shop, 2)
    with shop.unchanged():
        assert_invalid(await browser.post("/cart/codes", {"code": code}), "/code")


async def test_number_of_codes_is_limited(shop: HttpShop) -> None:
    admin = await shop.admin("boss")
    for number in range(11):
        await admin.put(f"/promotions/p{number}", {**PROMOTION, "code": f"CODE{number}"})
    browser = await _visitor(shop, 2)
    for number in range(10):
        assert (await browser.post("/cart/codes", {"code": f"CODE{number}"})).status_code == 200
    with shop.unchanged():
        assert_invalid(await browser.post("/cart/codes", {"code": "CODE10"}), "/code")


class TestGuessing:
    async def test_customer_has_to_wait_after_unknown_codes(
        self, shop: HttpShop, clock: FakeClock
    ) -> None:
        ada = await shop.customer()
        await ada.put("/cart/lines/TEA", {"quantity": 2})
        for guess in ("GUESS1", "GUESS2"):
            assert (await ada.post("/cart/codes", {"code": guess})).status_code == 404

        with_another_session = shop.browser()
        await with_another_session.sign_in()
        with shop.unchanged():
            for browser in (ada, with_another_session):
                response = await browser.post("/cart/codes", {"code": "WELCOME10"})
                assert response.status_code == 429, response.text

        clock.advance(timedelta(hours=1))
        assert (await ada.post("/cart/codes", {"code": "WELCOME10"})).status_code == 200

    async def test_codes_that_exist_do_not_count(self, shop: HttpShop) -> None:
        browser = await _visitor(shop, 1)
        for _ in range(5):
            assert (await browser.post("/cart/codes", {"code": "WELCOME10"})).status_code == 409
        assert (await browser.post("/cart/codes", {"code": "GUESS1"})).status_code == 404

    async def test_visitors_are_counted_by_address_whatever_their_session(
        self, shop: HttpShop
    ) -> None:
        for browser in (shop.browser(), await _visitor(shop, 2)):
            response = await browser.post("/cart/codes", {"code": "GUESS1"})
            assert response.status_code == 404
        response = await (await _visitor(shop, 2)).post("/cart/codes", {"code": "WELCOME10"})
        assert response.status_code == 429
        other = await shop.browser("127.0.0.2").post("/cart/codes", {"code": "GUESS1"})
        assert other.status_code == 404


class TestGuessingByOrders:
    async def test_customer_has_to_wait_after_unknown_codes(
        self, shop: HttpShop, clock: FakeClock
    ) -> None:
        ada = await shop.customer()
        response = await _order(ada, "key-0001", "GUESS1", "welcome10", "GUESS2")
        assert_problem(response, 404, "code-not-found", codes=["GUESS1", "GUESS2"])

        with shop.unchanged():
            response = await _order(ada, "key-0002", "WELCOME10")
            assert response.json()["type"] == "/problems/too-many-requests"
            assert response.headers["Retry-After"] == "3600"
            response = await ada.post("/cart/codes", {"code": "WELCOME10"})
            assert response.status_code == 429

        assert (await _order(ada, "key-0003")).status_code == 201
        clock.advance(timedelta(hours=1))
        assert (await _order(ada, "key-0002", "WELCOME10")).status_code == 201

    async def test_codes_of_carts_count_too(self, shop: HttpShop) -> None:
        ada = await shop.customer()
        for guess in ("GUESS1", "GUESS2"):
            assert (await ada.post("/cart/codes", {"code": guess})).status_code == 404
        assert (await _order(ada, "key-0001", "GUESS3")).status_code == 429

    async def test_guests_are_counted_by_address(self, shop: HttpShop) -> None:
        changes: Json = {
            "email": "mira@example.com",
            "payment": {"method": "card", "token": "tok_visa"},
        }
        for key, status in (("key-0001", 404), ("key-0002", 404), ("key-0003", 429)):
            response = await _order(await _visitor(shop, 1), key, "GUESS1", **changes)
            assert response.status_code == status, response.text

    async def test_replayed_order_is_not_counted_and_not_limited(self, shop: HttpShop) -> None:
        ada = await shop.customer()
        placed = await _order(ada, "key-0001", "WELCOME10")
        first = await _order(ada, "key-0002", "GUESS1")
        for _ in range(3):
            assert (await _order(ada, "key-0002", "GUESS1")).json() == first.json()
        assert (await _order(ada, "key-0003", "GUESS2")).status_code == 404
        for key, code, response in (
            ("key-0001", "WELCOME10", placed),
            ("key-0002", "GUESS1", first),
        ):
            again = await _order(ada, key, code)
            assert (again.status_code, again.json()) == (response.status_code, response.json())

    async def test_codes_that_exist_do_not_count(self, shop: HttpShop) -> None:
        ada = await shop.customer()
        for number in range(3):
            response = await _order(ada, f"key-000{number}", "WELCOME10", "GUESS")
            assert response.status_code == (404 if number < 1 else 429), response.text
        for number in range(3, 6):
            response = await _order(ada, f"key-000{number}", "WELCOME10")
            assert response.status_code == 201, response.text


async def _order(browser: Browser, key: str, *codes: str, **changes: object) -> httpx2.Response:
    body: Json = {
        "lines": [{"sku": "TEA", "quantity": 2}],
        "payment": {"method": "account"},
        "codes": list(codes),
        **changes,
    }
    return await browser.post("/orders", body, idempotency_key=key)
