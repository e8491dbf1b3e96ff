"""Orders and deposits by card, over HTTP."""

import json
import time
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
import stripe

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.adapters.stripe.webhook import parse_event
from shop.application.ports.payment_gateway import GatewayEvent, GatewayOutcomeUnknown
from tests.entrypoints.http.clients import (
    Browser,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
    eur,
)

pytestmark = pytest.mark.anyio

WEBHOOK_SECRET = "whsec_of_this_test_alone"


def _card(card: str = "tok_visa") -> Json:
    return {"payment": {"method": "card", "token": card}}


async def _deposit(browser: Browser, card: str = "tok_visa") -> httpx2.Response:
    body = {"amount": eur(500), "card": {"token": card}}
    return await browser.post("/deposits", body, idempotency_key="key-0001")


def _gateway(shop: HttpShop) -> MemoryPaymentGateway:
    gateway = shop.container.payment_gateway()
    assert isinstance(gateway, MemoryPaymentGateway)
    return gateway


class TestOrders:
    async def test_approved_card_returns_201_and_the_session_shows_the_order(
        self, shop: HttpShop
    ) -> None:
        await shop.add_product("TEA")
        browser = await shop.customer("ada")
        response = await browser.order("TEA", 2, **_card())

        order = response.json()
        assert response.status_code == 201
        assert "idempotent-replayed" not in response.headers
        assert (order["status"], order["total"]) == ("paid", eur(1000))
        assert order["payment"] == {"method": "card", "status": "authorised"}
        assert (shop.on_hand("TEA"), shop.balance("ada")) == (8, 10_000)
        assert (await browser.get("/session")).json()["order_id"] == order["id"]

    async def test_replay_is_identical_after_the_capture(self, shop: HttpShop) -> None:
        await shop.add_product("TEA")
        browser = await shop.customer("ada")
        first = await browser.order("TEA", **_card())
        assert await shop.container.worker().drain() == 1
        now = (await browser.get(f"/orders/{first.json()['id']}")).json()
        assert now["payment"] == {"method": "card", "status": "captured"}

        with shop.unchanged():
            again = await browser.order("TEA", **_card())
        assert again.headers["idempotent-replayed"] == "true"
        assert (again.status_code, again.json()) == (201, first.json())

    @pytest.mark.parametrize(
        ("token", "reason"),
        [
            ("tok_declined", "declined"),
            ("tok_insufficient", "insufficient_funds"),
        ],
    )
    async def test_declined_card_returns_402(self, shop: HttpShop, token: str, reason: str) -> None:
        await shop.add_product("TEA")
        browser = await shop.customer("ada")
        session = (await browser.get("/session")).json()
        first = await browser.order("TEA", **_card(token))
        assert_problem(first, 402, "card-declined", reason=reason)
        again = await browser.order("TEA", **_card(token))
        assert_problem(again, 402, "card-declined", reason=reason)
        assert again.headers["idempotent-replayed"] == "true"
        assert shop.on_hand("TEA") == 10
        assert (await browser.get("/session")).json() == session
        (order,) = (await browser.get("/orders")).json()["items"]
        assert (order["status"], order["payment"]["status"]) == ("declined", "declined")

    @pytest.mark.parametrize(
        "token",
        [
            "tok_unheard_of",
            "bank-card",
            "4242424242424242",
            "4242-4242-4242-4242",
            "4242 4242 4242 4242",
        ],
    )
    async def test_text_that_is_no_token_is_rejected_and_stored_nowhere(
        self, shop: HttpShop, token: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        await shop.add_product("TEA")
        browser = await shop.customer("ada")
        with caplog.at_level("DEBUG"), shop.unchanged():
            order = await browser.order("TEA", **_card(token))
            deposit = await browser.post(
                "/deposits",
                {"amount": eur(1), "card": {"token": token}},
                idempotency_key="key-0002",
            )
        assert_invalid(order, "/payment/token")
        assert_invalid(deposit, "/card/token")
        assert token not in order.text + deposit.text + caplog.text
        # Nothing is stored under the key: with a token, it can be used.
        assert (await browser.order("TEA", **_card("tok_visa"))).status_code == 201

    async def test_unknown_outcome_is_a_warning(
        self, shop: HttpShop, caplog: pytest.LogCaptureFixture
    ) -> None:
        await shop.add_product("TEA")
        browser = await shop.customer("ada")

        await browser.order("TEA", **_card("tok_timeout_after"))

        (line,) = [
            each for each in caplog.records if each.message == "authorisation_outcome_unknown"
        ]
        assert line.levelname == "WARNING"

    async def test_unknown_outcome_returns_202_until_it_is_known(self, shop: HttpShop) -> None:
        await shop.add_product("TEA")
        browser = await shop.customer("ada")
        response = await browser.order("TEA", **_card("tok_timeout_after"))
        pending = response.json()
        assert response.status_code == 202
        assert (pending["status"], pending["payment"]["status"]) == ("pending", "pending")
        assert (await browser.get("/products/TEA")).json()["available"] == 9
        assert (await browser.get("/session")).json()["order_id"] is None

        shop.clock.advance(timedelta(seconds=60))
        await shop.container.worker().drain()

        again = await browser.order("TEA", **_card("tok_timeout_after"))
        assert (again.status_code, again.json()["id"]) == (201, pending["id"])
        assert again.headers["idempotent-replayed"] == "true"
        assert (await browser.get("/session/order")).json()["status"] == "paid"

    async def test_challenged_card_returns_the_client_secret(self, shop: HttpShop) -> None:
        await shop.add_product("TEA")
        browser = await shop.customer("ada")
        ordered = await browser.order("TEA", **_card("tok_authenticate"))
        again = await browser.order("TEA", **_card("tok_authenticate"))
        shown = await browser.get(f"/orders/{ordered.json()['id']}")

        pending = {"method": "card", "status": "pending"}
        assert (ordered.status_code, again.status_code) == (202, 202)
        action = {"type": "redirect", "url": "http://shop.test/gateway/payments/pay_1"}
        assert ordered.json()["payment"] == pending | {
            "client_secret": "pay_1_secret",
            "action": action,
        }
        assert again.json() == ordered.json()
        assert shown.json()["payment"] == pending

        deposit = await browser.post(
            "/deposits",
            {"amount": {"amount": 500, "currency": "EUR"}, "card": {"token": "tok_authenticate"}},
            idempotency_key="key-0002",
        )
        assert deposit.status_code == 202
        assert deposit.json()["client_secret"] == "pay_2_secret"

    async def test_expired_payment_returns_409_and_charges_nothing(self, shop: HttpShop) -> None:
        await shop.add_product("TEA")
        browser = await shop.customer("ada")
        await browser.order("TEA", **_card("tok_authenticate"))
        shop.clock.advance(timedelta(hours=1))
        await shop.container.worker().drain()

        assert_problem(
            await browser.order("TEA", **_card("tok_authenticate")), 409, "payment-expired"
        )
        (order,) = (await browser.get("/orders")).json()["items"]
        assert (order["status"], order["payment"]["status"]) == ("expired", "voided")
        steps = (await browser.get(f"/orders/{order['id']}/history")).json()["items"]
        assert [(step["to"], step["actor"]) for step in steps] == [
            ("pending", "customer"),
            ("expired", "shop"),
        ]
        assert shop.on_hand("TEA") == 10

    async def test_pending_order_can_be_cancelled(self, shop: HttpShop) -> None:
        await shop.add_product("TEA")
        browser = await shop.customer("ada")
        pending = (await browser.order("TEA", **_card("tok_timeout_after"))).json()
        response = await browser.post(f"/orders/{pending['id']}/cancel")
        assert response.status_code == 200
        assert response.json()["payment"] == {"method": "card", "status": "voided"}
        await shop.container.worker().drain()

        assert_problem(
            await browser.order("TEA", **_card("tok_timeout_after")), 409, "payment-cancelled"
        )
        found = await _gateway(shop).find_payment(UUID(pending["id"]))
        assert found is not None
        assert found.is_voided
        assert (await browser.get("/products/TEA")).json()["available"] == 10

    async def test_card_is_part_of_the_request_fingerprint(self, shop: HttpShop) -> None:
        await shop.add_product("TEA")
        browser = await shop.customer("ada")
        await browser.order("TEA", **_card())
        with shop.unchanged():
            other = await browser.order("TEA", **_card("tok_declined"))
        assert_problem(other, 422, "idempotency-key-reused")

    async def test_card_token_is_never_returned(self, shop: HttpShop) -> None:
        await shop.add_product("TEA")
        browser = await shop.customer("ada")
        placed = await browser.order("TEA", **_card("tok_secret_of_ada"))
        listed = await browser.get("/orders")
        assert "tok_secret" not in placed.text + listed.text


class TestDeposits:
    async def test_approved_card_credits_the_account(self, shop: HttpShop) -> None:
        browser = await shop.customer("ada")
        response = await _deposit(browser)
        deposit = response.json()
        assert response.status_code == 201
        assert (deposit["status"], deposit["amount"]) == ("authorised", eur(500))
        assert (await browser.get("/account")).json()["balance"] == eur(10_500)
        assert (await browser.get(f"/deposits/{deposit['id']}")).json() == deposit
        (newest, _) = (await browser.get("/account/transfers")).json()["items"]
        assert (newest["kind"], newest["amount"], newest["counterparty"]) == (
            "deposit",
            eur(500),
            "card_clearing",
        )
        assert newest["id"] == deposit["id"]

    async def test_deposit_happens_once_under_its_key(self, shop: HttpShop) -> None:
        browser = await shop.customer("ada")
        first, again = await _deposit(browser), await _deposit(browser)
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["idempotent-replayed"] == "true"
        assert shop.balance("ada") == 10_500

    async def test_declined_card_returns_402(self, shop: HttpShop) -> None:
        browser = await shop.customer("ada")
        for _ in range(2):
            response = await _deposit(browser, "tok_declined")
            assert_problem(response, 402, "card-declined", reason="declined")
        assert shop.balance("ada") == 10_000

    async def test_unknown_outcome_returns_202_until_it_is_known(self, shop: HttpShop) -> None:
        browser = await shop.customer("ada")
        response = await _deposit(browser, "tok_error")
        assert (response.status_code, response.json()["status"]) == (202, "pending")
        assert shop.balance("ada") == 10_000

        shop.clock.advance(timedelta(seconds=60))
        await shop.container.worker().drain()

        again = await _deposit(browser, "tok_error")
        assert (again.status_code, again.json()["id"]) == (201, response.json()["id"])
        assert shop.balance("ada") == 10_500

    async def test_deposit_of_another_customer_is_not_found(self, shop: HttpShop) -> None:
        deposit = (await _deposit(await shop.customer("ada"))).json()
        bob = await shop.customer("bob")
        assert_problem(await bob.get(f"/deposits/{deposit['id']}"), 404, "deposit-not-found")

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"amount": eur(0), "card": {"token": "tok_visa"}}, "/amount/amount"),
            ({"amount": eur(1), "card": {"token": ""}}, "/card/token"),
            ({"amount": eur(1), "card": {"token": "tok\u0000"}}, "/card/token"),
            ({"amount": eur(1), "card": {"number": "4242"}}, "/card/token"),
            ({"amount": eur(1)}, "/card"),
        ],
    )
    async def test_invalid_deposit_is_rejected_with_pointers(
        self, shop: HttpShop, body: Json, pointer: str
    ) -> None:
        browser = await shop.customer("ada")
        with shop.unchanged():
            response = await browser.post("/deposits", body, idempotency_key="key-0001")
        assert response.status_code == 422
        assert pointer in [error["pointer"] for error in response.json()["errors"]]


