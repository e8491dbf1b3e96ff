"""Orders and deposits by card, over HTTP."""

from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from tests.http.shops import Json, Shop, Visitor, eur, refused

pytestmark = pytest.mark.anyio


def _card(card: str = "tok_visa") -> Json:
    return {"payment": {"method": "card", "token": card}}


async def _deposit(visitor: Visitor, card: str = "tok_visa") -> httpx2.Response:
    body = {"amount": eur(500), "card": {"token": card}}
    return await visitor.post("/deposits", body, idempotency_key="key-0001")


def _gateway(shop: Shop) -> MemoryPaymentGateway:
    gateway = shop.container.payment_gateway()
    assert isinstance(gateway, MemoryPaymentGateway)
    return gateway


class TestOrders:
    async def test_a_card_that_pays_is_201_and_tracked(self, shop: Shop) -> None:
        await shop.stock("TEA")
        visitor = await shop.customer("ada")
        answer = await visitor.order("TEA", 2, **_card())

        order = answer.json()
        assert answer.status_code == 201
        assert "idempotent-replayed" not in answer.headers
        assert (order["status"], order["total"]) == ("paid", eur(1000))
        assert order["payment"] == {"method": "card", "status": "authorised"}
        assert (shop.on_hand("TEA"), shop.balance("ada")) == (8, 10_000)
        assert (await visitor.get("/session")).json()["order_id"] == order["id"]

    async def test_it_is_answered_alike_also_after_the_money_was_taken(self, shop: Shop) -> None:
        await shop.stock("TEA")
        visitor = await shop.customer("ada")
        first = await visitor.order("TEA", **_card())
        assert await shop.container.worker().drain() == 1
        now = (await visitor.get(f"/orders/{first.json()['id']}")).json()
        assert now["payment"] == {"method": "card", "status": "captured"}

        with shop.unchanged():
            again = await visitor.order("TEA", **_card())
        assert again.headers["idempotent-replayed"] == "true"
        assert (again.status_code, again.json()) == (201, first.json())

    @pytest.mark.parametrize(
        ("token", "reason"),
        [
            ("tok_declined", "declined"),
            ("tok_insufficient", "insufficient_funds"),
            ("tok_unheard_of", "unknown_token"),
        ],
    )
    async def test_a_card_that_does_not_pay_is_402(
        self, shop: Shop, token: str, reason: str
    ) -> None:
        await shop.stock("TEA")
        visitor = await shop.customer("ada")
        session = (await visitor.get("/session")).json()
        first = await visitor.order("TEA", **_card(token))
        refused(first, 402, "card-declined", reason=reason)
        again = await visitor.order("TEA", **_card(token))
        refused(again, 402, "card-declined", reason=reason)
        assert again.headers["idempotent-replayed"] == "true"
        assert shop.on_hand("TEA") == 10
        assert (await visitor.get("/session")).json() == session
        (order,) = (await visitor.get("/orders")).json()["items"]
        assert (order["status"], order["payment"]["status"]) == ("declined", "declined")

    async def test_what_is_not_known_is_202_until_it_is(self, shop: Shop) -> None:
        await shop.stock("TEA")
        visitor = await shop.customer("ada")
        answer = await visitor.order("TEA", **_card("tok_timeout_after"))
        pending = answer.json()
        assert answer.status_code == 202
        assert (pending["status"], pending["payment"]["status"]) == ("pending", "pending")
        assert (await visitor.get("/products/TEA")).json()["available"] == 9
        assert (await visitor.get("/session")).json()["order_id"] is None

        shop.clock.advance(timedelta(seconds=60))
        await shop.container.worker().drain()

        again = await visitor.order("TEA", **_card("tok_timeout_after"))
        assert (again.status_code, again.json()["id"]) == (201, pending["id"])
        assert again.headers["idempotent-replayed"] == "true"
        assert (await visitor.get("/session/order")).json()["status"] == "paid"

    async def test_where_the_customer_has_to_take_a_step_the_secret_for_it_is_told(
        self, shop: Shop
    ) -> None:
        await shop.stock("TEA")
        visitor = await shop.customer("ada")
        ordered = await visitor.order("TEA", **_card("tok_authenticate"))
        again = await visitor.order("TEA", **_card("tok_authenticate"))
        shown = await visitor.get(f"/orders/{ordered.json()['id']}")

        pending = {"method": "card", "status": "pending"}
        assert (ordered.status_code, again.status_code) == (202, 202)
        assert ordered.json()["payment"] == pending | {"client_secret": "pay_1_secret"}
        assert again.json() == ordered.json()
        assert shown.json()["payment"] == pending

        deposit = await visitor.post(
            "/deposits",
            {"amount": {"amount": 500, "currency": "EUR"}, "card": {"token": "tok_authenticate"}},
            idempotency_key="key-0002",
        )
        assert deposit.status_code == 202
        assert deposit.json()["client_secret"] == "pay_2_secret"

    async def test_what_nobody_hears_of_in_time_is_409_and_costs_nothing(self, shop: Shop) -> None:
        await shop.stock("TEA")
        visitor = await shop.customer("ada")
        await visitor.order("TEA", **_card("tok_authenticate"))
        shop.clock.advance(timedelta(hours=1))
        await shop.container.worker().drain()

        refused(await visitor.order("TEA", **_card("tok_authenticate")), 409, "payment-expired")
        (order,) = (await visitor.get("/orders")).json()["items"]
        assert (order["status"], order["payment"]["status"]) == ("expired", "voided")
        steps = (await visitor.get(f"/orders/{order['id']}/history")).json()["items"]
        assert [(step["to"], step["actor"]) for step in steps] == [
            ("pending", "customer"),
            ("expired", "shop"),
        ]
        assert shop.on_hand("TEA") == 10

    async def test_a_pending_order_can_be_cancelled(self, shop: Shop) -> None:
        await shop.stock("TEA")
        visitor = await shop.customer("ada")
        pending = (await visitor.order("TEA", **_card("tok_timeout_after"))).json()
        answer = await visitor.post(f"/orders/{pending['id']}/cancel")
        assert answer.status_code == 200
        assert answer.json()["payment"] == {"method": "card", "status": "voided"}
        await shop.container.worker().drain()

        refused(await visitor.order("TEA", **_card("tok_timeout_after")), 409, "payment-cancelled")
        found = await _gateway(shop).find_payment(UUID(pending["id"]))
        assert found is not None
        assert found.is_voided
        assert (await visitor.get("/products/TEA")).json()["available"] == 10

    async def test_the_card_is_part_of_the_request(self, shop: Shop) -> None:
        await shop.stock("TEA")
        visitor = await shop.customer("ada")
        await visitor.order("TEA", **_card())
        with shop.unchanged():
            other = await visitor.order("TEA", **_card("tok_declined"))
        refused(other, 422, "idempotency-key-reused")

    async def test_a_token_is_never_told(self, shop: Shop) -> None:
        await shop.stock("TEA")
        visitor = await shop.customer("ada")
        placed = await visitor.order("TEA", **_card("tok_secret_of_ada"))
        listed = await visitor.get("/orders")
        assert "tok_secret" not in placed.text + listed.text


