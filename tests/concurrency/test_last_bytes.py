"""Thirty orders that are complete at the same moment."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import uuid4

import pytest

from tests.concurrency.conftest import RunningShop
from tests.concurrency.customers import Customer
from tests.concurrency.last_bytes import RawResponse, order_at_once

pytestmark = pytest.mark.anyio

AT_ONCE = 30
FEW = 7


def outcomes(responses: Sequence[RawResponse]) -> Counter[str]:
    return Counter(
        "placed" if each.status == 201 else f"{each.status} {each.problem}" for each in responses
    )


async def total_paid(customers: Sequence[Customer]) -> int:
    return sum(100_000 - each for each in await asyncio.gather(*(c.balance() for c in customers)))


class TestThirtyOrdersWhoseLastBytesArriveTogether:
    async def test_take_exactly_the_uses_that_a_code_has(
        self, running_shop: RunningShop, sku: str
    ) -> None:
        slug = f"last-bytes-{uuid4().hex[:12]}"
        await running_shop.admin.stock(sku, quantity=AT_ONCE)
        await running_shop.admin.promote(slug, code=slug, limit=FEW)
        customers = await running_shop.customers(AT_ONCE)

        responses = await order_at_once(customers, sku, codes=[slug])

        assert outcomes(responses) == {"placed": FEW, "409 code-used-up": AT_ONCE - FEW}
        discounted = [each.body["discounts"] for each in responses if each.status == 201]
        assert [(each["code"], each["amount"]["amount"]) for (each,) in discounted] == [
            (slug.upper(), 50)
        ] * FEW
        promotion = (await running_shop.admin.request("GET", f"/promotions/{slug}")).json()
        assert promotion["used"] == FEW
        assert await total_paid(customers) == FEW * 50
        await running_shop.audit()

    async def test_take_exactly_the_last_pieces(self, running_shop: RunningShop, sku: str) -> None:
        await running_shop.admin.stock(sku, quantity=FEW)
        customers = await running_shop.customers(AT_ONCE)

        responses = await order_at_once(customers, sku)

        assert outcomes(responses) == {"placed": FEW, "409 out-of-stock": AT_ONCE - FEW}
        product = (await running_shop.admin.request("GET", f"/products/{sku}")).json()
        assert product["available"] == 0
        assert await total_paid(customers) == FEW * 100
        await running_shop.audit()

    async def test_are_one_order_under_one_key(self, running_shop: RunningShop, sku: str) -> None:
        await running_shop.admin.stock(sku, quantity=AT_ONCE)
        (customer,) = await running_shop.customers(1)

        responses = await order_at_once([customer] * AT_ONCE, sku, key=uuid4().hex)

        assert outcomes(responses).keys() <= {"placed", "409 request-in-progress"}
        placed = [each for each in responses if each.status == 201]
        assert [each.is_replayed for each in placed].count(False) == 1
        assert [each.body for each in placed] == [placed[0].body] * len(placed)
        orders = (await customer.request("GET", "/orders")).json()["items"]
        assert [each["id"] for each in orders] == [placed[0].body["id"]]
        assert await total_paid([customer]) == 100
        await running_shop.audit()
