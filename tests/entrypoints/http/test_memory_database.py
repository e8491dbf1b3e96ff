"""A shop on `memory://`, from HTTP to its database, gateway and worker: nothing is replaced."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import FastAPI

from shop.entrypoints.cli.imports.demo_admin import add_demo_admin
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from shop.entrypoints.http.app import create_app
from tests.entrypoints.http.clients import Browser, Json
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

SKU = "TEA"
PRODUCT = {
    "name": "Tea",
    "description": "",
    "price": {"amount": 500, "currency": "EUR"},
    "active": True,
}
ORIGIN = "http://shop.test"


@pytest.fixture
async def app() -> AsyncIterator[FastAPI]:
    """Give the app of a shop that is open."""
    settings: Json = {
        "_env_file": None,
        "database_url": "memory://",
        "hosts": ("shop.test",),
        "gateway_timeout_seconds": 0.1,
        "job_retry_delay_seconds": 0.1,
    }
    app = create_app(Container(settings=Settings(**settings)))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def admin(app: FastAPI) -> Browser:
    """Sign in as the demo's admin, who has added ten of one product."""
    sign_in = await add_demo_admin(app.state.container)
    browser = Browser(app, ORIGIN)
    for response in (
        await browser.sign_in("admin", sign_in.rpartition(" ")[2]),
        await browser.put(f"/products/{SKU}", PRODUCT),
        await browser.post(f"/products/{SKU}/stock", {"delta": 10, "reason": "Delivery"}),
    ):
        assert response.is_success, response.text
    return browser


@pytest.fixture
async def customer(app: FastAPI) -> Browser:
    """Give a customer who has signed up."""
    browser = Browser(app, ORIGIN)
    await browser.sign_up()
    return browser


async def order(browser: Browser, payment: Json, key: str = "key-0001") -> tuple[int, Json]:
    body = {"lines": [{"sku": SKU, "quantity": 2}], "payment": payment}
    response = await browser.post("/orders", body, idempotency_key=key)
    return response.status_code, response.json()


async def eventually_captured(browser: Browser, order_id: str) -> Json:
    """Return the order, once the worker beside the requests has captured its payment."""
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        while True:
            found: Json = (await browser.get(f"/orders/{order_id}")).json()
            if found["payment"]["status"] == "captured":
                return found
            await asyncio.sleep(0.02)


async def test_order_by_card_is_captured_by_the_worker_in_the_server(
    admin: Browser, customer: Browser
) -> None:
    status, placed = await order(customer, {"method": "card", "token": "tok_visa"})

    assert (status, placed["status"]) == (201, "paid")
    captured = await eventually_captured(customer, placed["id"])
    assert (captured["status"], captured["total"]["amount"]) == ("paid", 1_000)
    (product,) = (await admin.get("/products")).json()["items"]
    assert product["available"] == 8


@pytest.mark.usefixtures("admin")
async def test_card_without_an_answer_is_resolved_by_the_worker_in_the_server(
    customer: Browser,
) -> None:
    status, placed = await order(customer, {"method": "card", "token": "tok_timeout_after"})

    assert (status, placed["status"]) == (202, "pending")
    assert (await eventually_captured(customer, placed["id"]))["status"] == "paid"


@pytest.mark.usefixtures("admin")
async def test_repeated_order_is_replayed_and_the_audit_holds(
    app: FastAPI, customer: Browser
) -> None:
    container: Container = app.state.container
    account = {"method": "account"}

    first, again = await order(customer, account), await order(customer, account)
    rejected, problem = await order(
        customer, {"method": "card", "token": "tok_declined"}, "key-2222"
    )

    assert first == again
    assert (rejected, problem["type"]) == (402, "/problems/card-declined")
    findings = [
        *await container.audit_shop().run(lambda _: None),
        await container.audit_gateway().run(timedelta(days=1)),
    ]
    assert [each for each in findings if not each.holds] == []
    assert (await customer.get("//readyz")).json() == {"status": "ready"}
