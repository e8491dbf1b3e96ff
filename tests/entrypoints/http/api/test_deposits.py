"""Customers list their deposits."""

from datetime import timedelta

import pytest

from tests.entrypoints.http.clients import Browser, HttpShop, Json, assert_invalid, eur

pytestmark = pytest.mark.anyio


async def _deposit(browser: Browser, amount: int, key: str) -> Json:
    body = {"amount": eur(amount), "card": {"token": "tok_visa"}}
    response = await browser.post("/deposits", body, idempotency_key=key)
    assert response.status_code == 201, response.text
    deposit: Json = response.json()
    return deposit


async def test_deposits_are_listed_newest_first_in_pages(shop: HttpShop) -> None:
    ada, eve = await shop.customer("ada"), await shop.customer("eve")
    made = []
    for number in range(3):
        shop.clock.advance(timedelta(seconds=1))
        made.append(await _deposit(ada, 100 + number, f"key-000{number}"))
    await _deposit(eve, 500, "key-0001")

    listed = await ada.get("/deposits")

    assert (listed.status_code, listed.json()) == (200, {"items": made[::-1], "next": None})
    assert await ada.pages("/deposits") == [[each] for each in made[::-1]]


async def test_deposits_are_listed_for_signed_in_users_only(shop: HttpShop) -> None:
    assert (await shop.browser().get("/deposits")).status_code == 401
    ada = await shop.customer("ada")
    assert (await ada.get("/deposits")).json() == {"items": [], "next": None}
    assert_invalid(await ada.get("/deposits?limit=0"), "/query/limit")
