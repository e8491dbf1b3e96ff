"""Transfers between customers: each once under its key, never more than the balance."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.idempotency.results import CommandResult, IdempotencyKeyReused
from shop.application.ledger.transfer_batch import MakeTransfer
from shop.application.ports.repositories.idempotency_keys import Rejected, Succeeded
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.account import (
    BalanceTooLarge,
    InsufficientFunds,
    RecipientNotFound,
    Transfer,
    TransferKind,
)
from shop.domain.rate_limit import TooManyRequests
from shop.domain.session import NotSignedIn, SessionExpired
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.money import MAX_AMOUNT, Money
from tests.application.ledger.commands import (
    balances,
    credit_command,
    make_transfer,
    transfer_command,
)
from tests.application.memory_shop import IDLE_SECONDS, WELCOME_CREDIT, MemoryShop, place_order
from tests.clock import FakeClock
from tests.factories import NOW, USD, eur

pytestmark = pytest.mark.anyio


class TestTransferring:
    async def test_money_moves_between_accounts(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        reply = await make_transfer(shop, transfer_command(ada_token))

        transfer = reply.unwrap()
        assert not reply.replayed
        assert (transfer.kind, transfer.amount) == (TransferKind.TRANSFER, eur(300))
        assert transfer.debit_account_id == shop.account("ada").id
        assert transfer.credit_account_id == shop.account("bob").id
        assert (transfer.note, transfer.order_id, transfer.created_at) == ("Thanks", None, NOW)
        assert shop.state.transfers.rows[transfer.id] == transfer
        assert balances(shop) == (WELCOME_CREDIT - 300, WELCOME_CREDIT + 300)
        assert shop.outcome("ada") == Succeeded(reference=transfer.id)
        assert await shop.audit_violations() == []

    async def test_last_cent_can_be_transferred(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        (await make_transfer(shop, transfer_command(ada_token, WELCOME_CREDIT))).unwrap()

        assert balances(shop) == (0, 2 * WELCOME_CREDIT)

    async def test_email_address_is_normalised(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        first = await make_transfer(shop, transfer_command(ada_token, to=" BOB@Example.com"))
        again = await make_transfer(shop, transfer_command(ada_token))

        assert again.unwrap() == first.unwrap()
        assert balances(shop) == (WELCOME_CREDIT - 300, WELCOME_CREDIT + 300)

    async def test_session_is_not_written(self, shop: MemoryShop, ada_token: SessionToken) -> None:
        before = shop.state

        await make_transfer(shop, transfer_command(ada_token))

        assert shop.state.sessions == before.sessions

    async def test_opposite_concurrent_transfers_neither_deadlock_nor_lose_money(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        bob_token = await shop.sign_in("bob")
        there = [transfer_command(ada_token, 1, key=f"key-{number:04}") for number in range(20)]
        back = [
            transfer_command(bob_token, 2, to="ada@example.com", key=f"key-{number:04}")
            for number in range(20)
        ]

        await asyncio.gather(*(make_transfer(shop, command) for command in (*there, *back)))

        assert balances(shop) == (WELCOME_CREDIT + 20, WELCOME_CREDIT - 20)
        assert await shop.audit_violations() == []


REJECTIONS: list[tuple[MakeTransfer, ShopError]] = [
    (
        transfer_command(None, 1_001),
        InsufficientFunds(balance=eur(WELCOME_CREDIT), required=eur(1_001)),
    ),
    (
        transfer_command(None, to="Unknown@example.com"),
        RecipientNotFound(email="Unknown@example.com"),
    ),
]

INVALID: list[tuple[MakeTransfer, str]] = [
    (transfer_command(None, 0), "amount"),
    (transfer_command(None, -300), "amount"),
    (replace(transfer_command(None), amount=Money(amount=300, currency=USD)), "currency"),
    (replace(transfer_command(None), note="n" * 201), "note"),
    (transfer_command(None, to="ada@example.com"), "to"),
    (transfer_command(None, to="no-address"), "to"),
]


async def test_unknown_recipients_are_limited_exactly_within_a_group(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    commands = [
        transfer_command(ada_token, to=f"unknown{n}@example.com", key=f"key-{n:04}")
        for n in range(12)
    ]
    known = transfer_command(ada_token, key="key-known")
    results = await shop.container.transfer_service().make([*commands, known])

    assert [type(each.value) for each in results] == (
        [RecipientNotFound] * 10 + [TooManyRequests] * 3
    )
    assert [each.value for each in results[10:]] == [TooManyRequests(retry_after_seconds=3600)] * 3
    assert balances(shop) == (WELCOME_CREDIT, WELCOME_CREDIT)
    replay = await make_transfer(shop, commands[0])
    assert (replay.replayed, type(replay.value)) == (True, RecipientNotFound)
    assert shop.outcome("ada", "key-known") is None


class TestRejections:
    @pytest.mark.parametrize(("command", "error"), REJECTIONS)
    async def test_rejected_transfer_stores_only_its_key_and_an_unknown_recipient_a_hit(
        self, command: MakeTransfer, error: ShopError, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        before = shop.state

        reply = await make_transfer(shop, replace(command, session=ada_token))

        assert (reply.value, reply.replayed) == (error, False)
        hits = [row.count.amount for row in shop.state.rate_limits.rows.values()]
        assert hits == [1] * isinstance(error, RecipientNotFound)
        keys, limits = before.idempotency_keys, before.rate_limits
        assert replace(shop.state, idempotency_keys=keys, rate_limits=limits) == before
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
        await make_transfer(shop, replace(command, session=ada_token))
        (
            await shop.container.transfer_service().grant_credit(credit_command(shop, admin, 999))
        ).unwrap()
        await shop.customer("unknown")
        before = shop.state

        reply = await make_transfer(shop, replace(command, session=ada_token))

        assert (reply.value, reply.replayed) == (error, True)
        assert shop.state == before

    async def test_excessive_balance_is_rejected(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken
    ) -> None:
        full = credit_command(shop, admin, MAX_AMOUNT - WELCOME_CREDIT, name="bob")
        (await shop.container.transfer_service().grant_credit(full)).unwrap()
        before = shop.state

        reply = await make_transfer(shop, transfer_command(ada_token, 1))

        assert reply.value == BalanceTooLarge()
        assert replace(shop.state, idempotency_keys=before.idempotency_keys) == before

    @pytest.mark.parametrize(("command", "field"), INVALID)
    async def test_invalid_transfer_is_not_stored(
        self, command: MakeTransfer, field: str, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        before = shop.state

        reply = await make_transfer(shop, replace(command, session=ada_token))

        assert isinstance(reply.value, InvalidValue)
        assert reply.value.field == field
        assert shop.state == before

    async def test_anonymous_user_cannot_transfer(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        before = shop.state

        assert (await make_transfer(shop, transfer_command(None))).value == NotSignedIn()
        assert (await make_transfer(shop, transfer_command("never issued"))).value == NotSignedIn()
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        assert (await make_transfer(shop, transfer_command(ada_token))).value == SessionExpired()

        assert shop.state == before


class TestKeys:
    async def test_repeated_transfer_is_replayed_and_changes_nothing(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        first = await make_transfer(shop, transfer_command(ada_token))
        before = shop.state

        second = await make_transfer(shop, transfer_command(ada_token))

        assert (second.unwrap(), second.replayed) == (first.unwrap(), True)
        assert shop.state == before

    @pytest.mark.parametrize(
        "other",
        [
            transfer_command(None, 301),
            transfer_command(None, to="unknown@example.com"),
            replace(transfer_command(None), note="Other"),
        ],
    )
    async def test_different_request_under_the_same_key_is_rejected(
        self, other: MakeTransfer, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await make_transfer(shop, transfer_command(ada_token))
        before = shop.state

        reply = await make_transfer(shop, replace(other, session=ada_token))

        assert (reply.value, reply.replayed) == (IdempotencyKeyReused(), False)
        assert shop.state == before

    async def test_key_of_a_transfer_cannot_be_used_for_an_order(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await make_transfer(shop, transfer_command(ada_token))
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
            transfer_command(ada_token, 1_000, key="key-0001"),
            transfer_command(ada_token, 1, key="key-0002"),
            transfer_command(bob_token, 2_000, to="ada@example.com", key="key-0001"),
            transfer_command(ada_token, 1_000, key="key-0001"),
            transfer_command(ada_token, 2_000, key="key-0003"),
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
        assert balances(shop) == (0, 2 * WELCOME_CREDIT)
        assert shop.faults.begun == begun + 1
        assert await shop.audit_violations() == []


class TestFailures:
    async def test_failed_commit_changes_nothing(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
    ) -> None:
        before = shop.state
        transfers = shop.container.transfer_service()

        shop.faults.plan(("commit", RuntimeError("a bug")), ("commit", RuntimeError("a bug")))
        with pytest.raises(RuntimeError, match="a bug"):
            await transfers.make([transfer_command(ada_token)])
        with pytest.raises(RuntimeError, match="a bug"):
            await transfers.grant_credit(credit_command(shop, admin))

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
        (await make_transfer(shop, transfer_command(ada_token))).unwrap()
        shop.faults.plan(fault)
        (await shop.container.transfer_service().grant_credit(credit_command(shop, admin))).unwrap()

        assert balances(shop) == (WELCOME_CREDIT - 300 + 500, WELCOME_CREDIT + 300)
        assert await shop.audit_violations() == []
