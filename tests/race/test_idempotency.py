"""The same request many times at once."""

import asyncio

import pytest

from tests.race.conftest import RaceTrack

pytestmark = pytest.mark.anyio


async def test_the_same_order_sent_twenty_times_at_once_is_one_order_and_one_charge(
    track: RaceTrack, sku: str
) -> None:
    await track.admin.stock(sku, quantity=50)
    (customer,) = await track.customers(1)

    answers = await asyncio.gather(*(customer.order(sku, key="the-same-key") for _ in range(20)))

    placed = [each for each in answers if each.status_code == 201]
    refused = [each for each in answers if each.status_code != 201]
    assert placed
    assert len({each.text for each in placed}) == 1
    assert [each.headers.get("idempotent-replayed") for each in placed].count(None) == 1
    for each in refused:
        assert each.status_code == 409
        assert each.json()["type"].endswith("/request-in-progress")
        assert each.headers["retry-after"]
    orders = (await customer.ask("GET", "/orders")).json()["items"]
    assert [each["id"] for each in orders] == [placed[0].json()["id"]]
    assert await customer.balance() == 99_900
    product = (await customer.ask("GET", f"/products/{sku}")).json()
    assert product["available"] == 49


async def test_the_same_transfer_sent_twenty_times_at_once_moves_money_once(
    track: RaceTrack,
) -> None:
    sender, recipient = await track.customers(2)
    body = {"to": recipient.email, "amount": {"amount": 700, "currency": "EUR"}}

    answers = await asyncio.gather(
        *(sender.ask("POST", "/transfers", body, idempotency_key="the-same-key") for _ in range(20))
    )

    moved = [each for each in answers if each.status_code == 201]
    assert moved
    assert len({each.text for each in moved}) == 1
    assert {each.status_code for each in answers} <= {201, 409}
    assert await sender.balance() == 99_300
    assert await recipient.balance() == 100_700
