"""Orders paid with an approved card: paid, captured and charged once."""

import asyncio
from dataclasses import replace

import pytest

from shop.application.ports.repositories.idempotency_keys import Succeeded
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.account import ShopAccount
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentMethod, PaymentStatus
from tests.application.checkout.card_orders import gateway_payment, let_time_pass, order_state, pay
from tests.application.memory_shop import WELCOME_CREDIT, MemoryShop, place_order
from tests.factories import EUR, eur

pytestmark = pytest.mark.anyio


class TestAnApprovedCard:
    async def test_pays_the_order(self, shop: MemoryShop, ada_token: SessionToken) -> None:
        placed = await pay(shop, ada_token)

        assert placed.order.status is OrderStatus.PAID
        assert (placed.payment.method, placed.payment.status) == (
            PaymentMethod.CARD,
            PaymentStatus.AUTHORISED,
        )
        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert shop.stock_of("TEA") == (3, 0)
        assert shop.balance("ada") == WELCOME_CREDIT
        assert shop.outcome("ada") == Succeeded(reference=placed.order.id)
        (charge,) = [
            each for each in shop.state.transfers.rows.values() if each.order_id == placed.order.id
        ]
        assert (charge.debit_account_id, charge.credit_account_id, charge.amount) == (
            ShopAccount.CARD_CLEARING.account_id(EUR),
            ShopAccount.SALES.account_id(EUR),
            eur(200),
        )

    async def test_is_the_last_order_of_the_session_and_clears_the_cart(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.fill_cart(ada_token, TEA=2)
        placed = await shop.check_out(place_order(ada_token, card="tok_visa"))

        session = await shop.session(ada_token)
        assert session is not None
        assert session.last_order_id == placed.order.id
        assert await shop.cart(ada_token) == {}

    async def test_is_captured_once_by_the_worker(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await pay(shop, ada_token)
        assert shop.jobs == ["capture_payment"]

        assert [await shop.run_jobs(), await shop.run_jobs()] == [1, 0]

        payment = await gateway_payment(shop)
        assert (payment.is_captured, payment.amount) == (True, eur(200))
        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert shop.jobs == []

    async def test_is_replayed_however_often_it_is_requested(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        first = await pay(shop, ada_token)
        await shop.run_jobs()
        command = place_order(ada_token, ("TEA", 2), card="tok_visa")
        again = await shop.container.checkout().place(command)

        assert again.replayed
        assert again.value == replace(first, new_token=None)
        assert shop.gateway.calls.total() == 1

    async def test_is_charged_once_for_concurrent_requests(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        responses = await asyncio.gather(*(pay(shop, ada_token) for _ in range(20)))

        assert {each.order.id for each in responses} == {responses[0].order.id}
        assert {each.order.status for each in responses} == {OrderStatus.PAID}
        assert len(shop.state.orders.rows) == 1
        await gateway_payment(shop)

    async def test_keeps_the_cart_if_the_order_names_its_lines(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.fill_cart(ada_token, TEA=3)

        placed = await pay(shop, ada_token)

        session = await shop.session(ada_token)
        assert session is not None
        assert session.last_order_id == placed.order.id
        assert await shop.cart(ada_token) == {"TEA": 3}

    async def test_keeps_cart_lines_added_meanwhile(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.fill_cart(ada_token, TEA=2)
        await shop.check_out(place_order(ada_token, card="tok_timeout_after"))
        await shop.fill_cart(ada_token, TEA=3, COFFEE=1)

        await let_time_pass(shop)

        assert await shop.cart(ada_token) == {"TEA": 1, "COFFEE": 1}
