"""The same request many times at once."""

import asyncio

import pytest

from tests.concurrency.conftest import RunningShop

pytestmark = pytest.mark.anyio


async def test_twenty_concurrent_identical_orders_are_charged_once(
    running_shop: RunningShop, sku: str
) -> None:
    await running_shop.admin.stock(sku, quantity=50)
    (customer,) = await running_shop.customers(1)

    responses = await asyncio.gather(*(customer.order(sku, key="the-same-key") for _ in range(20)))

    placed = [each for each in responses if each.status_code == 201]
    rejected = [each for each in responses if each.status_code != 201]
    assert placed
    assert len({each.text for each in placed}) == 1
    assert [each.headers.get("idempotent-replayed") for each in placed].count(None) == 1
    for each in rejected:
        assert each.status_code == 409
        assert each.json()["type"].endswith("/request-in-progress")
        assert each.headers["retry-after"]
    orders = (await customer.request("GET", "/orders")).json()["items"]
    assert [each["id"] for each in orders] == [placed[0].json()["id"]]
    assert await customer.balance() == 99_900
    product = (await customer.request("GET", f"/products/{sku}")).json()
    assert product["available"] == 49


async def test_twenty_concurrent_identical_transfers_move_money_once(
    running_shop: RunningShop,
) -> None:
    sender, recipient = await running_shop.customers(2)
    body = {"to": recipient.email, "amount": {"amount": 700, "currency": "EUR"}}

    responses = await asyncio.gather(
        *(
            sender.request("POST", "/transfers", body, idempotency_key="the-same-key")
            for _ in range(20)
        )
    )

    moved = [each for each in responses if each.status_code == 201]
    assert moved
    assert len({each.text for each in moved}) == 1
    assert {each.status_code for each in responses} <= {201, 409}
    assert await sender.balance() == 99_300
    assert await recipient.balance() == 100_700
