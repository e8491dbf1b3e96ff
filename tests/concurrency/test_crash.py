"""The server is killed with -9 under load, and started again."""

import asyncio
from dataclasses import dataclass, field

import httpx2
import pytest

from tests.concurrency.conftest import RunningShop
from tests.concurrency.customers import Customer
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

CUSTOMERS = 12
ORDERS_EACH = 400
ANSWERS = 150
"""After how many answers the server dies: its customers have orders on their way."""


@dataclass
class RequestLog:
    """What one customer sent, and what came back."""

    customer: Customer
    heard: asyncio.Semaphore
    """Released for each answer."""
    answered: dict[str, str] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)

    async def order_until_the_server_dies(self, sku: str) -> None:
        for turn in range(ORDERS_EACH):
            key = f"crash-{turn:06}"
            self.unanswered.add(key)
            try:
                response = await self.customer.order(sku, key=key)
            except httpx2.TransportError:
                return
            assert response.status_code == 201, response.text
            self.answered[key] = response.text
            self.heard.release()
            self.unanswered.discard(key)


async def test_server_killed_under_load_loses_and_repeats_nothing(
    running_shop: RunningShop, sku: str
) -> None:
    stock = CUSTOMERS * ORDERS_EACH
    await running_shop.admin.stock(sku, quantity=stock, price=1)
    heard = asyncio.Semaphore(0)
    logs = [RequestLog(each, heard) for each in await running_shop.customers(CUSTOMERS)]

    load = asyncio.gather(*(each.order_until_the_server_dies(sku) for each in logs))
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        for _ in range(ANSWERS):
            await heard.acquire()
    await asyncio.to_thread(running_shop.server.kill)
    await load
    await asyncio.to_thread(running_shop.server.start)

    answered = sum(len(each.answered) for each in logs)
    unanswered = sum(len(each.unanswered) for each in logs)
    assert answered >= ANSWERS
    assert unanswered > 0
    await running_shop.audit()
    await asyncio.gather(*(_assert_every_response_is_replayed(each, sku) for each in logs))
    await asyncio.gather(*(_assert_every_key_makes_one_order(each, sku) for each in logs))
    product = (await running_shop.new_client().request("GET", f"/products/{sku}")).json()
    assert product["available"] == stock - answered - unanswered
    await running_shop.audit()


async def _assert_every_response_is_replayed(log: RequestLog, sku: str) -> None:
    for key, text in log.answered.items():
        again = await log.customer.order(sku, key=key)
        assert again.status_code == 201
        assert again.headers["idempotent-replayed"] == "true"
        assert again.text == text


async def _assert_every_key_makes_one_order(log: RequestLog, sku: str) -> None:
    for key in log.unanswered:
        first = await log.customer.order(sku, key=key)
        second = await log.customer.order(sku, key=key)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.text == second.text
    orders = 100_000 - await log.customer.balance()
    assert orders == len(log.answered) + len(log.unanswered)
