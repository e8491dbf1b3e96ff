"""What every adapter owes the port to payment gateways: refunds."""

import asyncio

import pytest

from shop.application.ports.payment_gateway import (
    GatewayRejected,
)
from shop.domain.shared.money import Money
from tests.contract.payment_gateway.gateway_under_test import (
    GatewayUnderTest,
)
from tests.factories import USD, eur

pytestmark = pytest.mark.anyio

AT_ONCE = 20


class TestRefunds:
    async def test_captured_payment_is_refunded_in_parts(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.captured("order", 1000)

        await gateway_under_test.gateway.refund(key="1", payment_id=payment_id, amount=eur(300))
        assert (await gateway_under_test.payment()).refunded == eur(300)
        await gateway_under_test.gateway.refund(key="2", payment_id=payment_id, amount=eur(700))

        (payment,) = await gateway_under_test.all_payments()
        assert (payment.refunded, payment.is_captured) == (eur(1000), True)

    async def test_concurrent_requests_under_one_key_refund_once(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.captured("order", 1000)

        await asyncio.gather(
            *(
                gateway_under_test.gateway.refund(key="1", payment_id=payment_id, amount=eur(10))
                for _ in range(AT_ONCE)
            )
        )

        assert (await gateway_under_test.payment()).refunded == eur(10)

    @pytest.mark.parametrize(
        "amount",
        [eur(701), Money(amount=1, currency=USD), eur(0), eur(-1)],
        ids=["more than is left", "other currency", "nothing", "less than nothing"],
    )
    async def test_excess_refund_is_rejected(
        self, gateway_under_test: GatewayUnderTest, amount: Money
    ) -> None:
        payment_id = await gateway_under_test.captured("order", 1000)
        await gateway_under_test.gateway.refund(key="1", payment_id=payment_id, amount=eur(300))
        before = await gateway_under_test.all_payments()

        with pytest.raises(GatewayRejected):
            await gateway_under_test.gateway.refund(key="2", payment_id=payment_id, amount=amount)

        assert await gateway_under_test.all_payments() == before

    async def test_uncaptured_payment_cannot_be_refunded(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.approved()
        before = await gateway_under_test.all_payments()

        for missing in (payment_id, "pay_none"):
            with pytest.raises(GatewayRejected):
                await gateway_under_test.gateway.refund(
                    key=missing, payment_id=missing, amount=eur(1)
                )

        assert await gateway_under_test.all_payments() == before
