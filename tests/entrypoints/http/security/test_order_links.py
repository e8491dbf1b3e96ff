"""Links to orders of guests: they open one order for reading, for a time, and leave no trace."""

import base64
import json
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from shop.application.notifications.order_links import OrderLinks
from tests.clock import FakeClock
from tests.entrypoints.http.clients import SECRET, Browser, HttpShop, Json, assert_problem
from tests.factories import id_of

pytestmark = pytest.mark.anyio

OLDER_SECRET = "an older secret for tests, 0123456789"
PARTS = ("", "/history", "/shipments")


@pytest.fixture
async def shop(clock: FakeClock) -> HttpShop:
    """Return a shop that allows guests, and has ten of tea."""
    shop = HttpShop.open(clock, guest_checkout=True)
    await shop.add_product("TEA")
    return shop


async def _order(shop: HttpShop) -> tuple[Browser, Json]:
    """Return a guest's browser, and the order that was placed in it."""
    browser = shop.browser()
    await browser.put("/cart/lines/TEA", {"quantity": 1})
    body = {"payment": {"method": "card", "token": "tok_visa"}, "email": "mira@example.com"}
    placed = await browser.post("/orders", body, idempotency_key="key-0001")
    assert placed.status_code == 201, placed.text
    order: Json = placed.json()
    return browser, order


def _links(shop: HttpShop) -> OrderLinks:
    return shop.container.order_links()


async def _token(shop: HttpShop, order: Json) -> str:
    (order_id,) = [each for each in shop.database.state.orders.rows if str(each) == order["id"]]
    return _links(shop).token(order_id)


async def test_link_opens_its_order_for_every_client_without_a_cookie(shop: HttpShop) -> None:
    browser, order = await _order(shop)
    token = await _token(shop, order)
    ada = await shop.customer("ada")
    with shop.unchanged():
        for reader in (shop.browser(), ada):
            for part in PARTS:
                path = f"/orders/{order['id']}{part}"
                opened = await reader.get(f"{path}?token={token}")
                assert opened.status_code == 200
                assert opened.json() == (await browser.get(path)).json()
                assert "set-cookie" not in opened.headers
                assert opened.headers["referrer-policy"] == "no-referrer"
                assert opened.headers["cache-control"] == "no-store"


async def test_link_changes_nothing_and_shows_nothing_else(shop: HttpShop) -> None:
    _, order = await _order(shop)
    token, stranger = await _token(shop, order), shop.browser()
    with shop.unchanged():
        for path in ("/orders", f"/orders/{order['id']}/cancel", "/session/order"):
            method = "POST" if path.endswith("cancel") else "GET"
            response = await stranger.request(method, f"{path}?token={token}")
            assert response.status_code in {401, 422}
        for part in ("/deliveries", "/refunds"):
            response = await stranger.get(f"/orders/{order['id']}{part}?token={token}")
            assert_problem(response, 401, "not-signed-in")


async def test_wrong_tokens_are_answered_like_orders_that_do_not_exist(shop: HttpShop) -> None:
    browser, order = await _order(shop)
    _, other = await _order(shop)
    token, foreign = await _token(shop, order), await _token(shop, other)
    later = base64.urlsafe_b64decode(token + "==")
    longer = base64.urlsafe_b64encode(bytes([1]) + later[1:]).decode().rstrip("=")
    assert len(token) == len(longer) == 54
    wrong = [
        foreign,
        longer,
        token[:-1] + ("A" if token[-1] != "A" else "Q"),
        token[:-1],
        f"{token}=",
        f"{token}A",
        "",
        "%00",
        "%C3%A9",
        "A" * 54,
        "A" * 900,
    ]
    with shop.unchanged():
        for reader in (shop.browser(), browser):
            for part in PARTS:
                missing = await reader.get(f"/orders/{id_of('none')}{part}?token={token}")
                expected = assert_problem(missing, 404, "order-not-found")
                for each in wrong:
                    response = await reader.get(f"/orders/{order['id']}{part}?token={each}")
                    assert assert_problem(response, 404, "order-not-found") == expected


async def test_link_expires(shop: HttpShop) -> None:
    _, order = await _order(shop)
    token, stranger = await _token(shop, order), shop.browser()
    path = f"/orders/{order['id']}?token={token}"
    shop.clock.advance(timedelta(days=90, seconds=-1))
    assert (await stranger.get(path)).status_code == 200
    shop.clock.advance(timedelta(seconds=1))
    assert_problem(await stranger.get(path), 404, "order-not-found")


async def test_link_outlives_a_new_secret_until_the_old_one_is_gone(clock: FakeClock) -> None:
    old = HttpShop.open(clock, guest_checkout=True, session_secrets=(OLDER_SECRET,))
    await old.add_product("TEA")
    _, order = await _order(old)
    token = await _token(old, order)
    for secrets, status in (((SECRET, OLDER_SECRET), 200), ((SECRET,), 404)):
        new = HttpShop.open(clock, old.database, session_secrets=secrets)
        response = await new.browser().get(f"/orders/{order['id']}?token={token}")
        assert response.status_code == status
        assert (await _token(new, order)) != token


async def test_token_is_in_no_log_no_error_and_no_row(shop: HttpShop) -> None:
    browser, order = await _order(shop)
    token = await _token(shop, order)
    with capture_logs() as lines:
        for target in (order["id"], id_of("none"), "no-id"):
            for part in (*PARTS, "/refunds", "/none"):
                for reader in (browser, shop.browser()):
                    response = await reader.get(f"/orders/{target}{part}?token={token}")
                    if response.status_code != 200:
                        assert token not in response.text
                    assert token not in str(response.headers)
        response = await browser.get(f"/orders/{order['id']}?token={token}&token={token}")
        assert (response.status_code, token in response.text) == (422, False)
    assert len(lines) >= 30
    assert token not in json.dumps(lines, default=str)
    assert token not in str(shop.stored_rows())
