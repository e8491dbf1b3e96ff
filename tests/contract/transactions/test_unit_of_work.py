"""What every adapter owes the port to the unit of work: all of it or none of it."""

import asyncio
import gc
import weakref
from uuid import UUID

import pytest

from shop.application.ports.unit_of_work import ConstraintViolated
from tests.contract.storage import Storage
from tests.factories import EUR, account, claim, claim_keys, eur, product, session, user
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
ADA_ACCOUNT, BOB_ACCOUNT = account(ADA, 100), account(BOB, 100)
EVERYBODY = [ADA.id, BOB.id]
BOTH = [ADA_ACCOUNT.id, BOB_ACCOUNT.id]

PAUSE_SECONDS = 0.05
"""Several times as long as a unit of work takes that does not wait for another."""


async def _users(storage: Storage) -> set[object]:
    return set(await storage.read(lambda uow: uow.users.get_many(EVERYBODY)))


async def _balances(storage: Storage) -> tuple[int, int]:
    found = await storage.read(lambda uow: uow.accounts.for_users(EVERYBODY, eur(0).currency))
    return found[ADA.id].balance.amount, found[BOB.id].balance.amount


@pytest.fixture
async def accounts(storage: Storage) -> Storage:
    """Return a storage in which Ada and Bob have a balance of 100 each."""
    await storage.commit(
        lambda uow: uow.users.add(ADA),
        lambda uow: uow.users.add(BOB),
        lambda uow: uow.accounts.add(ADA_ACCOUNT),
        lambda uow: uow.accounts.add(BOB_ACCOUNT),
    )
    return storage


class TestCommit:
    async def test_commits_staged_changes(self, storage: Storage) -> None:
        await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))

        assert await _users(storage) == {ADA.id, BOB.id}

    async def test_rolls_back_without_a_commit(self, storage: Storage) -> None:
        async with storage.unit_of_work() as uow:
            uow.users.add(ADA)

        assert await _users(storage) == set()

    async def test_rolls_back_on_error(self, storage: Storage) -> None:
        async def fail() -> None:
            async with storage.unit_of_work() as uow:
                uow.users.add(ADA)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()

        assert await _users(storage) == set()

    async def test_rejected_commit_changes_nothing(self, storage: Storage) -> None:
        nobodys = account(BOB)

        with pytest.raises(ConstraintViolated):
            await storage.commit(
                lambda uow: uow.users.add(ADA),
                lambda uow: uow.products.add(product()),
                lambda uow: uow.sessions.create(session()),
                lambda uow: uow.accounts.add(nobodys),
            )

        assert await _users(storage) == set()
        assert await storage.read(lambda uow: uow.products.get_many(["TEA"])) == {}

    async def test_next_unit_of_work_starts_after_a_rejected_commit(self, storage: Storage) -> None:
        with pytest.raises(ConstraintViolated):
            await storage.commit(lambda uow: uow.accounts.add(ADA_ACCOUNT))

        await storage.commit(lambda uow: uow.users.add(ADA))

        assert await _users(storage) == {ADA.id}

    async def test_empty_commit_succeeds(self, storage: Storage) -> None:
        await storage.commit()

        assert await _users(storage) == set()

    async def test_leaves_nothing_to_the_garbage_collector(self, storage: Storage) -> None:
        gc.disable()
        try:
            async with storage.unit_of_work() as uow:
                uow.users.add(ADA)
                await uow.commit()
            ended = weakref.ref(uow)
            del uow

            assert ended() is None
        finally:
            gc.enable()


