"""Card orders that are cancelled: the payment is voided or refunded."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.application.checkout.complete_orders import CompleteOrder
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.orders.cancel import CancelOrder
from shop.application.ports.payment_gateway import Approved, Declined, GatewayPayment
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentCancelled, PaymentStatus
from tests.application.checkout.card_orders import gateway_payment, let_time_pass, order_state, pay
from tests.application.memory_shop import WELCOME_CREDIT, MemoryShop
from tests.factories import eur

pytestmark = pytest.mark.anyio


class TestACancelledOrder:
    async def _cancel(self, shop: MemoryShop, token: SessionToken, placed: PlacedOrder) -> None:
        command = CancelOrder(session=token, order_id=placed.order.id)
        await shop.container.cancel_orders().cancel(command)

    async def test_is_voided_before_the_capture(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await pay(shop, ada_token)
        await self._cancel(shop, ada_token, placed)
        assert order_state(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
        assert shop.jobs == ["reverse_payment"]
        await shop.run_jobs()

        payment = await gateway_payment(shop)
        assert (payment.is_voided, payment.is_captured) == (True, False)
        assert shop.stock_of("TEA") == (5, 0)
        assert shop.balance("ada") == WELCOME_CREDIT
        assert shop.jobs == []

    async def test_is_refunded_after_the_capture(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await pay(shop, ada_token)
        await shop.run_jobs()
        await self._cancel(shop, ada_token, placed)
        assert order_state(shop) == (OrderStatus.CANCELLED, PaymentStatus.REFUNDED)
        await shop.run_jobs()

        payment = await gateway_payment(shop)
        assert (payment.is_captured, payment.refunded) == (True, eur(200))
        assert shop.jobs == []

    async def test_is_refunded_if_captured_meanwhile(
        self, shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        placed = await pay(shop, ada_token)
        capture = shop.gateway.capture

        async def slowly(**arguments: object) -> None:
            await capture(**arguments)  # type: ignore[arg-type]  # Passed on as it came.
            await self._cancel(shop, ada_token, placed)

        monkeypatch.setattr(shop.gateway, "capture", slowly)
        await shop.run_jobs()
        await shop.run_jobs()

        assert order_state(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
        payment = await gateway_payment(shop)
        assert (payment.is_captured, payment.refunded) == (True, eur(200))
        assert shop.jobs == []

    async def test_that_was_pending_is_never_charged(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await pay(shop, ada_token, "tok_timeout_after")
        await self._cancel(shop, ada_token, placed)
        assert order_state(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
        assert shop.stock_of("TEA") == (5, 0)
        await shop.run_jobs()

        assert (await gateway_payment(shop)).is_voided
        with pytest.raises(PaymentCancelled):
            await pay(shop, ada_token, "tok_timeout_after")
        assert shop.jobs == []


async def test_order_cancelled_during_a_slow_lookup_is_not_authorised_again(
    shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.gateway.script(ScriptedResult.TIMEOUT_BEFORE)
    placed = await pay(shop, ada_token)
    look_up = shop.gateway.find_payment

    async def look_up_slowly(reference: UUID, _: str | None = None) -> GatewayPayment | None:
        monkeypatch.setattr(shop.gateway, "find_payment", look_up)
        found = await look_up(reference)
        command = CancelOrder(session=ada_token, order_id=placed.order.id)
        await shop.container.cancel_orders().cancel(command)
        await shop.run_jobs()
        # By now, whatever was asked before the cancellation would have arrived.
        await let_time_pass(shop)
        assert shop.jobs == []
        return found

    monkeypatch.setattr(shop.gateway, "find_payment", look_up_slowly)
    shop.gateway.script(ScriptedResult.TIMEOUT_AFTER)
    await let_time_pass(shop)

    assert order_state(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
    assert await shop.gateway.find_payment(placed.order.id) is None


async def test_reversal_continues_until_the_gateway_shows_the_payment(
    shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await pay(shop, ada_token)
    await shop.run_jobs()
    await shop.container.cancel_orders().cancel(
        CancelOrder(session=ada_token, order_id=placed.order.id)
    )

    async def find_nothing(*_: object) -> None:
        """Find no payment, as a gateway that has lost its records."""

    with monkeypatch.context() as patch:
        patch.setattr(shop.gateway, "find_payment", find_nothing)
        await let_time_pass(shop)
    assert shop.jobs == ["reverse_payment"]

    shop.clock.advance(timedelta(minutes=10))
    await shop.run_jobs()
    assert shop.jobs == []
    assert (await gateway_payment(shop)).refunded == placed.order.total


async def test_failed_challenge_completed_after_a_cancellation_is_reversed(
    shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await pay(shop, ada_token, "tok_authenticate")
    payment_id = (await gateway_payment(shop)).id
    await shop.container.cancel_orders().cancel(
        CancelOrder(session=ada_token, order_id=placed.order.id)
    )
    look_up = shop.gateway.find_payment

    async def look_up_while_it_pays(
        reference: UUID, known: str | None = None
    ) -> GatewayPayment | None:
        found = await look_up(reference, known)
        assert found is not None
        monkeypatch.setattr(shop.gateway, "find_payment", look_up)
        # The worker cannot know that it is the same card; the gateway event is as fast.
        await shop.gateway.authenticate(payment_id, approved=True)
        await shop.container.complete_orders().complete(
            [
                CompleteOrder(
                    order=placed.order,
                    payment=placed.payment,
                    payment_outcome=Approved(payment_id=payment_id),
                    session=None,
                )
            ]
        )
        return replace(found, authorisation_result=Declined(reason="authentication_failed"))

    monkeypatch.setattr(shop.gateway, "find_payment", look_up_while_it_pays)
    await let_time_pass(shop)
    await let_time_pass(shop)

    assert (await gateway_payment(shop)).is_voided
    assert shop.jobs == []
