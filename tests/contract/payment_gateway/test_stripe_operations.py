"""What the Stripe adapter owes the port: captures, voids and refunds."""

import asyncio
from datetime import timedelta

import pytest

from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    Declined,
    GatewayRejected,
    PaymentGateway,
)
from shop.domain.shared.money import Money
from tests.contract.payment_gateway.local_stripe import LocalStripe
from tests.contract.payment_gateway.payments import (
    all_payments,
    approve,
    authorisation_request,
    capture,
    challenge,
    find,
    gateway_payment,
)
from tests.contract.payment_gateway.stripe_rules_proxy import (
    StripeResponse,
    StripeRulesProxy,
)
from tests.factories import USD, eur

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)


class TestCapturing:
    async def test_authorised_payment_is_captured(self, gateway: PaymentGateway) -> None:
        payment_id = await capture(gateway)

        assert await find(gateway) == gateway_payment(
            "1", payment_id, Approved(payment_id=payment_id), is_captured=True
        )

    @pytest.mark.parametrize("amount", [499, 501])
    async def test_partial_amount_is_rejected(self, gateway: PaymentGateway, amount: int) -> None:
        payment_id = await approve(gateway)
        before = await all_payments(gateway)

        with pytest.raises(GatewayRejected, match="amount_differs"):
            await gateway.capture(key="capture", payment_id=payment_id, amount=eur(amount))

        assert await all_payments(gateway) == before

    async def test_second_capture_under_another_key_is_rejected(
        self, gateway: PaymentGateway
    ) -> None:
        payment_id = await capture(gateway)
        before = await all_payments(gateway)

        with pytest.raises(GatewayRejected, match="payment_intent_unexpected_state"):
            await gateway.capture(key="another", payment_id=payment_id, amount=eur(500))

        assert await all_payments(gateway) == before

    async def test_voided_payment_is_not_captured(self, gateway: PaymentGateway) -> None:
        payment_id = await approve(gateway)
        await gateway.void(key="void", payment_id=payment_id)
        before = await all_payments(gateway)

        with pytest.raises(GatewayRejected):
            await gateway.capture(key="capture", payment_id=payment_id, amount=eur(500))

        assert await all_payments(gateway) == before

    async def test_unknown_payment_is_not_captured(self, gateway: PaymentGateway) -> None:
        with pytest.raises(GatewayRejected, match="resource_missing"):
            await gateway.capture(key="capture", payment_id="pi_of_no_shop", amount=eur(500))


class TestVoiding:
    async def test_authorised_payment_is_voided(self, gateway: PaymentGateway) -> None:
        payment_id = await approve(gateway)

        await gateway.void(key="void", payment_id=payment_id)

        assert await find(gateway) == gateway_payment(
            "1", payment_id, Approved(payment_id=payment_id), is_voided=True
        )

    async def test_challenged_payment_is_voided(self, gateway: PaymentGateway) -> None:
        payment_id = await challenge(gateway)

        await gateway.void(key="void", payment_id=payment_id)

        assert await find(gateway) == gateway_payment(
            "1", payment_id, ActionRequired(payment_id=payment_id), is_voided=True
        )

    async def test_voided_payment_can_be_voided_under_any_key(
        self, gateway: PaymentGateway
    ) -> None:
        payment_id = await approve(gateway)
        await gateway.void(key="void", payment_id=payment_id)
        before = await all_payments(gateway)

        await gateway.void(key="another", payment_id=payment_id)

        assert await all_payments(gateway) == before

    async def test_concurrent_voids_both_succeed(
        self, gateway: PaymentGateway, stripe_proxy: StripeRulesProxy
    ) -> None:
        payment_id = await approve(gateway)
        stripe_proxy.gate.clear()
        stripe_proxy.arrived.clear()
        first = asyncio.create_task(gateway.void(key="first", payment_id=payment_id))
        await stripe_proxy.arrived.wait()
        stripe_proxy.arrived.clear()
        second = asyncio.create_task(gateway.void(key="second", payment_id=payment_id))
        await stripe_proxy.arrived.wait()
        stripe_proxy.gate.set()
        await asyncio.gather(first, second)

        assert (await find(gateway)).is_voided

    async def test_captured_or_declined_payment_is_not_voided(
        self, gateway: PaymentGateway
    ) -> None:
        await capture(gateway, "1")
        await gateway.authorise(authorisation_request("2", "tok_declined"))
        before = await all_payments(gateway)

        for each in before:
            with pytest.raises(GatewayRejected):
                await gateway.void(key=f"void {each.id}", payment_id=each.id)

        assert await all_payments(gateway) == before

    async def test_payment_voided_at_the_dashboard_keeps_its_result(
        self, stripe: LocalStripe
    ) -> None:
        await stripe.gateway.authorise(authorisation_request(token="tok_insufficient"))
        payment_id = (await find(stripe.gateway)).id

        await stripe.cancel_at_dashboard(payment_id)

        declined = Declined(reason="insufficient_funds")
        assert await find(stripe.gateway) == gateway_payment(
            "1", payment_id, declined, is_voided=True
        )

    async def test_unknown_payment_is_not_voided(self, gateway: PaymentGateway) -> None:
        with pytest.raises(GatewayRejected, match="resource_missing"):
            await gateway.void(key="void", payment_id="pi_of_no_shop")


