"""Guarded work is tried without locks first; whatever follows takes them."""

import logging
from functools import partial

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.ports.unit_of_work import (
    GUARDED_SECONDS,
    CommitOutcomeUnknown,
    TransactionConflict,
)
from shop.application.transactions.runner import TransactionRunner
from tests.application.transactions.repeatable_work import ADA, CountingClock, add_ada
from tests.doubles import InjectedFaults

pytestmark = pytest.mark.anyio

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


class TestGuardedWork:
    @pytest.fixture
    def guarded(self, database: MemoryDatabase) -> InjectedFaults:
        return InjectedFaults(partial(MemoryUnitOfWork, database, writing=True))

    @pytest.fixture
    def runner(
        self,
        faults: InjectedFaults,
        database: MemoryDatabase,
        clock: CountingClock,
        guarded: InjectedFaults,
    ) -> TransactionRunner:
        new_snapshot = partial(MemoryUnitOfWork, database, writing=False)
        return TransactionRunner(
            faults.new_unit_of_work, new_snapshot, clock, guarded.new_unit_of_work
        )

    async def test_guards_that_hold_save_the_locks(
        self,
        runner: TransactionRunner,
        database: MemoryDatabase,
        faults: InjectedFaults,
        guarded: InjectedFaults,
    ) -> None:
        assert await runner.write(add_ada, retryable=True, guarded=True) == "added"

        assert database.state.users.rows == {ADA.id: ADA}
        assert (guarded.begun, faults.begun) == (1, 0)

    async def test_other_work_takes_locks(
        self, runner: TransactionRunner, faults: InjectedFaults, guarded: InjectedFaults
    ) -> None:
        await runner.write(add_ada, retryable=True)

        assert (guarded.begun, faults.begun) == (0, 1)

    async def test_guard_that_fails_is_followed_by_locks_at_once(
        self,
        runner: TransactionRunner,
        faults: InjectedFaults,
        guarded: InjectedFaults,
        clock: CountingClock,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        guarded.plan(("commit", TransactionConflict("a row has changed")))

        added = await runner.write(add_ada, retryable=True, splittable=True, guarded=True)

        assert added == "added"
        assert (guarded.begun, faults.begun, clock.sleeps) == (1, 1, [0])
        # It is no fault: without locks, nothing more could be known.
        (line,) = [each for each in caplog.records if each.message == "unit_of_work_interrupted"]
        assert line.levelname == "DEBUG"

    async def test_unknown_outcome_is_found_under_locks_once_nothing_can_change_it(
        self,
        runner: TransactionRunner,
        faults: InjectedFaults,
        guarded: InjectedFaults,
        clock: CountingClock,
    ) -> None:
        guarded.plan(LOST_AFTER)

        added = await runner.write(add_ada, retryable=True, splittable=True, guarded=True)

        assert added == "added"
        assert (guarded.begun, faults.begun, clock.sleeps) == (1, 1, [GUARDED_SECONDS])

    async def test_conflict_after_an_unknown_outcome_splits_nothing(
        self, runner: TransactionRunner, faults: InjectedFaults, guarded: InjectedFaults
    ) -> None:
        guarded.plan(LOST_AFTER)
        faults.plan(("commit", TransactionConflict("conflict")))

        added = await runner.write(add_ada, retryable=True, splittable=True, guarded=True)

        assert added == "added"
        assert (guarded.begun, faults.begun) == (1, 2)
