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
from tests.clock import FakeClock
from tests.contract.payment_gateway.gateway_under_test import (
    IDEMPOTENCY_SECONDS,
    GatewayUnderTest,
    authorisation_request,
)
from tests.factories import NOW, USD, eur, id_of
from tests.gateway_app import serve
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

AT_ONCE = 20


@pytest.fixture
def memory_gateway(clock: FakeClock) -> GatewayUnderTest:
    gateway = MemoryPaymentGateway(clock, idempotency_seconds=IDEMPOTENCY_SECONDS)

    async def take_step(payment_id: str, *, approved: bool) -> None:
        await gateway.authenticate(payment_id, approved=approved)

    return GatewayUnderTest(gateway=gateway, clock=clock, complete_challenge=take_step)


@pytest.fixture
def payment_store(tmp_path: Path, clock: FakeClock) -> PaymentStore:
    return PaymentStore(
        tmp_path / "gateway.db", clock=clock, idempotency_seconds=IDEMPOTENCY_SECONDS
    )


@pytest.fixture
async def in_process_gateway(
    payment_store: PaymentStore, clock: FakeClock
) -> AsyncIterator[GatewayUnderTest]:
    gateway = InProcessPaymentGateway(
        payment_store, clock=clock, timeout_seconds=TEST_TIMEOUT_SECONDS
    )

    async def take_step(payment_id: str, *, approved: bool) -> None:
        await payment_store.authenticate(payment_id, approved=approved)

    yield GatewayUnderTest(gateway=gateway, clock=clock, complete_challenge=take_step)
    await gateway.close()


@pytest.fixture
async def http_gateway(
    payment_store: PaymentStore, clock: FakeClock
) -> AsyncIterator[GatewayUnderTest]:
    async def take_step(payment_id: str, *, approved: bool) -> None:
        await payment_store.authenticate(payment_id, approved=approved)

    async with serve(GatewayApp(payment_store, clock)) as url:
        gateway = HttpPaymentGateway(url, timeout_seconds=TEST_TIMEOUT_SECONDS)
        yield GatewayUnderTest(gateway=gateway, clock=clock, complete_challenge=take_step)
        await gateway.close()


@pytest.fixture(params=["memory", "in_process", "http"])
def gateway_under_test(request: pytest.FixtureRequest) -> GatewayUnderTest:
    """Give an adapter whose gateway has never been asked anything."""
    made: GatewayUnderTest = request.getfixturevalue(f"{request.param}_gateway")
    return made


class TestAuthorisations:
    async def test_approved_payment_is_listed_by_the_gateway(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.approved("order", 1999)

        assert await gateway_under_test.all_payments() == [
            GatewayPayment(
                id=payment_id,
                reference=id_of("order"),
                amount=eur(1999),
                authorisation_result=Approved(payment_id=payment_id),
                is_captured=False,
                is_voided=False,
                refunded=eur(0),
                created_at=NOW,
            )
        ]

    async def test_reference_read_from_a_database_matches(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        asked = authorisation_request("order", gateway_under_test.cards.approved)
        first = await gateway_under_test.gateway.authorise(asked)
        # What the driver of PostgreSQL reads is a UUID of its own kind.
        read = replace(asked, reference=DriversUuid(str(asked.reference)))

        assert await gateway_under_test.gateway.authorise(read) == first
        assert len(await gateway_under_test.all_payments()) == 1

    @pytest.mark.parametrize(
        ("card", "reason"),
        [
            ("declined", "declined"),
            ("insufficient", "insufficient_funds"),
            ("unknown", "unknown_token"),
        ],
    )
    async def test_declined_payment_has_a_reason_and_is_not_authorised(
        self, gateway_under_test: GatewayUnderTest, card: str, reason: str
    ) -> None:
        refused = authorisation_request("order", getattr(gateway_under_test.cards, card))

        first = await gateway_under_test.gateway.authorise(refused)
        second = await gateway_under_test.gateway.authorise(refused)

        assert first == second == Declined(reason=reason)
        (payment,) = await gateway_under_test.all_payments()
        assert (payment.authorisation_result, payment.is_captured, payment.is_voided) == (
            first,
            False,
            False,
        )

    async def test_every_payment_has_a_unique_id(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        ids = [await gateway_under_test.approved(str(number)) for number in range(5)]

        assert len(set(ids)) == 5
        assert [each.id for each in await gateway_under_test.all_payments()] == ids

    async def test_slow_card_is_approved_eventually(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        result = await gateway_under_test.gateway.authorise(
            authorisation_request("order", gateway_under_test.cards.slow)
        )

        assert result == (await gateway_under_test.payment()).authorisation_result
        assert isinstance(result, Approved)

    @pytest.mark.parametrize("amount", [0, -1])
    async def test_amount_must_be_positive(
        self, gateway_under_test: GatewayUnderTest, amount: int
    ) -> None:
        with pytest.raises(GatewayRejected):
            await gateway_under_test.gateway.authorise(
                authorisation_request(
                    "order", gateway_under_test.cards.approved, amount=eur(amount)
                )
            )

        assert await gateway_under_test.all_payments() == []

    async def test_currency_is_kept(self, gateway_under_test: GatewayUnderTest) -> None:
        dollars = Money(amount=5, currency=USD)

        await gateway_under_test.gateway.authorise(
            authorisation_request("order", gateway_under_test.cards.approved, amount=dollars)
        )

        assert (await gateway_under_test.payment()).amount == dollars


class TestChallenges:
    async def test_challenged_payment_cannot_be_captured_before_the_challenge(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.challenged()
        before = await gateway_under_test.all_payments()

        with pytest.raises(GatewayRejected):
            await gateway_under_test.gateway.capture(
                key="capture", payment_id=payment_id, amount=eur(1999)
            )

        assert await gateway_under_test.all_payments() == before
        assert (await gateway_under_test.payment()).authorisation_result == ActionRequired(
            payment_id=payment_id
        )

    async def test_completed_challenge_approves_the_payment(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.challenged()

        await gateway_under_test.complete_challenge(payment_id, approved=True)

        assert (await gateway_under_test.payment()).authorisation_result == Approved(
            payment_id=payment_id
        )
        await gateway_under_test.gateway.capture(
            key="capture", payment_id=payment_id, amount=eur(1999)
        )
        assert (await gateway_under_test.payment()).is_captured

    async def test_failed_challenge_declines_the_payment(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.challenged()

        await gateway_under_test.complete_challenge(payment_id, approved=False)

        assert (await gateway_under_test.payment()).authorisation_result == Declined(
            reason="authentication_failed"
        )

    async def test_key_returns_the_result_before_the_challenge(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.challenged()
        await gateway_under_test.complete_challenge(payment_id, approved=True)

        again = await gateway_under_test.gateway.authorise(
            authorisation_request("order", gateway_under_test.cards.challenged)
        )

        assert again == ActionRequired(payment_id=payment_id)
        assert len(await gateway_under_test.all_payments()) == 1

    async def test_challenged_payment_can_be_voided(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        payment_id = await gateway_under_test.challenged()

        await gateway_under_test.gateway.void(key="void", payment_id=payment_id)

        assert (await gateway_under_test.payment()).is_voided


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
