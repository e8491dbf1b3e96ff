"""The shop's processes are killed with -9 in the midst of card orders, and started again.

Rows C-a to C-l of the crash points: one order each, all of them stopped at their points at the
same time, when the server and its worker are killed. How a stop is made, from outside the shop:

    what goes to the gateway      by the road: the request is not delivered, or its answer
    a COMMIT to PostgreSQL        by the road: it is not delivered, or its answer
    a transaction of SQLite's     by the lock that this process holds: it does not even begin

SQLite's COMMIT has no answer that could be lost on its way: in rows C-b and C-h the process dies
there right after it. Rows with "again" have a customer who sends the key again as soon as the shop
is back; all others wait until the shop has recovered by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2
import pytest

from tests.crash.gateway_road import Deed, Side, Stop
from tests.crash.stage import (
    DECLINED,
    LEASE_SECONDS,
    NOTHING,
    PAID,
    PENDING,
    Shopper,
    Stage,
    Standing,
    a_stage,
)

AUTHORISED_THERE = replace(PENDING, at_gateway=("authorised",))
PAID_FOR_NOW = replace(PAID, payment="authorised", at_gateway=("authorised",))
TAKEN_THERE = replace(PAID, payment="authorised")

ROWS: Mapping[str, tuple[Standing, Standing]] = {
    # The order as it stands right after the crash, and in the end.
    "C-a": (NOTHING, PAID),
    "C-b": (PENDING, PAID),
    "C-c": (PENDING, PAID),
    "C-c again": (PENDING, PAID),
    "C-d": (PENDING, PAID),
    "C-d again": (PENDING, PAID),
    "C-e": (AUTHORISED_THERE, PAID),
    "C-e again": (AUTHORISED_THERE, PAID),
    "C-f": (replace(PENDING, at_gateway=("declined",)), DECLINED),
    "C-f again": (replace(PENDING, at_gateway=("declined",)), DECLINED),
    "C-g": (AUTHORISED_THERE, PAID),
    "C-h": (PAID_FOR_NOW, PAID),
    "C-i": (PAID_FOR_NOW, PAID),
    "C-j": (PAID_FOR_NOW, PAID),
    "C-k": (TAKEN_THERE, PAID),
    "C-l": (TAKEN_THERE, PAID),
}

BEFORE_CRASH = {"C-c": 202, "C-c again": 202, "C-j": 201, "C-k": 201, "C-l": 201}
"""What those heard whose requests had ended before the crash; no other was answered."""

UNDER_WAY_SECONDS = 0.3
"""Long enough for a request to come to the lock that it then waits for."""


@dataclass(kw_only=True)
class Diary:
    """What came of one order."""

    before_crash: httpx2.Response | None = None
    after_crash: Standing = NOTHING
    recovered: Standing = NOTHING
    answers: list[httpx2.Response] = field(default_factory=list)
    in_the_end: Standing = NOTHING


@dataclass(kw_only=True)
class Play:
    """All rows on one stage, up to the crash; the worker that is there takes no more money."""

    stage: Stage
    shoppers: Mapping[str, Shopper]
    requests: dict[str, "asyncio.Task[httpx2.Response]"] = field(default_factory=dict)
    stops: list[Stop] = field(default_factory=list)

    async def to_the_crash(self) -> None:
        """Bring every order to its point, and kill the processes there."""
        paid = ("C-j", "C-k", "C-l")
        for row in paid:
            await self._send(row)
        captures = [
            self._stop(Deed.CAPTURE, side, await self.stage.order_id(self.shoppers[row]))
            for row, side in zip(paid, (Side.BEFORE, Side.AFTER, Side.AFTER), strict=True)
        ]
        async with self.stage.worker():
            for each in captures:
                await each.reached()
            await self._lose_requests()
            await self._finish_without_a_client("C-i")
            for row in ("C-d", "C-d again"):
                await self._send_until(row, Side.BEFORE)
            for row in ("C-e", "C-e again", "C-f", "C-f again"):
                await self._send_until(row, Side.AFTER)
            async with self._stopped_database(captures[-1]):
                await self.stage.kill()
        self.stage.gateway_road.clear()
        for stop in self.stops:
            stop.cut()

    async def _lose_requests(self) -> None:
        self.stage.gateway_road.is_closed = True
        for row in ("C-c", "C-c again"):
            await self._send(row)
        self.stage.gateway_road.is_closed = False

    @asynccontextmanager
    async def _stopped_database(self, capture: Stop) -> AsyncIterator[None]:
        road = self.stage.database_road
        if road is None:
            await self._finish_without_a_client("C-h")
            await self._send_until("C-b", Side.BEFORE)
            confirmation = await self._send_until("C-g", Side.AFTER)
            async with self.stage.shop.unit_of_work():
                capture.go_on()
                confirmation.go_on()
                self._begin("C-a")
                await asyncio.sleep(UNDER_WAY_SECONDS)
                yield
            return
        assert capture.order_id is not None
        recording = road.stop(capture.order_id, "capture", side=Side.BEFORE)
        capture.go_on()
        await recording.reached()
        for row, side in (("C-g", Side.BEFORE), ("C-h", Side.AFTER)):
            answer = await self._send_until(row, Side.AFTER)
            self._stop(Deed.CAPTURE, Side.BEFORE, answer.order_id)
            confirming = road.stop(self.shoppers[row].key, side=side)
            answer.go_on()
            await confirming.reached()
        for row, side in (("C-b", Side.AFTER), ("C-a", Side.BEFORE)):
            placing = road.stop(self.shoppers[row].key, side=side)
            self._begin(row)
            await placing.reached()
        yield

    def _stop(self, deed: Deed, side: Side, order_id: str | None = None) -> Stop:
        stop = self.stage.gateway_road.stop(deed, side, order_id)
        self.stops.append(stop)
        return stop

    def _begin(self, row: str) -> None:
        self.requests[row] = asyncio.create_task(_buy(row, self.shoppers[row]))

    async def _send(self, row: str) -> None:
        self._begin(row)
        await self.requests[row]

    async def _send_until(self, row: str, side: Side) -> Stop:
        """Send an order, and wait until it is stopped before or after its authorisation."""
        stop = self._stop(Deed.AUTHORISE, side)
        self._begin(row)
        await stop.reached()
        return stop

    async def _finish_without_a_client(self, row: str) -> None:
        """Let the client hang up before the order is paid."""
        stop = await self._send_until(row, Side.AFTER)
        self._stop(Deed.CAPTURE, Side.BEFORE, stop.order_id)
        self.requests[row].cancel()
        stop.go_on()
        await self.stage.becomes(self.shoppers[row], "paid")


async def _buy(row: str, shopper: Shopper) -> httpx2.Response:
    return await shopper.buy("tok_declined" if row.startswith("C-f") else "tok_visa")


async def _told(folder: Path, url: str | None) -> Mapping[str, Diary]:
    """Play all rows to their ends, and return what came of them."""
    async with a_stage(folder, url) as stage:
        await stage.start(SHOP_RUN_JOBS_IN_SERVER="false")
        made = await stage.shoppers(*ROWS)
        shoppers = dict(zip(ROWS, made, strict=True))
        diaries = {row: Diary() for row in ROWS}
        play = Play(stage=stage, shoppers=shoppers)
        await play.to_the_crash()
        ended = await asyncio.gather(*play.requests.values(), return_exceptions=True)
        for row, first in zip(play.requests, ended, strict=True):
            if isinstance(first, httpx2.Response):
                diaries[row].before_crash = first
        for row, shopper in shoppers.items():
            diaries[row].after_crash = await stage.standing(shopper)

        await stage.start(SHOP_RUN_JOBS_IN_SERVER="true")
        again = [row for row in ROWS if row.endswith("again")]
        early = await asyncio.gather(*(_buy(row, shoppers[row]) for row in again))
        for row, answer in zip(again, early, strict=True):
            diaries[row].answers.append(answer)
        stage.time.passes(LEASE_SECONDS)
        await stage.quiet()
        for row, shopper in shoppers.items():
            diaries[row].recovered = await stage.standing(shopper)
        for _ in range(2):
            late = await asyncio.gather(*(_buy(row, shoppers[row]) for row in ROWS))
            for row, answer in zip(ROWS, late, strict=True):
                diaries[row].answers.append(answer)
        # Row C-a has begun but now.
        await stage.quiet()
        for row, shopper in shoppers.items():
            diaries[row].in_the_end = await stage.standing(shopper)
        await stage.require_sound_books()
    return diaries


@pytest.fixture(scope="module")
def diaries(database: str | None, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Diary]:
    return asyncio.run(_told(tmp_path_factory.mktemp("killed"), database))


@pytest.mark.parametrize("row", ROWS)
def test_the_order_recovers_by_itself_and_is_charged_once(
    diaries: Mapping[str, Diary], row: str
) -> None:
    after_crash, in_the_end = ROWS[row]
    assert diaries[row].after_crash == after_crash
    assert diaries[row].recovered == (NOTHING if row == "C-a" else in_the_end)
    assert diaries[row].in_the_end == in_the_end


@pytest.mark.parametrize("row", ROWS)
def test_the_key_is_answered_alike_whenever_it_is_sent(
    diaries: Mapping[str, Diary], row: str
) -> None:
    diary = diaries[row]
    first = diary.before_crash
    assert (first and first.status_code) == BEFORE_CRASH.get(row)
    answers = [each for each in (first, *diary.answers) if each and each.status_code != 202]
    assert len({(each.status_code, each.text) for each in answers}) == 1
    assert diary.answers[0].status_code == (402 if row.startswith("C-f") else 201)
    assert diary.answers[-1].headers["idempotent-replayed"] == "true"
