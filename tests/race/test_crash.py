"""The server is killed with -9 under load, and started again."""

import asyncio
from dataclasses import dataclass, field

import httpx2
import pytest

from tests.patience import PATIENCE_SECONDS
from tests.race.conftest import RaceTrack
from tests.race.customers import Customer

pytestmark = pytest.mark.anyio

CUSTOMERS = 12
ORDERS_EACH = 400
ANSWERS = 150
"""After how many answers the server dies: its customers have orders on their way."""


@dataclass
class Diary:
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
                answer = await self.customer.order(sku, key=key)
            except httpx2.TransportError:
                return
            assert answer.status_code == 201, answer.text
            self.answered[key] = answer.text
            self.heard.release()
            self.unanswered.discard(key)


async def test_a_server_killed_under_load_has_lost_nothing_and_repeats_nothing(
    track: RaceTrack, sku: str
) -> None:
    stock = CUSTOMERS * ORDERS_EACH
    await track.admin.stock(sku, quantity=stock, price=1)
    heard = asyncio.Semaphore(0)
    diaries = [Diary(each, heard) for each in await track.customers(CUSTOMERS)]

    load = asyncio.gather(*(each.order_until_the_server_dies(sku) for each in diaries))
    async with asyncio.timeout(PATIENCE_SECONDS):
        for _ in range(ANSWERS):
            await heard.acquire()
    await asyncio.to_thread(track.server.kill)
    await load
    await asyncio.to_thread(track.server.start)

    answered = sum(len(each.answered) for each in diaries)
    unanswered = sum(len(each.unanswered) for each in diaries)
    assert answered >= ANSWERS
    assert unanswered > 0
    await asyncio.to_thread(track.audit)
    await asyncio.gather(*(_every_answer_stays_true(each, sku) for each in diaries))
    await asyncio.gather(*(_every_key_makes_exactly_one_order(each, sku) for each in diaries))
    product = (await track.visitor().ask("GET", f"/products/{sku}")).json()
    assert product["available"] == stock - answered - unanswered
    await asyncio.to_thread(track.audit)


async def _every_answer_stays_true(diary: Diary, sku: str) -> None:
    for key, text in diary.answered.items():
        again = await diary.customer.order(sku, key=key)
        assert again.status_code == 201
        assert again.headers["idempotent-replayed"] == "true"
        assert again.text == text


async def _every_key_makes_exactly_one_order(diary: Diary, sku: str) -> None:
    for key in diary.unanswered:
        first = await diary.customer.order(sku, key=key)
        second = await diary.customer.order(sku, key=key)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.text == second.text
    orders = 100_000 - await diary.customer.balance()
    assert orders == len(diary.answered) + len(diary.unanswered)
