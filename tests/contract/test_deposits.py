"""What every adapter owes the port to deposits, and what the audit finds wrong with them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.application.ports.repositories.idempotency_keys import Rejected, StoredOutcome, Succeeded
from shop.application.ports.repositories.jobs import Job, JobId, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.deposit import Deposit
from shop.domain.payment import CardDeclined, PaymentStatus
from shop.domain.shared.idempotency_key import IdempotencyKey
from tests.contract.audit.consistent_orders import (
    ADA,
    ADA_ACCOUNT,
    BOB,
    BOB_ACCOUNT,
    NO_OUTCOME_YET,
    findings,
    store_customers_and_products,
    store_outcome,
)
from tests.contract.storage import Storage
from tests.factories import EUR, NOW, deposit, eur, id_of, transfer

pytestmark = pytest.mark.anyio

DEPOSIT = deposit(ADA_ACCOUNT)
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
async def shop(storage: Storage) -> Storage:
    """Return a storage in which Ada and Bob have money."""
    return await store_customers_and_products(storage)


async def _add(
    storage: Storage, stored: Deposit, outcome: StoredOutcome | UUID | None, *moved: Transfer
) -> None:
    async def add(uow: UnitOfWork) -> None:
        await store_outcome(uow, stored.idempotency_key.value, outcome)
        accounts = await uow.accounts.lock([ADA_ACCOUNT.id, BOB_ACCOUNT.id])
        uow.deposits.add(stored)
        for each in moved:
            uow.transfers.add(each)
            uow.accounts.save(accounts[each.credit_account_id].deposit(each.amount))
        if stored.status in JOBS:
            uow.jobs.add(Job.new(JOBS[stored.status], stored.id, at=NOW, due_at=NOW))

    await storage.write(add)


def _deposit_transfer(deposit: Deposit, **changes: object) -> Transfer:
    moved = replace(
        transfer(CLEARING, deposit.account_id, deposit.amount.amount),
        id=deposit.id,
        kind=TransferKind.DEPOSIT,
        note="",
    )
    return replace(moved, **changes)  # type: ignore[arg-type]  # Fields of a transfer.


async def _stored(storage: Storage, *ids: UUID) -> Mapping[UUID, Deposit]:
    return await storage.read(lambda uow: uow.deposits.get_many(ids))


class TestDeposits:
    async def test_deposit_is_found_as_it_was_added(self, shop: Storage) -> None:
        await _add(shop, DEPOSIT, NO_OUTCOME_YET)

        assert await _stored(shop, DEPOSIT.id, id_of("nothing")) == {DEPOSIT.id: DEPOSIT}

    async def test_locked_deposit_can_be_saved(self, shop: Storage) -> None:
        await _add(shop, DEPOSIT, NO_OUTCOME_YET)

        async def approve(uow: UnitOfWork) -> None:
            found = await uow.deposits.lock([DEPOSIT.id])
            assert found == {DEPOSIT.id: DEPOSIT}
            uow.deposits.save(PAID)

        await shop.write(approve)
        assert await _stored(shop, DEPOSIT.id) == {DEPOSIT.id: PAID}

    async def test_deposit_that_is_not_locked_cannot_be_saved(self, shop: Storage) -> None:
        await _add(shop, DEPOSIT, NO_OUTCOME_YET)

        with pytest.raises(RuntimeError, match="locked"):
            await shop.commit(lambda uow: uow.deposits.save(PAID))

        assert await _stored(shop, DEPOSIT.id) == {DEPOSIT.id: DEPOSIT}

    async def test_deposits_are_found_by_users_and_keys(self, shop: Storage) -> None:
        await _add(shop, DEPOSIT, NO_OUTCOME_YET)
        hers = DEPOSIT.idempotency_key
        his = IdempotencyKey(user_id=BOB.id, value=hers.value)

        assert await shop.read(lambda uow: uow.deposits.with_keys([hers, his])) == {
            hers: DEPOSIT.id
        }

    async def test_deposits_are_listed_by_time(self, shop: Storage) -> None:
        deposits = [
            deposit(ADA_ACCOUNT, str(hour), created_at=NOW + timedelta(hours=hour))
            for hour in range(3)
        ]
        for each in deposits:
            await _add(shop, each, NO_OUTCOME_YET)
        time_range = TimeRange(since=NOW, until=deposits[2].created_at)

        async def page(after: TimeCursor | None) -> Page[Deposit, TimeCursor]:
            return await shop.read(
                lambda uow: uow.deposits.search(time_range, PageRequest(limit=1, after=after))
            )

        newest = await page(None)
        place = TimeCursor(at=deposits[1].created_at, id=deposits[1].id)
        assert newest == Page(items=[deposits[1]], next=place)
        assert await page(place) == Page(items=[deposits[0]], next=None)

    async def test_deposits_of_a_user_are_listed_newest_first(self, shop: Storage) -> None:
        hers = [
            deposit(ADA_ACCOUNT, str(hour), created_at=NOW + timedelta(hours=hour))
            for hour in range(2)
        ]
        for each in (*hers, deposit(BOB_ACCOUNT, "3")):
            await _add(shop, each, None)

        async def page(after: TimeCursor | None) -> Page[Deposit, TimeCursor]:
            return await shop.read(
                lambda uow: uow.deposits.of_user(ADA.id, PageRequest(limit=1, after=after))
            )

        place = TimeCursor(at=hers[1].created_at, id=hers[1].id)
        assert await page(None) == Page(items=[hers[1]], next=place)
        assert await page(place) == Page(items=[hers[0]], next=None)


class TestAudit:
    @pytest.mark.parametrize("made", [DEPOSIT, PAID])
    async def test_pending_deposit_without_a_job_is_reported(
        self, shop: Storage, made: Deposit
    ) -> None:
        is_paid = made is PAID
        outcome = Succeeded(reference=made.id) if is_paid else NO_OUTCOME_YET
        await _add(shop, made, outcome, *([_deposit_transfer(made)] if is_paid else []))
        job = JobId(kind=JOBS[made.status], subject_id=made.id)
        await shop.commit(lambda uow: uow.jobs.remove(job))

        facts = {"deposit_id": str(made.id), "status": made.status.value, "job": job.kind.value}
        assert await findings(shop) == [(8, "deposit-without-job", facts)]

    async def test_pending_deposit_past_its_expiry_is_reported(self, shop: Storage) -> None:
        await _add(shop, DEPOSIT, NO_OUTCOME_YET)

        facts = {"deposit_id": str(DEPOSIT.id), "expires_at": "2026-11-21 12:15:00+00:00"}
        assert await findings(shop, DEPOSIT.expires_at) == [OVERDUE]
        later = DEPOSIT.expires_at + timedelta(microseconds=1)
        assert await findings(shop, later) == [(8, "deposit-past-expiry", facts), OVERDUE]

    @pytest.mark.parametrize("status", [PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED])
    async def test_paid_deposit_in_its_account_passes(
        self, shop: Storage, status: PaymentStatus
    ) -> None:
        outcome = Succeeded(reference=DEPOSIT.id)
        await _add(shop, replace(DEPOSIT, status=status), outcome, _deposit_transfer(DEPOSIT))

        assert await findings(shop) == []

    @pytest.mark.parametrize("status", [PaymentStatus.DECLINED, PaymentStatus.VOIDED])
    async def test_closed_deposit_without_transfers_passes(
        self, shop: Storage, status: PaymentStatus
    ) -> None:
        rejected = Rejected(error=CardDeclined(reason="declined"))
        await _add(shop, replace(DEPOSIT, status=status), rejected)

        assert await findings(shop) == []

    async def test_pending_deposit_with_a_pending_key_passes(self, shop: Storage) -> None:
        await _add(shop, DEPOSIT, NO_OUTCOME_YET)

        assert await findings(shop) == []

    async def test_paid_deposit_without_a_transfer_is_reported(self, shop: Storage) -> None:
        await _add(shop, PAID, Succeeded(reference=PAID.id))

        assert await findings(shop) == [
            (4, "deposit-differs-from-transfer", _facts(status="authorised", transferred=None))
        ]

    async def test_deposit_with_a_smaller_transfer_is_reported(self, shop: Storage) -> None:
        await _add(
            shop, PAID, Succeeded(reference=PAID.id), _deposit_transfer(PAID, amount=eur(299))
        )

        assert await findings(shop) == [
            (4, "deposit-differs-from-transfer", _facts(status="authorised", transferred=299))
        ]

    async def test_deposit_in_the_account_of_another_is_reported(self, shop: Storage) -> None:
        moved = _deposit_transfer(PAID, credit_account_id=BOB_ACCOUNT.id)
        await _add(shop, PAID, Succeeded(reference=PAID.id), moved)

        assert await findings(shop) == [
            (4, "deposit-differs-from-transfer", _facts(status="authorised", transferred=300))
        ]

    async def test_deposit_without_a_card_payment_is_reported(self, shop: Storage) -> None:
        moved = _deposit_transfer(PAID, debit_account_id=ShopAccount.ADJUSTMENTS.account_id(EUR))
        await _add(shop, PAID, Succeeded(reference=PAID.id), moved)

        assert await findings(shop) == [
            (4, "deposit-differs-from-transfer", _facts(status="authorised", transferred=300))
        ]

    async def test_declined_deposit_with_a_transfer_is_reported(self, shop: Storage) -> None:
        rejected = Rejected(error=CardDeclined(reason="declined"))
        declined = replace(DEPOSIT, status=PaymentStatus.DECLINED)
        await _add(shop, declined, rejected, _deposit_transfer(declined))

        assert await findings(shop) == [
            (4, "deposit-differs-from-transfer", _facts(status="declined", transferred=300))
        ]

    async def test_transfer_for_a_missing_deposit_is_reported(self, shop: Storage) -> None:
        other = deposit(BOB_ACCOUNT, "2")
        await _add(shop, DEPOSIT, NO_OUTCOME_YET, _deposit_transfer(other))

        facts = {
            "deposit_id": str(other.id),
            "status": None,
            "amount": None,
            "transferred": 300,
        }
        assert await findings(shop) == [(4, "deposit-differs-from-transfer", facts)]

    async def test_pending_deposit_recorded_as_succeeded_is_reported(self, shop: Storage) -> None:
        await _add(shop, DEPOSIT, Succeeded(reference=DEPOSIT.id))

        facts = {"user_id": str(ADA.id), "reference": str(DEPOSIT.id)}
        assert await findings(shop) == [(7, "outcome-without-order", facts)]

    async def test_declined_deposit_with_a_pending_key_is_reported(self, shop: Storage) -> None:
        await _add(shop, replace(DEPOSIT, status=PaymentStatus.DECLINED), NO_OUTCOME_YET)

        facts = {"user_id": str(ADA.id), "key": DEPOSIT.idempotency_key.value}
        assert await findings(shop) == [(7, "key-without-outcome", facts)]


def _facts(**changes: object) -> dict[str, object]:
    return {"deposit_id": str(DEPOSIT.id), "amount": 300, **changes}
