"""Everybody wants the same promotion at once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from uuid import uuid4

import httpx2
import pytest

from tests.concurrency.conftest import RunningShop
from tests.concurrency.customers import Customer
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

AT_ONCE = 32


@pytest.fixture
def slug() -> str:
    return f"sale-{uuid4().hex[:12]}"


@pytest.fixture
async def code(running_shop: RunningShop, sku: str, slug: str) -> str:
    await running_shop.admin.stock(sku, quantity=1_000)
    return slug.upper()


async def few_at_once(
    requests: Sequence[Awaitable[httpx2.Response]],
) -> Sequence[httpx2.Response]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def wait_for(request: Awaitable[httpx2.Response]) -> httpx2.Response:
        async with turns:
            return await request

    return await asyncio.gather(*map(wait_for, requests))


def statuses(responses: Sequence[httpx2.Response]) -> Counter[int]:
    rejected = [each.json() for each in responses if each.status_code == 409]
    assert {each["type"].rsplit("/", 1)[-1] for each in rejected} <= {"code-used-up"}
    return Counter(each.status_code for each in responses)


async def used(shop: RunningShop, slug: str) -> int:
    number: int = (await shop.admin.request("GET", f"/promotions/{slug}")).json()["used"]
    return number


async def test_one_of_two_hundred_carts_gets_a_code_of_limit_one(
    running_shop: RunningShop, sku: str, slug: str, code: str
) -> None:
    await running_shop.admin.promote(slug, code=code, limit=1)
    customers = await running_shop.customers(40)

    responses = await few_at_once(
        [each.order(sku, codes=[code]) for _ in range(5) for each in customers]
    )

    assert statuses(responses) == {201: 1, 409: 199}
    assert await used(running_shop, slug) == 1
    # Only the customer with the order has paid, and only half.
    balances = await asyncio.gather(*(each.balance() for each in customers))
    assert Counter(balances) == {100_000: 39, 99_950: 1}
    await running_shop.audit()


async def test_a_customer_in_five_sessions_gets_as_many_uses_as_one_may_have(
    running_shop: RunningShop, sku: str, slug: str, code: str
) -> None:
    await running_shop.admin.promote(slug, code=code, limit_per_customer=3)
    (ada,) = await running_shop.customers(1)
    sessions = [ada, *(await asyncio.gather(*(_sign_in(running_shop, ada) for _ in range(4))))]

    responses = await asyncio.gather(
        *(each.order(sku, codes=[code]) for _ in range(4) for each in sessions)
    )

    assert statuses(responses) == {201: 3, 409: 17}
    assert (await ada.balance(), await used(running_shop, slug)) == (99_850, 3)
    await running_shop.audit()


async def test_each_code_for_one_order_is_used_once(
    running_shop: RunningShop, sku: str, slug: str, code: str
) -> None:
    await running_shop.admin.promote(slug)
    made = await running_shop.admin.request(
        "POST", f"/promotions/{slug}/codes", {"count": 30}, idempotency_key=code
    )
    codes = made.json()["codes"]
    customers = await running_shop.customers(3)

    responses = await asyncio.gather(
        *(each.order(sku, codes=[one]) for each in customers for one in codes)
    )

    assert statuses(responses) == {201: 30, 409: 60}
    assert await used(running_shop, slug) == 30
    bought = [each.json()["discounts"] for each in responses if each.status_code == 201]
    assert sorted(each["code"] for (each,) in bought) == sorted(codes)
    await running_shop.audit()


async def test_limit_holds_though_the_server_is_killed_meanwhile(
    running_shop: RunningShop, sku: str, slug: str, code: str
) -> None:
    await running_shop.admin.promote(slug, code=code, limit=100)
    customers = await running_shop.customers(50)
    answers = asyncio.Semaphore(0)

    async def order(customer: Customer, key: str) -> int | None:
        try:
            response = await customer.order(sku, key=key, codes=[code])
        except httpx2.TransportError:
            return None
        answers.release()
        return response.status_code

    def storm() -> Awaitable[list[int | None]]:
        return asyncio.gather(
            *(order(each, f"storm-{turn:03}") for turn in range(6) for each in customers)
        )

    load = asyncio.ensure_future(storm())
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        for _ in range(40):
            await answers.acquire()
    await asyncio.to_thread(running_shop.server.kill)
    before = await load
    await asyncio.to_thread(running_shop.server.start)

    # Each customer sends every request again, under its key.
    after = await storm()
    assert Counter(after) == {201: 100, 409: 200}
    assert all(first in (None, second) for first, second in zip(before, after, strict=True))
    assert (None in before, await used(running_shop, slug)) == (True, 100)
    balances = await asyncio.gather(*(each.balance() for each in customers))
    assert sum(100_000 - each for each in balances) == 100 * 50
    await running_shop.audit()


async def _sign_in(shop: RunningShop, known: Customer) -> Customer:
    customer = shop.new_client()
    customer.email = known.email
    await customer.sign_in()
    return customer
