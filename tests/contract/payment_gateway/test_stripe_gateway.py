"""What the Stripe adapter owes the port: authorisations, keys, queries and events."""

import asyncio
import logging
from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationRequest,
    Declined,
    GatewayOutcomeUnknown,
    GatewayRejected,
    InvalidGatewayEvent,
    PaymentGateway,
)
from tests.clock import FakeClock
from tests.contract.payment_gateway.local_stripe import LocalStripe, stripe_gateway
from tests.contract.payment_gateway.payments import (
    all_payments,
    approve,
    authorisation_request,
    capture,
    challenge,
    find,
    gateway_payment,
    payments_within,
)
from tests.contract.payment_gateway.stripe_rules_proxy import (
    Fault,
    StripeRulesProxy,
)
from tests.factories import NOW, eur, id_of

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)


class TestAuthorising:
    async def test_valid_card_is_authorised(self, gateway: PaymentGateway) -> None:
        result = await gateway.authorise(authorisation_request())

        assert isinstance(result, Approved)
        assert await all_payments(gateway) == [gateway_payment("1", result.payment_id, result)]

    @pytest.mark.parametrize(
        ("token", "reason"),
        [("tok_declined", "generic_decline"), ("tok_insufficient", "insufficient_funds")],
    )
    async def test_declined_card_has_the_issuers_reason(
        self, gateway: PaymentGateway, token: str, reason: str
    ) -> None:
        assert await gateway.authorise(authorisation_request(token=token)) == Declined(
            reason=reason
        )

        found = await find(gateway)
        assert found == gateway_payment("1", found.id, Declined(reason=reason))

    async def test_card_that_requires_action_is_challenged(self, stripe: LocalStripe) -> None:
        payment_id = await challenge(stripe.gateway)
        again = await stripe.gateway.authorise(authorisation_request(token="tok_authenticate"))
        assert isinstance(again, ActionRequired)
        assert (again.client_secret or "").startswith(f"{payment_id}_secret_")
        before = await find(stripe.gateway)
        await stripe.complete_challenge(payment_id, success=True)

        assert before == gateway_payment("1", payment_id, ActionRequired(payment_id=payment_id))
        assert await find(stripe.gateway) == gateway_payment(
            "1", payment_id, Approved(payment_id=payment_id)
        )

    async def test_failed_challenge_declines_the_payment(self, stripe: LocalStripe) -> None:
        payment_id = await challenge(stripe.gateway)

        await stripe.complete_challenge(payment_id, success=False)

        assert (await find(stripe.gateway)).authorisation_result == Declined(
            reason="payment_intent_authentication_failure"
        )

    async def test_unknown_token_is_declined(self, gateway: PaymentGateway) -> None:
        assert await gateway.authorise(authorisation_request(token="tok_of_no_shop")) == Declined(
            reason="unknown_token"
        )
        assert await all_payments(gateway) == []

    @pytest.mark.parametrize("amount", [0, -1])
    async def test_amount_must_be_positive(self, gateway: PaymentGateway, amount: int) -> None:
        with pytest.raises(GatewayRejected, match="amount_not_positive"):
            await gateway.authorise(authorisation_request(amount=amount))

        assert await all_payments(gateway) == []

    async def test_amount_below_the_minimum_is_declined(self, gateway: PaymentGateway) -> None:
        assert await gateway.authorise(authorisation_request(amount=1)) == Declined(
            reason="amount_too_small"
        )
        assert await all_payments(gateway) == []

    async def test_library_neither_retries_nor_follows_redirects(
        self, gateway: PaymentGateway, stripe_proxy: StripeRulesProxy
    ) -> None:
        stripe_proxy.faults.append(Fault.DROPPED)
        with pytest.raises(GatewayOutcomeUnknown):
            await gateway.authorise(authorisation_request())

        (asked,) = stripe_proxy.requests
        assert (asked.method, asked.path, asked.key) == (
            "POST",
            "payment_intents",
            authorisation_request().key,
        )
        assert asked.form == {
            "amount": "500",
            "currency": "eur",
            "payment_method": "tok_visa",
            "automatic_payment_methods[enabled]": "true",
            "automatic_payment_methods[allow_redirects]": "never",
            "capture_method": "manual",
            "confirm": "true",
            "use_stripe_sdk": "true",
            "metadata[shop_reference]": str(id_of("1")),
        }


