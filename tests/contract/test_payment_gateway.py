"""What every adapter owes the port to the payment gateway."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from asyncpg.pgproto.pgproto import UUID as DriversUuid  # noqa: N811  It is none of ours.

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.adapters.simulated_gateway.http.app import GatewayApp
from shop.adapters.simulated_gateway.http_payment_gateway import HttpPaymentGateway
from shop.adapters.simulated_gateway.payment_gateway import InProcessPaymentGateway
from shop.adapters.simulated_gateway.payment_store import PaymentStore
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationRequest,
    Declined,
    GatewayOutcomeUnknown,
    GatewayPayment,
    GatewayRejected,
    InvalidGatewayEvent,
)
from shop.domain.shared.money import Money
from tests.clock import ScriptedClock
from tests.contract.gateways import KEY_SECONDS, GatewayOnTrial, wish
from tests.factories import NOW, USD, an_id, eur
from tests.gateway_app import served

pytestmark = pytest.mark.anyio

TIMEOUT_SECONDS = 5.0
AT_ONCE = 20


@pytest.fixture
def memory_gateway(clock: ScriptedClock) -> GatewayOnTrial:
    gateway = MemoryPaymentGateway(clock, idempotency_seconds=KEY_SECONDS)

    async def take_step(payment_id: str, *, approved: bool) -> None:
        await gateway.authenticate(payment_id, approved=approved)

    return GatewayOnTrial(gateway=gateway, clock=clock, take_step=take_step)


@pytest.fixture
def books(tmp_path: Path, clock: ScriptedClock) -> PaymentStore:
    return PaymentStore(tmp_path / "gateway.db", clock=clock, idempotency_seconds=KEY_SECONDS)


@pytest.fixture
async def embedded_gateway(
    books: PaymentStore, clock: ScriptedClock
) -> AsyncIterator[GatewayOnTrial]:
    gateway = InProcessPaymentGateway(books, clock=clock, timeout_seconds=TIMEOUT_SECONDS)

    async def take_step(payment_id: str, *, approved: bool) -> None:
        await books.authenticate(payment_id, approved=approved)

    yield GatewayOnTrial(gateway=gateway, clock=clock, take_step=take_step)
    await gateway.close()


@pytest.fixture
async def remote_gateway(
    books: PaymentStore, clock: ScriptedClock
) -> AsyncIterator[GatewayOnTrial]:
    async def take_step(payment_id: str, *, approved: bool) -> None:
        await books.authenticate(payment_id, approved=approved)

    async with served(GatewayApp(books, clock)) as url:
        gateway = HttpPaymentGateway(url, timeout_seconds=TIMEOUT_SECONDS)
        yield GatewayOnTrial(gateway=gateway, clock=clock, take_step=take_step)
        await gateway.close()


@pytest.fixture(params=["memory", "embedded", "remote"])
def trial(request: pytest.FixtureRequest) -> GatewayOnTrial:
    """Give an adapter whose gateway has never been asked anything."""
    made: GatewayOnTrial = request.getfixturevalue(f"{request.param}_gateway")
    return made


class TestAuthorisations:
    async def test_an_approved_one_is_in_the_books(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.approved("order", 1999)

        assert await trial.all_payments() == [
            GatewayPayment(
                id=payment_id,
                reference=an_id("order"),
                amount=eur(1999),
                authorisation_result=Approved(payment_id=payment_id),
                is_captured=False,
                is_voided=False,
                refunded=eur(0),
                created_at=NOW,
            )
        ]

    async def test_a_reference_that_was_read_from_a_database_is_the_same_one(
        self, trial: GatewayOnTrial
    ) -> None:
        asked = wish("order", trial.cards.good)
        first = await trial.gateway.authorise(asked)
        # What the driver of PostgreSQL reads is a UUID of its own kind.
        read = replace(asked, reference=DriversUuid(str(asked.reference)))

        assert await trial.gateway.authorise(read) == first
        assert len(await trial.all_payments()) == 1

    @pytest.mark.parametrize(
        ("card", "reason"),
        [
            ("declined", "declined"),
            ("insufficient", "insufficient_funds"),
            ("unknown", "unknown_token"),
        ],
    )
    async def test_a_declined_one_says_why_and_sets_nothing_aside(
        self, trial: GatewayOnTrial, card: str, reason: str
    ) -> None:
        refused = wish("order", getattr(trial.cards, card))

        first = await trial.gateway.authorise(refused)
        second = await trial.gateway.authorise(refused)

        assert first == second == Declined(reason=reason)
        (payment,) = await trial.all_payments()
        assert (payment.authorisation_result, payment.is_captured, payment.is_voided) == (
            first,
            False,
            False,
        )

    async def test_every_payment_has_an_id_of_its_own(self, trial: GatewayOnTrial) -> None:
        ids = [await trial.approved(str(number)) for number in range(5)]

        assert len(set(ids)) == 5
        assert [each.id for each in await trial.all_payments()] == ids

    async def test_a_slow_one_is_approved_in_the_end(self, trial: GatewayOnTrial) -> None:
        verdict = await trial.gateway.authorise(wish("order", trial.cards.slow))

        assert verdict == (await trial.the_payment()).authorisation_result
        assert isinstance(verdict, Approved)

    @pytest.mark.parametrize("amount", [0, -1])
    async def test_there_is_something_to_set_aside(
        self, trial: GatewayOnTrial, amount: int
    ) -> None:
        with pytest.raises(GatewayRejected):
            await trial.gateway.authorise(wish("order", trial.cards.good, amount=eur(amount)))

        assert await trial.all_payments() == []

    async def test_currencies_are_kept(self, trial: GatewayOnTrial) -> None:
        dollars = Money(amount=5, currency=USD)

        await trial.gateway.authorise(wish("order", trial.cards.good, amount=dollars))

        assert (await trial.the_payment()).amount == dollars


class TestChallenges:
    async def test_until_the_customer_takes_the_step_nothing_can_be_captured(
        self, trial: GatewayOnTrial
    ) -> None:
        payment_id = await trial.challenged()
        before = await trial.all_payments()

        with pytest.raises(GatewayRejected):
            await trial.gateway.capture(key="capture", payment_id=payment_id, amount=eur(1999))

        assert await trial.all_payments() == before
        assert (await trial.the_payment()).authorisation_result == ActionRequired(
            payment_id=payment_id
        )

    async def test_a_step_that_is_taken_approves(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.challenged()

        await trial.take_step(payment_id, approved=True)

        assert (await trial.the_payment()).authorisation_result == Approved(payment_id=payment_id)
        await trial.gateway.capture(key="capture", payment_id=payment_id, amount=eur(1999))
        assert (await trial.the_payment()).is_captured

    async def test_a_step_that_fails_declines(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.challenged()

        await trial.take_step(payment_id, approved=False)

        assert (await trial.the_payment()).authorisation_result == Declined(
            reason="authentication_failed"
        )

    async def test_the_key_is_answered_as_before_the_step(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.challenged()
        await trial.take_step(payment_id, approved=True)

        again = await trial.gateway.authorise(wish("order", trial.cards.challenged))

        assert again == ActionRequired(payment_id=payment_id)
        assert len(await trial.all_payments()) == 1

    async def test_one_can_be_ended(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.challenged()

        await trial.gateway.void(key="void", payment_id=payment_id)

        assert (await trial.the_payment()).is_voided


class TestKeys:
    async def test_the_same_request_is_one_payment(self, trial: GatewayOnTrial) -> None:
        first = await trial.gateway.authorise(wish("order", trial.cards.good))
        trial.clock.advance(timedelta(seconds=KEY_SECONDS / 2))
        second = await trial.gateway.authorise(wish("order", trial.cards.good))

        assert first == second
        assert [each.authorisation_result for each in await trial.all_payments()] == [first]

    @pytest.mark.parametrize("card", ["good", "slow"])
    async def test_many_at_the_same_time_are_one_payment(
        self, trial: GatewayOnTrial, card: str
    ) -> None:
        same = wish("order", getattr(trial.cards, card))

        verdicts = await asyncio.gather(*(trial.gateway.authorise(same) for _ in range(AT_ONCE)))

        (payment,) = await trial.all_payments()
        assert verdicts == [Approved(payment_id=payment.id)] * AT_ONCE

    @pytest.mark.parametrize(
        "other",
        [
            wish("other", "tok_visa", key="order:auth:1"),
            wish("order", "tok_visa", amount=eur(2000)),
            wish("order", "tok_declined"),
        ],
        ids=["reference", "amount", "token"],
    )
    async def test_another_request_is_refused(
        self, trial: GatewayOnTrial, other: AuthorisationRequest
    ) -> None:
        await trial.approved("order")
        before = await trial.all_payments()

        with pytest.raises(GatewayRejected):
            await trial.gateway.authorise(other)

        assert await trial.all_payments() == before

    async def test_other_keys_are_other_payments(self, trial: GatewayOnTrial) -> None:
        for key in ("1", "2"):
            await trial.gateway.authorise(wish("order", trial.cards.good, key=key))

        assert len(await trial.all_payments()) == 2

    async def test_one_that_is_forgotten_is_a_new_one(self, trial: GatewayOnTrial) -> None:
        first = await trial.approved("order")
        trial.clock.advance(timedelta(seconds=KEY_SECONDS))

        second = await trial.approved("order")

        assert [each.id for each in await trial.all_payments()] == [first, second]
        assert (await trial.the_payment("order")).id == second

    async def test_one_operations_key_is_not_anothers(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.captured("order")
        before = await trial.all_payments()

        with pytest.raises(GatewayRejected):
            await trial.gateway.refund(key="order:capture", payment_id=payment_id, amount=eur(1999))

        assert await trial.all_payments() == before


class TestSilence:
    async def test_before_anything_is_done_leaves_the_key_to_be_used(
        self, trial: GatewayOnTrial
    ) -> None:
        lost = wish("order", trial.cards.silent_before)

        with pytest.raises(GatewayOutcomeUnknown):
            await trial.gateway.authorise(lost)

        assert [
            each for each in await trial.all_payments() if each.authorisation_result is not None
        ] == []
        verdict = await trial.gateway.authorise(lost)
        (payment,) = await trial.all_payments()
        assert verdict == payment.authorisation_result == Approved(payment_id=payment.id)

    async def test_after_all_is_done_keeps_it_done(self, trial: GatewayOnTrial) -> None:
        unheard = wish("order", trial.cards.silent_after)

        with pytest.raises(GatewayOutcomeUnknown):
            await trial.gateway.authorise(unheard)

        payment = await trial.the_payment()
        assert payment.authorisation_result == Approved(payment_id=payment.id)
        assert await trial.gateway.authorise(unheard) == payment.authorisation_result
        assert await trial.all_payments() == [payment]

    async def test_a_fault_stays_one_under_its_key(self, trial: GatewayOnTrial) -> None:
        for _ in range(3):
            with pytest.raises(GatewayOutcomeUnknown):
                await trial.gateway.authorise(wish("order", trial.cards.faulty))

        (payment,) = await trial.all_payments()
        assert payment.authorisation_result == Approved(payment_id=payment.id)


class TestCaptures:
    async def test_what_was_set_aside_is_taken_once(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.approved()
        for _ in range(2):
            await trial.gateway.capture(key="capture", payment_id=payment_id, amount=eur(1999))

        (payment,) = await trial.all_payments()
        assert (payment.is_captured, payment.is_voided) == (True, False)
        assert payment.authorisation_result == Approved(payment_id=payment_id)
        assert payment.refunded == eur(0)

    async def test_many_under_one_key_at_the_same_time_are_one(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.approved()

        await asyncio.gather(
            *(
                trial.gateway.capture(key="capture", payment_id=payment_id, amount=eur(1999))
                for _ in range(AT_ONCE)
            )
        )

        assert (await trial.the_payment()).is_captured

    async def test_a_second_one_under_another_key_is_refused(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.captured()
        before = await trial.all_payments()

        with pytest.raises(GatewayRejected):
            await trial.gateway.capture(key="another", payment_id=payment_id, amount=eur(1999))

        assert await trial.all_payments() == before

    @pytest.mark.parametrize(
        "amount",
        [eur(1998), eur(2000), Money(amount=1999, currency=USD)],
        ids=["less", "more", "other currency"],
    )
    async def test_it_is_all_or_nothing(self, trial: GatewayOnTrial, amount: Money) -> None:
        payment_id = await trial.approved()
        before = await trial.all_payments()

        with pytest.raises(GatewayRejected):
            await trial.gateway.capture(key="capture", payment_id=payment_id, amount=amount)

        assert await trial.all_payments() == before

    async def test_what_was_given_up_cannot_be_taken(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.approved()
        await trial.gateway.void(key="void", payment_id=payment_id)
        before = await trial.all_payments()

        with pytest.raises(GatewayRejected):
            await trial.gateway.capture(key="capture", payment_id=payment_id, amount=eur(1999))

        assert await trial.all_payments() == before

    async def test_what_is_not_there_cannot_be_taken(self, trial: GatewayOnTrial) -> None:
        with pytest.raises(GatewayRejected):
            await trial.gateway.capture(key="capture", payment_id="pay_none", amount=eur(1999))

        assert await trial.all_payments() == []

    async def test_a_refusal_is_remembered_under_its_key(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.challenged()
        for approved in (False, True):
            with pytest.raises(GatewayRejected):
                await trial.gateway.capture(key="capture", payment_id=payment_id, amount=eur(1999))
            if not approved:
                await trial.take_step(payment_id, approved=True)

        assert not (await trial.the_payment()).is_captured


class TestVoids:
    async def test_what_was_set_aside_is_given_up(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.approved()

        for key in ("void", "void", "another"):
            await trial.gateway.void(key=key, payment_id=payment_id)

        (payment,) = await trial.all_payments()
        assert (payment.is_captured, payment.is_voided) == (False, True)
        assert payment.authorisation_result == Approved(payment_id=payment_id)

    async def test_what_was_captured_cannot_be_given_up(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.captured()
        before = await trial.all_payments()

        with pytest.raises(GatewayRejected):
            await trial.gateway.void(key="void", payment_id=payment_id)

        assert await trial.all_payments() == before

    async def test_what_was_declined_cannot_be_given_up(self, trial: GatewayOnTrial) -> None:
        await trial.gateway.authorise(wish("order", trial.cards.declined))
        before = await trial.all_payments()

        with pytest.raises(GatewayRejected):
            await trial.gateway.void(key="void", payment_id=before[0].id)

        assert await trial.all_payments() == before

    async def test_what_is_not_there_cannot_be_given_up(self, trial: GatewayOnTrial) -> None:
        with pytest.raises(GatewayRejected):
            await trial.gateway.void(key="void", payment_id="pay_none")

        assert await trial.all_payments() == []


class TestRefunds:
    async def test_some_and_then_the_rest_is_given_back(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.captured("order", 1000)

        await trial.gateway.refund(key="1", payment_id=payment_id, amount=eur(300))
        assert (await trial.the_payment()).refunded == eur(300)
        await trial.gateway.refund(key="2", payment_id=payment_id, amount=eur(700))

        (payment,) = await trial.all_payments()
        assert (payment.refunded, payment.is_captured) == (eur(1000), True)

    async def test_many_under_one_key_at_the_same_time_are_one(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.captured("order", 1000)

        await asyncio.gather(
            *(
                trial.gateway.refund(key="1", payment_id=payment_id, amount=eur(10))
                for _ in range(AT_ONCE)
            )
        )

        assert (await trial.the_payment()).refunded == eur(10)

    @pytest.mark.parametrize(
        "amount",
        [eur(701), Money(amount=1, currency=USD), eur(0), eur(-1)],
        ids=["more than is left", "other currency", "nothing", "less than nothing"],
    )
    async def test_no_more_than_is_left_is_given_back(
        self, trial: GatewayOnTrial, amount: Money
    ) -> None:
        payment_id = await trial.captured("order", 1000)
        await trial.gateway.refund(key="1", payment_id=payment_id, amount=eur(300))
        before = await trial.all_payments()

        with pytest.raises(GatewayRejected):
            await trial.gateway.refund(key="2", payment_id=payment_id, amount=amount)

        assert await trial.all_payments() == before

    async def test_what_was_not_taken_cannot_be_given_back(self, trial: GatewayOnTrial) -> None:
        payment_id = await trial.approved()
        before = await trial.all_payments()

        for missing in (payment_id, "pay_none"):
            with pytest.raises(GatewayRejected):
                await trial.gateway.refund(key=missing, payment_id=missing, amount=eur(1))

        assert await trial.all_payments() == before


class TestLookUps:
    async def test_a_reference_that_never_arrived_has_no_payment(
        self, trial: GatewayOnTrial
    ) -> None:
        await trial.approved("order")

        assert await trial.gateway.find_payment(an_id("another")) is None

    async def test_of_several_the_one_that_is_not_declined_counts(
        self, trial: GatewayOnTrial
    ) -> None:
        for key, token in (
            ("1", trial.cards.declined), ("2", trial.cards.good), ("3", trial.cards.insufficient),
        ):  # fmt: skip
            await trial.gateway.authorise(wish("order", token, key=key))
            trial.clock.advance(timedelta(seconds=1))

        payment = await trial.the_payment("order")
        assert payment.authorisation_result == Approved(payment_id=payment.id)

    async def test_of_several_declined_ones_the_newest_counts(self, trial: GatewayOnTrial) -> None:
        for key, token in (("1", trial.cards.insufficient), ("2", trial.cards.declined)):
            await trial.gateway.authorise(wish("order", token, key=key))
            trial.clock.advance(timedelta(seconds=1))

        assert (await trial.the_payment("order")).authorisation_result == Declined(
            reason="declined"
        )


class TestLists:
    async def test_a_span_has_its_beginning_and_not_its_end(self, trial: GatewayOnTrial) -> None:
        second = timedelta(seconds=1)
        ids = []
        for number in range(4):
            ids.append(await trial.approved(str(number)))
            trial.clock.advance(second)

        listed = trial.gateway.list_payments(NOW + second, NOW + 3 * second)

        assert [each.id async for each in listed] == ids[1:3]

    async def test_no_time_has_no_payments(self, trial: GatewayOnTrial) -> None:
        await trial.approved()

        assert [each async for each in trial.gateway.list_payments(NOW, NOW)] == []


async def test_a_notice_that_nobody_signed_is_refused(trial: GatewayOnTrial) -> None:
    with pytest.raises(InvalidGatewayEvent):
        trial.gateway.parse_event(b'{"id": "1"}', {"content-type": "application/json"})

    assert await trial.all_payments() == []


async def test_connections_can_be_given_back_at_any_time(trial: GatewayOnTrial) -> None:
    await trial.gateway.close()
    payment_id = await trial.approved()

    await trial.gateway.close()
    await trial.gateway.close()

    assert (await trial.the_payment()).id == payment_id
