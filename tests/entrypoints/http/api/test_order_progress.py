"""An order says what was shipped and refunded, and its history says when."""

from datetime import timedelta

import pytest

from tests.entrypoints.http.clients import Browser, HttpShop, Json, assert_invalid, eur

pytestmark = pytest.mark.anyio

ONE_OF_TEA = [{"sku": "TEA", "quantity": 1}]


@pytest.fixture
async def ada(shop: HttpShop) -> Browser:
    await shop.add_product("TEA")
    return await shop.customer("ada")


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    browser = await shop.admin()
    await browser.get("/session")
    return browser


async def _progress(browser: Browser, path: str) -> tuple[int, int, Json]:
    order = (await browser.get(path)).json()
    order = order["items"][0] if "items" in order else order
    (line,) = order["lines"]
    return line["shipped"], line["refunded"], order["refunded"]


async def _ship(shop: HttpShop, admin: Browser, path: str) -> Json:
    shop.clock.advance(timedelta(minutes=1))
    response = await admin.post(f"{path}/shipments", {"lines": ONE_OF_TEA})
    assert response.status_code == 201, response.text
    shipment: Json = response.json()
    return shipment


async def _refund(shop: HttpShop, admin: Browser, path: str, **members: object) -> Json:
    shop.clock.advance(timedelta(minutes=1))
    key = f"key-of-{shop.clock.now().isoformat()}"
    body = {"reason": "Broken", **members}
    response = await admin.post(f"{path}/refunds", body, idempotency_key=key)
    assert response.status_code == 201, response.text
    refund: Json = response.json()
    return refund


class TestAnOrder:
    async def test_counts_what_was_shipped_and_refunded_of_each_line(
        self, shop: HttpShop, ada: Browser, admin: Browser
    ) -> None:
        placed = (await ada.order("TEA", 3)).json()
        path = f"/orders/{placed['id']}"
        assert await _progress(ada, path) == (0, 0, eur(0))

        await _ship(shop, admin, path)
        for each in (path, "/orders", "/session/order"):
            assert await _progress(ada, each) == (1, 0, eur(0))

        await _refund(shop, admin, path, lines=ONE_OF_TEA)
        assert await _progress(ada, path) == (1, 1, eur(500))

        await _refund(shop, admin, path, amount=eur(100))
        assert await _progress(ada, path) == (1, 1, eur(600))

        await _refund(shop, admin, path)
        assert await _progress(ada, path) == (1, 3, eur(1_500))

    async def test_is_answered_to_a_repeated_request_as_it_was_placed(
        self, shop: HttpShop, ada: Browser, admin: Browser
    ) -> None:
        first = await ada.order("TEA", 3)
        path = f"/orders/{first.json()['id']}"
        await _ship(shop, admin, path)
        await _refund(shop, admin, path)

        again = await ada.order("TEA", 3)

        assert again.headers["idempotent-replayed"] == "true"
        assert again.content == first.content

    async def test_of_an_admin_is_answered_without_customer_when_placed(
        self, shop: HttpShop, ada: Browser, admin: Browser
    ) -> None:
        del ada
        placed = (await admin.order("TEA")).json()
        shown = (await admin.get("/session/order")).json()
        user_id = (await admin.get("/session")).json()["user"]["id"]
        assert "user" not in placed
        assert shown["user"] == {"id": user_id, "name": "Root", "email": "root@example.com"}
        assert shop.on_hand("TEA") == 9

    async def test_is_cancelled_by_an_admin_who_sees_its_customer(
        self, ada: Browser, admin: Browser
    ) -> None:
        placed = (await ada.order("TEA")).json()
        cancelled = (await admin.post(f"/orders/{placed['id']}/cancel")).json()
        assert cancelled["user"]["email"] == "ada@example.com"


class TestAHistory:
    async def test_lists_shipments_deliveries_and_refunds_before_the_status_they_lead_to(
        self, shop: HttpShop, ada: Browser, admin: Browser
    ) -> None:
        placed = (await ada.order("TEA", 2)).json()
        path = f"/orders/{placed['id']}"
        first = await _ship(shop, admin, path)
        refund = await _refund(shop, admin, path, amount=eur(100))
        second = await _ship(shop, admin, path)
        shop.clock.advance(timedelta(minutes=1))
        delivery = (await admin.post(f"{path}/deliveries")).json()
        rest = await _refund(shop, admin, path)

        for browser in (ada, admin):
            items = (await browser.get(f"{path}/history")).json()["items"]
            assert items == [
                _status(None, "paid", "customer", placed["placed_at"]),
                _entry("shipment", first),
                _entry("refund", refund),
                _entry("shipment", second),
                _status("paid", "shipped", "admin", second["created_at"]),
                _entry("delivery", delivery),
                _status("shipped", "delivered", "admin", delivery["created_at"]),
                _entry("refund", rest),
                _status("delivered", "refunded", "admin", rest["created_at"]),
            ]

    async def test_and_its_parts_are_listed_in_pages(
        self, shop: HttpShop, ada: Browser, admin: Browser
    ) -> None:
        path = f"/orders/{(await ada.order('TEA', 3)).json()['id']}"
        shipments = [await _ship(shop, admin, path) for _ in range(3)]
        deliveries = []
        for _ in range(2):
            shop.clock.advance(timedelta(minutes=1))
            response = await admin.post(f"{path}/deliveries", {"lines": ONE_OF_TEA})
            deliveries.append(response.json())
        refunds = [await _refund(shop, admin, path, amount=eur(1)) for _ in range(2)]

        assert await ada.pages(f"{path}/shipments") == [[each] for each in shipments]
        assert await ada.pages(f"{path}/deliveries") == [[each] for each in deliveries]
        assert await ada.pages(f"{path}/refunds") == [[each] for each in refunds]
        history = (await ada.get(f"{path}/history")).json()["items"]
        assert await ada.pages(f"{path}/history") == [[each] for each in history]
        assert_invalid(await ada.get(f"{path}/history?cursor=AAZg"), "/query/cursor")


def _entry(kind: str, thing: Json) -> Json:
    return {**thing, "kind": kind, "at": thing["created_at"]}


def _status(before: str | None, after: str, actor: str, at: str) -> Json:
    return {"kind": "status", "from": before, "to": after, "actor": actor, "at": at}
