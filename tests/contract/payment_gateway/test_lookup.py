"""What every adapter owes the port to payment gateways: look-ups and lists."""

from datetime import timedelta

import pytest

from shop.application.ports.payment_gateway import (
    Approved,
    Declined,
    InvalidGatewayEvent,
)
from tests.contract.payment_gateway.gateway_under_test import (
    GatewayUnderTest,
    authorisation_request,
)
from tests.factories import NOW, id_of

pytestmark = pytest.mark.anyio

AT_ONCE = 20


class TestLookUps:
    async def test_unknown_reference_has_no_payment(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        await gateway_under_test.approved("order")

        assert await gateway_under_test.gateway.find_payment(id_of("another")) is None

    async def test_payment_that_is_not_declined_is_preferred(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        for key, token in (
            ("1", gateway_under_test.cards.declined),
            ("2", gateway_under_test.cards.approved),
            ("3", gateway_under_test.cards.insufficient),
        ):  # fmt: skip
            await gateway_under_test.gateway.authorise(
                authorisation_request("order", token, key=key)
            )
            gateway_under_test.clock.advance(timedelta(seconds=1))

        payment = await gateway_under_test.payment("order")
        assert payment.authorisation_result == Approved(payment_id=payment.id)

    async def test_newest_of_several_declined_payments_is_returned(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        for key, token in (
            ("1", gateway_under_test.cards.insufficient),
            ("2", gateway_under_test.cards.declined),
        ):
            await gateway_under_test.gateway.authorise(
                authorisation_request("order", token, key=key)
            )
            gateway_under_test.clock.advance(timedelta(seconds=1))

        assert (await gateway_under_test.payment("order")).authorisation_result == Declined(
            reason="declined"
        )


class TestLists:
    async def test_time_range_includes_its_start_and_excludes_its_end(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        second = timedelta(seconds=1)
        ids = []
        for number in range(4):
            ids.append(await gateway_under_test.approved(str(number)))
            gateway_under_test.clock.advance(second)

        listed = gateway_under_test.gateway.list_payments(NOW + second, NOW + 3 * second)

        assert [each.id async for each in listed] == ids[1:3]

    async def test_empty_time_range_has_no_payments(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        await gateway_under_test.approved()

        assert [each async for each in gateway_under_test.gateway.list_payments(NOW, NOW)] == []


async def test_unsigned_gateway_event_is_rejected(gateway_under_test: GatewayUnderTest) -> None:
    with pytest.raises(InvalidGatewayEvent):
        gateway_under_test.gateway.parse_event(b'{"id": "1"}', {"content-type": "application/json"})

    assert await gateway_under_test.all_payments() == []


async def test_connections_can_be_closed_at_any_time(gateway_under_test: GatewayUnderTest) -> None:
    await gateway_under_test.gateway.close()
    payment_id = await gateway_under_test.approved()

    await gateway_under_test.gateway.close()
    await gateway_under_test.gateway.close()

    assert (await gateway_under_test.payment()).id == payment_id