class TestRefunding:
    async def test_captured_payment_is_refunded_in_parts(self, gateway: PaymentGateway) -> None:
        payment_id = await capture(gateway)

        await gateway.refund(key="first", payment_id=payment_id, amount=eur(200))
        await gateway.refund(key="second", payment_id=payment_id, amount=eur(300))

        assert await find(gateway) == gateway_payment(
            "1",
            payment_id,
            Approved(payment_id=payment_id),
            is_captured=True,
            refunded=eur(500),
        )

    async def test_excess_refund_is_rejected(self, gateway: PaymentGateway) -> None:
        payment_id = await capture(gateway)
        await gateway.refund(key="first", payment_id=payment_id, amount=eur(200))
        before = await all_payments(gateway)

        with pytest.raises(GatewayRejected, match="charge_already_refunded"):
            await gateway.refund(key="second", payment_id=payment_id, amount=eur(301))

        assert await all_payments(gateway) == before

    @pytest.mark.parametrize("amount", [eur(0), Money(amount=1, currency=USD)])
    async def test_zero_and_another_currency_are_rejected(
        self, gateway: PaymentGateway, amount: Money
    ) -> None:
        payment_id = await capture(gateway)
        before = await all_payments(gateway)

        with pytest.raises(GatewayRejected):
            await gateway.refund(key="refund", payment_id=payment_id, amount=amount)

        assert await all_payments(gateway) == before

    async def test_uncaptured_payment_is_not_refunded(self, gateway: PaymentGateway) -> None:
        payment_id = await approve(gateway)
        before = await all_payments(gateway)

        with pytest.raises(GatewayRejected, match="not_captured"):
            await gateway.refund(key="refund", payment_id=payment_id, amount=eur(1))

        assert await all_payments(gateway) == before

    async def test_immediately_failing_refund_is_rejected(
        self, gateway: PaymentGateway, stripe_proxy: StripeRulesProxy
    ) -> None:
        payment_id = await capture(gateway)
        seen = await stripe_proxy.fetch(f"payment_intents/{payment_id}", True)
        stripe_proxy.faults += [seen, StripeResponse(200, {"object": "refund", "status": "failed"})]

        with pytest.raises(GatewayRejected, match="refund_failed"):
            await gateway.refund(key="refund", payment_id=payment_id, amount=eur(1))

    async def test_unknown_payment_is_not_refunded(self, gateway: PaymentGateway) -> None:
        with pytest.raises(GatewayRejected, match="resource_missing"):
            await gateway.refund(key="refund", payment_id="pi_of_no_shop", amount=eur(1))
