"""What Stripe's adapter owes the port to payment gateways."""

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
from shop.domain.shared.money import Money
from tests.clock import ScriptedClock
from tests.contract.payments import (
    a_payment,
    a_wish,
    all_made,
    approve,
    capture,
    challenge,
    find,
    made_within,
)
from tests.contract.stripe_front import Answer, Fault, StripeFront
from tests.contract.stripe_server import StripeForTests, a_gateway
from tests.factories import NOW, USD, an_id, eur

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)


@pytest.fixture
def gateway(stripe: StripeForTests) -> PaymentGateway:
    return stripe.gateway


class TestAuthorising:
    async def test_a_good_card_sets_the_amount_aside(self, gateway: PaymentGateway) -> None:
        verdict = await gateway.authorise(a_wish())

        assert isinstance(verdict, Approved)
        assert await all_made(gateway) == [a_payment("1", verdict.payment_id, verdict)]

    @pytest.mark.parametrize(
        ("token", "reason"),
        [("tok_declined", "generic_decline"), ("tok_insufficient", "insufficient_funds")],
    )
    async def test_a_card_is_declined_in_its_issuers_word(
        self, gateway: PaymentGateway, token: str, reason: str
    ) -> None:
        assert await gateway.authorise(a_wish(token=token)) == Declined(reason=reason)

        found = await find(gateway)
        assert found == a_payment("1", found.id, Declined(reason=reason))

    async def test_a_card_whose_customer_has_to_take_a_step_is_challenged(
        self, stripe: StripeForTests
    ) -> None:
        payment_id = await challenge(stripe.gateway)
        again = await stripe.gateway.authorise(a_wish(token="tok_authenticate"))
        assert isinstance(again, ActionRequired)
        assert (again.client_secret or "").startswith(f"{payment_id}_secret_")
        before = await find(stripe.gateway)
        await stripe.take_the_step(payment_id, success=True)

        assert before == a_payment("1", payment_id, ActionRequired(payment_id=payment_id))
        assert await find(stripe.gateway) == a_payment(
            "1", payment_id, Approved(payment_id=payment_id)
        )

    async def test_a_challenge_that_is_failed_is_a_decline(self, stripe: StripeForTests) -> None:
        payment_id = await challenge(stripe.gateway)

        await stripe.take_the_step(payment_id, success=False)

        assert (await find(stripe.gateway)).authorisation_result == Declined(
            reason="payment_intent_authentication_failure"
        )

    async def test_an_unknown_token_is_declined(self, gateway: PaymentGateway) -> None:
        assert await gateway.authorise(a_wish(token="tok_of_nobody")) == Declined(
            reason="unknown_token"
        )
        assert await all_made(gateway) == []

    @pytest.mark.parametrize("amount", [0, -1])
    async def test_there_is_something_to_set_aside(
        self, gateway: PaymentGateway, amount: int
    ) -> None:
        with pytest.raises(GatewayRejected, match="amount_not_positive"):
            await gateway.authorise(a_wish(amount=amount))

        assert await all_made(gateway) == []

    async def test_an_amount_that_stripe_does_not_take_is_declined(
        self, gateway: PaymentGateway
    ) -> None:
        assert await gateway.authorise(a_wish(amount=1)) == Declined(reason="amount_too_small")
        assert await all_made(gateway) == []

    async def test_the_library_repeats_nothing_and_leads_nobody_elsewhere(
        self, gateway: PaymentGateway, front: StripeFront
    ) -> None:
        front.faults.append(Fault.DROPPED)
        with pytest.raises(GatewayOutcomeUnknown):
            await gateway.authorise(a_wish())

        (asked,) = front.asked
        assert (asked.method, asked.path, asked.key) == ("POST", "payment_intents", a_wish().key)
        assert asked.form == {
            "amount": "500",
            "currency": "eur",
            "payment_method": "tok_visa",
            "automatic_payment_methods[enabled]": "true",
            "automatic_payment_methods[allow_redirects]": "never",
            "capture_method": "manual",
            "confirm": "true",
            "use_stripe_sdk": "true",
            "metadata[shop_reference]": str(an_id("1")),
        }


