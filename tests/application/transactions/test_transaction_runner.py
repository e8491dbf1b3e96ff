"""A unit of work is completed: retried if that is safe, even if its caller is cancelled."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    DatabaseUnavailable,
    TransactionConflict,
    TransientFailure,
    UnitOfWork,
)
from shop.application.transactions.runner import (
    FIRST_DELAY_SECONDS,
    MAX_ATTEMPTS,
    MAX_DELAY_SECONDS,
    TransactionRunner,
)
from shop.domain.user import EmailTaken
from tests.application.transactions.repeatable_work import ADA, CountingClock, add_ada
from tests.doubles import InjectedFaults
from tests.factories import NOW
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

CONFLICT = ("commit", TransientFailure("conflict"))
LOST_BEFORE = ("commit", CommitOutcomeUnknown("the answer"))
LOST_AFTER = ("committed", CommitOutcomeUnknown("the answer"))


@pytest.fixture
def clock() -> CountingClock:
    return CountingClock()


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def faults(database: MemoryDatabase) -> InjectedFaults:
    return InjectedFaults(partial(MemoryUnitOfWork, database, writing=True))


@pytest.fixture
def runner(
    faults: InjectedFaults, database: MemoryDatabase, clock: CountingClock
) -> TransactionRunner:
    return TransactionRunner(
        faults.new_unit_of_work, partial(MemoryUnitOfWork, database, writing=False), clock
    )


class TestWriting:
    async def test_result_of_the_work_is_returned(
        self, runner: TransactionRunner, database: MemoryDatabase, faults: InjectedFaults
    ) -> None:
        assert await runner.write(add_ada, retryable=False) == "added"

        assert database.state.users.rows == {ADA.id: ADA}
        assert faults.begun == 1

    async def test_work_without_a_commit_changes_nothing(
        self, runner: TransactionRunner, database: MemoryDatabase
    ) -> None:
        async def forget(uow: UnitOfWork) -> None:
            uow.users.add(ADA)

        await runner.write(forget, retryable=True)

        assert database.state.users.rows == {}

    async def test_rejection_is_raised_without_a_retry(
        self, runner: TransactionRunner, database: MemoryDatabase, faults: InjectedFaults
    ) -> None:
        async def reject(uow: UnitOfWork) -> None:
            uow.users.add(ADA)
            raise EmailTaken

        with pytest.raises(EmailTaken):
            await runner.write(reject, retryable=True)

        assert database.state.users.rows == {}
        assert faults.begun == 1

    async def test_unavailable_database_is_not_retried(
        self,
        runner: TransactionRunner,
        database: MemoryDatabase,
        faults: InjectedFaults,
        clock: CountingClock,
    ) -> None:
        faults.plan(("enter", DatabaseUnavailable("too many connections")))

        with pytest.raises(DatabaseUnavailable, match="too many connections"):
            await runner.write(add_ada, retryable=True)

        assert database.state.users.rows == {}
        assert (faults.begun, clock.sleeps) == (1, [])


class TestRetries:
    @pytest.mark.parametrize("call", ["enter", "users.get_many", "commit"])
    async def test_transient_failure_is_retried_from_the_start(
        self, call: str, runner: TransactionRunner, database: MemoryDatabase, faults: InjectedFaults
    ) -> None:
        faults.plan((call, TransientFailure("conflict")))

        assert await runner.write(add_ada, retryable=False) == "added"

        assert database.state.users.rows == {ADA.id: ADA}
        assert faults.begun == 2

    async def test_number_of_attempts_is_limited(
        self,
        runner: TransactionRunner,
        database: MemoryDatabase,
        faults: InjectedFaults,
        clock: CountingClock,
    ) -> None:
        faults.plan(*[CONFLICT] * (MAX_ATTEMPTS + 1))

        with pytest.raises(DatabaseUnavailable):
            await runner.write(add_ada, retryable=True)

        assert database.state.users.rows == {}
        assert (faults.begun, len(clock.sleeps)) == (MAX_ATTEMPTS, MAX_ATTEMPTS - 1)

    async def test_last_attempt_can_succeed(
        self, runner: TransactionRunner, database: MemoryDatabase, faults: InjectedFaults
    ) -> None:
        faults.plan(*[CONFLICT] * (MAX_ATTEMPTS - 1))

        assert await runner.write(add_ada, retryable=False) == "added"

        assert database.state.users.rows == {ADA.id: ADA}
        assert faults.begun == MAX_ATTEMPTS

    async def test_delay_is_random_and_grows_up_to_a_limit(
        self, runner: TransactionRunner, faults: InjectedFaults, clock: CountingClock
    ) -> None:
        for _ in range(30):
            faults.plan(*[CONFLICT] * MAX_ATTEMPTS)
            with pytest.raises(DatabaseUnavailable):
                await runner.write(add_ada, retryable=True)

        rounds = [
            clock.sleeps[start : start + MAX_ATTEMPTS - 1]
            for start in range(0, len(clock.sleeps), MAX_ATTEMPTS - 1)
        ]
        assert len(rounds) == 30
        for attempt, pauses in enumerate(zip(*rounds, strict=True), start=1):
            longest = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2**attempt)
            assert 0 <= min(pauses) < max(pauses) <= longest
            # Of thirty that are spread evenly, not one in the upper half is one in 10^9.
            assert max(pauses) > longest / 2

    async def test_reads_are_retried_like_writes(
        self, database: MemoryDatabase, clock: CountingClock
    ) -> None:
        snapshots = InjectedFaults(partial(MemoryUnitOfWork, database, writing=False))
        snapshots.plan(
            ("enter", TransientFailure("lost")), ("users.get_many", TransientFailure("lost"))
        )
        runner = TransactionRunner(snapshots.new_unit_of_work, snapshots.new_unit_of_work, clock)

        assert await runner.read(lambda uow: uow.users.get_many([ADA.id])) == {}

        assert snapshots.begun == 3


class TestSplittableWork:
    async def test_conflict_is_reported_to_the_caller_at_once(
        self,
        runner: TransactionRunner,
        database: MemoryDatabase,
        faults: InjectedFaults,
        clock: CountingClock,
    ) -> None:
        faults.plan(("commit", TransactionConflict("conflict")))

        with pytest.raises(TransactionConflict):
            await runner.write(add_ada, retryable=True, splittable=True)

        assert database.state.users.rows == {}
        assert (faults.begun, clock.sleeps) == (1, [])

    async def test_lost_connection_is_retried(
        self, runner: TransactionRunner, faults: InjectedFaults
    ) -> None:
        faults.plan(("commit", TransientFailure("lost")))

        assert await runner.write(add_ada, retryable=True, splittable=True) == "added"
        assert faults.begun == 2

    async def test_unknown_outcome_is_retried_as_a_whole(
        self, runner: TransactionRunner, faults: InjectedFaults
    ) -> None:
        faults.plan(LOST_AFTER, ("commit", TransactionConflict("conflict")))

        assert await runner.write(add_ada, retryable=True, splittable=True) == "added"
        assert faults.begun == 3


class TestUnknownOutcomes:
    @pytest.mark.parametrize("fault", [LOST_BEFORE, LOST_AFTER])
    async def test_retryable_work_is_retried(
        self,
        fault: tuple[str, Exception],
        runner: TransactionRunner,
        database: MemoryDatabase,
        faults: InjectedFaults,
    ) -> None:
        faults.plan(fault)

        assert await runner.write(add_ada, retryable=True) == "added"

        assert database.state.users.rows == {ADA.id: ADA}
        assert faults.begun == 2

    @pytest.mark.parametrize(("fault", "stored"), [(LOST_BEFORE, {}), (LOST_AFTER, {ADA.id: ADA})])
    async def test_other_work_is_not_retried(
        self,
        fault: tuple[str, Exception],
        stored: object,
        runner: TransactionRunner,
        database: MemoryDatabase,
        faults: InjectedFaults,
    ) -> None:
        faults.plan(fault)

        with pytest.raises(CommitOutcomeUnknown):
            await runner.write(add_ada, retryable=False)

        assert database.state.users.rows == stored
        assert faults.begun == 1

    async def test_outcome_stays_unknown_if_no_attempt_succeeds(
        self, runner: TransactionRunner, faults: InjectedFaults
    ) -> None:
        faults.plan(*[LOST_AFTER] * MAX_ATTEMPTS)

        with pytest.raises(CommitOutcomeUnknown):
            await runner.write(add_ada, retryable=True)

        assert faults.begun == MAX_ATTEMPTS

    async def test_bug_after_an_unknown_outcome_is_logged(
        self,
        runner: TransactionRunner,
        faults: InjectedFaults,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        bug = RuntimeError("a fault of our own")
        faults.plan(LOST_AFTER, ("users.get_many", bug))

        with pytest.raises(CommitOutcomeUnknown):
            await runner.write(add_ada, retryable=True)

        logged = [each.exc_info[1] for each in caplog.records if each.exc_info]
        assert logged == [bug]

    @pytest.mark.parametrize(
        "later",
        [
            [CONFLICT] * (MAX_ATTEMPTS - 1),
            [("enter", TransientFailure("no connection"))] * (MAX_ATTEMPTS - 1),
            [("enter", DatabaseUnavailable("starting up"))],
            [("users.get_many", RuntimeError("a fault of our own"))],
        ],
        ids=["conflicts", "no connection", "unavailable", "fault"],
    )
    async def test_possible_change_is_not_reported_as_none(
        self, later: list[tuple[str, Exception]], runner: TransactionRunner, faults: InjectedFaults
    ) -> None:
        faults.plan(LOST_AFTER, *later)

        with pytest.raises(CommitOutcomeUnknown):
            await runner.write(add_ada, retryable=True)


class TestCancellation:
    async def test_work_continues_when_its_caller_is_cancelled(
        self, runner: TransactionRunner, database: MemoryDatabase
    ) -> None:
        caller = asyncio.create_task(runner.write(add_ada, retryable=False))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait([caller])

        assert caller.cancelled()
        assert database.state.users.rows == {}
        await runner.drain()
        assert database.state.users.rows == {ADA.id: ADA}

    async def test_drain_waits_for_all_work_and_what_it_starts(
        self, runner: TransactionRunner, database: MemoryDatabase
    ) -> None:
        held = asyncio.Event()

        async def wait_and_begin_another(uow: UnitOfWork) -> None:
            await held.wait()
            self.another = asyncio.create_task(runner.write(add_ada, retryable=False))
            await uow.commit()

        caller = asyncio.create_task(runner.write(wait_and_begin_another, retryable=False))
        finishing = asyncio.create_task(runner.drain())
        for _ in range(9):
            await asyncio.sleep(0)
        assert not finishing.done()

        held.set()
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            await finishing

        assert caller.done()
        assert database.state.users.rows == {ADA.id: ADA}

    async def test_drain_without_work_returns(self, runner: TransactionRunner) -> None:
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            await runner.drain()

    async def test_retries_continue_when_the_caller_is_cancelled(
        self, runner: TransactionRunner, database: MemoryDatabase, faults: InjectedFaults
    ) -> None:
        faults.plan(CONFLICT, CONFLICT)
        caller = asyncio.create_task(runner.write(add_ada, retryable=False))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait([caller])

        await runner.drain()

        assert database.state.users.rows == {ADA.id: ADA}
        assert faults.begun == 3

    async def test_failure_after_cancellation_disturbs_no_other_caller(
        self, runner: TransactionRunner, database: MemoryDatabase
    ) -> None:
        # The event loop would report an exception that is not retrieved, and fail this test.
        async def fail(uow: UnitOfWork) -> None:
            await uow.users.get_many([ADA.id])
            raise ZeroDivisionError

        caller = asyncio.create_task(runner.write(fail, retryable=False))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait([caller])

        await runner.drain()

        assert database.state.users.rows == {}

    async def test_delay_uses_the_clock(
        self, runner: TransactionRunner, faults: InjectedFaults, clock: CountingClock
    ) -> None:
        faults.plan(CONFLICT)

        await runner.write(add_ada, retryable=False)

        (pause,) = clock.sleeps
        assert clock.now() == NOW + timedelta(seconds=pause)
