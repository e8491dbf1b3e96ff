"""Transfers: customers pass money on, and admins give credit; each once under its key."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.idempotency.results import CommandResult, IdempotencyKeyReused
from shop.application.ledger.transfers import GrantCredit, MakeTransfer
from shop.application.ports.repositories.idempotency_keys import Rejected, Succeeded
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.account import (
    AccountNotFound,
    BalanceTooLarge,
    InsufficientFunds,
    RecipientNotFound,
    Transfer,
    TransferKind,
)
from shop.domain.session import NotSignedIn, SessionExpired
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.money import MAX_AMOUNT, Money
from shop.domain.user import Forbidden
from tests.application.memory_shop import IDLE_SECONDS, WELCOME_CREDIT, MemoryShop, place_order
from tests.clock import FakeClock
from tests.factories import ADJUSTMENTS, NOW, SALES, USD, eur, id_of

pytestmark = pytest.mark.anyio

BOB = "bob@example.com"


@pytest.fixture
async def ada_token(shop: MemoryShop) -> SessionToken:
    """Give the token of Ada, who has a thousand, like Bob."""
    await shop.customer("bob")
    return await shop.customer("ada")


@pytest.fixture
async def admin(shop: MemoryShop, ada_token: SessionToken) -> SessionToken:
    del ada_token
    return await shop.admin()


def _transfer_command(
    token: SessionToken | None, amount: int = 300, *, to: str = BOB, key: str = "key-0001"
) -> MakeTransfer:
    return MakeTransfer(session=token, key=key, to=to, amount=eur(amount), note="Thanks")


async def _make(shop: MemoryShop, command: MakeTransfer) -> CommandResult[Transfer]:
    (reply,) = await shop.container.transfer_service().make([command])
    return reply


def _balances(shop: MemoryShop) -> tuple[int, int]:
    return shop.balance("ada"), shop.balance("bob")


class TestTransferring:
    async def test_money_moves_between_accounts(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        reply = await _make(shop, _transfer_command(ada_token))

        transfer = reply.unwrap()
        assert not reply.replayed
        assert (transfer.kind, transfer.amount) == (TransferKind.TRANSFER, eur(300))
        assert transfer.debit_account_id == shop.account("ada").id
        assert transfer.credit_account_id == shop.account("bob").id
        assert (transfer.note, transfer.order_id, transfer.created_at) == ("Thanks", None, NOW)
        assert shop.state.transfers.rows[transfer.id] == transfer
        assert _balances(shop) == (WELCOME_CREDIT - 300, WELCOME_CREDIT + 300)
        assert shop.outcome("ada") == Succeeded(reference=transfer.id)
        assert await shop.audit_violations() == []

    async def test_last_cent_can_be_transferred(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        (await _make(shop, _transfer_command(ada_token, WELCOME_CREDIT))).unwrap()

        assert _balances(shop) == (0, 2 * WELCOME_CREDIT)

    async def test_email_address_is_normalised(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        first = await _make(shop, _transfer_command(ada_token, to=" BOB@Example.com"))
        again = await _make(shop, _transfer_command(ada_token))

        assert again.unwrap() == first.unwrap()
        assert _balances(shop) == (WELCOME_CREDIT - 300, WELCOME_CREDIT + 300)

    async def test_session_is_not_written(self, shop: MemoryShop, ada_token: SessionToken) -> None:
        before = shop.state

        await _make(shop, _transfer_command(ada_token))

        assert shop.state.sessions == before.sessions

    async def test_opposite_concurrent_transfers_neither_deadlock_nor_lose_money(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        bob_token = await shop.sign_in("bob")
        there = [_transfer_command(ada_token, 1, key=f"key-{number:04}") for number in range(20)]
        back = [
            _transfer_command(bob_token, 2, to="ada@example.com", key=f"key-{number:04}")
            for number in range(20)
        ]

        await asyncio.gather(*(_make(shop, command) for command in (*there, *back)))

        assert _balances(shop) == (WELCOME_CREDIT + 20, WELCOME_CREDIT - 20)
        assert await shop.audit_violations() == []


REJECTIONS: list[tuple[MakeTransfer, ShopError]] = [
    (
        _transfer_command(None, 1_001),
        InsufficientFunds(balance=eur(WELCOME_CREDIT), required=eur(1_001)),
    ),
    (
        _transfer_command(None, to="Nobody@example.com"),
        RecipientNotFound(email="Nobody@example.com"),
    ),
]
INVALID: list[tuple[MakeTransfer, str]] = [
    (_transfer_command(None, 0), "amount"),
    (_transfer_command(None, -300), "amount"),
    (replace(_transfer_command(None), amount=Money(amount=300, currency=USD)), "currency"),
    (replace(_transfer_command(None), note="n" * 201), "note"),
    (_transfer_command(None, to="ada@example.com"), "to"),
    (_transfer_command(None, to="nobody"), "to"),
]


class TestRejections:
    @pytest.mark.parametrize(("command", "error"), REJECTIONS)
    async def test_rejected_transfer_stores_only_its_key(
        self, command: MakeTransfer, error: ShopError, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        before = shop.state

        reply = await _make(shop, replace(command, session=ada_token))

        assert (reply.value, reply.replayed) == (error, False)
        assert replace(shop.state, idempotency_keys=before.idempotency_keys) == before
        assert shop.outcome("ada") == Rejected(error=error)

    @pytest.mark.parametrize(("command", "error"), REJECTIONS)
    async def test_rejection_is_replayed_permanently(
        self,
        command: MakeTransfer,
        error: ShopError,
        shop: MemoryShop,
        ada_token: SessionToken,
        admin: SessionToken,
    ) -> None:
        await _make(shop, replace(command, session=ada_token))
        (
            await shop.container.transfer_service().grant_credit(_credit_command(shop, admin, 999))
        ).unwrap()
        await shop.customer("nobody")
        before = shop.state

        reply = await _make(shop, replace(command, session=ada_token))

        assert (reply.value, reply.replayed) == (error, True)
        assert shop.state == before

    async def test_excessive_balance_is_rejected(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken
    ) -> None:
        full = _credit_command(shop, admin, MAX_AMOUNT - WELCOME_CREDIT, name="bob")
        (await shop.container.transfer_service().grant_credit(full)).unwrap()
        before = shop.state

        reply = await _make(shop, _transfer_command(ada_token, 1))

        assert reply.value == BalanceTooLarge()
        assert replace(shop.state, idempotency_keys=before.idempotency_keys) == before

    @pytest.mark.parametrize(("command", "field"), INVALID)
    async def test_invalid_transfer_is_not_stored(
        self, command: MakeTransfer, field: str, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        before = shop.state

        reply = await _make(shop, replace(command, session=ada_token))

        assert isinstance(reply.value, InvalidValue)
        assert reply.value.field == field
        assert shop.state == before

    async def test_anonymous_user_cannot_transfer(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        before = shop.state

        assert (await _make(shop, _transfer_command(None))).value == NotSignedIn()
        assert (await _make(shop, _transfer_command("never issued"))).value == NotSignedIn()
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        assert (await _make(shop, _transfer_command(ada_token))).value == SessionExpired()

        assert shop.state == before


class TestKeys:
    async def test_repeated_transfer_is_replayed_and_changes_nothing(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        first = await _make(shop, _transfer_command(ada_token))
        before = shop.state

        second = await _make(shop, _transfer_command(ada_token))

        assert (second.unwrap(), second.replayed) == (first.unwrap(), True)
        assert shop.state == before

    @pytest.mark.parametrize(
        "other",
        [
            _transfer_command(None, 301),
            _transfer_command(None, to="nobody@example.com"),
            replace(_transfer_command(None), note="Other"),
        ],
    )
    async def test_different_request_under_the_same_key_is_rejected(
        self, other: MakeTransfer, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await _make(shop, _transfer_command(ada_token))
        before = shop.state

        reply = await _make(shop, replace(other, session=ada_token))

        assert (reply.value, reply.replayed) == (IdempotencyKeyReused(), False)
        assert shop.state == before

    async def test_key_of_a_transfer_cannot_be_used_for_an_order(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await _make(shop, _transfer_command(ada_token))
        before = shop.state

        reply = await shop.order(place_order(ada_token, ("TEA", 1)))

        assert reply.value == IdempotencyKeyReused()
        assert shop.state == before


class TestGroups:
    async def test_each_transfer_sees_those_before_it_in_the_group(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        bob_token = await shop.sign_in("bob")
        group = [
            _transfer_command(ada_token, 1_000, key="key-0001"),
            _transfer_command(ada_token, 1, key="key-0002"),
            _transfer_command(bob_token, 2_000, to="ada@example.com", key="key-0001"),
            _transfer_command(ada_token, 1_000, key="key-0001"),
            _transfer_command(ada_token, 2_000, key="key-0003"),
        ]
        begun = shop.faults.begun

        replies: Sequence[CommandResult[Transfer]] = await shop.container.transfer_service().make(
            group
        )

        first, second, third, fourth, fifth = replies
        assert second.value == InsufficientFunds(balance=eur(0), required=eur(1))
        assert third.unwrap().amount == eur(2_000)
        assert (fourth.unwrap(), fourth.replayed) == (first.unwrap(), True)
        assert fifth.unwrap().amount == eur(2_000)
        assert _balances(shop) == (0, 2 * WELCOME_CREDIT)
        assert shop.faults.begun == begun + 1
        assert await shop.audit_violations() == []


def _credit_command(
    shop: MemoryShop, token: SessionToken | None, amount: int = 500, *, name: str = "ada"
) -> GrantCredit:
    return GrantCredit(
        session=token,
        key="credit-01",
        account_id=shop.account(name).id,
        amount=eur(amount),
        reason="Goodwill",
    )


class TestGrantingCredit:
    async def test_credit_comes_from_the_adjustments_account(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        reply = await shop.container.transfer_service().grant_credit(_credit_command(shop, admin))

        transfer = reply.unwrap()
        assert (transfer.kind, transfer.amount) == (TransferKind.CREDIT, eur(500))
        assert transfer.debit_account_id == ADJUSTMENTS
        assert transfer.credit_account_id == shop.account("ada").id
        assert transfer.note == "Goodwill"
        assert _balances(shop) == (WELCOME_CREDIT + 500, WELCOME_CREDIT)
        assert shop.outcome("root", "credit-01") == Succeeded(reference=transfer.id)
        assert await shop.audit_violations() == []

    async def test_repeated_credit_is_replayed_and_changes_nothing(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        command = _credit_command(shop, admin)
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
            command = replace(_credit_command(shop, admin), key=key, account_id=account_id)
            reply = await shop.container.transfer_service().grant_credit(command)
            assert reply.value == AccountNotFound()

        assert replace(shop.state, idempotency_keys=before.idempotency_keys) == before

    async def test_excessive_credit_is_rejected(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        before = shop.state

        command = _credit_command(shop, admin, MAX_AMOUNT - WELCOME_CREDIT + 1)
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
                replace(_credit_command(shop, admin), **change)  # type: ignore[arg-type]
            )

        assert rejection.value.field == field
        assert shop.state == before

    async def test_only_admins_can_grant_credit(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken, clock: FakeClock
    ) -> None:
        before = shop.state
        give_credit = shop.container.transfer_service().grant_credit

        with pytest.raises(Forbidden):
            await give_credit(_credit_command(shop, ada_token))
        with pytest.raises(NotSignedIn):
            await give_credit(_credit_command(shop, None))
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        with pytest.raises(SessionExpired):
            await give_credit(_credit_command(shop, admin))

        assert shop.state == before


class TestFailures:
    async def test_failed_commit_changes_nothing(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
    ) -> None:
        before = shop.state
        transfers = shop.container.transfer_service()

        shop.faults.plan(("commit", RuntimeError("a bug")), ("commit", RuntimeError("a bug")))
        with pytest.raises(RuntimeError, match="a bug"):
            await transfers.make([_transfer_command(ada_token)])
        with pytest.raises(RuntimeError, match="a bug"):
            await transfers.grant_credit(_credit_command(shop, admin))

        assert shop.state == before

    @pytest.mark.parametrize(
        "fault",
        [
            ("commit", TransientFailure("conflict")),
            ("commit", CommitOutcomeUnknown("connection lost")),
            ("committed", CommitOutcomeUnknown("connection lost")),
        ],
    )
    async def test_transfer_happens_once_whatever_the_commit_outcome(
        self,
        fault: tuple[str, Exception],
        shop: MemoryShop,
        ada_token: SessionToken,
        admin: SessionToken,
    ) -> None:
        shop.faults.plan(fault)
        (await _make(shop, _transfer_command(ada_token))).unwrap()
        shop.faults.plan(fault)
        (
            await shop.container.transfer_service().grant_credit(_credit_command(shop, admin))
        ).unwrap()

        assert _balances(shop) == (WELCOME_CREDIT - 300 + 500, WELCOME_CREDIT + 300)
        assert await shop.audit_violations() == []
