"""What every adapter owes the port to payment gateways: idempotency keys and timeouts."""

import asyncio
from datetime import timedelta

import pytest

from shop.application.ports.payment_gateway import (
    Approved,
    AuthorisationRequest,
    GatewayOutcomeUnknown,
    GatewayRejected,
)
from tests.contract.payment_gateway.gateway_under_test import (
    IDEMPOTENCY_SECONDS,
    GatewayUnderTest,
    authorisation_request,
)
from tests.factories import eur

pytestmark = pytest.mark.anyio

AT_ONCE = 20


class TestKeys:
    async def test_same_request_creates_one_payment(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        first = await gateway_under_test.gateway.authorise(
            authorisation_request("order", gateway_under_test.cards.approved)
        )
        gateway_under_test.clock.advance(timedelta(seconds=IDEMPOTENCY_SECONDS / 2))
        second = await gateway_under_test.gateway.authorise(
            authorisation_request("order", gateway_under_test.cards.approved)
        )

        assert first == second
        assert [each.authorisation_result for each in await gateway_under_test.all_payments()] == [
            first
        ]

    @pytest.mark.parametrize("card", ["approved", "slow"])
    async def test_concurrent_requests_create_one_payment(
        self, gateway_under_test: GatewayUnderTest, card: str
    ) -> None:
        same = authorisation_request("order", getattr(gateway_under_test.cards, card))

        results = await asyncio.gather(
            *(gateway_under_test.gateway.authorise(same) for _ in range(AT_ONCE))
        )

        (payment,) = await gateway_under_test.all_payments()
        assert results == [Approved(payment_id=payment.id)] * AT_ONCE

    @pytest.mark.parametrize(
        "other",
        [
            authorisation_request("other", "tok_visa", key="order:auth:1"),
            authorisation_request("order", "tok_visa", amount=eur(2000)),
            authorisation_request("order", "tok_declined"),
        ],
        ids=["reference", "amount", "token"],
    )
    async def test_different_request_under_the_same_key_is_rejected(
        self, gateway_under_test: GatewayUnderTest, other: AuthorisationRequest
    ) -> None:
        await gateway_under_test.approved("order")
        before = await gateway_under_test.all_payments()

        with pytest.raises(GatewayRejected):
            await gateway_under_test.gateway.authorise(other)

        assert await gateway_under_test.all_payments() == before

    async def test_different_keys_create_different_payments(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        for key in ("1", "2"):
            await gateway_under_test.gateway.authorise(
                authorisation_request("order", gateway_under_test.cards.approved, key=key)
            )

        assert len(await gateway_under_test.all_payments()) == 2

    async def test_expired_key_creates_a_new_payment(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        first = await gateway_under_test.approved("order")
        gateway_under_test.clock.advance(timedelta(seconds=IDEMPOTENCY_SECONDS))

        second = await gateway_under_test.approved("order")

        assert [each.id for each in await gateway_under_test.all_payments()] == [first, second]
        assert (await gateway_under_test.payment("order")).id == second

    async def test_keys_are_independent_per_operation(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.captured("order")
        before = await gateway_under_test.all_payments()

        with pytest.raises(GatewayRejected):
            await gateway_under_test.gateway.refund(
                key="order:capture", payment_id=payment_id, amount=eur(1999)
            )

        assert await gateway_under_test.all_payments() == before


class TestTimeouts:
    async def test_timeout_before_the_request_leaves_the_key_unused(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        lost = authorisation_request("order", gateway_under_test.cards.timeout_before)

        with pytest.raises(GatewayOutcomeUnknown):
            await gateway_under_test.gateway.authorise(lost)

        assert [
            each
            for each in await gateway_under_test.all_payments()
            if each.authorisation_result is not None
        ] == []
        result = await gateway_under_test.gateway.authorise(lost)
        (payment,) = await gateway_under_test.all_payments()
        assert result == payment.authorisation_result == Approved(payment_id=payment.id)

    async def test_timeout_after_the_request_keeps_its_effect(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        unheard = authorisation_request("order", gateway_under_test.cards.timeout_after)

        with pytest.raises(GatewayOutcomeUnknown):
            await gateway_under_test.gateway.authorise(unheard)

        payment = await gateway_under_test.payment()
        assert payment.authorisation_result == Approved(payment_id=payment.id)
        assert await gateway_under_test.gateway.authorise(unheard) == payment.authorisation_result
        assert await gateway_under_test.all_payments() == [payment]

    async def test_server_error_is_repeated_under_its_key(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        for _ in range(3):
            with pytest.raises(GatewayOutcomeUnknown):
                await gateway_under_test.gateway.authorise(
                    authorisation_request("order", gateway_under_test.cards.server_error)
                )

        (payment,) = await gateway_under_test.all_payments()
        assert payment.authorisation_result == Approved(payment_id=payment.id)
