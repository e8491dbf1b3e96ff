"""Idempotency keys on requests that need none: stock, shipments and cancellations."""

from datetime import timedelta

import httpx2
import pytest

from shop.domain.shared.idempotency_key import IdempotencyKey
from tests.entrypoints.http.clients import Browser, HttpShop, Json, assert_problem

pytestmark = pytest.mark.anyio

KEY = "key-of-staff"
DELIVERY: Json = {"delta": 3, "reason": "Delivery"}
ONE_OF_TEA: Json = {"lines": [{"sku": "TEA", "quantity": 1}]}


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    """Return an admin's browser; ten of tea are in stock."""
    await shop.add_product("TEA")
    admin = await shop.admin()
    await admin.get("/session")
    return admin


@pytest.fixture
async def ada(shop: HttpShop) -> Browser:
    return await shop.customer("ada")


@pytest.fixture
async def order(admin: Browser, ada: Browser) -> str:
    """Return the path of an order of three of tea, paid from the account."""
    del admin
    return f"/orders/{(await ada.order('TEA', 3)).json()['id']}"


def assert_replayed(again: httpx2.Response, first: httpx2.Response) -> None:
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert (again.status_code, again.content) == (first.status_code, first.content)


class TestStock:
    path = "/products/TEA/stock"

    async def test_it_is_adjusted_once_under_a_key(self, shop: HttpShop, admin: Browser) -> None:
        first = await admin.post(self.path, DELIVERY, idempotency_key=KEY)
        again = await admin.post(self.path, DELIVERY, idempotency_key=f'"{KEY}"')
        assert first.json() == {"sku": "TEA", "on_hand": 13, "reserved": 0, "available": 13}
        assert_replayed(again, first)
        assert shop.on_hand("TEA") == 13

    async def test_replay_shows_the_stock_of_that_time(
        self, shop: HttpShop, admin: Browser, ada: Browser
    ) -> None:
        await ada.post(
            "/orders",
            {**ONE_OF_TEA, "payment": {"method": "card", "token": "tok_timeout_before"}},
            idempotency_key="key-of-card",
        )
        first = await admin.post(self.path, DELIVERY, idempotency_key=KEY)
        assert first.json() == {"sku": "TEA", "on_hand": 13, "reserved": 1, "available": 12}
        await admin.post(self.path, DELIVERY, idempotency_key="another-key")
        await ada.order("TEA", 2)
        shop.clock.advance(timedelta(days=1))
        assert_replayed(await admin.post(self.path, DELIVERY, idempotency_key=KEY), first)
        assert shop.on_hand("TEA") == 14

    async def test_without_a_key_every_request_counts(self, shop: HttpShop, admin: Browser) -> None:
        for _ in range(2):
            response = await admin.post(self.path, DELIVERY)
            assert "idempotent-replayed" not in response.headers
        assert shop.on_hand("TEA") == 16

    async def test_rejection_is_replayed_when_it_would_succeed_now(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        less = {"delta": -11, "reason": "Broken"}
        first = await admin.post(self.path, less, idempotency_key=KEY)
        assert_problem(first, 409, "stock-below-reserved", sku="TEA", on_hand=10, reserved=0)
        await admin.post(self.path, DELIVERY)
        assert_replayed(await admin.post(self.path, less, idempotency_key=KEY), first)
        assert shop.on_hand("TEA") == 13

    async def test_invalid_adjustment_leaves_the_key_free(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        too_much = await admin.post(self.path, {**DELIVERY, "delta": 10**9}, idempotency_key=KEY)
        response = await admin.post(self.path, DELIVERY, idempotency_key=KEY)
        assert (too_much.status_code, response.status_code) == (422, 201)
        assert shop.on_hand("TEA") == 13

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/products/TEA/stock", {**DELIVERY, "delta": 4}),
            ("/products/TEA/stock", {**DELIVERY, "reason": "Found"}),
            ("/products/CUP/stock", DELIVERY),
        ],
    )
    async def test_key_of_another_request_is_rejected(
        self, shop: HttpShop, admin: Browser, path: str, body: Json
    ) -> None:
        await shop.add_product("CUP")
        await admin.post(self.path, DELIVERY, idempotency_key=KEY)
        with shop.unchanged():
            response = await admin.post(path, body, idempotency_key=KEY)
        assert_problem(response, 422, "idempotency-key-reused")

    async def test_keys_belong_to_the_user(self, shop: HttpShop, admin: Browser) -> None:
        await admin.post(self.path, DELIVERY, idempotency_key=KEY)
        other = await shop.admin("other")
        response = await other.post(self.path, DELIVERY, idempotency_key=KEY)
        assert response.json()["on_hand"] == 16