class TestKeys:
    async def test_the_same_request_is_answered_like_the_first_and_does_nothing_twice(
        self, gateway: PaymentGateway
    ) -> None:
        first = await gateway.authorise(a_wish())

        assert await gateway.authorise(a_wish()) == first
        assert len(await all_made(gateway)) == 1

    async def test_a_decline_is_repeated_too(self, gateway: PaymentGateway) -> None:
        wish = a_wish(token="tok_declined")
        first = await gateway.authorise(wish)

        assert await gateway.authorise(wish) == first == Declined(reason="generic_decline")
        assert len(await all_made(gateway)) == 1

    async def test_while_the_first_is_under_way_there_is_no_answer_to_the_second(
        self, gateway: PaymentGateway, front: StripeFront
    ) -> None:
        front.gate.clear()
        first = asyncio.create_task(gateway.authorise(a_wish()))
        await front.arrived.wait()

        with pytest.raises(GatewayOutcomeUnknown):
            await gateway.authorise(a_wish())
        front.gate.set()

        assert await first == await gateway.authorise(a_wish())
        assert len(await all_made(gateway)) == 1

    async def test_another_request_under_the_same_key_is_refused_and_the_shops_fault(
        self, gateway: PaymentGateway, caplog: pytest.LogCaptureFixture
    ) -> None:
        payment_id = await approve(gateway)

        with pytest.raises(GatewayRejected, match="key_reused"):
            await gateway.authorise(a_wish(amount=600))

        assert await all_made(gateway) == [
            a_payment("1", payment_id, Approved(payment_id=payment_id))
        ]
        assert [record.levelno for record in caplog.records] == [logging.ERROR]

    async def test_capture_void_and_refund_are_done_once(self, gateway: PaymentGateway) -> None:
        captured = await capture(gateway, "1")
        await gateway.capture(key="shop:1:capture", payment_id=captured, amount=eur(500))
        voided = await approve(gateway, "2")
        for _ in range(2):
            await gateway.void(key="shop:2:void", payment_id=voided)
            await gateway.refund(key="shop:1:refund", payment_id=captured, amount=eur(200))

        first, second = await all_made(gateway)
        assert (first.is_captured, first.refunded) == (True, eur(200))
        assert (second.is_voided, second.refunded) == (True, eur(0))


class TestCapturing:
    async def test_what_was_set_aside_is_taken(self, gateway: PaymentGateway) -> None:
        payment_id = await capture(gateway)

        assert await find(gateway) == a_payment(
            "1", payment_id, Approved(payment_id=payment_id), is_captured=True
        )

    @pytest.mark.parametrize("amount", [499, 501])
    async def test_it_is_all_or_nothing(self, gateway: PaymentGateway, amount: int) -> None:
        payment_id = await approve(gateway)
        before = await all_made(gateway)

        with pytest.raises(GatewayRejected, match="amount_differs"):
            await gateway.capture(key="capture", payment_id=payment_id, amount=eur(amount))

        assert await all_made(gateway) == before

    async def test_it_is_taken_under_one_key_only(self, gateway: PaymentGateway) -> None:
        payment_id = await capture(gateway)
        before = await all_made(gateway)

        with pytest.raises(GatewayRejected, match="payment_intent_unexpected_state"):
            await gateway.capture(key="another", payment_id=payment_id, amount=eur(500))

        assert await all_made(gateway) == before

    async def test_what_was_voided_is_not_taken(self, gateway: PaymentGateway) -> None:
        payment_id = await approve(gateway)
        await gateway.void(key="void", payment_id=payment_id)
        before = await all_made(gateway)

        with pytest.raises(GatewayRejected):
            await gateway.capture(key="capture", payment_id=payment_id, amount=eur(500))

        assert await all_made(gateway) == before

    async def test_what_is_not_there_is_not_taken(self, gateway: PaymentGateway) -> None:
        with pytest.raises(GatewayRejected, match="resource_missing"):
            await gateway.capture(key="capture", payment_id="pi_of_nobody", amount=eur(500))


