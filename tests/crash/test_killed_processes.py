"""The shop's processes are killed with -9 during card orders, and started again.

The points C-a to C-l of docs/concepts/crash-points.md: one order each. All orders are stopped at
their points when the server and its worker are killed. How an order is stopped from outside:

    a call of the gateway      by the fault proxy: it drops the request, or the response
    a write to PostgreSQL      by the fault proxy: it drops the request, or the response
    a transaction of SQLite    by a lock that this process holds: it does not even begin

A write to PostgreSQL is one statement that commits itself, known by a row that it writes. The
response to COMMIT cannot be lost with SQLite: at C-b and C-h the process dies right after it. At
the points with "again" the customer repeats the request as soon as the shop is back. The other
orders wait until the shop has recovered by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2
import pytest

from tests.crash.system import (
    DECLINED,
    LEASE_SECONDS,
    NO_ORDER,
    PAID,
    PENDING,
    Buyer,
    Call,
    DeployedShop,
    OrderState,
    deploy_shop,
    order_id_of,
)
from tests.fault_proxy import Breakpoint, Direction

AUTHORISED_AT_GATEWAY = replace(PENDING, at_gateway=("authorised",))
PAID_NOT_CAPTURED = replace(PAID, payment="authorised", at_gateway=("authorised",))
CAPTURED_AT_GATEWAY = replace(PAID, payment="authorised")

POINTS: Mapping[str, tuple[OrderState, OrderState]] = {
    # The order as it stands right after the crash, and in the end.
    "C-a": (NO_ORDER, PAID),
    "C-b": (PENDING, PAID),
    "C-c": (PENDING, PAID),
    "C-c again": (PENDING, PAID),
    "C-d": (PENDING, PAID),
    "C-d again": (PENDING, PAID),
    "C-e": (AUTHORISED_AT_GATEWAY, PAID),
    "C-e again": (AUTHORISED_AT_GATEWAY, PAID),
    "C-f": (replace(PENDING, at_gateway=("declined",)), DECLINED),
    "C-f again": (replace(PENDING, at_gateway=("declined",)), DECLINED),
    "C-g": (AUTHORISED_AT_GATEWAY, PAID),
    "C-h": (PAID_NOT_CAPTURED, PAID),
    "C-i": (PAID_NOT_CAPTURED, PAID),
    "C-j": (PAID_NOT_CAPTURED, PAID),
    "C-k": (CAPTURED_AT_GATEWAY, PAID),
    "C-l": (CAPTURED_AT_GATEWAY, PAID),
}

BEFORE_CRASH = {"C-c": 202, "C-c again": 202, "C-j": 201, "C-k": 201, "C-l": 201}
"""The statuses of the responses before the crash; the other requests got none."""

UNDER_WAY_SECONDS = 0.3
"""Long enough for a request to come to the lock that it then waits for."""


@dataclass(kw_only=True)
class RequestLog:
    """The responses and states of one order."""

    before_crash: httpx2.Response | None = None
    after_crash: OrderState = NO_ORDER
    recovered: OrderState = NO_ORDER
    responses: list[httpx2.Response] = field(default_factory=list)
    in_the_end: OrderState = NO_ORDER


@dataclass(kw_only=True)
class Scenario:
    """All crash points in one deployed shop, up to the crash."""

    shop: DeployedShop
    buyers: Mapping[str, Buyer]
    requests: dict[str, "asyncio.Task[httpx2.Response]"] = field(default_factory=dict)
    stops: list[Breakpoint] = field(default_factory=list)

    async def run_until_crash(self) -> None:
        """Bring every order to its point, and kill the processes there."""
        paid = ("C-j", "C-k", "C-l")
        for point in paid:
            await self._send(point)
        captures = [
            self._stop(Call.CAPTURE, side, await self.shop.order_id(self.buyers[point]))
            for point, side in zip(
                paid, (Direction.REQUEST, Direction.RESPONSE, Direction.RESPONSE), strict=True
            )
        ]
        async with self.shop.worker() as worker:
            for each in captures:
                await each.reached()
            await self._lose_requests()
            await self._complete_without_client("C-i")
            for point in ("C-d", "C-d again"):
                await self._send_until(point, Direction.REQUEST)
            for point in ("C-e", "C-e again", "C-f", "C-f again"):
                await self._send_until(point, Direction.RESPONSE)
            async with self._stopped_database(captures[-1]):
                await self.shop.kill()
                # Before the lock is released: the worker would record the capture meanwhile.
                worker.kill()
                await asyncio.to_thread(worker.wait)
        self.shop.gateway_proxy.clear_breakpoints()
        for stop in self.stops:
            stop.reset()

    async def _lose_requests(self) -> None:
        self.shop.gateway_proxy.is_down = True
        for point in ("C-c", "C-c again"):
            await self._send(point)
        self.shop.gateway_proxy.is_down = False

    @asynccontextmanager
    async def _stopped_database(self, capture: Breakpoint) -> AsyncIterator[None]:
        database_proxy = self.shop.database_proxy
        if database_proxy is None:
            await self._complete_without_client("C-h")
            await self._send_until("C-b", Direction.REQUEST)
            confirmation = await self._send_until("C-g", Direction.RESPONSE)
            async with self.shop.container.unit_of_work() as uow:
                # The first question takes the lock.
                await uow.products.get_many(["TEA"])
                capture.forward()
                confirmation.forward()
                self._begin("C-a")
                await asyncio.sleep(UNDER_WAY_SECONDS)
                yield
            return
        recording = database_proxy.add_breakpoint(
            Direction.REQUEST, f'"order_id":"{order_id_of(capture)}","method"'
        )
        capture.forward()
        await recording.reached()
        for point, side in (("C-g", Direction.REQUEST), ("C-h", Direction.RESPONSE)):
            response = await self._send_until(point, Direction.RESPONSE)
            self._stop(Call.CAPTURE, Direction.REQUEST, order_id_of(response))
            outcome = f'"key":"{self.buyers[point].key}","reference"'
            confirming = database_proxy.add_breakpoint(side, outcome)
            response.forward()
            await confirming.reached()
        for point, side in (("C-b", Direction.RESPONSE), ("C-a", Direction.REQUEST)):
            new_key = f'"key":"{self.buyers[point].key}","fingerprint"'
            placing = database_proxy.add_breakpoint(side, new_key)
            self._begin(point)
            await placing.reached()
        yield

    def _stop(self, call: Call, side: Direction, *order_id: str) -> Breakpoint:
        stop = self.shop.gateway_proxy.add_breakpoint(side, call, *order_id)
        self.stops.append(stop)
        return stop

    def _begin(self, point: str) -> None:
        self.requests[point] = asyncio.create_task(_buy(point, self.buyers[point]))

    async def _send(self, point: str) -> None:
        self._begin(point)
        await self.requests[point]

    async def _send_until(self, point: str, side: Direction) -> Breakpoint:
        """Send an order, and wait until it is stopped before or after its authorisation."""
        stop = self._stop(Call.AUTHORISE, side)
        self._begin(point)
        await stop.reached()
        return stop

    async def _complete_without_client(self, point: str) -> None:
        """Let the client hang up before the order is paid."""
        stop = await self._send_until(point, Direction.RESPONSE)
        self._stop(Call.CAPTURE, Direction.REQUEST, order_id_of(stop))
        self.requests[point].cancel()
        stop.forward()
        await self.shop.wait_for_status(self.buyers[point], "paid")


async def _buy(point: str, buyer: Buyer) -> httpx2.Response:
    return await buyer.buy("tok_declined" if point.startswith("C-f") else "tok_visa")


async def _run_scenario(folder: Path, url: str | None) -> Mapping[str, RequestLog]:
    """Run all crash points to their end, and return what happened to each order."""
    async with deploy_shop(folder, url) as deployed_shop:
        await deployed_shop.start(SHOP_RUN_JOBS_IN_SERVER="false")
        created = await deployed_shop.buyers(*POINTS)
        buyers = dict(zip(POINTS, created, strict=True))
        logs = {point: RequestLog() for point in POINTS}
        scenario = Scenario(shop=deployed_shop, buyers=buyers)
        await scenario.run_until_crash()
        ended = await asyncio.gather(*scenario.requests.values(), return_exceptions=True)
        for point, first in zip(scenario.requests, ended, strict=True):
            if isinstance(first, httpx2.Response):
                logs[point].before_crash = first
        for point, buyer in buyers.items():
            logs[point].after_crash = await deployed_shop.order_state(buyer)

        await deployed_shop.start(SHOP_RUN_JOBS_IN_SERVER="true")
        again = [point for point in POINTS if point.endswith("again")]
        early = await asyncio.gather(*(_buy(point, buyers[point]) for point in again))
        for point, response in zip(again, early, strict=True):
            logs[point].responses.append(response)
        deployed_shop.clock.advance(LEASE_SECONDS)
        await deployed_shop.wait_until_idle()
        for point, buyer in buyers.items():
            logs[point].recovered = await deployed_shop.order_state(buyer)
        for _ in range(2):
            late = await asyncio.gather(*(_buy(point, buyers[point]) for point in POINTS))
            for point, response in zip(POINTS, late, strict=True):
                logs[point].responses.append(response)
        # The order of C-a is only placed now.
        await deployed_shop.wait_until_idle()
        for point, buyer in buyers.items():
            logs[point].in_the_end = await deployed_shop.order_state(buyer)
        await deployed_shop.require_clean_audit()
    return logs


@pytest.fixture(scope="module")
def logs(
    database: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, RequestLog]:
    return asyncio.run(_run_scenario(tmp_path_factory.mktemp("killed"), database))


@pytest.mark.parametrize("point", POINTS)
def test_order_recovers_without_its_client_and_is_charged_once(
    logs: Mapping[str, RequestLog], point: str
) -> None:
    after_crash, in_the_end = POINTS[point]
    assert logs[point].after_crash == after_crash
    assert logs[point].recovered == (NO_ORDER if point == "C-a" else in_the_end)
    assert logs[point].in_the_end == in_the_end


@pytest.mark.parametrize("point", POINTS)
def test_key_returns_the_same_response_whenever_it_is_sent(
    logs: Mapping[str, RequestLog], point: str
) -> None:
    log = logs[point]
    first = log.before_crash
    assert (first and first.status_code) == BEFORE_CRASH.get(point)
    responses = [each for each in (first, *log.responses) if each and each.status_code != 202]
    assert len({(each.status_code, each.text) for each in responses}) == 1
    assert log.responses[0].status_code == (402 if point.startswith("C-f") else 201)
    assert log.responses[-1].headers["idempotent-replayed"] == "true"
