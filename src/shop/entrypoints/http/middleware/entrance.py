"""Lets requests in as fast as the shop serves them, and sheds those that have waited too long.

Under overload a request waits here, before any work is done for it. What would wait behind
others in the shop would be read, checked and logged first, and then be answered too late.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import structlog
from pydantic_core import to_json
from starlette.types import ASGIApp, Receive, Scope, Send
from uuid_utils import uuid4

from shop.application.transactions.controlled_delay import ControlledDelay
from shop.entrypoints.http.errors.http_errors import ServiceUnavailable
from shop.entrypoints.http.errors.problem_details import MEDIA_TYPE, problem, retry_after_overload

RawHeaders = list[tuple[bytes, bytes]]

LOAD_SECONDS = 0.25
MIN_LOAD, MAX_LOAD = 64, 256
"""How many commands and queries the shop works on before requests wait: as many as it serves within
this time. More would make each of them slower; far fewer would make groups small."""

SHARE = 32
"""How many requests of each lane are let in under any load."""

TARGET_SECONDS = 0.5
INTERVAL_SECONDS = 1.0
"""A lane whose oldest request has waited longer than the target for this time stands. What drains
sooner was a burst, such as the start of a sale, and all of it is served."""

MEASURED_SECONDS = 0.5
"""How long requests that end are counted; groups end together, so a shorter time says little."""

LAST_ENTRY_SECONDS = 0.6
"""After this wait a request of a lane that stands is let in no longer: it would be answered too
late, and keep others waiting."""

REJECTION_SECONDS = 1.0
"""When a late request is answered. Answered sooner, a client that ignores `Retry-After` would ask
again sooner, and the shop would do little else than reject it."""

SWEEP_SECONDS = 0.05
MAX_SHED_PER_SWEEP = 50
"""Bounds the share of the processor that rejections take."""

LOG_SECONDS = 1.0

MAX_IDLE_LANES = 256
"""Clients choose the paths, so lanes without requests are forgotten beyond this number."""

_log = structlog.get_logger()


class Lane:
    """The requests of one method to one part of the API, such as those that post orders.

    A rush in one lane keeps no request of another lane waiting.
    """

    def __init__(self) -> None:
        self.inside = 0
        self.waiting: deque[tuple[float, asyncio.Future[bool]]] = deque()
        """When each request arrived, oldest first; the result says whether it is let in."""
        self.late: deque[tuple[float, asyncio.Future[bool]]] = deque()
        self.delay = ControlledDelay(
            target_seconds=TARGET_SECONDS, interval_seconds=INTERVAL_SECONDS
        )

    @property
    def is_used(self) -> bool:
        """Whether any of its requests is inside or waits."""
        return self.inside > 0 or self.size > 0

    @property
    def size(self) -> int:
        """How many requests wait to be let in or rejected."""
        return len(self.waiting) + len(self.late)

    def add(self, now: float, place: asyncio.Future[bool]) -> None:
        """Add a request that has to wait."""
        if not self.size:
            self.look(now)
        self.waiting.append((now, place))

    def take(self) -> asyncio.Future[bool] | None:
        """Take the next request: the oldest or, if the lane stands, the newest.

        Of those that stand in a queue, the newest can still be served quickly.
        """
        while self.waiting:
            _, place = self.waiting.pop() if self.delay.is_standing else self.waiting.popleft()
            if not place.done():
                return place
        return None

    def look(self, now: float) -> None:
        """Learn how long the oldest request has waited, and which have become late."""
        oldest = next((at for queue in (self.late, self.waiting) for at, _ in queue), now)
        self.delay.look(now, longest_wait=now - oldest, empties=not self.size)
        if not self.delay.is_standing:
            return
        while self.waiting and now - self.waiting[0][0] >= LAST_ENTRY_SECONDS:
            self.late.append(self.waiting.popleft())

    def overdue(self, now: float) -> Iterator[asyncio.Future[bool]]:
        """Take the late requests that are to be rejected, oldest first."""
        while self.late and now - self.late[0][0] >= REJECTION_SECONDS:
            _, place = self.late.popleft()
            if not place.done():
                yield place


class Entrance:
    """The outermost middleware: one wait for all requests, and one timer for all that wait.

    `load` returns how much the shop works on. Waiting for others, such as a payment gateway, is no
    load: a gateway that is silent keeps no request outside.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        load: Callable[[], int],
        headers: Iterable[tuple[bytes, bytes]],
        observe_shed: Callable[[int], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._load = load
        self._body = to_json(problem(ServiceUnavailable()))
        self._headers = [
            *headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(self._body)).encode()),
        ]
        self._observe_shed = observe_shed
        self._now = now
        self._lanes: dict[tuple[str, ...], Lane] = {}
        self._called = 0
        """How many were let in and have not begun: the load does not count them yet."""
        self._max_load = MAX_LOAD // 2
        self._ended = 0
        self._counted_since = 0.0
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._unlogged = 0
        self._logged_at = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when the shop has room for it, or reject it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        lane = self._lane(scope)
        if self._is_full(lane):
            if not await self._wait(lane):
                await self._reject(send)
                return
        else:
            lane.inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            lane.inside -= 1
            self._ended += 1
            if self._sweep_timer is not None:
                self._let_in()

    def _lane(self, scope: Scope) -> Lane:
        """Return the lane of the method and the path's first three parts: `/api/v1/orders`."""
        name = (scope["method"], *scope["path"].split("/", 4)[1:4])
        lane = self._lanes.get(name)
        if lane is None:
            if len(self._lanes) >= MAX_IDLE_LANES:
                self._lanes = {name: lane for name, lane in self._lanes.items() if lane.is_used}
            lane = self._lanes[name] = Lane()
        return lane

    def _is_full(self, lane: Lane) -> bool:
        return lane.inside >= SHARE and self._load() + self._called >= self._max_load

    async def _wait(self, lane: Lane) -> bool:
        """Wait until the request is let in or rejected; return which."""
        place: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        now = self._now()
        lane.add(now, place)
        if self._sweep_timer is None:
            self._ended, self._counted_since = 0, now
            self._sweep_later()
        is_let_in = False
        try:
            is_let_in = await place
        finally:
            if place.done() and not place.cancelled() and place.result():
                self._called -= 1
                # Cancelled between the two.
                lane.inside -= not is_let_in
        return is_let_in

    def _let_in(self) -> None:
        for lane in self._lanes.values():
            while lane.waiting and not self._is_full(lane):
                place = lane.take()
                if place is not None:
                    lane.inside += 1
                    self._called += 1
                    place.set_result(True)

    def _sweep(self) -> None:
        """Shed what has waited too long, and let in what fits: no request may end for a while."""
        self._sweep_timer = None
        now = self._now()
        self._measure(now)
        shed = 0
        for lane in self._lanes.values():
            lane.look(now)
            for place in islice(lane.overdue(now), MAX_SHED_PER_SWEEP - shed):
                place.set_result(False)
                shed += 1
        self._report(now, shed)
        self._let_in()
        if self._unlogged or any(lane.size for lane in self._lanes.values()):
            self._sweep_later()

    def _measure(self, now: float) -> None:
        """Follow how much the shop serves in `LOAD_SECONDS`, while it is busy."""
        seconds = now - self._counted_since
        if seconds >= MEASURED_SECONDS:
            served = round(self._ended / seconds * LOAD_SECONDS)
            self._max_load = min(max((self._max_load + served) // 2, MIN_LOAD), MAX_LOAD)
            self._ended, self._counted_since = 0, now

    def _sweep_later(self) -> None:
        self._sweep_timer = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)

    def _report(self, now: float, shed: int) -> None:
        """Count what was shed; log it once a second, since a line each would cost as much again."""
        if shed:
            self._observe_shed(shed)
            self._unlogged += shed
        if self._unlogged and now - self._logged_at >= LOG_SECONDS:
            waiting = sum(lane.size for lane in self._lanes.values())
            _log.warning("requests_shed", count=self._unlogged, waiting=waiting, load=self._load())
            self._unlogged, self._logged_at = 0, now

    async def _reject(self, send: Send) -> None:
        headers = [
            *self._headers,
            (b"retry-after", retry_after_overload().encode()),
            (b"x-request-id", uuid4().hex.encode()),
        ]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})