class TestDeposits:
    async def test_a_card_that_pays_fills_the_account(self, shop: Shop) -> None:
        visitor = await shop.customer("ada")
        answer = await _deposit(visitor)
        made = answer.json()
        assert answer.status_code == 201
        assert (made["status"], made["amount"]) == ("authorised", eur(500))
        assert (await visitor.get("/account")).json()["balance"] == eur(10_500)
        assert (await visitor.get(f"/deposits/{made['id']}")).json() == made
        (newest, _) = (await visitor.get("/account/transfers")).json()["items"]
        assert (newest["kind"], newest["amount"], newest["counterparty"]) == (
            "deposit",
            eur(500),
            "card_clearing",
        )
        assert newest["id"] == made["id"]

    async def test_it_happens_once_under_its_key(self, shop: Shop) -> None:
        visitor = await shop.customer("ada")
        first, again = await _deposit(visitor), await _deposit(visitor)
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["idempotent-replayed"] == "true"
        assert shop.balance("ada") == 10_500

    async def test_a_card_that_does_not_pay_is_402(self, shop: Shop) -> None:
        visitor = await shop.customer("ada")
        for _ in range(2):
            answer = await _deposit(visitor, "tok_declined")
            refused(answer, 402, "card-declined", reason="declined")
        assert shop.balance("ada") == 10_000

    async def test_what_is_not_known_is_202_until_it_is(self, shop: Shop) -> None:
        visitor = await shop.customer("ada")
        answer = await _deposit(visitor, "tok_error")
        assert (answer.status_code, answer.json()["status"]) == (202, "pending")
        assert shop.balance("ada") == 10_000

        shop.clock.advance(timedelta(seconds=60))
        await shop.container.worker().drain()

        again = await _deposit(visitor, "tok_error")
        assert (again.status_code, again.json()["id"]) == (201, answer.json()["id"])
        assert shop.balance("ada") == 10_500

    async def test_anothers_deposit_is_none(self, shop: Shop) -> None:
        made = (await _deposit(await shop.customer("ada"))).json()
        bob = await shop.customer("bob")
        refused(await bob.get(f"/deposits/{made['id']}"), 404, "deposit-not-found")

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
    async def test_what_cannot_be_is_pointed_to(self, shop: Shop, body: Json, pointer: str) -> None:
        visitor = await shop.customer("ada")
        with shop.unchanged():
            answer = await visitor.post("/deposits", body, idempotency_key="key-0001")
        assert answer.status_code == 422
        assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_a_notice_that_is_not_the_gateways_is_400(shop: Shop) -> None:
    with shop.unchanged():
        answer = await shop.visitor().post("/webhooks/stripe", {"id": "evt_1"})
    refused(answer, 400, "invalid-signature")