class TestKeys:
    async def test_same_request_returns_the_first_response_and_has_no_effect(
        self, gateway: PaymentGateway
    ) -> None:
        first = await gateway.authorise(authorisation_request())

        assert await gateway.authorise(authorisation_request()) == first
        assert len(await all_payments(gateway)) == 1

    async def test_decline_is_repeated(self, gateway: PaymentGateway) -> None:
        request = authorisation_request(token="tok_declined")
        first = await gateway.authorise(request)

        assert await gateway.authorise(request) == first == Declined(reason="generic_decline")
        assert len(await all_payments(gateway)) == 1

    async def test_concurrent_request_under_the_same_key_has_an_unknown_outcome(
        self, gateway: PaymentGateway, stripe_proxy: StripeRulesProxy
    ) -> None:
        stripe_proxy.gate.clear()
        first = asyncio.create_task(gateway.authorise(authorisation_request()))
        await stripe_proxy.arrived.wait()

        with pytest.raises(GatewayOutcomeUnknown):
            await gateway.authorise(authorisation_request())
        stripe_proxy.gate.set()

        assert await first == await gateway.authorise(authorisation_request())
        assert len(await all_payments(gateway)) == 1

    async def test_different_request_under_the_same_key_is_a_programming_error(
        self, gateway: PaymentGateway, caplog: pytest.LogCaptureFixture
    ) -> None:
        payment_id = await approve(gateway)

        with pytest.raises(GatewayRejected, match="key_reused"):
            await gateway.authorise(authorisation_request(amount=600))

        assert await all_payments(gateway) == [
            gateway_payment("1", payment_id, Approved(payment_id=payment_id))
        ]
        assert [(record.levelno, record.msg) for record in caplog.records] == [
            (logging.ERROR, "stripe_idempotency_key_reused")
        ]

    async def test_capture_void_and_refund_are_idempotent(self, gateway: PaymentGateway) -> None:
        captured = await capture(gateway, "1")
        await gateway.capture(key="shop:1:capture", payment_id=captured, amount=eur(500))
        voided = await approve(gateway, "2")
        for _ in range(2):
            await gateway.void(key="shop:2:void", payment_id=voided)
            await gateway.refund(key="shop:1:refund", payment_id=captured, amount=eur(200))

        first, second = await all_payments(gateway)
        assert (first.is_captured, first.refunded) == (True, eur(200))
        assert (second.is_voided, second.refunded) == (True, eur(0))


