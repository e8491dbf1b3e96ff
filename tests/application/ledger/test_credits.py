"""Credits that admins grant: each once under its key."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.idempotency.results import IdempotencyKeyReused
from shop.application.ports.repositories.idempotency_keys import Succeeded
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.account import AccountNotFound, BalanceTooLarge, TransferKind
from shop.domain.session import NotSignedIn, SessionExpired
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import MAX_AMOUNT, Money
from shop.domain.user import Forbidden
from tests.application.ledger.commands import balances, credit_command
from tests.application.memory_shop import IDLE_SECONDS, WELCOME_CREDIT, MemoryShop
from tests.clock import FakeClock
from tests.factories import ADJUSTMENTS, SALES, USD, eur, id_of

pytestmark = pytest.mark.anyio


class TestGrantingCredit:
    async def test_credit_comes_from_the_adjustments_account(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        reply = await shop.container.transfer_service().grant_credit(credit_command(shop, admin))

        transfer = reply.unwrap()
        assert (transfer.kind, transfer.amount) == (TransferKind.CREDIT, eur(500))
        assert transfer.debit_account_id == ADJUSTMENTS
        assert transfer.credit_account_id == shop.account("ada").id
        assert transfer.note == "Goodwill"
        assert balances(shop) == (WELCOME_CREDIT + 500, WELCOME_CREDIT)
        assert shop.outcome("root", "credit-01") == Succeeded(reference=transfer.id)
        assert await shop.audit_violations() == []

    async def test_repeated_credit_is_replayed_and_changes_nothing(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        command = credit_command(shop, admin)
        first = await shop.container.transfer_service().grant_credit(command)
        before = shop.state

        second = await shop.container.transfer_service().grant_credit(command)
        other = await shop.container.transfer_service().grant_credit(
            replace(command, reason="Other")
        )

        assert (second.unwrap(), second.replayed) == (first.unwrap(), True)
        assert other.value == IdempotencyKeyReused()
        assert shop.state == before

    async def test_credit_requires_a_customer_account(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        before = shop.state

        for key, account_id in (("credit-01", id_of("no account")), ("credit-02", SALES)):
            command = replace(credit_command(shop, admin), key=key, account_id=account_id)
            reply = await shop.container.transfer_service().grant_credit(command)
            assert reply.value == AccountNotFound()

        assert replace(shop.state, idempotency_keys=before.idempotency_keys) == before

    async def test_excessive_credit_is_rejected(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        before = shop.state

        command = credit_command(shop, admin, MAX_AMOUNT - WELCOME_CREDIT + 1)
        reply = await shop.container.transfer_service().grant_credit(command)

        assert reply.value == BalanceTooLarge()
        assert replace(shop.state, idempotency_keys=before.idempotency_keys) == before

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"amount": eur(0)}, "amount"),
            ({"amount": Money(amount=1, currency=USD)}, "currency"),
            ({"reason": ""}, "reason"),
            ({"reason": "r" * 201}, "reason"),
        ],
    )
    async def test_invalid_credit_is_not_stored(
        self, change: dict[str, object], field: str, shop: MemoryShop, admin: SessionToken
    ) -> None:
        before = shop.state

        with pytest.raises(InvalidValue) as rejection:
            await shop.container.transfer_service().grant_credit(
                replace(credit_command(shop, admin), **change)  # type: ignore[arg-type]
            )

        assert rejection.value.field == field
        assert shop.state == before

    async def test_only_admins_can_grant_credit(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken, clock: FakeClock
    ) -> None:
        before = shop.state
        give_credit = shop.container.transfer_service().grant_credit

        with pytest.raises(Forbidden):
            await give_credit(credit_command(shop, ada_token))
        with pytest.raises(NotSignedIn):
            await give_credit(credit_command(shop, None))
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        with pytest.raises(SessionExpired):
            await give_credit(credit_command(shop, admin))

        assert shop.state == before
