"""Parallel requests of one session."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.concurrency.conftest import RunningShop

pytestmark = pytest.mark.anyio


async def test_parallel_session_changes_are_not_lost(running_shop: RunningShop, sku: str) -> None:
    skus = [f"{sku}-{index}" for index in range(10)]
    for each in skus:
        await running_shop.admin.stock(each, quantity=5)
    (customer,) = await running_shop.customers(1)

    responses = await asyncio.gather(
        *(
            customer.request("PUT", f"/cart/lines/{each}", {"quantity": index + 1})
            for index, each in enumerate(skus)
        ),
        *(
            customer.request("PATCH", "/session", {"preferences": {f"choice-{index}": index}})
            for index in range(10)
        ),
    )

    assert {each.status_code for each in responses} == {200}
    session = (await customer.request("GET", "/session")).json()
    quantities = {line["sku"]: line["quantity"] for line in session["cart"]["lines"]}
    assert quantities == {each: index + 1 for index, each in enumerate(skus)}
    assert session["preferences"] == {f"choice-{index}": index for index in range(10)}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/session", b'{"preferences": {"theme": "dark"}}'),
        ("PUT", "/cart/lines/{sku}", b'{"quantity": 1}'),
    ],
)
async def test_sign_out_wins_over_a_slow_parallel_request(
    running_shop: RunningShop, sku: str, method: str, path: str, body: bytes
) -> None:
    await running_shop.admin.stock(sku, quantity=5)
    (customer,) = await running_shop.customers(1)
    stolen = {"cookie": f"shop_session={customer.cookie}"}
    half_sent, signed_out = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:10]
        half_sent.set()
        await signed_out.wait()
        yield body[10:]

    other = running_shop.new_client().client
    slow = asyncio.create_task(
        other.request(
            method,
            path.format(sku=sku),
            content=slowly(),
            headers={**stolen, "content-type": "application/json"},
        )
    )
    await half_sent.wait()
    assert (await customer.request("DELETE", "/session")).status_code == 204
    signed_out.set()
    await slow

    # Neither the old id nor one that the slow request was given opens the customer's account.
    after = await running_shop.new_client().client.get("/account", headers=stolen)
    assert after.status_code == 401
    assert (await other.get("/account")).status_code == 401


async def test_concurrent_order_and_sign_out_revoke_the_session_and_complete_the_order(
    running_shop: RunningShop, sku: str
) -> None:
    await running_shop.admin.stock(sku, quantity=100)
    customers = await running_shop.customers(10)

    responses = await asyncio.gather(
        *(customer.order(sku) for customer in customers),
        *(customer.request("DELETE", "/session") for customer in customers),
    )

    assert {each.status_code for each in responses[:10]} <= {201, 401}
    assert {each.status_code for each in responses[10:]} == {204}
    product = (await running_shop.new_client().request("GET", f"/products/{sku}")).json()
    placed = [each.status_code for each in responses[:10]].count(201)
    assert product["available"] == 100 - placed
    await running_shop.audit()
