"""In production, every payment of a gateway that moves no money says so."""

import pytest

from tests.clock import FakeClock
from tests.entrypoints.http.clients import HttpShop

pytestmark = pytest.mark.anyio

CARD = {"method": "card", "token": "tok_visa"}


@pytest.mark.parametrize(
    ("environment", "member"), [("production", {"simulated": True}), ("development", {})]
)
async def test_rehearsed_payment_says_that_it_is_simulated(
    environment: str, member: dict[str, bool], clock: FakeClock
) -> None:
    shop = HttpShop.open(clock, environment=environment)
    await shop.add_product("TEA", 5)
    browser = await shop.customer()

    by_card = (await browser.order(key="key-0001", payment=CARD)).json()
    by_account = (await browser.order(key="key-0002")).json()
    read = (await browser.get(f"/orders/{by_card['id']}")).json()
    listed = (await browser.get("/orders")).json()["items"]
    tracked = (await browser.get("/session/order")).json()
    cancelled = (await browser.post(f"/orders/{by_card['id']}/cancel")).json()
    deposit = await browser.post(
        "/deposits",
        {"amount": {"amount": 100, "currency": "EUR"}, "card": {"token": "tok_visa"}},
        idempotency_key="key-0003",
    )
    deposited = (await browser.get(f"/deposits/{deposit.json()['id']}")).json()

    payments = [
        each["payment"] for each in (by_card, by_account, read, *listed, tracked, cancelled)
    ]
    for each in (*payments, deposit.json(), deposited):
        assert {name: each[name] for name in ("simulated",) if name in each} == member
