"""A unit of work is run to its end: again where that is safe, and whoever stops waiting for it."""

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
from tests.clock import ScriptedClock
from tests.doubles import Mishaps
from tests.factories import NOW, user

pytestmark = pytest.mark.anyio

ADA = user("ada")
CONFLICT = ("commit", TransientFailure("conflict"))
LOST_BEFORE = ("commit", CommitOutcomeUnknown("the answer"))
LOST_AFTER = ("committed", CommitOutcomeUnknown("the answer"))


class StopWatch(ScriptedClock):
    """Remembers how long each sleep was to be."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.sleeps: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await super().sleep(seconds)


@pytest.fixture
def clock() -> StopWatch:
    return StopWatch()


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def mishaps(database: MemoryDatabase) -> Mishaps:
    return Mishaps(partial(MemoryUnitOfWork, database, writing=True))


@pytest.fixture
def transact(mishaps: Mishaps, database: MemoryDatabase, clock: StopWatch) -> TransactionRunner:
    return TransactionRunner(
        mishaps.new_unit_of_work, partial(MemoryUnitOfWork, database, writing=False), clock
    )


async def add_ada(uow: UnitOfWork) -> str:
    """Add Ada, who is there at most once: thus it can be run again."""
    if ADA.id not in await uow.users.get_many([ADA.id]):
        uow.users.add(ADA)
    await uow.commit()
    return "added"


class TestWriting:
    async def test_what_the_work_returns_is_returned(
        self, transact: TransactionRunner, database: MemoryDatabase, mishaps: Mishaps
    ) -> None:
        assert await transact.write(add_ada, retryable=False) == "added"

        assert database.state.users.rows == {ADA.id: ADA}
        assert mishaps.begun == 1

    async def test_work_that_does_not_commit_changes_nothing(
        self, transact: TransactionRunner, database: MemoryDatabase
    ) -> None:
        async def forget(uow: UnitOfWork) -> None:
            uow.users.add(ADA)

        await transact.write(forget, retryable=True)

        assert database.state.users.rows == {}

    async def test_a_refusal_is_raised_as_it_is_and_not_tried_again(
        self, transact: TransactionRunner, database: MemoryDatabase, mishaps: Mishaps
    ) -> None:
        async def refuse(uow: UnitOfWork) -> None:
            uow.users.add(ADA)
            raise EmailTaken

        with pytest.raises(EmailTaken):
            await transact.write(refuse, retryable=True)

        assert database.state.users.rows == {}
        assert mishaps.begun == 1

    async def test_an_unavailable_database_is_not_tried_again(
        self,
        transact: TransactionRunner,
        database: MemoryDatabase,
        mishaps: Mishaps,
        clock: StopWatch,
    ) -> None:
        mishaps.plan(("enter", DatabaseUnavailable("too many connections")))

        with pytest.raises(DatabaseUnavailable, match="too many connections"):
            await transact.write(add_ada, retryable=True)

        assert database.state.users.rows == {}
        assert (mishaps.begun, clock.sleeps) == (1, [])


class TestTryingAgain:
    @pytest.mark.parametrize("call", ["enter", "users.get_many", "commit"])
    async def test_an_interrupted_unit_of_work_is_run_again_from_its_beginning(
        self, call: str, transact: TransactionRunner, database: MemoryDatabase, mishaps: Mishaps
    ) -> None:
        mishaps.plan((call, TransientFailure("conflict")))

        assert await transact.write(add_ada, retryable=False) == "added"

        assert database.state.users.rows == {ADA.id: ADA}
        assert mishaps.begun == 2

    async def test_it_is_run_again_a_bounded_number_of_times(
        self,
        transact: TransactionRunner,
        database: MemoryDatabase,
        mishaps: Mishaps,
        clock: StopWatch,
    ) -> None:
        mishaps.plan(*[CONFLICT] * (MAX_ATTEMPTS + 1))

        with pytest.raises(DatabaseUnavailable):
            await transact.write(add_ada, retryable=True)

        assert database.state.users.rows == {}
        assert (mishaps.begun, len(clock.sleeps)) == (MAX_ATTEMPTS, MAX_ATTEMPTS - 1)

    async def test_the_last_attempt_counts(
        self, transact: TransactionRunner, database: MemoryDatabase, mishaps: Mishaps
    ) -> None:
        mishaps.plan(*[CONFLICT] * (MAX_ATTEMPTS - 1))

        assert await transact.write(add_ada, retryable=False) == "added"

        assert database.state.users.rows == {ADA.id: ADA}
        assert mishaps.begun == MAX_ATTEMPTS

    async def test_it_pauses_between_attempts_for_a_random_time_that_grows_up_to_a_bound(
        self, transact: TransactionRunner, mishaps: Mishaps, clock: StopWatch
    ) -> None:
        for _ in range(30):
            mishaps.plan(*[CONFLICT] * MAX_ATTEMPTS)
            with pytest.raises(DatabaseUnavailable):
                await transact.write(add_ada, retryable=True)

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

    async def test_reading_is_tried_again_like_writing(
        self, database: MemoryDatabase, clock: StopWatch
    ) -> None:
        snapshots = Mishaps(partial(MemoryUnitOfWork, database, writing=False))
        snapshots.plan(
            ("enter", TransientFailure("lost")), ("users.get_many", TransientFailure("lost"))
        )
        transact = TransactionRunner(snapshots.new_unit_of_work, snapshots.new_unit_of_work, clock)

        assert await transact.read(lambda uow: uow.users.get_many([ADA.id])) == {}

        assert snapshots.begun == 3


class TestWorkThatCouldBeDivided:
    async def test_where_it_is_contended_its_caller_is_told_at_once(
        self,
        transact: TransactionRunner,
        database: MemoryDatabase,
        mishaps: Mishaps,
        clock: StopWatch,
    ) -> None:
        mishaps.plan(("commit", TransactionConflict("conflict")))

        with pytest.raises(TransactionConflict):
            await transact.write(add_ada, retryable=True, splittable=True)

        assert database.state.users.rows == {}
        assert (mishaps.begun, clock.sleeps) == (1, [])

    async def test_it_is_run_again_where_the_connection_was_lost(
        self, transact: TransactionRunner, mishaps: Mishaps
    ) -> None:
        mishaps.plan(("commit", TransientFailure("lost")))

        assert await transact.write(add_ada, retryable=True, splittable=True) == "added"
        assert mishaps.begun == 2

    async def test_it_is_run_again_as_a_whole_while_it_may_have_been_committed(
        self, transact: TransactionRunner, mishaps: Mishaps
    ) -> None:
        mishaps.plan(LOST_AFTER, ("commit", TransactionConflict("conflict")))

        assert await transact.write(add_ada, retryable=True, splittable=True) == "added"
        assert mishaps.begun == 3


class TestUnknownOutcomes:
    @pytest.mark.parametrize("mishap", [LOST_BEFORE, LOST_AFTER])
    async def test_work_that_can_tell_is_run_again(
        self,
        mishap: tuple[str, Exception],
        transact: TransactionRunner,
        database: MemoryDatabase,
        mishaps: Mishaps,
    ) -> None:
        mishaps.plan(mishap)

        assert await transact.write(add_ada, retryable=True) == "added"

        assert database.state.users.rows == {ADA.id: ADA}
        assert mishaps.begun == 2

    @pytest.mark.parametrize(("mishap", "stored"), [(LOST_BEFORE, {}), (LOST_AFTER, {ADA.id: ADA})])
    async def test_work_that_cannot_tell_is_not_run_again(
        self,
        mishap: tuple[str, Exception],
        stored: object,
        transact: TransactionRunner,
        database: MemoryDatabase,
        mishaps: Mishaps,
    ) -> None:
        mishaps.plan(mishap)

        with pytest.raises(CommitOutcomeUnknown):
            await transact.write(add_ada, retryable=False)

        assert database.state.users.rows == stored
        assert mishaps.begun == 1

    async def test_it_stays_unknown_if_no_attempt_is_answered(
        self, transact: TransactionRunner, mishaps: Mishaps
    ) -> None:
        mishaps.plan(*[LOST_AFTER] * MAX_ATTEMPTS)

        with pytest.raises(CommitOutcomeUnknown):
            await transact.write(add_ada, retryable=True)

        assert mishaps.begun == MAX_ATTEMPTS

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
    async def test_what_may_have_happened_is_not_said_to_have_changed_nothing(
        self, later: list[tuple[str, Exception]], transact: TransactionRunner, mishaps: Mishaps
    ) -> None:
        mishaps.plan(LOST_AFTER, *later)

        with pytest.raises(CommitOutcomeUnknown):
            await transact.write(add_ada, retryable=True)


class TestCancellation:
    async def test_the_work_goes_on_when_its_caller_is_cancelled(
        self, transact: TransactionRunner, database: MemoryDatabase
    ) -> None:
        caller = asyncio.create_task(transact.write(add_ada, retryable=False))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait([caller])

        assert caller.cancelled()
        assert database.state.users.rows == {}
        await transact.drain()
        assert database.state.users.rows == {ADA.id: ADA}

    async def test_finishing_waits_for_everything_that_was_begun_and_what_that_begins(
        self, transact: TransactionRunner, database: MemoryDatabase
    ) -> None:
        held = asyncio.Event()

        async def wait_and_begin_another(uow: UnitOfWork) -> None:
            await held.wait()
            self.another = asyncio.create_task(transact.write(add_ada, retryable=False))
            await uow.commit()

        caller = asyncio.create_task(transact.write(wait_and_begin_another, retryable=False))
        finishing = asyncio.create_task(transact.drain())
        for _ in range(9):
            await asyncio.sleep(0)
        assert not finishing.done()

        held.set()
        async with asyncio.timeout(1):
            await finishing

        assert caller.done()
        assert database.state.users.rows == {ADA.id: ADA}

    async def test_finishing_what_never_began_returns(self, transact: TransactionRunner) -> None:
        async with asyncio.timeout(1):
            await transact.drain()

    async def test_the_work_goes_on_trying_when_its_caller_is_cancelled(
        self, transact: TransactionRunner, database: MemoryDatabase, mishaps: Mishaps
    ) -> None:
        mishaps.plan(CONFLICT, CONFLICT)
        caller = asyncio.create_task(transact.write(add_ada, retryable=False))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait([caller])

        await transact.drain()

        assert database.state.users.rows == {ADA.id: ADA}
        assert mishaps.begun == 3

    async def test_work_that_fails_after_its_caller_left_disturbs_nobody(
        self, transact: TransactionRunner, database: MemoryDatabase
    ) -> None:
        # An exception that nobody retrieves would be reported by the loop, and fail this test.
        async def fail(uow: UnitOfWork) -> None:
            await uow.users.get_many([ADA.id])
            raise ZeroDivisionError

        caller = asyncio.create_task(transact.write(fail, retryable=False))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait([caller])

        await transact.drain()

        assert database.state.users.rows == {}

    async def test_the_time_of_a_pause_is_the_clocks(
        self, transact: TransactionRunner, mishaps: Mishaps, clock: StopWatch
    ) -> None:
        mishaps.plan(CONFLICT)

        await transact.write(add_ada, retryable=False)

        (pause,) = clock.sleeps
        assert clock.now() == NOW + timedelta(seconds=pause)
