"""Many orders by card at once: a server and two workers do them, and die at any moment."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

import httpx2
import pytest

from tests.crash.stage import LEASE_SECONDS, Stage, a_stage
from tests.patience import PATIENCE_SECONDS
from tests.race.customers import Customer

pytestmark = pytest.mark.anyio

CUSTOMERS, ORDERS_EACH = 10, 10
STOCK = 10_000
EARLIEST, LATEST = 5, 60
"""After how many answers a process dies."""


@pytest.fixture(scope="module")
async def stage(
    database: str | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path_factory.mktemp("load"), database) as made:
        await made.start()
        async with made.worker(), made.worker():
            yield made
        audit = await asyncio.to_thread(made.server.run, "audit")
        assert audit.returncode == 0, audit.stdout + audit.stderr


class Crowd:
    """Customers who order one and the same product again and again, each order under its key."""

    def __init__(self, stage: Stage, price: int) -> None:
        self._stage = stage
        self._price = price
        self._sku = f"load-{uuid4().hex}"
        self._customers = [Customer(stage.server.url, stage.connections) for _ in range(CUSTOMERS)]
        self._heard = asyncio.Condition()
        self.answers: dict[tuple[Customer, str], httpx2.Response | None] = {}
        """What came back for each key; None where nothing did."""

    async def come(self) -> None:
        """Sign up, and find enough on the shelves; nothing else has the same price."""
        await self._stage.offer(self._sku, on_hand=STOCK, price=self._price)
        await asyncio.gather(*(each.sign_up() for each in self._customers))

    @property
    def statuses(self) -> Counter[int | None]:
        return Counter(each.status_code if each else None for each in self.answers.values())

    async def has_heard(self, answers: int) -> None:
        """Wait until so many answers have come."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._heard:
            await self._heard.wait_for(
                lambda: self.statuses.total() - self.statuses[None] >= answers
            )

    async def order(self) -> None:
        """Send all orders, each customer's one after the other, whatever comes back."""
        await asyncio.gather(*(self._order(each) for each in self._customers))

    async def is_paid_once_for_each_key(self) -> None:
        """Wait until nothing is left to do, and compare keys, orders, stock and money."""
        await asyncio.gather(
            *(self._send(*each) for each in self.answers if not self.answers[each])
        )
        self._stage.time.passes(LEASE_SECONDS)
        await self._stage.quiet()
        before = dict(self.answers)
        await asyncio.gather(*(self._send(*each) for each in before))
        for each, answer in self.answers.items():
            assert answer is not None
            assert (answer.status_code, answer.headers["idempotent-replayed"]) == (201, "true")
            first = before[each]
            assert first is None or first.status_code == 202 or first.text == answer.text
        ids = sorted(each.json()["id"] for each in self.answers.values() if each)
        assert len(set(ids)) == len(self._customers) * ORDERS_EACH
        product = (await self._customers[0].ask("GET", f"/products/{self._sku}")).json()
        assert product["available"] == STOCK - len(ids)
        books = await asyncio.to_thread(self._stage.gateway.payments)
        of_these = [each for each in books if each["amount"] == self._price]
        assert sorted(each["order_id"] for each in of_these) == ids
        assert {(each["captured"], each["refunded"]) for each in of_these} == {(True, 0)}

    async def _order(self, customer: Customer) -> None:
        for _ in range(ORDERS_EACH):
            await self._send(customer, f"load-{uuid4().hex}")

    async def _send(self, customer: Customer, key: str) -> None:
        body = {
            "lines": [{"sku": self._sku, "quantity": 1}],
            "payment": {"method": "card", "token": "tok_visa"},
        }
        self.answers[customer, key] = None
        with suppress(httpx2.TransportError):
            self.answers[customer, key] = await customer.ask(
                "POST", "/orders", body, idempotency_key=key
            )
            async with self._heard:
                self._heard.notify_all()


def _some(seed: str) -> int:
    return random.Random(seed).randint(EARLIEST, LATEST)


async def test_each_order_is_captured_once_by_a_server_and_two_workers(stage: Stage) -> None:
    crowd = Crowd(stage, price=101)
    await crowd.come()

    await crowd.order()

    assert crowd.statuses == {201: CUSTOMERS * ORDERS_EACH}
    await crowd.is_paid_once_for_each_key()


async def test_a_gateway_killed_under_load_leaves_orders_pending_until_it_is_back(
    stage: Stage,
) -> None:
    crowd = Crowd(stage, price=102)
    await crowd.come()
    load = asyncio.create_task(crowd.order())
    await crowd.has_heard(_some("gateway"))
    await asyncio.to_thread(stage.gateway.kill)
    await load
    assert set(crowd.statuses) == {201, 202}

    await asyncio.to_thread(stage.gateway.start)

    stage.time.passes(LEASE_SECONDS)
    await stage.quiet()
    await crowd.is_paid_once_for_each_key()


async def test_a_server_killed_under_load_has_charged_nobody_twice(stage: Stage) -> None:
    crowd = Crowd(stage, price=103)
    await crowd.come()
    load = asyncio.create_task(crowd.order())
    await crowd.has_heard(_some("server"))
    await stage.kill()
    await load
    assert {201, None} <= set(crowd.statuses) <= {201, 202, None}

    await stage.start()

    await crowd.is_paid_once_for_each_key()