class TestVoiding:
    async def test_what_was_set_aside_is_given_up(self, gateway: PaymentGateway) -> None:
        payment_id = await approve(gateway)

        await gateway.void(key="void", payment_id=payment_id)

        assert await find(gateway) == a_payment(
            "1", payment_id, Approved(payment_id=payment_id), is_voided=True
        )

    async def test_a_challenge_is_ended(self, gateway: PaymentGateway) -> None:
        payment_id = await challenge(gateway)

        await gateway.void(key="void", payment_id=payment_id)

        assert await find(gateway) == a_payment(
            "1", payment_id, ActionRequired(payment_id=payment_id), is_voided=True
        )

    async def test_what_is_voided_stays_so_whatever_the_key(self, gateway: PaymentGateway) -> None:
        payment_id = await approve(gateway)
        await gateway.void(key="void", payment_id=payment_id)
        before = await all_made(gateway)

        await gateway.void(key="another", payment_id=payment_id)

        assert await all_made(gateway) == before

    async def test_two_who_void_at_once_both_have_what_they_want(
        self, gateway: PaymentGateway, front: StripeFront
    ) -> None:
        payment_id = await approve(gateway)
        front.gate.clear()
        front.arrived.clear()
        first = asyncio.create_task(gateway.void(key="first", payment_id=payment_id))
        await front.arrived.wait()
        front.arrived.clear()
        second = asyncio.create_task(gateway.void(key="second", payment_id=payment_id))
        await front.arrived.wait()
        front.gate.set()
        await asyncio.gather(first, second)

        assert (await find(gateway)).is_voided

    async def test_what_was_captured_or_declined_is_not_voided(
        self, gateway: PaymentGateway
    ) -> None:
        await capture(gateway, "1")
        await gateway.authorise(a_wish("2", "tok_declined"))
        before = await all_made(gateway)

        for each in before:
            with pytest.raises(GatewayRejected):
                await gateway.void(key=f"void {each.id}", payment_id=each.id)

        assert await all_made(gateway) == before

    async def test_what_was_voided_at_stripe_itself_still_shows_its_verdict(
        self, stripe: StripeForTests
    ) -> None:
        await stripe.gateway.authorise(a_wish(token="tok_insufficient"))
        payment_id = (await find(stripe.gateway)).id

        await stripe.cancel_by_hand(payment_id)

        declined = Declined(reason="insufficient_funds")
        assert await find(stripe.gateway) == a_payment("1", payment_id, declined, is_voided=True)

    async def test_what_is_not_there_is_not_voided(self, gateway: PaymentGateway) -> None:
        with pytest.raises(GatewayRejected, match="resource_missing"):
            await gateway.void(key="void", payment_id="pi_of_nobody")


class TestRefunding:
    async def test_some_is_given_back_and_then_the_rest(self, gateway: PaymentGateway) -> None:
        payment_id = await capture(gateway)

        await gateway.refund(key="first", payment_id=payment_id, amount=eur(200))
        await gateway.refund(key="second", payment_id=payment_id, amount=eur(300))

        assert await find(gateway) == a_payment(
            "1",
            payment_id,
            Approved(payment_id=payment_id),
            is_captured=True,
            refunded=eur(500),
        )

    async def test_no_more_is_given_back_than_is_left(self, gateway: PaymentGateway) -> None:
        payment_id = await capture(gateway)
        await gateway.refund(key="first", payment_id=payment_id, amount=eur(200))
        before = await all_made(gateway)

        with pytest.raises(GatewayRejected, match="charge_already_refunded"):
            await gateway.refund(key="second", payment_id=payment_id, amount=eur(301))

        assert await all_made(gateway) == before

    @pytest.mark.parametrize("amount", [eur(0), Money(amount=1, currency=USD)])
    async def test_nothing_and_another_currency_are_not_given_back(
        self, gateway: PaymentGateway, amount: Money
    ) -> None:
        payment_id = await capture(gateway)
        before = await all_made(gateway)

        with pytest.raises(GatewayRejected):
            await gateway.refund(key="refund", payment_id=payment_id, amount=amount)

        assert await all_made(gateway) == before

    async def test_what_was_not_captured_is_not_refunded(self, gateway: PaymentGateway) -> None:
        payment_id = await approve(gateway)
        before = await all_made(gateway)

        with pytest.raises(GatewayRejected, match="not_captured"):
            await gateway.refund(key="refund", payment_id=payment_id, amount=eur(1))

        assert await all_made(gateway) == before

    async def test_a_refund_that_fails_at_once_is_refused(
        self, gateway: PaymentGateway, front: StripeFront
    ) -> None:
        payment_id = await capture(gateway)
        seen = await front.see(f"payment_intents/{payment_id}", True)
        front.faults += [seen, Answer(200, {"object": "refund", "status": "failed"})]

        with pytest.raises(GatewayRejected, match="refund_failed"):
            await gateway.refund(key="refund", payment_id=payment_id, amount=eur(1))

    async def test_what_is_not_there_is_not_refunded(self, gateway: PaymentGateway) -> None:
        with pytest.raises(GatewayRejected, match="resource_missing"):
            await gateway.refund(key="refund", payment_id="pi_of_nobody", amount=eur(1))


