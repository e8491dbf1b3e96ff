"""Under overload requests wait before any work is done for them, and are shed if it takes long."""

import asyncio
import json

import pytest
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from shop.application.transactions import group_commit
from shop.entrypoints.http.errors.problem_details import MAX_RETRY_SECONDS
from shop.entrypoints.http.middleware import entrance as module
from shop.entrypoints.http.middleware.entrance import (
    INTERVAL_SECONDS,
    LAST_ENTRY_SECONDS,
    MAX_IDLE_LANES,
    MAX_LOAD,
    MAX_SHED_PER_SWEEP,
    MEASURED_SECONDS,
    MIN_LOAD,
    REJECTION_SECONDS,
    SHARE,
    TARGET_SECONDS,
    Entrance,
)
from tests.clock import FakeClock
from tests.entrypoints.http.clients import HttpShop, assert_problem

pytestmark = pytest.mark.anyio

ORDERS, ORDER, SIGN_IN = "POST /api/v1/orders", "POST /api/v1/orders/1/cancel", "POST /session"
FULL = MAX_LOAD


class Shop:
    """A shop that is as busy as the test says, and ends the requests that the test names."""

    def __init__(self) -> None:
        self.now = 100.0
        self.load = 0
        self.shed: list[int] = []
        self.entered: list[int] = []
        self.statuses: dict[int, int] = {}
        self.responses: dict[int, list[Message]] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self._ends: dict[int, asyncio.Event] = {}
        self.entrance = Entrance(
            self._serve,
            load=lambda: self.load,
            headers=[(b"cache-control", b"no-store")],
            observe_shed=self.shed.append,
            now=lambda: self.now,
        )

    async def send(self, count: int, request: str = ORDERS) -> list[int]:
        """Send requests; return their numbers."""
        method, path = request.split()
        numbers = [len(self.tasks) + each for each in range(count)]
        for number in numbers:
            scope = {"type": "http", "method": method, "path": path, "number": number}
            self._ends[number] = asyncio.Event()
            self.tasks[number] = asyncio.create_task(
                self.entrance(scope, _receive_nothing, self._record(number))
            )
        await self.sweep()
        return numbers

    async def end(self, *numbers: int) -> None:
        for number in numbers:
            self._ends[number].set()
        await self.sweep()

    async def sweep(self, seconds: float = 0) -> None:
        """Let time pass, and every task run that can; the timer takes no time."""
        self.now += seconds
        for _ in range(10):
            await asyncio.sleep(0)

    async def end_all(self) -> None:
        self.load = 0
        while not all(task.done() for task in self.tasks.values()):
            await self.end(*self._ends)
            # Late requests are rejected in time.
            self.now += 0.1

    def waiting(self) -> list[int]:
        return [
            number
            for number, task in self.tasks.items()
            if not task.done() and number not in self.entered
        ]

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        self.entered.append(scope["number"])
        await self._ends[scope["number"]].wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    def _record(self, number: int) -> Send:
        async def record(message: Message) -> None:
            self.responses.setdefault(number, []).append(message)
            if message["type"] == "http.response.start":
                self.statuses[number] = message["status"]

        return record


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0)
    return Shop()


async def test_requests_are_let_in_at_once_while_the_load_is_low(shop: Shop) -> None:
    numbers = await shop.send(1_000)

    assert shop.entered == numbers
    await shop.end_all()


class TestUnderLoad:
    async def test_requests_beyond_the_share_wait_and_enter_oldest_first(self, shop: Shop) -> None:
        shop.load = FULL
        await shop.send(SHARE + 3)
        assert shop.waiting() == [SHARE, SHARE + 1, SHARE + 2]

        await shop.end(0, 1)

        assert shop.entered[SHARE:] == [SHARE, SHARE + 1]
        assert shop.waiting() == [SHARE + 2]
        await shop.end_all()
        assert set(shop.statuses.values()) == {200}

    async def test_rush_keeps_no_other_lane_outside(self, shop: Shop) -> None:
        shop.load = FULL
        await shop.send(SHARE + 1)
        (sign_in,) = await shop.send(1, SIGN_IN)
        (read,) = await shop.send(1, "GET /api/v1/orders")
        (cancellation,) = await shop.send(1, ORDER)

        assert {sign_in, read} <= set(shop.entered)
        assert shop.waiting() == [SHARE, cancellation]
        await shop.end_all()

    async def test_requests_enter_when_the_load_has_fallen(self, shop: Shop) -> None:
        shop.load = FULL
        await shop.send(SHARE + 5)
        shop.load = 0
        await shop.sweep()

        assert shop.waiting() == []
        await shop.end_all()

    async def test_no_more_enter_together_than_there_is_room_for(self, shop: Shop) -> None:
        shop.load = FULL
        await shop.send(SHARE + MAX_LOAD)
        shop.load = MAX_LOAD // 2 - 2

        # The load counts a request only after it has begun.
        shop.entrance._let_in()
        await asyncio.sleep(0)

        assert len(shop.entered) == SHARE + 2
        await shop.end_all()

    async def test_waiting_for_others_keeps_no_request_outside(self, shop: Shop) -> None:
        """A silent payment gateway is no load."""
        await shop.send(10 * MAX_LOAD)

        assert shop.waiting() == []
        await shop.end_all()


