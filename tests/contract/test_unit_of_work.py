"""What every adapter owes the port to the unit of work: all of it or none of it."""

import asyncio
from uuid import UUID

import pytest

from shop.application.ports.unit_of_work import ConstraintViolated
from tests.contract.stores import Stores
from tests.factories import account, eur, product, session, user

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
ADAS, BOBS = account(ADA, 100), account(BOB, 100)
EVERYBODY = [ADA.id, BOB.id]
BOTH = [ADAS.id, BOBS.id]

PAUSE_SECONDS = 0.05
"""Long enough for a unit of work that waits for nobody to be done, several times over."""

DEADLINE_SECONDS = 5
"""Short enough to tell a wait from the end of one, however slow the machine is."""


async def _users(stores: Stores) -> set[object]:
    return set(await stores.see(lambda uow: uow.users.get_many(EVERYBODY)))


async def _balances(stores: Stores) -> tuple[int, int]:
    found = await stores.see(lambda uow: uow.accounts.for_users(EVERYBODY, eur(0).currency))
    return found[ADA.id].balance.amount, found[BOB.id].balance.amount


@pytest.fixture
async def accounts(stores: Stores) -> Stores:
    """Give a storage in which Ada and Bob have a hundred each."""
    await stores.commit(
        lambda uow: uow.users.add(ADA),
        lambda uow: uow.users.add(BOB),
        lambda uow: uow.accounts.add(ADAS),
        lambda uow: uow.accounts.add(BOBS),
    )
    return stores


class TestCommit:
    async def test_what_was_staged_is_there_once_committed(self, stores: Stores) -> None:
        await stores.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))

        assert await _users(stores) == {ADA.id, BOB.id}

    async def test_leaving_without_a_commit_changes_nothing(self, stores: Stores) -> None:
        async with stores.unit_of_work() as uow:
            uow.users.add(ADA)

        assert await _users(stores) == set()

    async def test_an_exception_changes_nothing(self, stores: Stores) -> None:
        async def fail() -> None:
            async with stores.unit_of_work() as uow:
                uow.users.add(ADA)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()

        assert await _users(stores) == set()

    async def test_a_commit_that_is_refused_changes_nothing_at_all(self, stores: Stores) -> None:
        nobodys = account(BOB)

        with pytest.raises(ConstraintViolated):
            await stores.commit(
                lambda uow: uow.users.add(ADA),
                lambda uow: uow.products.add(product()),
                lambda uow: uow.sessions.create(session()),
                lambda uow: uow.accounts.add(nobodys),
            )

        assert await _users(stores) == set()
        assert await stores.see(lambda uow: uow.products.get_many(["TEA"])) == {}

    async def test_after_a_refused_commit_the_next_unit_of_work_has_its_turn(
        self, stores: Stores
    ) -> None:
        with pytest.raises(ConstraintViolated):
            await stores.commit(lambda uow: uow.accounts.add(ADAS))

        await stores.commit(lambda uow: uow.users.add(ADA))

        assert await _users(stores) == {ADA.id}

    async def test_a_commit_of_nothing_is_one(self, stores: Stores) -> None:
        await stores.commit()

        assert await _users(stores) == set()


class TestVisibility:
    async def test_nothing_staged_shows_before_the_commit_to_anybody(self, stores: Stores) -> None:
        async with stores.unit_of_work() as uow:
            uow.users.add(ADA)

            assert await uow.users.get_many([ADA.id]) == {}
            assert await _users(stores) == set()

    async def test_a_saved_state_does_not_show_before_the_commit(self, accounts: Stores) -> None:
        async with accounts.unit_of_work() as uow:
            found = await uow.accounts.lock(BOTH)
            uow.accounts.save(found[ADAS.id].withdraw(eur(1)))

            assert await uow.accounts.lock([ADAS.id]) == {ADAS.id: ADAS}
            assert await _balances(accounts) == (100, 100)

    async def test_a_snapshot_sees_one_state_whatever_is_committed_meanwhile(
        self, stores: Stores
    ) -> None:
        async with stores.snapshot() as snapshot:
            assert await snapshot.users.get_many(EVERYBODY) == {}

            await stores.commit(lambda uow: uow.users.add(ADA))

            assert await snapshot.users.get_many(EVERYBODY) == {}
        assert await _users(stores) == {ADA.id}

    async def test_a_snapshot_waits_for_nobody_who_writes(self, accounts: Stores) -> None:
        async with accounts.unit_of_work() as uow:
            await uow.accounts.lock(BOTH)

            async with asyncio.timeout(DEADLINE_SECONDS):
                assert await _balances(accounts) == (100, 100)