class TestVisibility:
    async def test_staged_changes_are_invisible_before_the_commit(self, storage: Storage) -> None:
        async with storage.unit_of_work() as uow:
            uow.users.add(ADA)

            assert await uow.users.get_many([ADA.id]) == {}
            assert await _users(storage) == set()

    async def test_saved_state_is_invisible_before_the_commit(self, accounts: Storage) -> None:
        async with accounts.unit_of_work() as uow:
            found = await uow.accounts.lock(BOTH)
            uow.accounts.save(found[ADA_ACCOUNT.id].withdraw(eur(1)))

            assert await uow.accounts.lock([ADA_ACCOUNT.id]) == {ADA_ACCOUNT.id: ADA_ACCOUNT}
            assert await _balances(accounts) == (100, 100)

    async def test_snapshot_sees_one_state_during_concurrent_commits(
        self, storage: Storage
    ) -> None:
        async with storage.snapshot() as snapshot:
            assert await snapshot.users.get_many(EVERYBODY) == {}

            await storage.commit(lambda uow: uow.users.add(ADA))

            assert await snapshot.users.get_many(EVERYBODY) == {}
        assert await _users(storage) == {ADA.id}

    async def test_snapshot_does_not_wait_for_writers(self, accounts: Storage) -> None:
        async with accounts.unit_of_work() as uow:
            await uow.accounts.lock(BOTH)

            async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
                assert await _balances(accounts) == (100, 100)


class TestLocks:
    async def test_second_lock_waits_and_sees_the_committed_state(self, accounts: Storage) -> None:
        async def look() -> int:
            async with accounts.unit_of_work() as uow:
                return (await uow.accounts.lock(BOTH))[ADA_ACCOUNT.id].balance.amount

        async with accounts.unit_of_work() as uow:
            found = await uow.accounts.lock(BOTH)
            second = asyncio.create_task(look())
            await asyncio.sleep(PAUSE_SECONDS)
            assert not second.done()
            uow.accounts.save(found[ADA_ACCOUNT.id].withdraw(eur(30)))
            await uow.commit()

        assert await second == 70

    async def test_second_lock_sees_the_old_state_after_a_rollback(self, accounts: Storage) -> None:
        async def look() -> int:
            async with accounts.unit_of_work() as uow:
                return (await uow.accounts.lock(BOTH))[ADA_ACCOUNT.id].balance.amount

        async with accounts.unit_of_work() as uow:
            found = await uow.accounts.lock(BOTH)
            second = asyncio.create_task(look())
            await asyncio.sleep(PAUSE_SECONDS)
            uow.accounts.save(found[ADA_ACCOUNT.id].withdraw(eur(30)))

        assert await second == 100

    async def test_concurrent_updates_are_not_lost(self, accounts: Storage) -> None:
        async def take_one() -> None:
            async with accounts.unit_of_work() as uow:
                found = await uow.accounts.lock([ADA_ACCOUNT.id])
                await asyncio.sleep(0)
                uow.accounts.save(found[ADA_ACCOUNT.id].withdraw(eur(1)))
                await uow.commit()

        await asyncio.gather(take_one(), take_one())
        assert await _balances(accounts) == (98, 100)

        await asyncio.gather(*(take_one() for _ in range(20)))
        assert await _balances(accounts) == (78, 100)

    async def test_locks_in_any_order_do_not_deadlock(self, accounts: Storage) -> None:
        async def pass_on(ids: list[UUID]) -> None:
            async with accounts.unit_of_work() as uow:
                found = await uow.accounts.lock(ids)
                await asyncio.sleep(0)
                uow.accounts.save(found[ADA_ACCOUNT.id].withdraw(eur(1)))
                uow.accounts.save(found[BOB_ACCOUNT.id].deposit(eur(1)))
                await uow.commit()

        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            await asyncio.gather(*(pass_on(ids) for ids in [BOTH, BOTH[::-1]] * 10))

        assert await _balances(accounts) == (80, 120)


class TestLockOrder:
    async def test_locks_follow_the_common_order(self, accounts: Storage) -> None:
        async with accounts.unit_of_work() as uow:
            await uow.sessions.lock([])
            await claim_keys(uow, [claim(ADA)])
            await uow.users.lock([ADA.id])
            await uow.accounts.lock([ADA_ACCOUNT.id])
            await uow.accounts.lock_for_users([ADA.id], EUR)
            await uow.products.lock(["TEA"])
            await uow.inventories.lock(["TEA"])
            await uow.orders.lock([])
            await uow.deposits.lock([])
            await uow.notification_deliveries.lock([])
            await uow.commit()

    async def test_lock_out_of_order_is_rejected(self, accounts: Storage) -> None:
        async with accounts.unit_of_work() as uow:
            await uow.inventories.lock(["TEA"])
            with pytest.raises(RuntimeError, match="ACCOUNTS must be locked before INVENTORIES"):
                await uow.accounts.lock([ADA_ACCOUNT.id])
            with pytest.raises(RuntimeError, match="IDEMPOTENCY_KEYS must be locked before"):
                await claim_keys(uow, [claim(ADA)])
            with pytest.raises(RuntimeError, match="SESSIONS must be locked before INVENTORIES"):
                await uow.sessions.lock([])