class TestALaneThatStands:
    async def test_serves_its_newest_first(self, shop: Shop) -> None:
        old = await _stand(shop)
        newest = await shop.send(2)

        await shop.end(0, 1)

        assert shop.entered[-2:] == newest[::-1]
        assert shop.waiting() == old
        await shop.end_all()

    async def test_lets_no_late_request_in(self, shop: Shop) -> None:
        late = await _stand(shop)
        await shop.sweep(LAST_ENTRY_SECONDS)

        await shop.end(0, 1)

        assert shop.waiting() == late
        await shop.sweep(REJECTION_SECONDS - LAST_ENTRY_SECONDS)
        assert [shop.statuses[each] for each in late] == [503, 503, 503]
        await shop.end_all()

    async def test_serves_its_oldest_first_after_it_has_emptied(self, shop: Shop) -> None:
        await _stand(shop)
        shop.load = 0
        await shop.sweep(REJECTION_SECONDS)
        shop.load = FULL
        first, second = await shop.send(2)
        inside = [number for number in shop.entered if number not in shop.statuses]

        # Some have entered without load, so more have to end before a place is free.
        await shop.end(*inside[: len(inside) - SHARE + 1])

        assert shop.entered[-1] == first
        assert shop.waiting() == [second]
        await shop.end_all()


async def test_burst_that_drains_is_served_completely(shop: Shop) -> None:
    shop.load = FULL
    burst = await shop.send(SHARE + 40)
    await shop.sweep(TARGET_SECONDS + 0.01)
    await shop.sweep(INTERVAL_SECONDS - 0.01)

    await shop.end_all()

    assert [shop.statuses[each] for each in burst] == [200] * len(burst)


class TestARequestThatWaitsTooLong:
    async def test_is_answered_without_work(self, shop: Shop) -> None:
        late, *_ = await _stand(shop)
        await shop.sweep(REJECTION_SECONDS - 0.12)
        assert late not in shop.statuses

        await shop.sweep(0.02)

        start, body = shop.responses[late]
        headers = dict(start["headers"])
        assert start["status"] == 503
        assert len(headers.pop(b"x-request-id")) == 32
        assert int(headers.pop(b"retry-after")) in range(1, MAX_RETRY_SECONDS + 1)
        assert headers == {
            b"cache-control": b"no-store",
            b"content-type": b"application/problem+json",
            b"content-length": str(len(body["body"])).encode(),
        }
        assert json.loads(body["body"])["type"] == "/problems/service-unavailable"
        assert late not in shop.entered
        await shop.end_all()

    async def test_is_counted_and_logged_once_a_second(self, shop: Shop) -> None:
        with capture_logs() as lines:
            await _stand(shop)
            await shop.sweep(REJECTION_SECONDS)

        assert shop.shed == [1, 3]
        assert [(line["event"], line["count"]) for line in lines] == [
            ("requests_shed", 1),
            ("requests_shed", 3),
        ]
        await shop.end_all()

    async def test_is_answered_later_if_many_are(self, shop: Shop) -> None:
        await _stand(shop)
        await shop.send(2 * MAX_SHED_PER_SWEEP)

        await shop.sweep(REJECTION_SECONDS)

        assert shop.shed == [1, MAX_SHED_PER_SWEEP, MAX_SHED_PER_SWEEP, 3]
        await shop.end_all()

    async def test_leaves_nothing_behind(self, shop: Shop) -> None:
        shop.load = FULL
        await shop.send(SHARE + 5)
        await shop.sweep(REJECTION_SECONDS)
        await shop.end_all()
        await shop.sweep()

        (lane,) = shop.entrance._lanes.values()
        assert not lane.is_used
        assert shop.entrance._called == 0


