"""Commands that have waited too long, while more come than are decided, are shed without work."""

import asyncio
from collections.abc import Sequence

import pytest

from shop.application.ports.metrics import Metrics
from shop.application.ports.repositories.jobs import JobKind
from shop.application.ports.unit_of_work import Overloaded
from shop.application.transactions.group_commit import (
    INTERVAL_SECONDS,
    MAX_GROUP_SIZE,
    MAX_QUEUE,
    TARGET_SECONDS,
    CommandQueues,
)
from shop.domain.notification import NotificationDeliveryStatus

pytestmark = pytest.mark.anyio

SLOW_SECONDS = INTERVAL_SECONDS / 2
FIRST = 1_000


class RecordedMetrics(Metrics):
    """Records how many commands each queue shed."""

    def __init__(self) -> None:
        self.shed: list[tuple[str, int]] = []

    def group_decided(self, queue: str, size: int, waited_seconds: float) -> None:
        pass

    def commands_shed(self, queue: str, count: int) -> None:
        self.shed.append((queue, count))

    def order_answered(self, outcome: str) -> None:
        raise NotImplementedError

    def job_ended(self, kind: JobKind, outcome: str) -> None:
        raise NotImplementedError

    def webhook_answered(self, status: NotificationDeliveryStatus) -> None:
        raise NotImplementedError

    def promotions_used(self, outcome: str, count: int) -> None:
        raise NotImplementedError

    def image_rejected(self, reason: str) -> None:
        raise NotImplementedError


class SlowDatabase:
    """Decides one group each time the test lets it, and each takes as long as the test says."""

    def __init__(self) -> None:
        self.now = 0.0
        self.decided: list[int] = []
        self.metrics = RecordedMetrics()
        self.queues = CommandQueues(self.metrics, now=lambda: self.now)
        self.queue = self.queues.queue_for(self.decide)
        self._may_end = asyncio.Semaphore(0)

    async def decide(self, commands: Sequence[int]) -> Sequence[int]:
        await self._may_end.acquire()
        self.decided += commands
        return commands

    async def send(self, *commands: int) -> list[asyncio.Task[int]]:
        tasks = [asyncio.create_task(self.queue.submit(command)) for command in commands]
        await _let_all_run()
        return tasks

    async def end_group(self, seconds: float = SLOW_SECONDS) -> None:
        self.now += seconds
        self._may_end.release()
        await _let_all_run()

    async def end_all(self) -> None:
        while self.queue.pending:
            await self.end_group(0)


@pytest.fixture
def database() -> SlowDatabase:
    return SlowDatabase()


async def test_burst_is_decided_however_long_it_takes(database: SlowDatabase) -> None:
    tasks = await database.send(*range(3 * MAX_GROUP_SIZE))
    for _ in range(3):
        await database.end_group(INTERVAL_SECONDS - 0.1)
    await database.end_all()

    assert await asyncio.gather(*tasks) == list(range(3 * MAX_GROUP_SIZE))
    assert database.metrics.shed == []


class TestAStandingQueue:
    async def test_sheds_what_has_waited_longer_than_the_target(
        self, database: SlowDatabase, caplog: pytest.LogCaptureFixture
    ) -> None:
        old = await database.send(*range(5 * MAX_GROUP_SIZE))
        for _ in range(2):
            await database.end_group()
        database.now += SLOW_SECONDS - TARGET_SECONDS
        late = await database.send(-1)
        # Late for a whole interval: the rest is shed, except what has just waited for the target.
        await database.end_group(TARGET_SECONDS)
        await database.end_all()

        results = await asyncio.gather(*old, *late, return_exceptions=True)
        shed = [each for each in results if isinstance(each, Overloaded)]
        served = 3 * MAX_GROUP_SIZE
        assert results[:served] == list(range(served))
        assert len(shed) == 2 * MAX_GROUP_SIZE
        assert results[-1] == -1
        assert database.decided == [*range(served), -1]
        assert database.metrics.shed == [("SlowDatabase.decide", 2 * MAX_GROUP_SIZE)]
        assert [each.message for each in caplog.records] == ["commands_shed"]

    async def test_rejects_commands_while_its_first_has_waited_longer_than_the_target(
        self, database: SlowDatabase, caplog: pytest.LogCaptureFixture
    ) -> None:
        first = await _stand(database)
        caplog.clear()
        database.now += 0.1
        for _ in range(3):
            with pytest.raises(Overloaded, match=r"queue full \(1 commands waiting\)"):
                await database.queue.submit(1)
        await database.end_all()

        # It is short only because it rejects, so it still stands and sheds its first as well.
        assert isinstance(first.exception(), Overloaded)
        assert database.metrics.shed == [("SlowDatabase.decide", 4)]
        assert [each.message for each in caplog.records] == ["commands_shed"]
        assert caplog.records[0].__dict__["count"] == 4

    async def test_serves_everything_again_after_it_has_emptied(
        self, database: SlowDatabase
    ) -> None:
        first = await _stand(database)
        await database.end_all()

        tasks = await database.send(*range(MAX_QUEUE))
        database.now += TARGET_SECONDS * 2
        await database.end_all()

        assert await first == FIRST
        assert await asyncio.gather(*tasks) == list(range(MAX_QUEUE))


async def test_all_pending_commands_are_counted_until_they_are_decided(
    database: SlowDatabase,
) -> None:
    other = database.queues.queue_for(database.decide)
    task = asyncio.create_task(other.submit(1))
    tasks = await database.send(1, 2, 3)
    assert database.queues.pending == 4

    await database.end_group()
    await database.end_group()
    assert database.queues.pending == 0

    assert await asyncio.gather(task, *tasks) == [1, 1, 2, 3]


async def _stand(database: SlowDatabase) -> asyncio.Task[int]:
    """Have the queue stand, with a group that has not ended; return the command that waits."""
    old = await database.send(*range(5 * MAX_GROUP_SIZE))
    for _ in range(2):
        await database.end_group()
    database.now += SLOW_SECONDS - TARGET_SECONDS
    *_, waiting = await database.send(*range(MAX_GROUP_SIZE), FIRST)
    await database.end_group(TARGET_SECONDS)
    results = await asyncio.gather(*old, return_exceptions=True)
    assert [isinstance(each, Overloaded) for each in results].count(True) == 2 * MAX_GROUP_SIZE
    database.metrics.shed.clear()
    return waiting


async def _let_all_run() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