class TestLookingUp:
    async def test_payment_with_a_known_id_is_fetched_without_a_search(
        self, gateway: PaymentGateway
    ) -> None:
        payment_id = await approve(gateway)

        found = await gateway.find_payment(id_of("of any age"), payment_id)

        assert found == gateway_payment("1", payment_id, Approved(payment_id=payment_id))

    async def test_unavailable_id_leaves_the_outcome_unknown(self, gateway: PaymentGateway) -> None:
        await approve(gateway)

        with pytest.raises(GatewayOutcomeUnknown):
            await gateway.find_payment(id_of("1"), "pi_of_no_shop")

    async def test_unknown_reference_has_no_payment(self, gateway: PaymentGateway) -> None:
        await approve(gateway, "1")

        assert await gateway.find_payment(id_of("2")) is None

    async def test_payment_that_is_not_declined_is_preferred(
        self, gateway: PaymentGateway, clock: FakeClock
    ) -> None:
        names = ("before", "approved", "after")
        tokens = dict(zip(names, ("tok_declined", "tok_visa", "tok_insufficient"), strict=True))
        for name in names:
            await gateway.authorise(authorisation_request("1", tokens[name], key=name))
            clock.advance(SECOND)

        found = await find(gateway)
        assert found.authorisation_result == Approved(payment_id=found.id)

    async def test_newest_of_several_declined_payments_is_returned(
        self, gateway: PaymentGateway, clock: FakeClock
    ) -> None:
        await gateway.authorise(authorisation_request("1", "tok_declined", key="first"))
        clock.advance(SECOND)
        await gateway.authorise(authorisation_request("1", "tok_insufficient", key="second"))

        found = await find(gateway)
        assert found == gateway_payment(
            "1", found.id, Declined(reason="insufficient_funds"), created_at=NOW + SECOND
        )

    async def test_payment_is_found_beyond_the_first_page(self, stripe: LocalStripe) -> None:
        payment_id = await approve(stripe.gateway)
        for index in range(5):
            await approve(stripe.gateway, f"other {index}")
        stripe.proxy.max_page_size = 2

        assert (await find(stripe.gateway)).id == payment_id
        assert len(await all_payments(stripe.gateway)) == 6

    async def test_id_without_a_time_is_searched_for_over_days(
        self, stripe: LocalStripe, clock: FakeClock
    ) -> None:
        await approve(stripe.gateway)
        clock.advance(timedelta(days=2))
        short_sighted = stripe_gateway(stripe.proxy.url, clock, look_back=timedelta(days=1))

        assert await short_sighted.find_payment(id_of("1")) is None
        assert (await find(stripe.gateway)).created_at == NOW
        await short_sighted.close()

    async def test_id_with_a_time_is_found_at_any_age(
        self, stripe: LocalStripe, clock: FakeClock
    ) -> None:
        reference = UUID(int=(int(NOW.timestamp() * 1000) << 80) | 7 << 76 | 2 << 62)
        request = AuthorisationRequest(
            key="key", reference=reference, amount=eur(500), token="tok_visa"
        )
        result = await stripe.gateway.authorise(request)
        clock.advance(timedelta(days=400))

        found = await stripe.gateway.find_payment(reference)

        assert found is not None
        assert found.authorisation_result == result
        (page,) = [each for each in stripe.proxy.requests if each.method == "GET"]
        assert page.form["created[gte]"] == str(int((NOW - timedelta(hours=1)).timestamp()))


class TestPayments:
    async def test_payments_in_a_time_range_are_listed_oldest_first_without_its_end(
        self, gateway: PaymentGateway, clock: FakeClock
    ) -> None:
        for name in ("1", "2", "3", "4"):
            await approve(gateway, name)
            clock.advance(SECOND)

        bit = timedelta(milliseconds=1)
        from_second_on = await payments_within(gateway, NOW + SECOND, NOW + 3 * SECOND)
        within = await payments_within(gateway, NOW + bit, NOW + SECOND + bit)

        assert [each.reference for each in from_second_on] == [id_of("2"), id_of("3")]
        assert [each.reference for each in within] == [id_of("2")]

    async def test_payments_of_others_have_no_reference(self, stripe: LocalStripe) -> None:
        await stripe.create_unrelated_payment(currency="eur")
        await stripe.create_unrelated_payment(currency="hrk")

        (payment,) = await all_payments(stripe.gateway)
        assert payment.reference is None


class TestGatewayEvents:
    async def test_signed_event_of_stripe_is_parsed(self, stripe: LocalStripe) -> None:
        name = "of this test alone"
        async with stripe.webhooks() as received:
            payment_id = await capture(stripe.gateway, name)
            # Those of earlier tests may still be on their way.
            event = stripe.gateway.parse_event(*await received.get())
            while event.reference != id_of(name):
                event = stripe.gateway.parse_event(*await received.get())

        assert event.id.startswith("evt_")
        assert (event.kind, event.payment_id) == ("payment_intent.succeeded", payment_id)

    async def test_unsigned_event_is_rejected(self, gateway: PaymentGateway) -> None:
        with pytest.raises(InvalidGatewayEvent):
            gateway.parse_event(b"{}", {"stripe-signature": "t=1,v1=00"})
        with pytest.raises(InvalidGatewayEvent):
            gateway.parse_event(b"{}", {})


async def test_connections_can_be_closed_at_any_time(gateway: PaymentGateway) -> None:
    await gateway.close()
    payment_id = await approve(gateway)

    await gateway.close()
    await gateway.close()

    assert (await find(gateway)).id == payment_id