class TestACancelledRequest:
    async def test_that_waits_leaves_the_queue(self, shop: Shop) -> None:
        shop.load = FULL
        await shop.send(SHARE + 2)
        shop.tasks[SHARE].cancel()
        await shop.end(0)

        assert shop.entered[-1] == SHARE + 1
        await shop.end_all()

    async def test_that_was_just_let_in_frees_its_place(self, shop: Shop) -> None:
        shop.load = FULL
        await shop.send(SHARE + 2)
        shop.load = 0
        shop.entrance._let_in()
        shop.tasks[SHARE].cancel()
        await shop.sweep()

        (lane,) = shop.entrance._lanes.values()
        assert lane.inside == SHARE + 1
        assert shop.entrance._called == 0
        await shop.end_all()


class TestTheLoadThatIsAllowed:
    async def test_falls_to_the_least_in_a_shop_that_serves_nothing(self, shop: Shop) -> None:
        shop.load = FULL
        await shop.send(SHARE + 1)
        for _ in range(10):
            await shop.sweep(MEASURED_SECONDS / 2)
            await shop.send(1)
            await shop.sweep(MEASURED_SECONDS / 2)

        shop.load = MIN_LOAD
        shop.entrance._let_in()
        assert shop.entrance._called == 0
        shop.load = MIN_LOAD - 1
        shop.entrance._let_in()
        assert shop.entrance._called == 1
        await shop.end_all()

    async def test_is_more_in_a_fast_shop(self, shop: Shop) -> None:
        shop.load = FULL
        await shop.send(SHARE)
        for _ in range(10):
            await shop.send(1)
            for lane in range(4 * MAX_LOAD // SHARE):
                await shop.end(*await shop.send(SHARE, f"GET /{lane}"))
            await shop.sweep(MEASURED_SECONDS)

        # 2,048 in a second, so more than 256 in a quarter of it.
        shop.load = MAX_LOAD - 1
        shop.entrance._let_in()
        assert shop.entrance._called == 1
        await shop.end_all()


async def test_unused_lanes_are_forgotten(shop: Shop) -> None:
    for number in range(3 * MAX_IDLE_LANES):
        await shop.end(*await shop.send(1, f"GET /{number}"))

    assert len(shop.entrance._lanes) <= MAX_IDLE_LANES


class TestTheWholeShop:
    async def test_rejects_at_the_entrance_like_everywhere(
        self, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other_problem = await HttpShop.open(clock).browser().get("/products/NONE")
        for name in ("SHARE", "MAX_LOAD", "REJECTION_SECONDS", "SWEEP_SECONDS"):
            monkeypatch.setattr(module, name, 0)
        whole = HttpShop.open(clock)

        response = await whole.browser().get("/products/NONE")

        assert_problem(response, 503, "service-unavailable")
        assert set(response.headers) == {*other_problem.headers, "retry-after"}
        metrics = whole.container.metrics().text(None).decode()
        assert 'shop_shed_total{queue="entrance"} 1.0' in metrics

    async def test_rejects_at_a_queue_in_the_same_way(
        self, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = HttpShop.open(clock)
        ada = await whole.customer("ada")
        monkeypatch.setattr(group_commit, "MAX_QUEUE", 0)
        with capture_logs() as lines:
            response = await ada.get("/session")

        assert_problem(response, 503, "service-unavailable")
        assert int(response.headers["retry-after"]) in range(1, MAX_RETRY_SECONDS + 1)
        assert [line["log_level"] for line in lines if line["event"] == "request_failed"] == [
            "debug"
        ]


async def _stand(shop: Shop) -> list[int]:
    """Have one request wait until its lane stands and rejects it; return three that came later."""
    shop.load = FULL
    await shop.send(SHARE + 1)
    await shop.sweep(TARGET_SECONDS + 0.01)
    await shop.sweep(INTERVAL_SECONDS - 0.1)
    assert shop.waiting() == [SHARE]
    later = await shop.send(3)
    await shop.sweep(0.11)
    assert (shop.statuses, shop.waiting()) == ({SHARE: 503}, later)
    return later


async def _receive_nothing() -> Message:
    return {"type": "http.disconnect"}