class TestCancellation:
    async def test_cancellation_rolls_back_and_releases_locks(self, accounts: Storage) -> None:
        has_locked = asyncio.Event()

        async def dawdle() -> None:
            async with accounts.unit_of_work() as uow:
                found = await uow.accounts.lock(BOTH)
                uow.accounts.save(found[ADA_ACCOUNT.id].withdraw(eur(30)))
                has_locked.set()
                await asyncio.sleep(TEST_TIMEOUT_SECONDS)
                await uow.commit()

        task = asyncio.create_task(dawdle())
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            await has_locked.wait()
        task.cancel()
        await asyncio.wait([task], timeout=TEST_TIMEOUT_SECONDS)

        assert task.cancelled()
        assert await _balances(accounts) == (100, 100)
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS), accounts.unit_of_work() as uow:
            assert await uow.accounts.lock(BOTH) == {
                ADA_ACCOUNT.id: ADA_ACCOUNT,
                BOB_ACCOUNT.id: BOB_ACCOUNT,
            }

    async def test_cancelled_waiter_does_not_block_others(self, accounts: Storage) -> None:
        async def take(amount: int) -> None:
            async with accounts.unit_of_work() as uow:
                found = await uow.accounts.lock(BOTH)
                uow.accounts.save(found[ADA_ACCOUNT.id].withdraw(eur(amount)))
                await uow.commit()

        async with accounts.unit_of_work() as uow:
            found = await uow.accounts.lock(BOTH)
            second, third = asyncio.create_task(take(10)), asyncio.create_task(take(20))
            await asyncio.sleep(PAUSE_SECONDS)
            second.cancel()
            await asyncio.wait([second], timeout=TEST_TIMEOUT_SECONDS)
            uow.accounts.save(found[ADA_ACCOUNT.id].withdraw(eur(30)))
            await uow.commit()
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            await third

        assert second.cancelled()
        assert await _balances(accounts) == (50, 100)


class TestMisuse:
    async def test_unit_of_work_commits_once(self, storage: Storage) -> None:
        async with storage.unit_of_work() as uow:
            uow.users.add(ADA)
            await uow.commit()
            with pytest.raises(RuntimeError):
                await uow.commit()

        assert await _users(storage) == {ADA.id}

    async def test_commit_before_entering_is_rejected(self, storage: Storage) -> None:
        uow = storage.unit_of_work()

        with pytest.raises(RuntimeError):
            await uow.commit()

    async def test_commit_after_leaving_is_rejected(self, storage: Storage) -> None:
        async with storage.unit_of_work() as uow:
            uow.users.add(ADA)

        with pytest.raises(RuntimeError):
            await uow.commit()

        assert await _users(storage) == set()

    async def test_staging_after_the_commit_is_rejected(self, storage: Storage) -> None:
        async with storage.unit_of_work() as uow:
            uow.users.add(ADA)
            await uow.commit()
            with pytest.raises(RuntimeError):
                uow.users.add(BOB)

        assert await _users(storage) == {ADA.id}

    async def test_snapshot_cannot_commit(self, storage: Storage) -> None:
        async with storage.snapshot() as snapshot:
            with pytest.raises(RuntimeError):
                await snapshot.commit()

    async def test_snapshot_cannot_lock(self, accounts: Storage) -> None:
        async with accounts.snapshot() as snapshot:
            with pytest.raises(RuntimeError):
                await snapshot.accounts.lock([ADA_ACCOUNT.id])
            with pytest.raises(RuntimeError):
                await snapshot.orders.lock([])
            with pytest.raises(RuntimeError):
                await claim_keys(snapshot, [claim(ADA)])

    async def test_snapshot_cannot_stage(self, storage: Storage) -> None:
        async with storage.snapshot() as snapshot:
            with pytest.raises(RuntimeError):
                snapshot.users.add(ADA)

        assert await _users(storage) == set()
