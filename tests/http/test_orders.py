"""Orders over HTTP, once they are placed: listed, looked at, cancelled."""

from datetime import timedelta

import pytest

from tests.factories import an_id
from tests.http.shops import Shop, invalid, refused

pytestmark = pytest.mark.anyio

NOW_TEXT = "2026-11-21T12:00:00Z"
NO_ORDER = an_id("no order")


async def test_orders_are_for_those_who_are_signed_in(shop: Shop) -> None:
    await shop.stock("TEA")
    nobody = shop.visitor()
    guest = shop.visitor()
    await guest.put("/cart/lines/TEA", {"quantity": 1})
    with shop.unchanged():
        for visitor in (nobody, guest):
            refused(await visitor.order("TEA"), 401, "not-signed-in")
            refused(await visitor.get("/orders"), 401, "not-signed-in")
            refused(await visitor.get(f"/orders/{NO_ORDER}"), 401, "not-signed-in")
            refused(await visitor.get(f"/orders/{NO_ORDER}/history"), 401, "not-signed-in")
            refused(await visitor.post(f"/orders/{NO_ORDER}/cancel"), 401, "not-signed-in")
            refused(await visitor.get("/session/order"), 401, "not-signed-in")


async def test_orders_are_listed_the_newest_first_in_pages(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    placed = []
    for number in range(3):
        shop.clock.advance(timedelta(seconds=1))
        placed.append((await visitor.order("TEA", key=f"key-000{number}")).json())
    assert (await visitor.get("/orders")).json() == {"items": placed[::-1], "next": None}
    first = (await visitor.get("/orders?limit=2")).json()
    assert first["items"] == [placed[2], placed[1]]
    second = (await visitor.get(f"/orders?limit=2&cursor={first['next']}")).json()
    assert second == {"items": [placed[0]], "next": None}


async def test_orders_are_listed_by_status(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    kept = (await visitor.order("TEA", key="key-0001")).json()
    undone = (await visitor.order("TEA", key="key-0002")).json()
    cancelled = (await visitor.post(f"/orders/{undone['id']}/cancel")).json()
    assert (await visitor.get("/orders?status=paid")).json()["items"] == [kept]
    assert (await visitor.get("/orders?status=cancelled")).json()["items"] == [cancelled]


async def test_an_admin_lists_anybodys_orders(shop: Shop) -> None:
    await shop.stock("TEA")
    ada, eve, admin = await shop.customer("ada"), await shop.customer("eve"), await shop.admin()
    hers = (await ada.order("TEA")).json()
    shop.clock.advance(timedelta(seconds=1))
    theirs = (await eve.order("TEA")).json()
    ada_id = (await ada.get("/session")).json()["user"]["id"]
    assert (await admin.get(f"/orders?user_id={ada_id}")).json()["items"] == [hers]
    assert (await admin.get("/orders?status=paid")).json()["items"] == [theirs, hers]
    assert (await admin.get("/orders")).json()["items"] == []
    assert (await admin.get(f"/orders/{hers['id']}")).json() == hers
    assert (await ada.get(f"/orders?user_id={ada_id}")).json()["items"] == [hers]
    with shop.unchanged():
        answer = await eve.get(f"/orders?user_id={ada_id}")
        refused(answer, 403, "forbidden", role="admin")


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
        ("colour=black", "/query/colour"),
        ("limit=1&limit=2", "/query/limit"),
    ],
)
async def test_a_list_that_cannot_be_asked_for_is_pointed_to(
    shop: Shop, query: str, pointer: str
) -> None:
    visitor = await shop.customer("ada")
    invalid(await visitor.get(f"/orders?{query}"), pointer)


async def test_a_cancelled_order_gives_everything_back(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    order = (await visitor.order("TEA", 2)).json()
    answer = await visitor.post(f"/orders/{order['id']}/cancel", {})
    assert answer.status_code == 200
    payment = {"method": "account", "status": "refunded"}
    assert answer.json() == {**order, "status": "cancelled", "payment": payment}
    assert (shop.on_hand("TEA"), shop.balance("ada")) == (10, 10_000)
    with shop.unchanged():
        again = await visitor.post(f"/orders/{order['id']}/cancel")
    refused(again, 409, "illegal-transition", current="cancelled", target="cancelled")


async def test_a_cancellation_says_nothing_else(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    order = (await visitor.order("TEA", 2)).json()
    with shop.unchanged():
        answer = await visitor.post(f"/orders/{order['id']}/cancel", {"reason": "none"})
    invalid(answer, "/reason")


async def test_the_history_tells_each_step_and_whose_it_was(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor, admin = await shop.customer("ada"), await shop.admin()
    order = (await visitor.order("TEA")).json()
    shop.clock.advance(timedelta(minutes=1))
    await admin.post(f"/orders/{order['id']}/cancel")
    answer = await visitor.get(f"/orders/{order['id']}/history")
    assert answer.status_code == 200
    assert answer.json() == {
        "items": [
            {"from": None, "to": "paid", "actor": "customer", "at": NOW_TEXT},
            {"from": "paid", "to": "cancelled", "actor": "admin", "at": "2026-11-21T12:01:00Z"},
        ],
        "next": None,
    }


async def test_what_cannot_be_the_id_of_an_order_is_pointed_to(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    for answer in (
        await visitor.get("/orders/nonsense"),
        await visitor.get("/orders/nonsense/history"),
        await visitor.post("/orders/nonsense/cancel"),
    ):
        invalid(answer, "/path/order_id")
