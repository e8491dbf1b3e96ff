"""Commands that arrive together are decided together, and each is answered exactly once."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from shop.application.ports.repositories.idempotency_keys import RequestInProgress
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    DatabaseUnavailable,
    LockTimeout,
    TransactionConflict,
)
from shop.application.transactions.group_commit import (
    MAX_GROUP_SIZE,
    MAX_LOCK_TIMEOUTS,
    MAX_QUEUE,
    CommandQueues,
    GroupCommit,
)

pytestmark = pytest.mark.anyio


class Desk:
    """Decides groups of numbers when it is told to, and remembers the groups."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.poison: dict[int, Exception] = {}
        self.ends: dict[int, BaseException] = {}
        self.failures: dict[tuple[int, ...], Exception] = {}
        self.line: GroupCommit[int, str] = GroupCommit(self.decide)

    async def decide(self, commands: Sequence[int]) -> Sequence[str]:
        self.groups.append(list(commands))
        await self.may_go_on.wait()
        if failure := self.failures.get(tuple(commands)):
            raise failure
        for command in commands:
            if command in self.poison:
                raise self.poison[command]
            if command in self.ends:
                raise self.ends[command]
        return [f"answer {command}" for command in commands]

    def send(self, *commands: int) -> list[asyncio.Task[str]]:
        return [asyncio.create_task(self.line.submit(command)) for command in commands]

    async def begin_with(self, command: int) -> asyncio.Task[str]:
        """Let a group of one begin and not end, so that others have to wait."""
        self.may_go_on.clear()
        (first,) = self.send(command)
        await _a_moment()
        assert self.groups == [[command]]
        return first


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_lone_command_is_decided_at_once(desk: Desk) -> None:
    assert await desk.line.submit(1) == "answer 1"
    assert await desk.line.submit(2) == "answer 2"

    assert desk.groups == [[1], [2]]


async def test_what_arrives_while_a_group_is_decided_goes_together_as_the_next_one(
    desk: Desk,
) -> None:
    first = await desk.begin_with(1)
    others = desk.send(2, 3, 4)
    await _a_moment()
    desk.may_go_on.set()

    answers = await asyncio.gather(first, *others)

    assert answers == ["answer 1", "answer 2", "answer 3", "answer 4"]
    assert desk.groups == [[1], [2, 3, 4]]


async def test_a_group_has_a_greatest_size(desk: Desk) -> None:
    first = await desk.begin_with(-1)
    others = desk.send(*range(MAX_GROUP_SIZE + 1))
    await _a_moment()
    desk.may_go_on.set()

    await asyncio.gather(first, *others)

    assert desk.groups == [[-1], list(range(MAX_GROUP_SIZE)), [MAX_GROUP_SIZE]]


async def test_whoever_finds_the_line_full_is_turned_away(desk: Desk) -> None:
    first = await desk.begin_with(-1)
    others = desk.send(*range(MAX_QUEUE))
    await _a_moment()

    with pytest.raises(DatabaseUnavailable, match="too many"):
        await desk.line.submit(MAX_QUEUE)

    desk.may_go_on.set()
    await asyncio.gather(first, *others)
    decided = [command for group in desk.groups for command in group]
    assert decided == [-1, *range(MAX_QUEUE)]


class TestHangingUp:
    async def test_whoever_hangs_up_before_their_group_begins_has_asked_for_nothing(
        self, desk: Desk
    ) -> None:
        first = await desk.begin_with(1)
        second, third = desk.send(2, 3)
        await _a_moment()
        second.cancel()
        desk.may_go_on.set()

        assert [await first, await third] == ["answer 1", "answer 3"]
        assert second.cancelled()
        assert desk.groups == [[1], [3]]

    async def test_a_group_goes_on_whoever_hangs_up(self, desk: Desk) -> None:
        first = await desk.begin_with(1)
        second, third = desk.send(2, 3)
        first.cancel()
        await _a_moment()
        desk.may_go_on.set()

        assert [await second, await third] == ["answer 2", "answer 3"]
        assert first.cancelled()
        assert desk.groups == [[1], [2, 3]]

    async def test_the_line_ends_where_all_that_waited_have_hung_up(self, desk: Desk) -> None:
        first = await desk.begin_with(1)
        (second,) = desk.send(2)
        await _a_moment()
        second.cancel()
        desk.may_go_on.set()
        await first

        assert await desk.line.submit(3) == "answer 3"
        assert desk.groups == [[1], [3]]


