"""The gateway's page where a customer decides a payment, as the gateway's own process serves it."""

import httpx2
import pytest

from shop.adapters.simulated_gateway.pages import page_path
from tests.adapters.simulated_gateway.http.requests import authorise, items

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("decision", "title", "authorised"),
    [
        ("approve", "The payment is approved", True),
        ("decline", "The payment is not approved", False),
    ],
)
async def test_customer_decides_a_challenged_payment(
    client: httpx2.AsyncClient, decision: str, title: str, *, authorised: bool
) -> None:
    challenged = await authorise(client, token="tok_authenticate")
    path = page_path(challenged.json()["id"])
    page = await client.get(path)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert "19.99 EUR" in page.text
    assert f'action="{path}/{decision}"' in page.text

    pressed = await client.post(f"{path}/{decision}")

    assert (pressed.status_code, pressed.headers["location"]) == (303, path)
    decided = (await client.get(path)).text
    assert title in decided
    assert "<form" not in decided
    (payment,) = await items(client)
    assert (payment["authorised"], payment["challenged"]) == (authorised, False)


async def test_page_of_an_unknown_payment_is_not_there(client: httpx2.AsyncClient) -> None:
    for response in (
        await client.get(page_path("pay_none")),
        await client.post(f"{page_path('pay_none')}/approve"),
    ):
        assert response.status_code == 404