class TestLookingUp:
    async def test_what_is_known_by_its_id_is_not_searched_for(
        self, gateway: PaymentGateway
    ) -> None:
        payment_id = await approve(gateway)

        found = await gateway.find_payment(an_id("of any age"), payment_id)

        assert found == a_payment("1", payment_id, Approved(payment_id=payment_id))

    async def test_an_id_that_is_not_shown_says_nothing(self, gateway: PaymentGateway) -> None:
        await approve(gateway)

        with pytest.raises(GatewayOutcomeUnknown):
            await gateway.find_payment(an_id("1"), "pi_of_nobody")

    async def test_nothing_is_found_of_what_was_never_asked(self, gateway: PaymentGateway) -> None:
        await approve(gateway, "1")

        assert await gateway.find_payment(an_id("2")) is None

    async def test_of_several_the_one_is_found_that_is_not_declined(
        self, gateway: PaymentGateway, clock: ScriptedClock
    ) -> None:
        names = ("before", "approved", "after")
        tokens = dict(zip(names, ("tok_declined", "tok_visa", "tok_insufficient"), strict=True))
        for name in names:
            await gateway.authorise(a_wish("1", tokens[name], key=name))
            clock.advance(SECOND)

        found = await find(gateway)
        assert found.authorisation_result == Approved(payment_id=found.id)

    async def test_of_several_declined_ones_the_newest_is_found(
        self, gateway: PaymentGateway, clock: ScriptedClock
    ) -> None:
        await gateway.authorise(a_wish("1", "tok_declined", key="first"))
        clock.advance(SECOND)
        await gateway.authorise(a_wish("1", "tok_insufficient", key="second"))

        found = await find(gateway)
        assert found == a_payment(
            "1", found.id, Declined(reason="insufficient_funds"), created_at=NOW + SECOND
        )

    async def test_it_is_found_behind_more_than_a_page_of_others(
        self, stripe: StripeForTests
    ) -> None:
        payment_id = await approve(stripe.gateway)
        for index in range(5):
            await approve(stripe.gateway, f"other {index}")
        stripe.front.largest_page = 2

        assert (await find(stripe.gateway)).id == payment_id
        assert len(await all_made(stripe.gateway)) == 6

    async def test_days_are_gone_through_for_an_id_that_tells_no_time(
        self, stripe: StripeForTests, clock: ScriptedClock
    ) -> None:
        await approve(stripe.gateway)
        clock.advance(timedelta(days=2))
        short_sighted = a_gateway(stripe.front.url, clock, look_back=timedelta(days=1))

        assert await short_sighted.find_payment(an_id("1")) is None
        assert (await find(stripe.gateway)).created_at == NOW
        await short_sighted.close()

    async def test_an_id_that_tells_its_time_is_found_however_old_it_is(
        self, stripe: StripeForTests, clock: ScriptedClock
    ) -> None:
        reference = UUID(int=(int(NOW.timestamp() * 1000) << 80) | 7 << 76 | 2 << 62)
        wish = AuthorisationRequest(
            key="key", reference=reference, amount=eur(500), token="tok_visa"
        )
        verdict = await stripe.gateway.authorise(wish)
        clock.advance(timedelta(days=400))

        found = await stripe.gateway.find_payment(reference)

        assert found is not None
        assert found.authorisation_result == verdict
        (listing,) = [each for each in stripe.front.asked if each.method == "GET"]
        assert listing.form["created[gte]"] == str(int((NOW - timedelta(hours=1)).timestamp()))


class TestPayments:
    async def test_those_of_a_span_are_told_the_oldest_first_its_end_excluded(
        self, gateway: PaymentGateway, clock: ScriptedClock
    ) -> None:
        for name in ("1", "2", "3", "4"):
            await approve(gateway, name)
            clock.advance(SECOND)

        bit = timedelta(milliseconds=1)
        told = await made_within(gateway, NOW + SECOND, NOW + 3 * SECOND)
        within = await made_within(gateway, NOW + bit, NOW + SECOND + bit)

        assert [each.reference for each in told] == [an_id("2"), an_id("3")]
        assert [each.reference for each in within] == [an_id("2")]

    async def test_those_of_others_have_no_reference(self, stripe: StripeForTests) -> None:
        await stripe.pay_for_something_else(currency="eur")
        await stripe.pay_for_something_else(currency="hrk")

        (told,) = await all_made(stripe.gateway)
        assert told.reference is None


class TestNotices:
    async def test_what_stripe_sends_is_read(self, stripe: StripeForTests) -> None:
        name = "of this test alone"
        async with stripe.webhooks() as received:
            payment_id = await capture(stripe.gateway, name)
            # Those of earlier tests may still be on their way.
            notice = stripe.gateway.parse_event(*await received.get())
            while notice.reference != an_id(name):
                notice = stripe.gateway.parse_event(*await received.get())

        assert notice.id.startswith("evt_")
        assert (notice.kind, notice.payment_id) == ("payment_intent.succeeded", payment_id)

    async def test_what_somebody_else_sends_is_refused(self, gateway: PaymentGateway) -> None:
        with pytest.raises(InvalidGatewayEvent):
            gateway.parse_event(b"{}", {"stripe-signature": "t=1,v1=00"})
        with pytest.raises(InvalidGatewayEvent):
            gateway.parse_event(b"{}", {})


async def test_connections_can_be_given_back_at_any_time(gateway: PaymentGateway) -> None:
    await gateway.close()
    payment_id = await approve(gateway)

    await gateway.close()
    await gateway.close()

    assert (await find(gateway)).id == payment_id
