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
from tests.clock import ScriptedClock
from tests.factories import ADJUSTMENTS, NOW, SALES, USD, an_id, eur
from tests.unit.application.memory_shop import (
    IDLE_SECONDS,
    WELCOME,
    MemoryShop,
    place_order,
)

pytestmark = pytest.mark.anyio

BOB = "bob@example.com"


@pytest.fixture
async def adas(shop: MemoryShop) -> SessionToken:
    """Give the token of Ada, who has a thousand, like Bob."""
    await shop.customer("bob")
    return await shop.customer("ada")


@pytest.fixture
async def admin(shop: MemoryShop, adas: SessionToken) -> SessionToken:
    del adas
    return await shop.admin()


def _passing(
    token: SessionToken | None, amount: int = 300, *, to: str = BOB, key: str = "key-0001"
) -> MakeTransfer:
    return MakeTransfer(session=token, key=key, to=to, amount=eur(amount), note="Thanks")


async def _make(shop: MemoryShop, command: MakeTransfer) -> CommandResult[Transfer]:
    (reply,) = await shop.container.transfer_service().make([command])
    return reply


def _balances(shop: MemoryShop) -> tuple[int, int]:
    return shop.balance("ada"), shop.balance("bob")


class TestPassingMoneyOn:
    async def test_it_moves_from_one_account_to_the_other(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        reply = await _make(shop, _passing(adas))

        transfer = reply.unwrap()
        assert not reply.replayed
        assert (transfer.kind, transfer.amount) == (TransferKind.TRANSFER, eur(300))
        assert transfer.debit_account_id == shop.account("ada").id
        assert transfer.credit_account_id == shop.account("bob").id
        assert (transfer.note, transfer.order_id, transfer.created_at) == ("Thanks", None, NOW)
        assert shop.state.transfers.rows[transfer.id] == transfer
        assert _balances(shop) == (WELCOME - 300, WELCOME + 300)
        assert shop.outcome("ada") == Succeeded(reference=transfer.id)
        assert await shop.findings() == []

    async def test_the_last_cent_can_be_passed_on(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        (await _make(shop, _passing(adas, WELCOME))).unwrap()

        assert _balances(shop) == (0, 2 * WELCOME)

    async def test_an_address_is_the_same_however_it_is_written(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        first = await _make(shop, _passing(adas, to=" BOB@Example.com"))
        again = await _make(shop, _passing(adas))

        assert again.unwrap() == first.unwrap()
        assert _balances(shop) == (WELCOME - 300, WELCOME + 300)

    async def test_the_session_is_not_written(self, shop: MemoryShop, adas: SessionToken) -> None:
        before = shop.state

        await _make(shop, _passing(adas))

        assert shop.state.sessions == before.sessions

    async def test_there_and_back_at_once_neither_is_lost_nor_stuck(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        bobs = await shop.sign_in("bob")
        there = [_passing(adas, 1, key=f"key-{number:04}") for number in range(20)]
        back = [
            _passing(bobs, 2, to="ada@example.com", key=f"key-{number:04}") for number in range(20)
        ]

        await asyncio.gather(*(_make(shop, command) for command in (*there, *back)))

        assert _balances(shop) == (WELCOME + 20, WELCOME - 20)
        assert await shop.findings() == []


REFUSALS: list[tuple[MakeTransfer, ShopError]] = [
    (_passing(None, 1_001), InsufficientFunds(balance=eur(WELCOME), required=eur(1_001))),
    (
        _passing(None, to="Nobody@example.com"),
        RecipientNotFound(email="Nobody@example.com"),
    ),
]
NEVER: list[tuple[MakeTransfer, str]] = [
    (_passing(None, 0), "amount"),
    (_passing(None, -300), "amount"),
    (replace(_passing(None), amount=Money(amount=300, currency=USD)), "currency"),
    (replace(_passing(None), note="n" * 201), "note"),
    (_passing(None, to="ada@example.com"), "to"),
    (_passing(None, to="nobody"), "to"),
]


class TestRefusals:
    @pytest.mark.parametrize(("command", "error"), REFUSALS)
    async def test_it_changes_nothing_but_what_is_remembered_of_its_key(
        self, command: MakeTransfer, error: ShopError, shop: MemoryShop, adas: SessionToken
    ) -> None:
        before = shop.state

        reply = await _make(shop, replace(command, session=adas))

        assert (reply.value, reply.replayed) == (error, False)
        assert replace(shop.state, idempotency_keys=before.idempotency_keys) == before
        assert shop.outcome("ada") == Rejected(error=error)

    @pytest.mark.parametrize(("command", "error"), REFUSALS)
    async def test_it_is_the_answer_to_its_key_for_good(
        self,
        command: MakeTransfer,
        error: ShopError,
        shop: MemoryShop,
        adas: SessionToken,
        admin: SessionToken,
    ) -> None:
        await _make(shop, replace(command, session=adas))
        (
            await shop.container.transfer_service().grant_credit(_crediting(shop, admin, 999))
        ).unwrap()
        await shop.customer("nobody")
        before = shop.state

        reply = await _make(shop, replace(command, session=adas))

        assert (reply.value, reply.replayed) == (error, True)
        assert shop.state == before

    async def test_more_than_can_be_counted_does_not_arrive(
        self, shop: MemoryShop, admin: SessionToken, adas: SessionToken
    ) -> None:
        full = _crediting(shop, admin, MAX_AMOUNT - WELCOME, name="bob")
        (await shop.container.transfer_service().grant_credit(full)).unwrap()
        before = shop.state

        reply = await _make(shop, _passing(adas, 1))

        assert reply.value == BalanceTooLarge()
        assert replace(shop.state, idempotency_keys=before.idempotency_keys) == before

    @pytest.mark.parametrize(("command", "field"), NEVER)
    async def test_what_can_never_be_is_not_remembered(
        self, command: MakeTransfer, field: str, shop: MemoryShop, adas: SessionToken
    ) -> None:
        before = shop.state

        reply = await _make(shop, replace(command, session=adas))

        assert isinstance(reply.value, InvalidValue)
        assert reply.value.field == field
        assert shop.state == before

    async def test_nobody_who_is_not_signed_in_has_money(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        before = shop.state

        assert (await _make(shop, _passing(None))).value == NotSignedIn()
        assert (await _make(shop, _passing("never issued"))).value == NotSignedIn()
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        assert (await _make(shop, _passing(adas))).value == SessionExpired()

        assert shop.state == before


class TestKeys:
    async def test_the_same_again_is_answered_alike_and_changes_nothing(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        first = await _make(shop, _passing(adas))
        before = shop.state

        second = await _make(shop, _passing(adas))

        assert (second.unwrap(), second.replayed) == (first.unwrap(), True)
        assert shop.state == before

    @pytest.mark.parametrize(
        "other",
        [
            _passing(None, 301),
            _passing(None, to="nobody@example.com"),
            replace(_passing(None), note="Other"),
        ],
    )
    async def test_another_request_under_the_same_key_is_refused(
        self, other: MakeTransfer, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await _make(shop, _passing(adas))
        before = shop.state

        reply = await _make(shop, replace(other, session=adas))

        assert (reply.value, reply.replayed) == (IdempotencyKeyReused(), False)
        assert shop.state == before

    async def test_a_key_of_a_transfer_is_none_of_an_order(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await _make(shop, _passing(adas))
        before = shop.state

        reply = await shop.order(place_order(adas, ("TEA", 1)))

        assert reply.value == IdempotencyKeyReused()
        assert shop.state == before


class TestGroups:
    async def test_each_is_decided_on_what_those_before_it_left(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        bobs = await shop.sign_in("bob")
        group = [
            _passing(adas, 1_000, key="key-0001"),
            _passing(adas, 1, key="key-0002"),
            _passing(bobs, 2_000, to="ada@example.com", key="key-0001"),
            _passing(adas, 1_000, key="key-0001"),
            _passing(adas, 2_000, key="key-0003"),
        ]
        begun = shop.mishaps.begun

        replies: Sequence[CommandResult[Transfer]] = await shop.container.transfer_service().make(
            group
        )

        first, second, third, fourth, fifth = replies
        assert second.value == InsufficientFunds(balance=eur(0), required=eur(1))
        assert third.unwrap().amount == eur(2_000)
        assert (fourth.unwrap(), fourth.replayed) == (first.unwrap(), True)
        assert fifth.unwrap().amount == eur(2_000)
        assert _balances(shop) == (0, 2 * WELCOME)
        assert shop.mishaps.begun == begun + 1
        assert await shop.findings() == []


def _crediting(
    shop: MemoryShop, token: SessionToken | None, amount: int = 500, *, name: str = "ada"
) -> GrantCredit:
    return GrantCredit(
        session=token,
        key="credit-01",
        account_id=shop.account(name).id,
        amount=eur(amount),
        reason="Goodwill",
    )


class TestGivingCredit:
    async def test_it_comes_from_the_shops_adjustments(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        reply = await shop.container.transfer_service().grant_credit(_crediting(shop, admin))

        transfer = reply.unwrap()
        assert (transfer.kind, transfer.amount) == (TransferKind.CREDIT, eur(500))
        assert transfer.debit_account_id == ADJUSTMENTS
        assert transfer.credit_account_id == shop.account("ada").id
        assert transfer.note == "Goodwill"
        assert _balances(shop) == (WELCOME + 500, WELCOME)
        assert shop.outcome("root", "credit-01") == Succeeded(reference=transfer.id)
        assert await shop.findings() == []

    async def test_the_same_again_is_answered_alike_and_changes_nothing(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        command = _crediting(shop, admin)
        first = await shop.container.transfer_service().grant_credit(command)
        before = shop.state

        second = await shop.container.transfer_service().grant_credit(command)
        other = await shop.container.transfer_service().grant_credit(
            replace(command, reason="Other")
        )

        assert (second.unwrap(), second.replayed) == (first.unwrap(), True)
        assert other.value == IdempotencyKeyReused()
        assert shop.state == before

    async def test_there_must_be_such_an_account_of_a_customers(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        before = shop.state

        for key, account_id in (("credit-01", an_id("no account")), ("credit-02", SALES)):
            command = replace(_crediting(shop, admin), key=key, account_id=account_id)
            reply = await shop.container.transfer_service().grant_credit(command)
            assert reply.value == AccountNotFound()

        assert replace(shop.state, idempotency_keys=before.idempotency_keys) == before

    async def test_more_than_can_be_counted_does_not_arrive(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        before = shop.state

        command = _crediting(shop, admin, MAX_AMOUNT - WELCOME + 1)
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
    async def test_what_can_never_be_is_not_remembered(
        self, change: dict[str, object], field: str, shop: MemoryShop, admin: SessionToken
    ) -> None:
        before = shop.state

        with pytest.raises(InvalidValue) as refusal:
            await shop.container.transfer_service().grant_credit(
                replace(_crediting(shop, admin), **change)  # type: ignore[arg-type]
            )

        assert refusal.value.field == field
        assert shop.state == before

    async def test_only_admins_may(
        self, shop: MemoryShop, adas: SessionToken, admin: SessionToken, clock: ScriptedClock
    ) -> None:
        before = shop.state
        give_credit = shop.container.transfer_service().grant_credit

        with pytest.raises(Forbidden):
            await give_credit(_crediting(shop, adas))
        with pytest.raises(NotSignedIn):
            await give_credit(_crediting(shop, None))
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        with pytest.raises(SessionExpired):
            await give_credit(_crediting(shop, admin))

        assert shop.state == before


class TestFailures:
    async def test_a_commit_that_fails_leaves_everything_as_it_was(
        self, shop: MemoryShop, adas: SessionToken, admin: SessionToken
    ) -> None:
        before = shop.state
        transfers = shop.container.transfer_service()

        shop.mishaps.plan(("commit", RuntimeError("a bug")), ("commit", RuntimeError("a bug")))
        with pytest.raises(RuntimeError, match="a bug"):
            await transfers.make([_passing(adas)])
        with pytest.raises(RuntimeError, match="a bug"):
            await transfers.grant_credit(_crediting(shop, admin))

        assert shop.state == before

    @pytest.mark.parametrize(
        "mishap",
        [
            ("commit", TransientFailure("conflict")),
            ("commit", CommitOutcomeUnknown("connection lost")),
            ("committed", CommitOutcomeUnknown("connection lost")),
        ],
    )
    async def test_whatever_becomes_of_the_commit_it_happens_once(
        self,
        mishap: tuple[str, Exception],
        shop: MemoryShop,
        adas: SessionToken,
        admin: SessionToken,
    ) -> None:
        shop.mishaps.plan(mishap)
        (await _make(shop, _passing(adas))).unwrap()
        shop.mishaps.plan(mishap)
        (await shop.container.transfer_service().grant_credit(_crediting(shop, admin))).unwrap()

        assert _balances(shop) == (WELCOME - 300 + 500, WELCOME + 300)
        assert await shop.findings() == []
