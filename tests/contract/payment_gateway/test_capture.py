"""What every adapter owes the port to payment gateways: captures."""

import asyncio

import pytest

from shop.application.ports.payment_gateway import (
    Approved,
    GatewayRejected,
)
from shop.domain.shared.money import Money
from tests.contract.payment_gateway.gateway_under_test import (
    GatewayUnderTest,
)
from tests.factories import USD, eur

pytestmark = pytest.mark.anyio

AT_ONCE = 20


class TestCaptures:
    async def test_authorised_payment_is_captured_once(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.approved()
        for _ in range(2):
            await gateway_under_test.gateway.capture(
                key="capture", payment_id=payment_id, amount=eur(1999)
            )

        (payment,) = await gateway_under_test.all_payments()
        assert (payment.is_captured, payment.is_voided) == (True, False)
        assert payment.authorisation_result == Approved(payment_id=payment_id)
        assert payment.refunded == eur(0)

    async def test_concurrent_requests_under_one_key_capture_once(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.approved()

        await asyncio.gather(
            *(
                gateway_under_test.gateway.capture(
                    key="capture", payment_id=payment_id, amount=eur(1999)
                )
                for _ in range(AT_ONCE)
            )
        )

        assert (await gateway_under_test.payment()).is_captured

    async def test_second_capture_under_another_key_is_rejected(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.captured()
        before = await gateway_under_test.all_payments()

        with pytest.raises(GatewayRejected):
            await gateway_under_test.gateway.capture(
                key="another", payment_id=payment_id, amount=eur(1999)
            )

        assert await gateway_under_test.all_payments() == before

    @pytest.mark.parametrize(
        "amount",
        [eur(1998), eur(2000), Money(amount=1999, currency=USD)],
        ids=["less", "more", "other currency"],
    )
    async def test_partial_amount_is_rejected(
        self, gateway_under_test: GatewayUnderTest, amount: Money
    ) -> None:
        payment_id = await gateway_under_test.approved()
        before = await gateway_under_test.all_payments()

        with pytest.raises(GatewayRejected):
            await gateway_under_test.gateway.capture(
                key="capture", payment_id=payment_id, amount=amount
            )

        assert await gateway_under_test.all_payments() == before

    async def test_voided_payment_cannot_be_captured(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.approved()
        await gateway_under_test.gateway.void(key="void", payment_id=payment_id)
        before = await gateway_under_test.all_payments()

        with pytest.raises(GatewayRejected):
            await gateway_under_test.gateway.capture(
                key="capture", payment_id=payment_id, amount=eur(1999)
            )

        assert await gateway_under_test.all_payments() == before

    async def test_unknown_payment_cannot_be_captured(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        with pytest.raises(GatewayRejected):
            await gateway_under_test.gateway.capture(
                key="capture", payment_id="pay_none", amount=eur(1999)
            )

        assert await gateway_under_test.all_payments() == []

    async def test_rejection_is_repeated_under_its_key(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.challenged()
        for approved in (False, True):
            with pytest.raises(GatewayRejected):
                await gateway_under_test.gateway.capture(
                    key="capture", payment_id=payment_id, amount=eur(1999)
                )
            if not approved:
                await gateway_under_test.complete_challenge(payment_id, approved=True)

        assert not (await gateway_under_test.payment()).is_captured