class TestGatewayEvents:
    async def test_signed_event_is_answered_before_the_payment_is_looked_up(
        self, shop: HttpShop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await shop.add_product("TEA")
        browser = await shop.customer("ada")
        pending = (await browser.order("TEA", 2, **_card("tok_timeout_after"))).json()
        body = json.dumps(
            {
                "id": "evt_1",
                "type": "payment_intent.amount_capturable_updated",
                "data": {
                    "object": {
                        "object": "payment_intent",
                        "id": "pay_1",
                        "metadata": {"shop_reference": pending["id"]},
                    }
                },
            }
        )
        signature = stripe.WebhookSignature.generate_signature_header(
            body, WEBHOOK_SECRET, int(time.time())
        )
        with monkeypatch.context() as patch:
            patch.setattr(_gateway(shop), "parse_event", _parse_stripe_event)
            patch.setattr(_gateway(shop), "find_payment", _fail)
            for _ in range(2):
                response = await shop.browser().client.post(
                    "/api/v1/webhooks/stripe",
                    content=body,
                    headers={
                        "Content-Type": "application/json",
                        "Stripe-Signature": signature,
                    },
                )
                assert (response.status_code, response.json()) == (200, {})
        order = (await browser.get(f"/orders/{pending['id']}")).json()
        assert order["status"] == "pending"

        await shop.container.worker().drain()

        order = (await browser.get(f"/orders/{pending['id']}")).json()
        assert (order["status"], shop.on_hand("TEA")) == ("paid", 8)

    async def test_unsigned_event_returns_400(self, shop: HttpShop) -> None:
        with shop.unchanged():
            response = await shop.browser().post("/webhooks/stripe", {"id": "evt_1"})
        assert_problem(response, 400, "invalid-signature")

    @pytest.mark.parametrize(
        ("body", "seconds_ahead"),
        [
            ('{"id": "evt_1", "type": "ping", "data": {"object": {}}}', 3600),
            ("[" * 20_000 + "]" * 20_000, 0),
            ('{"id": "evt_\\ud800", "type": "ping", "data": {"object": {}}}', 0),
            ('{"id": "evt_\\u0000", "type": "ping", "data": {"object": {}}}', 0),
            ('{"id": "evt_1", "id": "evt_1", "type": "ping", "data": {"object": {}}}', 0),
            ("1", 0),
        ],
        ids=["of the future", "too deep", "surrogate", "NUL", "duplicate member", "a number"],
    )
    async def test_signed_event_that_cannot_be_believed_or_read_returns_400(
        self, shop: HttpShop, monkeypatch: pytest.MonkeyPatch, body: str, seconds_ahead: int
    ) -> None:
        monkeypatch.setattr(_gateway(shop), "parse_event", _parse_stripe_event)
        signature = stripe.WebhookSignature.generate_signature_header(
            body, WEBHOOK_SECRET, int(time.time()) + seconds_ahead
        )
        headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
        with shop.unchanged():
            response = await shop.browser().client.post(
                "/api/v1/webhooks/stripe", content=body, headers=headers
            )
        assert_problem(response, 400, "invalid-signature")


def _parse_stripe_event(body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
    return parse_event(body, headers.get("stripe-signature"), [WEBHOOK_SECRET])


async def _fail(*_: object) -> None:
    raise GatewayOutcomeUnknown("the gateway does not respond")
