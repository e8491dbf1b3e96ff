"""What every adapter owes the port to idempotency keys."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from shop.application.ports.repositories.idempotency_keys import (
    Claim,
    IdempotencyKey,
    KeyRecord,
    Rejected,
    StoredOutcome,
    Succeeded,
)
from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.account import AccountNotFound, InsufficientFunds, RecipientNotFound
from shop.domain.cart import EmptyCart
from shop.domain.inventory import OutOfStock, Shortage
from shop.domain.orders.order import Actor, PriceChanged
from shop.domain.orders.refund import RefundExceedsPayment
from shop.domain.orders.shipment import ExcessQuantity, QuantityExceedsOrder
from shop.domain.payment import CardDeclined
from shop.domain.product import ProductNotFound
from shop.domain.shared.errors import ShopError
from tests.contract.stores import Stores
from tests.factories import NOW, account, an_id, claim, deposit, eur, order, user

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
KEY, OTHER = claim(ADA, "key-0001"), claim(ADA, "key-0002")
DONE = Succeeded(reference=an_id("order"))

PAUSE_SECONDS = 0.05


@pytest.fixture
async def users(stores: Stores) -> Stores:
    """Give a storage in which Ada and Bob are known."""
    await stores.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))
    return stores


async def _settle(stores: Stores, claim: Claim, outcome: StoredOutcome) -> None:
    async def settle(uow: UnitOfWork) -> None:
        assert await uow.idempotency_keys.claim([claim]) == {}
        uow.idempotency_keys.complete(claim.id, outcome)

    await stores.change(settle)


async def _known(stores: Stores, *claims: Claim) -> Mapping[IdempotencyKey, KeyRecord]:
    """Return what is known of these keys, and leave everything as it was."""
    async with stores.unit_of_work() as uow:
        return await uow.idempotency_keys.claim(claims)


async def test_a_free_key_is_taken(users: Stores) -> None:
    await users.change(lambda uow: uow.idempotency_keys.claim([KEY]))

    record = KeyRecord(fingerprint=KEY.fingerprint, outcome=None)
    assert await _known(users, KEY, OTHER) == {KEY.id: record}


async def test_a_key_is_remembered_with_its_first_request(users: Stores) -> None:
    await _settle(users, KEY, DONE)
    again = claim(ADA, KEY.id.key, fingerprint="of another request", created_at=NOW)

    known = await users.change(lambda uow: uow.idempotency_keys.claim([again, OTHER]))

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
        InsufficientFunds(balance=eur(-3), required=eur(10**15)),
        OutOfStock(
            lines=(
                Shortage(sku="TEA", requested=3, available=1),
                Shortage(sku="POT", requested=1, available=0),
            )
        ),
        QuantityExceedsOrder(lines=(ExcessQuantity(sku="TEA", requested=3, remaining=1),)),
        RefundExceedsPayment(requested=eur(2), remaining=eur(1)),
    ],
)
async def test_a_refusal_is_remembered_with_its_facts(users: Stores, error: ShopError) -> None:
    await _settle(users, KEY, Rejected(error=error))

    known = await _known(users, KEY)

    refused = Rejected(error=error)
    assert known == {KEY.id: KeyRecord(fingerprint=KEY.fingerprint, outcome=refused)}


async def test_keys_of_different_users_are_different_keys(users: Stores) -> None:
    await _settle(users, KEY, DONE)

    assert await _known(users, claim(BOB, KEY.id.key)) == {}


async def test_keys_that_differ_in_case_are_different_keys(users: Stores) -> None:
    await _settle(users, claim(ADA, "a-key-of-ada"), DONE)

    assert await _known(users, claim(ADA, "A-KEY-OF-ADA")) == {}


async def test_claiming_nothing_finds_nothing(users: Stores) -> None:
    assert await users.change(lambda uow: uow.idempotency_keys.claim([])) == {}


async def test_a_unit_of_work_that_is_rolled_back_leaves_its_keys_free(users: Stores) -> None:
    async with users.unit_of_work() as uow:
        await uow.idempotency_keys.claim([KEY])
        uow.idempotency_keys.complete(KEY.id, DONE)

    assert await _known(users, KEY) == {}


async def test_a_key_that_is_given_back_is_free(users: Stores) -> None:
    async def give_back(uow: UnitOfWork) -> None:
        await uow.idempotency_keys.claim([KEY, OTHER])
        uow.idempotency_keys.release(KEY.id)
        uow.idempotency_keys.complete(OTHER.id, DONE)

    await users.change(give_back)

    record = KeyRecord(fingerprint=OTHER.fingerprint, outcome=DONE)
    assert await _known(users, KEY, OTHER) == {OTHER.id: record}


async def test_a_key_that_is_settled_after_it_was_given_back_is_kept(users: Stores) -> None:
    async def change_ones_mind(uow: UnitOfWork) -> None:
        await uow.idempotency_keys.claim([KEY])
        uow.idempotency_keys.release(KEY.id)
        uow.idempotency_keys.complete(KEY.id, DONE)

    await users.change(change_ones_mind)

    record = KeyRecord(fingerprint=KEY.fingerprint, outcome=DONE)
    assert await _known(users, KEY) == {KEY.id: record}


async def test_a_key_that_was_not_claimed_is_neither_settled_nor_given_back(
    users: Stores,
) -> None:
    await _settle(users, KEY, DONE)

    async with users.unit_of_work() as uow:
        await uow.idempotency_keys.claim([KEY])
        for key in (KEY.id, OTHER.id):
            with pytest.raises(RuntimeError):
                uow.idempotency_keys.complete(key, Rejected(error=EmptyCart()))
            with pytest.raises(RuntimeError):
                uow.idempotency_keys.release(key)

    record = KeyRecord(fingerprint=KEY.fingerprint, outcome=DONE)
    assert await _known(users, KEY, OTHER) == {KEY.id: record}


async def test_a_key_of_nobody_is_refused(users: Stores) -> None:
    with pytest.raises(ConstraintViolated):
        await users.change(lambda uow: uow.idempotency_keys.claim([KEY, claim(user("nobody"))]))

    assert await _known(users, KEY) == {}


async def test_who_claims_second_waits_and_learns_how_the_first_ended(users: Stores) -> None:
    async with users.unit_of_work() as uow:
        await uow.idempotency_keys.claim([KEY])
        second = asyncio.create_task(_known(users, KEY))
        await asyncio.sleep(PAUSE_SECONDS)
        assert not second.done()
        uow.idempotency_keys.complete(KEY.id, DONE)
        await uow.commit()

    assert await second == {KEY.id: KeyRecord(fingerprint=KEY.fingerprint, outcome=DONE)}


async def test_who_claims_second_gets_the_key_if_the_first_gives_up(users: Stores) -> None:
    async with users.unit_of_work() as uow:
        await uow.idempotency_keys.claim([KEY])
        second = asyncio.create_task(_known(users, KEY))
        await asyncio.sleep(PAUSE_SECONDS)
        assert not second.done()

    assert await second == {}


async def test_claims_in_whatever_order_do_not_deadlock(users: Stores) -> None:
    claims = [claim(ADA, f"key-{n:04}") for n in range(4)]

    async def take(order: list[Claim]) -> int:
        return len(await users.change(lambda uow: uow.idempotency_keys.claim(order)))

    async with asyncio.timeout(5):
        known = await asyncio.gather(*(take(each) for each in [claims, claims[::-1]] * 5))

    assert sorted(known) == [0] + [4] * 9


class TestSweep:
    async def test_old_refusals_are_forgotten_and_nothing_else(self, users: Stores) -> None:
        old = NOW - timedelta(days=8)
        refused = claim(ADA, "key-refused", created_at=old)
        recent = claim(ADA, "key-recent", created_at=NOW - timedelta(days=7))
        succeeded = claim(ADA, "key-succeeded", created_at=old)
        running = claim(ADA, "key-running", created_at=old)
        await _settle(users, refused, Rejected(error=EmptyCart()))
        await _settle(users, recent, Rejected(error=EmptyCart()))
        await _settle(users, succeeded, DONE)
        await users.change(lambda uow: uow.idempotency_keys.claim([running]))

        swept = await users.change(lambda uow: uow.idempotency_keys.purge(NOW - timedelta(days=7)))

        known = await _known(users, refused, recent, succeeded, running)
        assert swept == 1
        assert known.keys() == {recent.id, succeeded.id, running.id}

    async def test_what_was_begun_and_refused_later_is_not_forgotten(self, users: Stores) -> None:
        old = NOW - timedelta(days=8)
        ordered, deposited = order(ADA), deposit(account(ADA))
        keys = [claim(ADA, each.idempotency_key, created_at=old) for each in (ordered, deposited)]
        for each in keys:
            await _settle(users, each, Rejected(error=CardDeclined(reason="declined")))
        await users.commit(
            lambda uow: uow.accounts.add(account(ADA)),
            lambda uow: uow.orders.add(
                ordered, ordered.initial_status_change(actor=Actor.CUSTOMER)
            ),
            lambda uow: uow.deposits.add(deposited),
        )

        assert await users.change(lambda uow: uow.idempotency_keys.purge(NOW)) == 0

        assert (await _known(users, *keys)).keys() == {each.id for each in keys}

    async def test_one_that_is_rolled_back_forgets_nothing(self, users: Stores) -> None:
        await _settle(users, KEY, Rejected(error=EmptyCart()))

        async with users.unit_of_work() as uow:
            assert await uow.idempotency_keys.purge(NOW + timedelta(days=1)) == 1

        assert (await _known(users, KEY)).keys() == {KEY.id}


async def test_what_was_left_without_an_outcome_is_concluded_later(users: Stores) -> None:
    await users.change(lambda uow: uow.idempotency_keys.claim([KEY, OTHER]))

    await users.commit(lambda uow: uow.idempotency_keys.complete_pending(KEY.id, DONE))

    done = KeyRecord(fingerprint=KEY.fingerprint, outcome=DONE)
    undecided = KeyRecord(fingerprint=OTHER.fingerprint, outcome=None)
    assert await _known(users, KEY, OTHER) == {KEY.id: done, OTHER.id: undecided}


async def test_a_refusal_is_concluded_with_all_its_facts(users: Stores) -> None:
    await users.change(lambda uow: uow.idempotency_keys.claim([KEY]))
    refused = Rejected(error=CardDeclined(reason="insufficient_funds"))

    await users.commit(lambda uow: uow.idempotency_keys.complete_pending(KEY.id, refused))

    known = await _known(users, KEY)
    assert known == {KEY.id: KeyRecord(fingerprint=KEY.fingerprint, outcome=refused)}


async def test_what_is_decided_is_not_concluded_again(users: Stores) -> None:
    await _settle(users, KEY, DONE)

    with pytest.raises(RuntimeError, match="decided"):
        await users.commit(
            lambda uow: uow.idempotency_keys.complete_pending(KEY.id, Rejected(error=EmptyCart()))
        )

    record = KeyRecord(fingerprint=KEY.fingerprint, outcome=DONE)
    assert await _known(users, KEY) == {KEY.id: record}