class TestLocks:
    async def test_who_locks_second_waits_and_sees_what_the_first_committed(
        self, accounts: Stores
    ) -> None:
        async def look() -> int:
            async with accounts.unit_of_work() as uow:
                return (await uow.accounts.lock(BOTH))[ADAS.id].balance.amount

        async with accounts.unit_of_work() as uow:
            found = await uow.accounts.lock(BOTH)
            second = asyncio.create_task(look())
            await asyncio.sleep(PAUSE_SECONDS)
            assert not second.done()
            uow.accounts.save(found[ADAS.id].withdraw(eur(30)))
            await uow.commit()

        assert await second == 70

    async def test_who_locks_second_sees_the_old_state_if_the_first_gives_up(
        self, accounts: Stores
    ) -> None:
        async def look() -> int:
            async with accounts.unit_of_work() as uow:
                return (await uow.accounts.lock(BOTH))[ADAS.id].balance.amount

        async with accounts.unit_of_work() as uow:
            found = await uow.accounts.lock(BOTH)
            second = asyncio.create_task(look())
            await asyncio.sleep(PAUSE_SECONDS)
            uow.accounts.save(found[ADAS.id].withdraw(eur(30)))

        assert await second == 100

    async def test_no_update_is_lost(self, accounts: Stores) -> None:
        async def take_one() -> None:
            async with accounts.unit_of_work() as uow:
                found = await uow.accounts.lock([ADAS.id])
                await asyncio.sleep(0)
                uow.accounts.save(found[ADAS.id].withdraw(eur(1)))
                await uow.commit()

        await asyncio.gather(take_one(), take_one())
        assert await _balances(accounts) == (98, 100)

        await asyncio.gather(*(take_one() for _ in range(20)))
        assert await _balances(accounts) == (78, 100)

    async def test_locks_in_whatever_order_they_are_asked_for_do_not_deadlock(
        self, accounts: Stores
    ) -> None:
        async def pass_on(ids: list[UUID]) -> None:
            async with accounts.unit_of_work() as uow:
                found = await uow.accounts.lock(ids)
                await asyncio.sleep(0)
                uow.accounts.save(found[ADAS.id].withdraw(eur(1)))
                uow.accounts.save(found[BOBS.id].deposit(eur(1)))
                await uow.commit()

        async with asyncio.timeout(DEADLINE_SECONDS):
            await asyncio.gather(*(pass_on(ids) for ids in [BOTH, BOTH[::-1]] * 10))

        assert await _balances(accounts) == (80, 120)


class TestCancellation:
    async def test_cancelled_in_the_middle_changes_nothing_and_holds_no_lock(
        self, accounts: Stores
    ) -> None:
        async def dawdle() -> None:
            async with accounts.unit_of_work() as uow:
                found = await uow.accounts.lock(BOTH)
                uow.accounts.save(found[ADAS.id].withdraw(eur(30)))
                await asyncio.sleep(60)
                await uow.commit()

        task = asyncio.create_task(dawdle())
        await asyncio.sleep(PAUSE_SECONDS)
        task.cancel()
        await asyncio.wait([task], timeout=DEADLINE_SECONDS)

        assert task.cancelled()
        assert await _balances(accounts) == (100, 100)
        async with asyncio.timeout(DEADLINE_SECONDS), accounts.unit_of_work() as uow:
            assert await uow.accounts.lock(BOTH) == {ADAS.id: ADAS, BOBS.id: BOBS}

    async def test_cancelled_while_it_waits_lets_the_others_go_on(self, accounts: Stores) -> None:
        async def take(amount: int) -> None:
            async with accounts.unit_of_work() as uow:
                found = await uow.accounts.lock(BOTH)
                uow.accounts.save(found[ADAS.id].withdraw(eur(amount)))
                await uow.commit()

        async with accounts.unit_of_work() as uow:
            found = await uow.accounts.lock(BOTH)
            second, third = asyncio.create_task(take(10)), asyncio.create_task(take(20))
            await asyncio.sleep(PAUSE_SECONDS)
            second.cancel()
            await asyncio.wait([second], timeout=DEADLINE_SECONDS)
            uow.accounts.save(found[ADAS.id].withdraw(eur(30)))
            await uow.commit()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await third

        assert second.cancelled()
        assert await _balances(accounts) == (50, 100)


class TestMisuse:
    async def test_it_commits_once(self, stores: Stores) -> None:
        async with stores.unit_of_work() as uow:
            uow.users.add(ADA)
            await uow.commit()
            with pytest.raises(RuntimeError):
                await uow.commit()

        assert await _users(stores) == {ADA.id}

    async def test_it_commits_nothing_before_it_is_entered(self, stores: Stores) -> None:
        uow = stores.unit_of_work()

        with pytest.raises(RuntimeError):
            await uow.commit()

    async def test_it_commits_nothing_once_it_is_left(self, stores: Stores) -> None:
        async with stores.unit_of_work() as uow:
            uow.users.add(ADA)

        with pytest.raises(RuntimeError):
            await uow.commit()

        assert await _users(stores) == set()

    async def test_what_is_staged_after_the_commit_is_refused(self, stores: Stores) -> None:
        async with stores.unit_of_work() as uow:
            uow.users.add(ADA)
            await uow.commit()
            with pytest.raises(RuntimeError):
                uow.users.add(BOB)

        assert await _users(stores) == {ADA.id}

    async def test_a_snapshot_commits_nothing(self, stores: Stores) -> None:
        async with stores.snapshot() as snapshot:
            with pytest.raises(RuntimeError):
                await snapshot.commit()

    async def test_nothing_can_be_staged_in_a_snapshot(self, stores: Stores) -> None:
        async with stores.snapshot() as snapshot:
            with pytest.raises(RuntimeError):
                snapshot.users.add(ADA)

        assert await _users(stores) == set()