class TestShipmentsAndDeliveries:
    @pytest.mark.parametrize("body", [ONE_OF_TEA, None])
    async def test_goods_are_shipped_and_delivered_once_under_a_key(
        self, admin: Browser, order: str, body: Json | None
    ) -> None:
        for what in ("shipments", "deliveries"):
            path = f"{order}/{what}"
            first = await admin.post(path, body, idempotency_key=f"key-of-{what}")
            assert first.status_code == 201
            again = await admin.post(path, body, idempotency_key=f"key-of-{what}")
            assert_replayed(again, first)
            assert (await admin.get(path)).json()["items"] == [first.json()]

    async def test_key_of_a_shipment_is_none_of_a_delivery(
        self, shop: HttpShop, admin: Browser, order: str
    ) -> None:
        await admin.post(f"{order}/shipments", ONE_OF_TEA, idempotency_key=KEY)
        with shop.unchanged():
            responses = [
                await admin.post(f"{order}/deliveries", ONE_OF_TEA, idempotency_key=KEY),
                await admin.post(f"{order}/shipments", None, idempotency_key=KEY),
                await admin.post(f"{order}/cancel", None, idempotency_key=KEY),
            ]
        for response in responses:
            assert_problem(response, 422, "idempotency-key-reused")


class TestACancellation:
    async def test_it_is_replayed_under_its_key(
        self, shop: HttpShop, ada: Browser, order: str
    ) -> None:
        first = await ada.post(f"{order}/cancel", None, idempotency_key=KEY)
        assert first.json()["status"] == "cancelled"
        with shop.unchanged():
            again = await ada.post(f"{order}/cancel", {}, idempotency_key=KEY)
            without_key = await ada.post(f"{order}/cancel")
        assert_replayed(again, first)
        assert_problem(
            without_key, 409, "illegal-transition", current="cancelled", target="cancelled"
        )
        assert shop.on_hand("TEA") == 10

    async def test_key_of_the_order_itself_is_rejected(
        self, shop: HttpShop, ada: Browser, order: str
    ) -> None:
        with shop.unchanged():
            response = await ada.post(f"{order}/cancel", None, idempotency_key="key-0001")
        assert_problem(response, 422, "idempotency-key-reused")


@pytest.mark.parametrize("path", ["/products/TEA/stock", "/{order}/shipments", "/{order}/cancel"])
class TestAnyRequest:
    async def test_malformed_key_is_rejected(
        self, shop: HttpShop, admin: Browser, order: str, path: str
    ) -> None:
        for key in ("", "short", "k" * 256, "key with spaces"):
            with shop.unchanged():
                response = await admin.post(
                    path.replace("/{order}", order), self._body(path), idempotency_key=key
                )
            assert_problem(response, 400, "invalid-idempotency-key")

    @pytest.mark.corrupts
    async def test_request_in_progress_is_reported(
        self, shop: HttpShop, admin: Browser, order: str, path: str
    ) -> None:
        body, place = self._body(path), path.replace("/{order}", order)
        await admin.post(place, body, idempotency_key=KEY)
        # As if the request had not been decided yet.
        async with shop.container.unit_of_work() as uow:
            (user,) = (await uow.users.with_emails(["root@example.com"])).values()
            key = IdempotencyKey(user_id=user.id, value="key-in-use")
            row = shop.database.state.idempotency_keys.rows[
                IdempotencyKey(user_id=user.id, value=KEY)
            ]
            await uow.idempotency_keys.claim({key: row.record.fingerprint}, shop.clock.now())
            await uow.commit()
        response = await admin.post(place, body, idempotency_key="key-in-use")
        assert_problem(response, 409, "request-in-progress")
        assert response.headers["retry-after"] == "1"

    def _body(self, path: str) -> Json | None:
        return DELIVERY if path.endswith("stock") else None


async def test_replays_agree_with_the_audit(
    shop: HttpShop, admin: Browser, ada: Browser, order: str
) -> None:
    await admin.post("/products/TEA/stock", DELIVERY, idempotency_key="key-of-stock")
    await admin.post(f"{order}/shipments", None, idempotency_key="key-of-shipment")
    other = f"/orders/{(await ada.order('TEA', 1, key='key-0002')).json()['id']}"
    await admin.post(f"{other}/cancel", None, idempotency_key="key-of-cancellation")
    findings = await shop.container.audit_shop().run(lambda _: None)
    assert [each for finding in findings for each in finding.violations] == []
