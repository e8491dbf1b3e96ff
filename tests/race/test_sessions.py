"""Parallel requests of one session."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.race.conftest import RaceTrack

pytestmark = pytest.mark.anyio


async def test_parallel_changes_to_one_session_lose_nothing(track: RaceTrack, sku: str) -> None:
    skus = [f"{sku}-{index}" for index in range(10)]
    for each in skus:
        await track.admin.stock(each, quantity=5)
    (customer,) = await track.customers(1)

    answers = await asyncio.gather(
        *(
            customer.ask("PUT", f"/cart/lines/{each}", {"quantity": index + 1})
            for index, each in enumerate(skus)
        ),
        *(
            customer.ask("PATCH", "/session", {"preferences": {f"choice-{index}": index}})
            for index in range(10)
        ),
    )

    assert {each.status_code for each in answers} == {200}
    session = (await customer.ask("GET", "/session")).json()
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
async def test_sign_out_beats_a_slow_parallel_request(
    track: RaceTrack, sku: str, method: str, path: str, body: bytes
) -> None:
    await track.admin.stock(sku, quantity=5)
    (customer,) = await track.customers(1)
    stolen = {"cookie": f"shop_session={customer.cookie}"}
    half_sent, signed_out = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:10]
        half_sent.set()
        await signed_out.wait()
        yield body[10:]

    other = track.visitor().client
    slow = asyncio.create_task(
        other.request(
            method,
            path.format(sku=sku),
            content=slowly(),
            headers={**stolen, "content-type": "application/json"},
        )
    )
    await half_sent.wait()
    assert (await customer.ask("DELETE", "/session")).status_code == 204
    signed_out.set()
    await slow

    # Neither the old id nor one that the slow request was given opens the customer's account.
    after = await track.visitor().client.get("/account", headers=stolen)
    assert after.status_code == 401
    assert (await other.get("/account")).status_code == 401


async def test_an_order_and_a_sign_out_at_once_leave_the_session_dead_and_the_order_whole(
    track: RaceTrack, sku: str
) -> None:
    await track.admin.stock(sku, quantity=100)
    customers = await track.customers(10)

    answers = await asyncio.gather(
        *(customer.order(sku) for customer in customers),
        *(customer.ask("DELETE", "/session") for customer in customers),
    )

    assert {each.status_code for each in answers[:10]} <= {201, 401}
    assert {each.status_code for each in answers[10:]} == {204}
    product = (await track.visitor().ask("GET", f"/products/{sku}")).json()
    placed = [each.status_code for each in answers[:10]].count(201)
    assert product["available"] == 100 - placed
    await asyncio.to_thread(track.audit)
