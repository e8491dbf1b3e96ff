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


class RecordingHandler:
    """A batch handler that decides groups of numbers when the test lets it, and records them."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.poison: dict[int, Exception] = {}
        self.ends: dict[int, BaseException] = {}
        self.failures: dict[tuple[int, ...], Exception] = {}
        self.queue: GroupCommit[int, str] = GroupCommit(self.decide)

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
        return [asyncio.create_task(self.queue.submit(command)) for command in commands]

    async def submit_blocking(self, command: int) -> asyncio.Task[str]:
        """Let a group of one begin and not end, so that others have to wait."""
        self.may_go_on.clear()
        (first,) = self.send(command)
        await _short_pause()
        assert self.groups == [[command]]
        return first


@pytest.fixture
def handler() -> RecordingHandler:
    return RecordingHandler()


async def test_single_command_is_decided_at_once(handler: RecordingHandler) -> None:
    assert await handler.queue.submit(1) == "answer 1"
    assert await handler.queue.submit(2) == "answer 2"

    assert handler.groups == [[1], [2]]


async def test_commands_that_arrive_during_a_group_form_the_next_one(
    handler: RecordingHandler,
) -> None:
    first = await handler.submit_blocking(1)
    others = handler.send(2, 3, 4)
    await _short_pause()
    handler.may_go_on.set()

    responses = await asyncio.gather(first, *others)

    assert responses == ["answer 1", "answer 2", "answer 3", "answer 4"]
    assert handler.groups == [[1], [2, 3, 4]]


async def test_group_size_is_limited(handler: RecordingHandler) -> None:
    first = await handler.submit_blocking(-1)
    others = handler.send(*range(MAX_GROUP_SIZE + 1))
    await _short_pause()
    handler.may_go_on.set()

    await asyncio.gather(first, *others)

    assert handler.groups == [[-1], list(range(MAX_GROUP_SIZE)), [MAX_GROUP_SIZE]]


async def test_handler_can_have_smaller_groups() -> None:
    groups: list[Sequence[int]] = []

    async def decide(commands: Sequence[int]) -> Sequence[int]:
        groups.append(commands)
        return commands

    queue = GroupCommit(decide, max_group_size=2)

    assert await asyncio.gather(*map(queue.submit, range(5))) == [0, 1, 2, 3, 4]
    assert groups == [[0, 1], [2, 3], [4]]


async def test_full_queue_rejects_commands(handler: RecordingHandler) -> None:
    first = await handler.submit_blocking(-1)
    others = handler.send(*range(MAX_QUEUE))
    await _short_pause()

    with pytest.raises(DatabaseUnavailable, match="queue full"):
        await handler.queue.submit(MAX_QUEUE)

    handler.may_go_on.set()
    await asyncio.gather(first, *others)
    decided = [command for group in handler.groups for command in group]
    assert decided == [-1, *range(MAX_QUEUE)]


class TestCancelledCallers:
    async def test_command_cancelled_before_its_group_has_no_effect(
        self, handler: RecordingHandler
    ) -> None:
        first = await handler.submit_blocking(1)
        second, third = handler.send(2, 3)
        await _short_pause()
        second.cancel()
        handler.may_go_on.set()

        assert [await first, await third] == ["answer 1", "answer 3"]
        assert second.cancelled()
        assert handler.groups == [[1], [3]]

    async def test_group_continues_whichever_caller_is_cancelled(
        self, handler: RecordingHandler
    ) -> None:
        first = await handler.submit_blocking(1)
        second, third = handler.send(2, 3)
        first.cancel()
        await _short_pause()
        handler.may_go_on.set()

        assert [await second, await third] == ["answer 2", "answer 3"]
        assert first.cancelled()
        assert handler.groups == [[1], [2, 3]]

    async def test_queue_ends_when_all_callers_are_cancelled(
        self, handler: RecordingHandler
    ) -> None:
        first = await handler.submit_blocking(1)
        (second,) = handler.send(2)
        await _short_pause()
        second.cancel()
        handler.may_go_on.set()
        await first

        assert await handler.queue.submit(3) == "answer 3"
        assert handler.groups == [[1], [3]]


class TestFailing:
    async def test_failing_command_fails_alone(self, handler: RecordingHandler) -> None:
        handler.poison[4] = RuntimeError("poison")
        first = await handler.submit_blocking(1)
        others = handler.send(2, 3, 4, 5)
        await _short_pause()
        handler.may_go_on.set()

        responses = await asyncio.gather(first, *others, return_exceptions=True)

        assert responses == ["answer 1", "answer 2", "answer 3", handler.poison[4], "answer 5"]
        assert handler.groups == [[1], [2, 3, 4, 5], [2, 3], [4, 5], [4], [5]]

    async def test_contended_group_is_halved(self, handler: RecordingHandler) -> None:
        first = await handler.submit_blocking(1)
        others = handler.send(2, 3, 4)
        await _short_pause()
        handler.failures[2, 3, 4] = TransactionConflict("conflict")
        handler.may_go_on.set()

        responses = await asyncio.gather(first, *others)

        assert responses == ["answer 1", "answer 2", "answer 3", "answer 4"]
        assert handler.groups == [[1], [2, 3, 4], [2], [3, 4]]

    @pytest.mark.parametrize(
        "failure", [DatabaseUnavailable("no database"), CommitOutcomeUnknown("cut off")]
    )
    async def test_database_failure_reaches_every_caller_as_its_own_error(
        self, handler: RecordingHandler, failure: Exception
    ) -> None:
        first = await handler.submit_blocking(1)
        others = handler.send(2, 3)
        await _short_pause()
        handler.failures[2, 3] = failure
        handler.may_go_on.set()

        assert await first == "answer 1"
        errors = await asyncio.gather(*others, return_exceptions=True)

        assert [repr(error) for error in errors] == [repr(failure)] * 2
        assert errors[0] is not errors[1]
        assert handler.groups == [[1], [2, 3]]
        assert await handler.queue.submit(4) == "answer 4"

    async def test_handler_that_forgets_commands_leaves_no_caller_waiting(self) -> None:
        async def forget(commands: Sequence[int]) -> Sequence[str]:
            return [f"answer {command}" for command in commands if command != 2]

        queue: GroupCommit[int, str] = GroupCommit(forget)

        responses = await asyncio.gather(*map(queue.submit, (1, 2, 3)), return_exceptions=True)

        assert [type(response) for response in responses] == [str, ValueError, str]


class TestDraining:
    async def test_started_groups_finish_and_other_commands_are_rejected(
        self, handler: RecordingHandler
    ) -> None:
        first = await handler.submit_blocking(1)
        (second,) = handler.send(2)
        await _short_pause()
        draining = asyncio.create_task(handler.queue.drain())
        await _short_pause()

        with pytest.raises(DatabaseUnavailable, match="shutting down"):
            await second
        with pytest.raises(DatabaseUnavailable, match="shutting down"):
            await handler.queue.submit(3)
        assert not draining.done()

        handler.may_go_on.set()
        assert await first == "answer 1"
        await draining
        assert handler.groups == [[1]]

    async def test_drained_queue_rejects_commands_until_opened(
        self, handler: RecordingHandler
    ) -> None:
        await handler.queue.drain()

        with pytest.raises(DatabaseUnavailable, match="shutting down"):
            await handler.queue.submit(1)

        handler.queue.open()
        assert await handler.queue.submit(2) == "answer 2"

    async def test_group_finishes_when_the_drain_is_cancelled(
        self, handler: RecordingHandler
    ) -> None:
        first = await handler.submit_blocking(1)
        draining = asyncio.create_task(handler.queue.drain())
        await _short_pause()
        draining.cancel()
        await _short_pause()
        handler.may_go_on.set()

        assert await first == "answer 1"

    async def test_all_queues_are_drained_and_opened_together(
        self, handler: RecordingHandler
    ) -> None:
        queues = CommandQueues()
        both = [queues.queue_for(handler.decide), queues.queue_for(handler.decide)]
        await queues.drain()
        for queue in both:
            with pytest.raises(DatabaseUnavailable, match="shutting down"):
                await queue.submit(1)

        queues.open()
        assert [await queue.submit(2) for queue in both] == ["answer 2", "answer 2"]


class TestEndingEarly:
    async def test_cancelled_group_reports_to_every_caller(self, handler: RecordingHandler) -> None:
        handler.ends[1] = asyncio.CancelledError()
        first = await handler.submit_blocking(1)
        (second,) = handler.send(2)
        await _short_pause()
        handler.may_go_on.set()

        errors = await asyncio.gather(first, second, return_exceptions=True)

        # What the group had sent may yet be committed; the other command was never decided.
        assert [type(each) for each in errors] == [CommitOutcomeUnknown, DatabaseUnavailable]
        assert await handler.queue.submit(3) == "answer 3"


class TestWaitingForLocks:
    @pytest.mark.parametrize("failure", [LockTimeout("locked"), RequestInProgress()])
    async def test_command_that_needs_a_held_lock_fails_alone(
        self, handler: RecordingHandler, failure: Exception
    ) -> None:
        handler.poison[3] = failure
        first = await handler.submit_blocking(1)
        others = handler.send(2, 3, 4, 5)
        await _short_pause()
        handler.may_go_on.set()

        responses = await asyncio.gather(first, *others, return_exceptions=True)

        assert responses == ["answer 1", "answer 2", failure, "answer 4", "answer 5"]
        assert handler.groups == [[1], [2, 3, 4, 5], [2], [3], [4], [5]]

    async def test_number_of_lock_timeouts_per_group_is_limited(
        self, handler: RecordingHandler
    ) -> None:
        handler.poison = dict.fromkeys(range(2, 9), LockTimeout("locked"))
        first = await handler.submit_blocking(1)
        others = handler.send(*range(2, 9))
        await _short_pause()
        handler.may_go_on.set()

        await first
        errors = await asyncio.gather(*others, return_exceptions=True)

        assert all(isinstance(each, DatabaseUnavailable) for each in errors)
        assert handler.groups == [[1], [2, 3, 4, 5, 6, 7, 8], *([each] for each in (2, 3))]
        assert len([each for each in errors if isinstance(each, LockTimeout)]) == MAX_LOCK_TIMEOUTS


class TestConcurrentGroups:
    async def test_several_query_groups_run_concurrently(self, handler: RecordingHandler) -> None:
        queue = CommandQueues().queue_for(handler.decide, max_concurrent_groups=2)
        handler.may_go_on.clear()
        tasks = [asyncio.create_task(queue.submit(number)) for number in (1, 2, 3)]
        await _short_pause()
        handler.may_go_on.set()

        assert await asyncio.gather(*tasks) == ["answer 1", "answer 2", "answer 3"]
        assert handler.groups == [[1, 2, 3]]

    async def test_stuck_group_does_not_stop_the_others(self, handler: RecordingHandler) -> None:
        queue = CommandQueues().queue_for(handler.decide, max_concurrent_groups=2)
        handler.may_go_on.clear()
        stuck = asyncio.create_task(queue.submit(1))
        await _short_pause()
        beside = asyncio.create_task(queue.submit(2))
        await _short_pause()

        assert handler.groups == [[1], [2]]
        handler.may_go_on.set()
        assert [await stuck, await beside] == ["answer 1", "answer 2"]


async def test_group_does_not_log_the_id_of_its_first_request(handler: RecordingHandler) -> None:
    request: ContextVar[str] = ContextVar("request", default="no request")
    seen: list[str] = []

    async def decide(commands: Sequence[int]) -> Sequence[str]:
        seen.append(request.get())
        return await handler.decide(commands)

    request.set("the first one's")
    await GroupCommit(decide).submit(1)

    assert seen == ["no request"]


async def _short_pause() -> None:
    """Let every task run that can."""
    for _ in range(10):
        await asyncio.sleep(0)