class TestFailing:
    async def test_a_poisonous_command_fails_alone(self, desk: Desk) -> None:
        desk.poison[4] = RuntimeError("poison")
        first = await desk.begin_with(1)
        others = desk.send(2, 3, 4, 5)
        await _a_moment()
        desk.may_go_on.set()

        answers = await asyncio.gather(first, *others, return_exceptions=True)

        assert answers == ["answer 1", "answer 2", "answer 3", desk.poison[4], "answer 5"]
        assert desk.groups == [[1], [2, 3, 4, 5], [2, 3], [4, 5], [4], [5]]

    async def test_a_contended_group_is_halved(self, desk: Desk) -> None:
        first = await desk.begin_with(1)
        others = desk.send(2, 3, 4)
        await _a_moment()
        desk.failures[2, 3, 4] = TransactionConflict("conflict")
        desk.may_go_on.set()

        answers = await asyncio.gather(first, *others)

        assert answers == ["answer 1", "answer 2", "answer 3", "answer 4"]
        assert desk.groups == [[1], [2, 3, 4], [2], [3, 4]]

    @pytest.mark.parametrize(
        "failure", [DatabaseUnavailable("no database"), CommitOutcomeUnknown("cut off")]
    )
    async def test_a_failure_of_the_database_is_everybodys_and_each_has_their_own(
        self, desk: Desk, failure: Exception
    ) -> None:
        first = await desk.begin_with(1)
        others = desk.send(2, 3)
        await _a_moment()
        desk.failures[2, 3] = failure
        desk.may_go_on.set()

        assert await first == "answer 1"
        errors = await asyncio.gather(*others, return_exceptions=True)

        assert [repr(error) for error in errors] == [repr(failure)] * 2
        assert errors[0] is not errors[1]
        assert desk.groups == [[1], [2, 3]]
        assert await desk.line.submit(4) == "answer 4"

    async def test_nobody_is_left_waiting_by_a_use_case_that_forgets_some(self) -> None:
        async def forget(commands: Sequence[int]) -> Sequence[str]:
            return [f"answer {command}" for command in commands if command != 2]

        line: GroupCommit[int, str] = GroupCommit(forget)

        answers = await asyncio.gather(*map(line.submit, (1, 2, 3)), return_exceptions=True)

        assert [type(answer) for answer in answers] == [str, ValueError, str]


class TestDraining:
    async def test_what_has_begun_is_finished_and_all_else_refused(self, desk: Desk) -> None:
        first = await desk.begin_with(1)
        (second,) = desk.send(2)
        await _a_moment()
        draining = asyncio.create_task(desk.line.drain())
        await _a_moment()

        with pytest.raises(DatabaseUnavailable, match="closing"):
            await second
        with pytest.raises(DatabaseUnavailable, match="closing"):
            await desk.line.submit(3)
        assert not draining.done()

        desk.may_go_on.set()
        assert await first == "answer 1"
        await draining
        assert desk.groups == [[1]]

    async def test_a_line_that_was_drained_takes_nothing_until_it_is_opened(
        self, desk: Desk
    ) -> None:
        await desk.line.drain()

        with pytest.raises(DatabaseUnavailable, match="closing"):
            await desk.line.submit(1)

        desk.line.open()
        assert await desk.line.submit(2) == "answer 2"

    async def test_a_group_is_finished_although_nobody_waits_for_the_drain(
        self, desk: Desk
    ) -> None:
        first = await desk.begin_with(1)
        draining = asyncio.create_task(desk.line.drain())
        await _a_moment()
        draining.cancel()
        await _a_moment()
        desk.may_go_on.set()

        assert await first == "answer 1"

    async def test_all_lines_are_drained_and_opened_together(self, desk: Desk) -> None:
        lines = CommandQueues()
        both = [lines.queue_for(desk.decide), lines.queue_for(desk.decide)]
        await lines.drain()
        for line in both:
            with pytest.raises(DatabaseUnavailable, match="closing"):
                await line.submit(1)

        lines.open()
        assert [await line.submit(2) for line in both] == ["answer 2", "answer 2"]


