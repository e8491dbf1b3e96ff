"""Orders over HTTP, once they are placed: listed, looked at, cancelled."""

from datetime import timedelta

import pytest

from tests.entrypoints.http.clients import HttpShop, assert_invalid, assert_problem
from tests.factories import id_of

pytestmark = pytest.mark.anyio

NOW_TEXT = "2026-11-21T12:00:00Z"
NO_ORDER = id_of("no order")


async def test_orders_require_a_signed_in_user(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    stranger = shop.browser()
    guest = shop.browser()
    await guest.put("/cart/lines/TEA", {"quantity": 1})
    with shop.unchanged():
        for browser in (stranger, guest):
            assert_problem(await browser.order("TEA"), 401, "not-signed-in")
            assert_problem(await browser.get("/orders"), 401, "not-signed-in")
            assert_problem(await browser.get(f"/orders/{NO_ORDER}"), 401, "not-signed-in")
            assert_problem(await browser.get(f"/orders/{NO_ORDER}/history"), 401, "not-signed-in")
            assert_problem(await browser.post(f"/orders/{NO_ORDER}/cancel"), 401, "not-signed-in")
            assert_problem(await browser.get("/session/order"), 404, "no-order")


async def test_orders_are_listed_newest_first_in_pages(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    placed = []
    for number in range(3):
        shop.clock.advance(timedelta(seconds=1))
        placed.append((await browser.order("TEA", key=f"key-000{number}")).json())
    assert (await browser.get("/orders")).json() == {"items": placed[::-1], "next": None}
    first = (await browser.get("/orders?limit=2")).json()
    assert first["items"] == [placed[2], placed[1]]
    second = (await browser.get(f"/orders?limit=2&cursor={first['next']}")).json()
    assert second == {"items": [placed[0]], "next": None}


async def test_orders_are_listed_by_status(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    kept = (await browser.order("TEA", key="key-0001")).json()
    undone = (await browser.order("TEA", key="key-0002")).json()
    cancelled = (await browser.post(f"/orders/{undone['id']}/cancel")).json()
    assert (await browser.get("/orders?status=paid")).json()["items"] == [kept]
    assert (await browser.get("/orders?status=cancelled")).json()["items"] == [cancelled]


async def test_admin_can_list_the_orders_of_any_customer(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    ada, eve, admin = await shop.customer("ada"), await shop.customer("eve"), await shop.admin()
    placed = (await ada.order("TEA")).json()
    shop.clock.advance(timedelta(seconds=1))
    ada_id = (await ada.get("/session")).json()["user"]["id"]
    eve_id = (await eve.get("/session")).json()["user"]["id"]
    hers = {**placed, "user": {"id": ada_id, "name": "Ada", "email": "ada@example.com"}}
    theirs = {
        **(await eve.order("TEA")).json(),
        "user": {"id": eve_id, "name": "Eve", "email": "eve@example.com"},
    }
    assert (await admin.get(f"/orders?user_id={ada_id}")).json()["items"] == [hers]
    assert (await admin.get("/orders?status=paid")).json()["items"] == [theirs, hers]
    assert (await admin.get("/orders?all=true")).json()["items"] == [theirs, hers]
    assert (await admin.get("/orders")).json()["items"] == []
    assert (await admin.get(f"/orders/{hers['id']}")).json() == hers
    assert (await ada.get(f"/orders?user_id={ada_id}")).json()["items"] == [placed]
    with shop.unchanged():
        for query in (f"user_id={ada_id}", "all=true", f"all=true&user_id={eve_id}"):
            response = await eve.get(f"/orders?{query}")
            assert_problem(response, 403, "forbidden", role="admin")


async def test_customers_find_only_their_own_orders(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    await shop.add_product("POT")
    ada, eve = await shop.customer("ada"), await shop.customer("eve")
    first = (await ada.order("TEA", key="key-0001")).json()
    shop.clock.advance(timedelta(hours=1))
    second = (await ada.order("POT", key="key-0002")).json()
    await eve.order("TEA")

    async def found(query: str) -> list[object]:
        response = await ada.get(f"/orders?{query}")
        assert response.status_code == 200, response.text
        return list(response.json()["items"])

    assert await found("all=false") == [second, first]
    assert await found("q=tea") == [first]
    assert await found(f"q={second['number'].lower()}") == [second]
    assert await found("q=ada@example.com") == [second, first]
    assert await found("q=eve@example.com") == []
    assert await found("placed_after=2026-11-21T12:00:00Z") == [second]
    assert await found("placed_before=2026-11-21T13:00:00Z") == [first]
    assert await found("q=TEA&placed_after=2026-11-21T12:00:00Z&status=paid") == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("limit=many", "/query/limit"),
        ("cursor=", "/query/cursor"),
        ("cursor=!!", "/query/cursor"),
        ("cursor=AAAA", "/query/cursor"),
        ("cursor=f___________AAAAAAAAAAAAAAAAAAAA", "/query/cursor"),
        ("user_id=ada", "/query/user_id"),
        ("status=lost", "/query/status"),
        ("all=perhaps", "/query/all"),
        ("includes_all_users=true", "/query/includes_all_users"),
        (f"q={'q' * 101}", "/query/q"),
        ("placed_after=yesterday", "/query/placed_after"),
        ("placed_after=0.5", "/query/placed_after"),
        ("placed_after=2026-11-21", "/query/placed_after"),
        ("placed_after=0001-01-01T00:00:00%2B14:00", "/query/placed_after"),
        ("placed_before=9999-12-31T23:59:59-14:00", "/query/placed_before"),
        ("placed_before=2026-11-21T12:00:00", "/query/placed_before"),
        ("colour=black", "/query/colour"),
        ("limit=1&limit=2", "/query/limit"),
    ],
)
async def test_invalid_list_query_is_rejected_with_pointers(
    shop: HttpShop, query: str, pointer: str
) -> None:
    browser = await shop.customer("ada")
    assert_invalid(await browser.get(f"/orders?{query}"), pointer)


async def test_cancelled_order_is_refunded_and_restocked(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    order = (await browser.order("TEA", 2)).json()
    response = await browser.post(f"/orders/{order['id']}/cancel", {})
    assert response.status_code == 200
    payment = {"method": "account", "status": "refunded"}
    assert response.json() == {**order, "status": "cancelled", "payment": payment}
    assert (shop.on_hand("TEA"), shop.balance("ada")) == (10, 10_000)
    with shop.unchanged():
        again = await browser.post(f"/orders/{order['id']}/cancel")
    assert_problem(again, 409, "illegal-transition", current="cancelled", target="cancelled")


async def test_cancellation_accepts_no_body(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    order = (await browser.order("TEA", 2)).json()
    with shop.unchanged():
        response = await browser.post(f"/orders/{order['id']}/cancel", {"reason": "none"})
    assert_invalid(response, "/reason")


async def test_history_shows_each_step_and_its_actor(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser, admin = await shop.customer("ada"), await shop.admin()
    order = (await browser.order("TEA")).json()
    shop.clock.advance(timedelta(minutes=1))
    await admin.post(f"/orders/{order['id']}/cancel")
    response = await browser.get(f"/orders/{order['id']}/history")
    assert response.status_code == 200
    assert response.json() == {
        "items": [
            {
                "kind": "status",
                "from": None,
                "to": "paid",
                "actor": "customer",
                "at": NOW_TEXT,
            },
            {
                "kind": "status",
                "from": "paid",
                "to": "cancelled",
                "actor": "admin",
                "at": "2026-11-21T12:01:00Z",
            },
        ],
        "next": None,
    }


async def test_invalid_order_id_is_rejected_with_a_pointer(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    for response in (
        await browser.get("/orders/nonsense"),
        await browser.get("/orders/nonsense/history"),
        await browser.post("/orders/nonsense/cancel"),
    ):
        assert_invalid(response, "/path/order_id")
