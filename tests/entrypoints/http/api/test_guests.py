"""Guests over HTTP: visitors who order by card, in a session that stays signed out."""

from typing import Any

import httpx2
import pytest

from tests.clock import FakeClock
from tests.entrypoints.http.clients import (
    Browser,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
    eur,
)

pytestmark = pytest.mark.anyio

EMAIL = "Mira@Example.com"
CARD = {"method": "card", "token": "tok_visa"}


@pytest.fixture(params=["database", "cookie"])
def session_store(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
async def shop(clock: FakeClock, session_store: str) -> HttpShop:
    """Return a shop that allows guests, and has ten of tea."""
    shop = HttpShop.open(clock, session_store=session_store, guest_checkout=True)
    await shop.add_product("TEA")
    return shop


async def _visitor(shop: HttpShop) -> Browser:
    """Return a browser with a session, without a user."""
    browser = shop.browser()
    assert (await browser.put("/cart/lines/TEA", {"quantity": 2})).status_code == 200
    return browser


async def _order(browser: Browser, key: str = "key-0001", **changes: Any) -> httpx2.Response:  # noqa: ANN401  Several types.
    """Order the cart."""
    body = {"payment": CARD, "email": EMAIL, **changes}
    return await browser.post("/orders", body, idempotency_key=key)


def _guests(shop: HttpShop) -> list[Json]:
    users = shop.database.state.users.rows.values()
    return [{"id": str(each.id), "name": each.name} for each in users if each.is_guest]


class TestAGuest:
    async def test_orders_the_cart_and_stays_signed_out(self, shop: HttpShop) -> None:
        browser = await _visitor(shop)
        response = await _order(browser)
        order = response.json()
        assert response.status_code == 201, response.text
        assert (order["status"], order["total"]) == ("paid", eur(1000))
        assert (order["email"], "user" in order) == ("mira@example.com", False)
        session = (await browser.get("/session")).json()
        assert (session["user"], session["roles"]) == (None, [])
        assert (session["order_id"], session["cart"]["lines"]) == (order["id"], [])
        assert shop.on_hand("TEA") == 8

    @pytest.mark.parametrize("email", ["a@b", "<a@x.com>", "a@[127.0.0.1]", "a@x..com"])
    async def test_needs_an_address_that_letters_can_reach(
        self, shop: HttpShop, email: str
    ) -> None:
        browser = await _visitor(shop)
        with shop.unchanged():
            assert_invalid(await _order(browser, email=email), "/email")

    async def test_sees_own_orders_only(self, shop: HttpShop) -> None:
        ada = await shop.customer("ada")
        others = (await ada.order("TEA")).json()
        browser, other = await _visitor(shop), await _visitor(shop)
        order = (await _order(browser)).json()
        await _order(other)
        assert (await browser.get("/orders")).json()["items"] == [order]
        assert (await browser.get(f"/orders/{order['id']}")).json() == order
        assert (await browser.get("/session/order")).json() == order
        for part in ("", "/history", "/shipments", "/deliveries", "/refunds"):
            assert (await browser.get(f"/orders/{order['id']}{part}")).status_code == 200
            for stranger, hidden in ((browser, others), (other, order), (ada, order)):
                response = await stranger.get(f"/orders/{hidden['id']}{part}")
                assert_problem(response, 404, "order-not-found")
        with shop.unchanged():
            assert_problem(
                await other.post(f"/orders/{order['id']}/cancel"), 404, "order-not-found"
            )
            for filters in (
                "all=true",
                f"user_id={(await ada.get('/session')).json()['user']['id']}",
            ):
                response = await browser.get(f"/orders?{filters}")
                assert_problem(response, 403, "forbidden", role="admin")

    async def test_has_no_order_before_the_first_one(self, shop: HttpShop) -> None:
        browser = await _visitor(shop)
        with shop.unchanged():
            for each in (browser, shop.browser()):
                response = await each.get("/session/order")
                assert_problem(response, 404, "no-order")
                assert "set-cookie" not in response.headers

    async def test_cancels_an_own_order(self, shop: HttpShop) -> None:
        browser = await _visitor(shop)
        order = (await _order(browser)).json()
        cancelled = await browser.post(f"/orders/{order['id']}/cancel", idempotency_key="undo-0001")
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
        again = await browser.post(f"/orders/{order['id']}/cancel", idempotency_key="undo-0001")
        assert again.headers["idempotent-replayed"] == "true"
        assert shop.on_hand("TEA") == 10

    async def test_stays_the_same_with_later_orders_and_retries(self, shop: HttpShop) -> None:
        browser = await _visitor(shop)
        lines = [{"sku": "TEA", "quantity": 1}]
        first = await _order(browser, lines=lines)
        replayed = await _order(browser, lines=lines)
        assert replayed.headers["idempotent-replayed"] == "true"
        assert replayed.json() == first.json()
        assert_problem(await _order(browser), 422, "idempotency-key-reused")
        await _order(browser, key="key-0002", lines=lines)
        assert len((await browser.get("/orders")).json()["items"]) == 2
        assert [each["name"] for each in _guests(shop)] == ["mira@example.com"]

    async def test_takes_the_email_from_the_cart(self, shop: HttpShop) -> None:
        browser = await _visitor(shop)
        assert (await browser.patch("/cart", {"email": EMAIL})).status_code == 200
        response = await browser.post("/orders", {"payment": CARD}, idempotency_key="key-0001")
        assert response.json()["email"] == "mira@example.com"

    async def test_of_a_rejected_first_order_replays_the_rejection(self, shop: HttpShop) -> None:
        browser = await _visitor(shop)
        lines = [{"sku": "TEA", "quantity": 11}]
        rejected = await _order(browser, lines=lines)
        assert rejected.status_code == 409
        replayed = await _order(browser, lines=lines)
        assert replayed.headers["idempotent-replayed"] == "true"
        assert replayed.json() == rejected.json()
        assert (await browser.get("/orders")).json()["items"] == []
        assert (await _order(browser, key="key-0002")).status_code == 201
        assert len(_guests(shop)) == 1

    async def test_of_a_declined_card_can_try_another(self, shop: HttpShop) -> None:
        browser = await _visitor(shop)
        declined = await _order(browser, payment={"method": "card", "token": "tok_declined"})
        assert declined.status_code == 402
        assert (await browser.get("/session")).json()["cart"]["lines"] != []
        assert (await _order(browser, key="key-0002")).status_code == 201
        assert shop.on_hand("TEA") == 8

    async def test_pays_from_no_account(self, shop: HttpShop) -> None:
        browser = await _visitor(shop)
        with shop.unchanged():
            assert_problem(
                await _order(browser, payment={"method": "account"}), 401, "not-signed-in"
            )
            await _order_nothing_else(shop, browser)

    async def test_is_no_customer_elsewhere(self, shop: HttpShop) -> None:
        browser = await _visitor(shop)
        await _order(browser)
        with shop.unchanged():
            for path in ("/account", "/account/transfers", "/sessions", "/addresses", "/deposits"):
                assert_problem(await browser.get(path), 401, "not-signed-in")


async def _order_nothing_else(shop: HttpShop, browser: Browser) -> None:
    """Require that a guest needs an e-mail address, a payment and a session."""
    assert_invalid(await _order(browser, email=None), "/email")
    assert_invalid(await _order(browser, payment=None), "/payment")
    assert_problem(await _order(shop.browser()), 401, "not-signed-in")


async def test_shop_without_guests_rejects_visitors(clock: FakeClock, session_store: str) -> None:
    shop = HttpShop.open(clock, session_store=session_store)
    await shop.add_product("TEA")
    browser = await _visitor(shop)
    with shop.unchanged():
        assert_problem(await _order(browser), 401, "not-signed-in")


async def test_shop_that_has_no_guests_any_more_still_shows_their_orders(
    shop: HttpShop, session_store: str
) -> None:
    browser = await _visitor(shop)
    order = (await _order(browser)).json()
    closed = HttpShop.open(shop.clock, shop.database, session_store=session_store)
    later = closed.browser()
    later.client.cookies.update(browser.client.cookies)
    with closed.unchanged():
        assert (await later.get("/orders")).json()["items"] == [order]
        assert (await _order(later)).json() == order
        assert_problem(await _order(later, key="key-0002"), 401, "not-signed-in")


class TestSigningIn:
    @pytest.mark.parametrize("how", ["sign_up", "sign_in"])
    async def test_ends_the_guest_and_takes_no_order_along(self, shop: HttpShop, how: str) -> None:
        await shop.customer("ada")
        browser = await _visitor(shop)
        order = (await _order(browser)).json()
        if how == "sign_up":
            await browser.sign_up("mira")
        else:
            assert (await browser.sign_in("ada")).status_code == 200
        session = (await browser.get("/session")).json()
        assert (session["user"] is not None, session["order_id"]) == (True, None)
        assert (await browser.get("/orders")).json()["items"] == []
        assert_problem(await browser.get(f"/orders/{order['id']}"), 404, "order-not-found")
        assert_problem(await browser.get("/session/order"), 404, "no-order")
        await browser.delete("/session")
        again = await _visitor(shop)
        assert_problem(await again.get(f"/orders/{order['id']}"), 401, "not-signed-in")

    async def test_with_the_address_of_a_guest_shows_nothing(self, shop: HttpShop) -> None:
        order = (await _order(await _visitor(shop))).json()
        mira = await shop.customer("mira")
        assert (await mira.get("/orders")).json()["items"] == []
        assert_problem(await mira.get(f"/orders/{order['id']}"), 404, "order-not-found")


class TestStaff:
    async def test_see_who_ordered(self, shop: HttpShop) -> None:
        order = (await _order(await _visitor(shop))).json()
        admin = await shop.admin()
        (guest,) = _guests(shop)
        expected = {**guest, "email": "mira@example.com", "guest": True}
        assert (await admin.get(f"/orders/{order['id']}")).json()["user"] == expected
        (listed,) = (await admin.get("/orders?q=MIRA@")).json()["items"]
        assert listed["user"] == expected
        await admin.order("TEA")
        (own,) = (await admin.get("/orders?q=root@")).json()["items"]
        assert "guest" not in own["user"]

    async def test_list_guests_only_if_they_ask(self, shop: HttpShop) -> None:
        await _order(await _visitor(shop))
        admin = await shop.admin()
        (guest,) = _guests(shop)
        (root,) = (await admin.get("/users")).json()["items"]
        assert "guest" not in root
        listed = {
            each["id"]: each for each in (await admin.get("/users?guests=true")).json()["items"]
        }
        assert listed.keys() == {root["id"], guest["id"]}
        shown = listed[guest["id"]]
        assert (shown["email"], shown["account"], shown["guest"]) == (None, None, True)
        assert (await admin.get(f"/users/{guest['id']}")).json() == shown
        assert (await admin.get("/users?guests=true&q=mira")).json()["items"] == [shown]

    async def test_can_neither_change_a_guest_nor_end_the_session(self, shop: HttpShop) -> None:
        await _order(await _visitor(shop))
        admin = await shop.admin()
        (guest,) = _guests(shop)
        await admin.get("/session")
        with shop.unchanged():
            for change in ({"disabled": False}, {"disabled": True}, {"groups": ["friends"]}):
                response = await admin.patch(f"/users/{guest['id']}", change)
                assert_problem(response, 404, "user-not-found")
            response = await admin.delete(f"/users/{guest['id']}/sessions")
            assert_problem(response, 404, "user-not-found")
            body = {"email": f"guest:{guest['id']}", "password": ""}
            assert (await shop.browser().post("/session", body)).status_code in {401, 422}