class TestEndingEarly:
    async def test_whoever_waits_is_told_when_a_group_is_ended_from_outside(
        self, desk: Desk
    ) -> None:
        desk.ends[1] = asyncio.CancelledError()
        first = await desk.begin_with(1)
        (second,) = desk.send(2)
        await _a_moment()
        desk.may_go_on.set()

        told = await asyncio.gather(first, second, return_exceptions=True)

        assert [type(each) for each in told] == [DatabaseUnavailable, DatabaseUnavailable]
        assert await desk.line.submit(3) == "answer 3"


class TestWaitingForLocks:
    @pytest.mark.parametrize("failure", [LockTimeout("locked"), RequestInProgress()])
    async def test_whoever_needs_what_another_holds_fails_alone(
        self, desk: Desk, failure: Exception
    ) -> None:
        desk.poison[3] = failure
        first = await desk.begin_with(1)
        others = desk.send(2, 3, 4, 5)
        await _a_moment()
        desk.may_go_on.set()

        answers = await asyncio.gather(first, *others, return_exceptions=True)

        assert answers == ["answer 1", "answer 2", failure, "answer 4", "answer 5"]
        assert desk.groups == [[1], [2, 3, 4, 5], [2], [3], [4], [5]]

    async def test_a_group_does_not_wait_for_ever_more_locks(self, desk: Desk) -> None:
        desk.poison = dict.fromkeys(range(2, 9), LockTimeout("locked"))
        first = await desk.begin_with(1)
        others = desk.send(*range(2, 9))
        await _a_moment()
        desk.may_go_on.set()

        await first
        told = await asyncio.gather(*others, return_exceptions=True)

        assert all(isinstance(each, DatabaseUnavailable) for each in told)
        assert desk.groups == [[1], [2, 3, 4, 5, 6, 7, 8], *([each] for each in (2, 3))]
        assert len([each for each in told if isinstance(each, LockTimeout)]) == MAX_LOCK_TIMEOUTS


class TestQuestions:
    async def test_a_few_groups_may_be_asked_at_once(self, desk: Desk) -> None:
        line = CommandQueues().queue_for(desk.decide, max_concurrent_groups=2)
        desk.may_go_on.clear()
        asked = [asyncio.create_task(line.submit(number)) for number in (1, 2, 3)]
        await _a_moment()
        desk.may_go_on.set()

        assert await asyncio.gather(*asked) == ["answer 1", "answer 2", "answer 3"]
        assert desk.groups == [[1, 2, 3]]

    async def test_one_that_is_stuck_does_not_stop_the_others(self, desk: Desk) -> None:
        line = CommandQueues().queue_for(desk.decide, max_concurrent_groups=2)
        desk.may_go_on.clear()
        stuck = asyncio.create_task(line.submit(1))
        await _a_moment()
        beside = asyncio.create_task(line.submit(2))
        await _a_moment()

        assert desk.groups == [[1], [2]]
        desk.may_go_on.set()
        assert [await stuck, await beside] == ["answer 1", "answer 2"]


async def test_a_group_is_not_said_to_be_of_the_request_that_came_first(desk: Desk) -> None:
    request: ContextVar[str] = ContextVar("request", default="nobody's")
    seen: list[str] = []

    async def decide(commands: Sequence[int]) -> Sequence[str]:
        seen.append(request.get())
        return await desk.decide(commands)

    request.set("the first one's")
    await GroupCommit(decide).submit(1)

    assert seen == ["nobody's"]


async def _a_moment() -> None:
    """Let everybody go on who can."""
    for _ in range(10):
        await asyncio.sleep(0)
