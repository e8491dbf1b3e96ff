"""What every adapter owes the port to idempotency keys."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from shop.application.ports.repositories.idempotency_keys import (
    KeyRecord,
    Rejected,
    StoredOutcome,
    Succeeded,
)
from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.account import AccountNotFound, InsufficientFunds, RecipientNotFound
from shop.domain.cart import EmptyCart
from shop.domain.cart_problems import NotForSale
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.inventory import OutOfStock, Shortage, StockBelowReserved
from shop.domain.orders.fulfilment import OrderPartlyFulfilled
from shop.domain.orders.order import Actor
from shop.domain.orders.price_changed import PresentTotals, PriceChanged
from shop.domain.orders.refund import RefundExceedsPayment
from shop.domain.orders.shipment import ExcessQuantity, QuantityExceedsOrder
from shop.domain.payment import CardDeclined
from shop.domain.pricing.quote_errors import (
    CodeNotApplicable,
    InapplicableCode,
    ShippingUnavailable,
)
from shop.domain.shared.errors import ShopError
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.state_machine import IllegalTransition
from tests.contract.storage import Storage
from tests.factories import NOW, Claim, account, claim, claim_keys, deposit, eur, id_of, order, user
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
KEY, OTHER = claim(ADA, "key-0001"), claim(ADA, "key-0002")
DONE = Succeeded(reference=id_of("order"))

PAUSE_SECONDS = 0.05


@pytest.fixture
async def users(storage: Storage) -> Storage:
    """Return a storage with the users Ada and Bob."""
    await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))
    return storage


async def _complete(storage: Storage, claim: Claim, outcome: StoredOutcome) -> None:
    async def settle(uow: UnitOfWork) -> None:
        assert await claim_keys(uow, [claim]) == {}
        uow.idempotency_keys.complete(claim.id, outcome)

    await storage.write(settle)


async def _known(storage: Storage, *claims: Claim) -> Mapping[IdempotencyKey, KeyRecord]:
    """Return what is known of these keys, and leave everything as it was."""
    async with storage.unit_of_work() as uow:
        return await claim_keys(uow, claims)


async def test_free_key_can_be_claimed(users: Storage) -> None:
    await users.write(lambda uow: claim_keys(uow, [KEY]))

    record = KeyRecord(fingerprint=KEY.fingerprint, outcome=None)
    assert await _known(users, KEY, OTHER) == {KEY.id: record}


async def test_key_is_stored_with_its_first_request(users: Storage) -> None:
    await _complete(users, KEY, DONE)
    again = claim(ADA, KEY.id.value, fingerprint="of another request", created_at=NOW)

    known = await users.write(lambda uow: claim_keys(uow, [again, OTHER]))

    record = KeyRecord(fingerprint=KEY.fingerprint, outcome=DONE)
    assert known == {KEY.id: record}
    assert await _known(users, KEY) == {KEY.id: record}


@pytest.mark.parametrize(
    "error",
    [
        EmptyCart(),
        AccountNotFound(),
        ProductNotFound(sku="TEA"),
        RecipientNotFound(email="大江@例え.jp"),
        PriceChanged(expected=eur(100), total=eur(250)),
        PriceChanged(
            expected=eur(100),
            total=eur(250),
            totals=PresentTotals(
                subtotal=eur(300),
                discount=eur(70),
                shipping=eur(20),
                tax=eur(40),
                total=eur(250),
                prices_include_tax=True,
            ),
        ),
        ShippingUnavailable(method=None),
        ShippingUnavailable(method="parcel"),
        CodeNotApplicable(
            condition="minimum", codes=(InapplicableCode(code="TEN", condition="minimum"),)
        ),
        InsufficientFunds(balance=eur(-3), required=eur(10**15)),
        NotForSale(
            lines=(Shortage(sku="CUP", requested=2, available=0),),
            short=(
                Shortage(sku="TEA", requested=3, available=1),
                Shortage(sku="POT", requested=1, available=0),
            ),
        ),
        NotForSale(lines=(Shortage(sku="CUP", requested=2, available=0),), short=()),
        OutOfStock(
            lines=(
                Shortage(sku="TEA", requested=3, available=1),
                Shortage(sku="POT", requested=1, available=0),
            )
        ),
        QuantityExceedsOrder(lines=(ExcessQuantity(sku="TEA", requested=3, remaining=1),)),
        RefundExceedsPayment(requested=eur(2), remaining=eur(1)),
        StockBelowReserved(sku="TEA", on_hand=3, reserved=2),
        IllegalTransition(current="cancelled", target="cancelled"),
        OrderPartlyFulfilled(),
    ],
)
async def test_rejection_is_stored_with_its_fields(users: Storage, error: ShopError) -> None:
    await _complete(users, KEY, Rejected(error=error))

    known = await _known(users, KEY)

    rejected = Rejected(error=error)
    assert known == {KEY.id: KeyRecord(fingerprint=KEY.fingerprint, outcome=rejected)}


async def test_keys_of_different_users_are_independent(users: Storage) -> None:
    await _complete(users, KEY, DONE)

    assert await _known(users, claim(BOB, KEY.id.value)) == {}


async def test_keys_are_case_sensitive(users: Storage) -> None:
    await _complete(users, claim(ADA, "a-key-of-ada"), DONE)

    assert await _known(users, claim(ADA, "A-KEY-OF-ADA")) == {}


async def test_claiming_no_keys_returns_nothing(users: Storage) -> None:
    assert await users.write(lambda uow: claim_keys(uow, [])) == {}


async def test_rollback_frees_the_claimed_keys(users: Storage) -> None:
    async with users.unit_of_work() as uow:
        await claim_keys(uow, [KEY])
        uow.idempotency_keys.complete(KEY.id, DONE)

    assert await _known(users, KEY) == {}


async def test_released_key_is_free(users: Storage) -> None:
    async def give_back(uow: UnitOfWork) -> None:
        await claim_keys(uow, [KEY, OTHER])
        uow.idempotency_keys.release(KEY.id)
        uow.idempotency_keys.complete(OTHER.id, DONE)

    await users.write(give_back)

    record = KeyRecord(fingerprint=OTHER.fingerprint, outcome=DONE)
    assert await _known(users, KEY, OTHER) == {OTHER.id: record}


async def test_key_completed_after_its_release_is_stored(users: Storage) -> None:
    async def change_ones_mind(uow: UnitOfWork) -> None:
        await claim_keys(uow, [KEY])
        uow.idempotency_keys.release(KEY.id)
        uow.idempotency_keys.complete(KEY.id, DONE)

    await users.write(change_ones_mind)

    record = KeyRecord(fingerprint=KEY.fingerprint, outcome=DONE)
    assert await _known(users, KEY) == {KEY.id: record}


async def test_key_that_is_not_claimed_is_neither_completed_nor_released(
    users: Storage,
) -> None:
    await _complete(users, KEY, DONE)

    async with users.unit_of_work() as uow:
        await claim_keys(uow, [KEY])
        for key in (KEY.id, OTHER.id):
            with pytest.raises(RuntimeError):
                uow.idempotency_keys.complete(key, Rejected(error=EmptyCart()))
            with pytest.raises(RuntimeError):
                uow.idempotency_keys.release(key)

    record = KeyRecord(fingerprint=KEY.fingerprint, outcome=DONE)
    assert await _known(users, KEY, OTHER) == {KEY.id: record}


async def test_key_of_an_unknown_user_is_rejected(users: Storage) -> None:
    with pytest.raises(ConstraintViolated):
        await users.write(lambda uow: claim_keys(uow, [KEY, claim(user("unknown"))]))

    assert await _known(users, KEY) == {}


async def test_second_claim_waits_and_returns_the_first_outcome(users: Storage) -> None:
    async with users.unit_of_work() as uow:
        await claim_keys(uow, [KEY])
        second = asyncio.create_task(_known(users, KEY))
        await asyncio.sleep(PAUSE_SECONDS)
        assert not second.done()
        uow.idempotency_keys.complete(KEY.id, DONE)
        await uow.commit()

    assert await second == {KEY.id: KeyRecord(fingerprint=KEY.fingerprint, outcome=DONE)}


async def test_second_claim_succeeds_when_the_first_rolls_back(users: Storage) -> None:
    async with users.unit_of_work() as uow:
        await claim_keys(uow, [KEY])
        second = asyncio.create_task(_known(users, KEY))
        await asyncio.sleep(PAUSE_SECONDS)
        assert not second.done()

    assert await second == {}


async def test_claims_in_any_order_do_not_deadlock(users: Storage) -> None:
    claims = [claim(ADA, f"key-{n:04}") for n in range(4)]

    async def take(order: list[Claim]) -> int:
        return len(await users.write(lambda uow: claim_keys(uow, order)))

    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        known = await asyncio.gather(*(take(each) for each in [claims, claims[::-1]] * 5))

    assert sorted(known) == [0] + [4] * 9


class TestSweep:
    async def test_old_rejections_are_purged_and_nothing_else(self, users: Storage) -> None:
        old = NOW - timedelta(days=8)
        rejected = claim(ADA, "key-rejected", created_at=old)
        recent = claim(ADA, "key-recent", created_at=NOW - timedelta(days=7))
        succeeded = claim(ADA, "key-succeeded", created_at=old)
        running = claim(ADA, "key-running", created_at=old)
        await _complete(users, rejected, Rejected(error=EmptyCart()))
        await _complete(users, recent, Rejected(error=EmptyCart()))
        await _complete(users, succeeded, DONE)
        await users.write(lambda uow: claim_keys(uow, [running]))

        purged = await users.write(lambda uow: uow.idempotency_keys.purge(NOW - timedelta(days=7)))

        known = await _known(users, rejected, recent, succeeded, running)
        assert purged == 1
        assert known.keys() == {recent.id, succeeded.id, running.id}

    async def test_key_that_was_pending_before_its_rejection_is_not_purged(
        self, users: Storage
    ) -> None:
        old = NOW - timedelta(days=8)
        ordered, deposited = order(ADA), deposit(account(ADA))
        keys = [
            claim(ADA, each.idempotency_key.value, created_at=old) for each in (ordered, deposited)
        ]
        for each in keys:
            await _complete(users, each, Rejected(error=CardDeclined(reason="declined")))
        await users.commit(
            lambda uow: uow.accounts.add(account(ADA)),
            lambda uow: uow.orders.add(
                ordered, ordered.initial_status_change(actor=Actor.CUSTOMER)
            ),
            lambda uow: uow.deposits.add(deposited),
        )

        assert await users.write(lambda uow: uow.idempotency_keys.purge(NOW)) == 0

        assert (await _known(users, *keys)).keys() == {each.id for each in keys}

    async def test_rolled_back_purge_removes_nothing(self, users: Storage) -> None:
        await _complete(users, KEY, Rejected(error=EmptyCart()))

        async with users.unit_of_work() as uow:
            assert await uow.idempotency_keys.purge(NOW + timedelta(days=1)) == 1

        assert (await _known(users, KEY)).keys() == {KEY.id}


async def test_pending_key_can_be_completed_later(users: Storage) -> None:
    await users.write(lambda uow: claim_keys(uow, [KEY, OTHER]))

    await users.commit(lambda uow: uow.idempotency_keys.complete_pending(KEY.id, DONE))

    done = KeyRecord(fingerprint=KEY.fingerprint, outcome=DONE)
    undecided = KeyRecord(fingerprint=OTHER.fingerprint, outcome=None)
    assert await _known(users, KEY, OTHER) == {KEY.id: done, OTHER.id: undecided}


async def test_rejection_of_a_pending_key_is_stored_with_all_fields(users: Storage) -> None:
    await users.write(lambda uow: claim_keys(uow, [KEY]))
    rejected = Rejected(error=CardDeclined(reason="insufficient_funds"))

    await users.commit(lambda uow: uow.idempotency_keys.complete_pending(KEY.id, rejected))

    known = await _known(users, KEY)
    assert known == {KEY.id: KeyRecord(fingerprint=KEY.fingerprint, outcome=rejected)}


async def test_completed_key_is_not_completed_again(users: Storage) -> None:
    await _complete(users, KEY, DONE)

    with pytest.raises(RuntimeError, match="already completed"):
        await users.commit(
            lambda uow: uow.idempotency_keys.complete_pending(KEY.id, Rejected(error=EmptyCart()))
        )

    record = KeyRecord(fingerprint=KEY.fingerprint, outcome=DONE)
    assert await _known(users, KEY) == {KEY.id: record}
