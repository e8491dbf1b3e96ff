"""What every adapter owes the port to payment gateways: voids."""

import pytest

from shop.application.ports.payment_gateway import (
    Approved,
    GatewayRejected,
)
from tests.contract.payment_gateway.gateway_under_test import (
    GatewayUnderTest,
    authorisation_request,
)

pytestmark = pytest.mark.anyio

AT_ONCE = 20


class TestVoids:
    async def test_authorised_payment_is_voided(self, gateway_under_test: GatewayUnderTest) -> None:
        payment_id = await gateway_under_test.approved()

        for key in ("void", "void", "another"):
            await gateway_under_test.gateway.void(key=key, payment_id=payment_id)

        (payment,) = await gateway_under_test.all_payments()
        assert (payment.is_captured, payment.is_voided) == (False, True)
        assert payment.authorisation_result == Approved(payment_id=payment_id)

    async def test_captured_payment_cannot_be_voided(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.captured()
        before = await gateway_under_test.all_payments()

        with pytest.raises(GatewayRejected):
            await gateway_under_test.gateway.void(key="void", payment_id=payment_id)

        assert await gateway_under_test.all_payments() == before

    async def test_declined_payment_cannot_be_voided(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        await gateway_under_test.gateway.authorise(
            authorisation_request("order", gateway_under_test.cards.declined)
        )
        before = await gateway_under_test.all_payments()

        with pytest.raises(GatewayRejected):
            await gateway_under_test.gateway.void(key="void", payment_id=before[0].id)

        assert await gateway_under_test.all_payments() == before

    async def test_unknown_payment_cannot_be_voided(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        with pytest.raises(GatewayRejected):
            await gateway_under_test.gateway.void(key="void", payment_id="pay_none")

        assert await gateway_under_test.all_payments() == []
