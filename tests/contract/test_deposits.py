"""What every adapter owes the port to deposits, and what the audit finds wrong with them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.application.ports.repositories.idempotency_keys import (
    IdempotencyKey,
    Rejected,
    StoredOutcome,
    Succeeded,
)
from shop.application.ports.repositories.jobs import Job, JobId, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.deposit import Deposit
from shop.domain.payment import CardDeclined, PaymentStatus
from tests.contract.books import ADA, ADAS, BOB, BOBS, RUNNING, fill, findings, settle
from tests.contract.stores import Stores
from tests.factories import EUR, NOW, an_id, deposit, eur, transfer

pytestmark = pytest.mark.anyio

DEPOSIT = deposit(ADAS)
PAID = DEPOSIT.with_gateway_payment_id("pay_1").transition_to(PaymentStatus.AUTHORISED)
JOBS = {
    PaymentStatus.PENDING: JobKind.RESOLVE_DEPOSIT,
    PaymentStatus.AUTHORISED: JobKind.CAPTURE_DEPOSIT,
}
OVERDUE = (
    8,
    "job-is-overdue",
    {
        "job": "resolve_deposit",
        "subject_id": str(DEPOSIT.id),
        "attempts": 0,
        "due_at": "2026-11-21 12:00:00+00:00",
    },
)
CLEARING = ShopAccount.CARD_CLEARING.account_id(EUR)


@pytest.fixture
async def shop(stores: Stores) -> Stores:
    """Give a storage in which Ada and Bob have money."""
    return await fill(stores)


async def _add(
    stores: Stores, made: Deposit, outcome: StoredOutcome | UUID | None, *moved: Transfer
) -> None:
    async def add(uow: UnitOfWork) -> None:
        await settle(uow, made.idempotency_key, outcome)
        accounts = await uow.accounts.lock([ADAS.id, BOBS.id])
        uow.deposits.add(made)
        for each in moved:
            uow.transfers.add(each)
            uow.accounts.save(accounts[each.credit_account_id].deposit(each.amount))
        if made.status in JOBS:
            uow.jobs.add(Job.new(JOBS[made.status], made.id, at=NOW, due_at=NOW))

    await stores.change(add)


def _moved(made: Deposit, **changes: object) -> Transfer:
    moved = replace(
        transfer(CLEARING, made.account_id, made.amount.amount),
        id=made.id,
        kind=TransferKind.DEPOSIT,
        note="",
    )
    return replace(moved, **changes)  # type: ignore[arg-type]  # Fields of a transfer.


async def _stored(stores: Stores, *ids: UUID) -> Mapping[UUID, Deposit]:
    return await stores.see(lambda uow: uow.deposits.get_many(ids))


class TestDeposits:
    async def test_a_deposit_is_kept_as_it_was_made(self, shop: Stores) -> None:
        await _add(shop, DEPOSIT, RUNNING)

        assert await _stored(shop, DEPOSIT.id, an_id("nothing")) == {DEPOSIT.id: DEPOSIT}

    async def test_a_locked_deposit_takes_the_next_step(self, shop: Stores) -> None:
        await _add(shop, DEPOSIT, RUNNING)

        async def approve(uow: UnitOfWork) -> None:
            found = await uow.deposits.lock([DEPOSIT.id])
            assert found == {DEPOSIT.id: DEPOSIT}
            uow.deposits.save(PAID)

        await shop.change(approve)
        assert await _stored(shop, DEPOSIT.id) == {DEPOSIT.id: PAID}

    async def test_only_a_locked_deposit_can_be_saved(self, shop: Stores) -> None:
        await _add(shop, DEPOSIT, RUNNING)

        with pytest.raises(RuntimeError, match="locked"):
            await shop.commit(lambda uow: uow.deposits.save(PAID))

        assert await _stored(shop, DEPOSIT.id) == {DEPOSIT.id: DEPOSIT}

    async def test_deposits_are_found_under_the_keys_of_their_users(self, shop: Stores) -> None:
        await _add(shop, DEPOSIT, RUNNING)
        hers = IdempotencyKey(user_id=ADA.id, key=DEPOSIT.idempotency_key)
        his = IdempotencyKey(user_id=BOB.id, key=DEPOSIT.idempotency_key)

        assert await shop.see(lambda uow: uow.deposits.with_keys([hers, his])) == {hers: DEPOSIT.id}

    async def test_deposits_are_listed_by_their_time(self, shop: Stores) -> None:
        made = [
            deposit(ADAS, str(hour), created_at=NOW + timedelta(hours=hour)) for hour in range(3)
        ]
        for each in made:
            await _add(shop, each, RUNNING)
        span = TimeRange(since=NOW, until=made[2].created_at)

        async def page(after: TimeCursor | None) -> Page[Deposit, TimeCursor]:
            return await shop.see(
                lambda uow: uow.deposits.search(span, PageRequest(limit=1, after=after))
            )

        newest = await page(None)
        place = TimeCursor(at=made[1].created_at, id=made[1].id)
        assert newest == Page(items=[made[1]], next=place)
        assert await page(place) == Page(items=[made[0]], next=None)


class TestAudit:
    @pytest.mark.parametrize("made", [DEPOSIT, PAID])
    async def test_a_deposit_that_nobody_sees_to(self, shop: Stores, made: Deposit) -> None:
        is_paid = made is PAID
        outcome = Succeeded(reference=made.id) if is_paid else RUNNING
        await _add(shop, made, outcome, *([_moved(made)] if is_paid else []))
        job = JobId(kind=JOBS[made.status], subject_id=made.id)
        await shop.commit(lambda uow: uow.jobs.remove(job))

        facts = {"deposit_id": str(made.id), "status": made.status.value, "job": job.kind.value}
        assert await findings(shop) == [(8, "deposit-without-its-job", facts)]

    async def test_a_deposit_that_waits_past_its_expiry(self, shop: Stores) -> None:
        await _add(shop, DEPOSIT, RUNNING)

        facts = {"deposit_id": str(DEPOSIT.id), "expires_at": "2026-11-21 12:15:00+00:00"}
        assert await findings(shop, DEPOSIT.expires_at) == [OVERDUE]
        later = DEPOSIT.expires_at + timedelta(microseconds=1)
        assert await findings(shop, later) == [(8, "deposit-past-expiry", facts), OVERDUE]

    @pytest.mark.parametrize("status", [PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED])
    async def test_a_paid_deposit_is_in_its_account(
        self, shop: Stores, status: PaymentStatus
    ) -> None:
        outcome = Succeeded(reference=DEPOSIT.id)
        await _add(shop, replace(DEPOSIT, status=status), outcome, _moved(DEPOSIT))

        assert await findings(shop) == []

    @pytest.mark.parametrize("status", [PaymentStatus.DECLINED, PaymentStatus.VOIDED])
    async def test_a_deposit_that_came_to_nothing_moved_nothing(
        self, shop: Stores, status: PaymentStatus
    ) -> None:
        refused = Rejected(error=CardDeclined(reason="declined"))
        await _add(shop, replace(DEPOSIT, status=status), refused)

        assert await findings(shop) == []

    async def test_a_pending_deposit_has_an_undecided_key(self, shop: Stores) -> None:
        await _add(shop, DEPOSIT, RUNNING)

        assert await findings(shop) == []

    async def test_a_paid_deposit_that_is_in_no_account(self, shop: Stores) -> None:
        await _add(shop, PAID, Succeeded(reference=PAID.id))

        assert await findings(shop) == [
            (4, "deposit-differs", _facts(status="authorised", transferred=None))
        ]

    async def test_a_deposit_of_which_less_is_in_the_account(self, shop: Stores) -> None:
        await _add(shop, PAID, Succeeded(reference=PAID.id), _moved(PAID, amount=eur(299)))

        assert await findings(shop) == [
            (4, "deposit-differs", _facts(status="authorised", transferred=299))
        ]

    async def test_a_deposit_in_the_account_of_another(self, shop: Stores) -> None:
        moved = _moved(PAID, credit_account_id=BOBS.id)
        await _add(shop, PAID, Succeeded(reference=PAID.id), moved)

        assert await findings(shop) == [
            (4, "deposit-differs", _facts(status="authorised", transferred=300))
        ]

    async def test_a_deposit_that_no_card_paid(self, shop: Stores) -> None:
        moved = _moved(PAID, debit_account_id=ShopAccount.ADJUSTMENTS.account_id(EUR))
        await _add(shop, PAID, Succeeded(reference=PAID.id), moved)

        assert await findings(shop) == [
            (4, "deposit-differs", _facts(status="authorised", transferred=300))
        ]

    async def test_a_declined_deposit_that_is_in_the_account_all_the_same(
        self, shop: Stores
    ) -> None:
        refused = Rejected(error=CardDeclined(reason="declined"))
        declined = replace(DEPOSIT, status=PaymentStatus.DECLINED)
        await _add(shop, declined, refused, _moved(declined))

        assert await findings(shop) == [
            (4, "deposit-differs", _facts(status="declined", transferred=300))
        ]

    async def test_money_of_a_deposit_that_there_is_not(self, shop: Stores) -> None:
        other = deposit(BOBS, "2")
        await _add(shop, DEPOSIT, RUNNING, _moved(other))

        told = {
            "deposit_id": str(other.id),
            "status": None,
            "amount": None,
            "transferred": 300,
        }
        assert await findings(shop) == [(4, "deposit-differs", told)]

    async def test_a_pending_deposit_that_is_remembered_as_made(self, shop: Stores) -> None:
        await _add(shop, DEPOSIT, Succeeded(reference=DEPOSIT.id))

        told = {"user_id": str(ADA.id), "reference": str(DEPOSIT.id)}
        assert await findings(shop) == [(7, "outcome-without-order", told)]

    async def test_a_declined_deposit_whose_key_is_undecided(self, shop: Stores) -> None:
        await _add(shop, replace(DEPOSIT, status=PaymentStatus.DECLINED), RUNNING)

        told = {"user_id": str(ADA.id), "key": DEPOSIT.idempotency_key}
        assert await findings(shop) == [(7, "key-without-outcome", told)]


def _facts(**told: object) -> dict[str, object]:
    return {"deposit_id": str(DEPOSIT.id), "amount": 300, **told}
