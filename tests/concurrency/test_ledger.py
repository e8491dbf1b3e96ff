"""Concurrent transfers keep the total that readers see."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.concurrency.conftest import RunningShop

pytestmark = pytest.mark.anyio

TRANSFERS = 15

Count = Callable[[], Coroutine[Any, Any, int]]


async def test_reader_under_load_sees_a_constant_total(running_shop: RunningShop) -> None:
    customers = await running_shop.customers(8)
    accounts = [UUID((await each.request("GET", "/account")).json()["id"]) for each in customers]
    count = _counting(running_shop, accounts)
    chance = random.Random(8)
    totals: list[int] = []
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            totals.append(await count())
            await asyncio.sleep(0.005)

    async def pass_money_around(me: int) -> None:
        for _ in range(TRANSFERS):
            other = customers[(me + chance.randint(1, 7)) % 8]
            response = await customers[me].transfer(other.email, chance.randint(1, 60_000))
            assert response.status_code in {201, 409}, response.text

    reader = asyncio.create_task(read())
    await asyncio.gather(*(pass_money_around(me) for me in range(8)))
    done.set()
    await reader

    assert len(totals) > 2
    assert set(totals) == {8 * 100_000}
    assert sum([await each.balance() for each in customers]) == 8 * 100_000
    await running_shop.audit()


def _counting(running_shop: RunningShop, accounts: list[UUID]) -> Count:
    url = running_shop.server.settings["SHOP_DATABASE_URL"]
    if url.startswith("sqlite"):
        file = url.removeprefix("sqlite+aiosqlite:///")
        return lambda: asyncio.to_thread(_count_in_sqlite, file, accounts)
    return lambda: _count_in_postgresql(url.replace("+asyncpg", ""), accounts)


def _count_in_sqlite(file: str, accounts: list[UUID]) -> int:
    marks = ",".join("?" for _ in accounts)
    question = f"SELECT SUM(balance) FROM accounts WHERE id IN ({marks})"  # noqa: S608  Marks alone.
    connection = sqlite3.connect(file)
    try:
        total: int = connection.execute(question, [each.hex for each in accounts]).fetchone()[0]
    finally:
        connection.close()
    return total


async def _count_in_postgresql(url: str, accounts: list[UUID]) -> int:
    connection = await asyncpg.connect(url, server_settings={"search_path": "race"})
    try:
        question = "SELECT SUM(balance) FROM accounts WHERE id = ANY($1)"
        return int(await connection.fetchval(question, accounts))
    finally:
        await connection.close()
