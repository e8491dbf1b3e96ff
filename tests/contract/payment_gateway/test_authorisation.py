"""What every adapter owes the port to payment gateways: authorisations and challenges."""

from dataclasses import replace

import pytest
from asyncpg.pgproto.pgproto import UUID as DriversUuid  # noqa: N811  It is none of ours.

from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    Declined,
    GatewayPayment,
    GatewayRejected,
)
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money
from tests.contract.payment_gateway.gateway_under_test import (
    GatewayUnderTest,
    authorisation_request,
)
from tests.factories import NOW, USD, eur, id_of

pytestmark = pytest.mark.anyio

AT_ONCE = 20


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
        ],
    )
    async def test_declined_payment_has_a_reason_and_is_not_authorised(
        self, gateway_under_test: GatewayUnderTest, card: str, reason: str
    ) -> None:
        declined = authorisation_request("order", getattr(gateway_under_test.cards, card))

        first = await gateway_under_test.gateway.authorise(declined)
        second = await gateway_under_test.gateway.authorise(declined)

        assert first == second == Declined(reason=reason)
        (payment,) = await gateway_under_test.all_payments()
        assert (payment.authorisation_result, payment.is_captured, payment.is_voided) == (
            first,
            False,
            False,
        )

    async def test_unknown_token_is_declined_and_leaves_no_record(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        gateway = gateway_under_test.gateway
        unknown = authorisation_request("order", gateway_under_test.cards.unknown)

        assert await gateway.authorise(unknown) == Declined(reason="unknown_token")

        assert await gateway_under_test.all_payments() == []
        known = replace(unknown, token=gateway_under_test.cards.approved)
        assert isinstance(await gateway.authorise(known), Approved)

    async def test_token_has_the_form_of_the_gateways_tokens(
        self, gateway_under_test: GatewayUnderTest
    ) -> None:
        gateway_under_test.gateway.require_token(gateway_under_test.cards.approved)

        for text in ("4242424242424242", "visa", ""):
            with pytest.raises(InvalidValue) as caught:
                gateway_under_test.gateway.require_token(text)
            assert caught.value.field == "token"

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
