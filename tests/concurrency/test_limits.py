"""Limits are shared by all processes of a shop, and exact under concurrent requests."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from math import log2
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests.concurrency.conftest import OpenShop, serving_shop
from tests.concurrency.customers import PASSWORD, Admin, Customer

pytestmark = pytest.mark.anyio

WORKERS = 4


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenShop]:
    """Serve a shop with limits in four processes."""
    folder = tmp_path_factory.mktemp(f"limits-{request.param}")
    with serving_shop(folder, _database(request, folder), WORKERS) as served:
        yield served


def _database(request: pytest.FixtureRequest, folder: Path) -> dict[str, str]:
    limits = {"SHOP_RATE_LIMITS": "on", "SHOP_PENDING_ORDERS_PER_CUSTOMER": "3"}
    if request.param == "sqlite":
        return {**limits, "SHOP_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/shop.db"}
    return {
        **limits,
        "SHOP_DATABASE_URL": request.getfixturevalue("postgresql_url"),
        "SHOP_DATABASE_SCHEMA": f"limits_{uuid4().hex}",
    }


async def test_limits_hold_across_processes(shop: OpenShop) -> None:
    limits = httpx2.Limits(max_connections=64, max_keepalive_connections=0)
    async with httpx2.AsyncHTTPTransport(limits=limits) as connections:

        def visitor() -> Customer:
            return Customer(shop.server.url, connections)

        async def sign_up(customer: Customer) -> int:
            body = {"name": "Ada", "email": customer.email, "password": PASSWORD}
            return (await customer.request("POST", "/users", body)).status_code

        visitors = [visitor() for _ in range(32)]
        signed_up = await asyncio.gather(*(sign_up(each) for each in visitors))
        # One sign-up was the admin's.
        assert Counter(signed_up) == {201: 19, 429: 13}
        ada = visitors[signed_up.index(201)]

        async def guess(number: int) -> int:
            body = {"email": "unknown@example.com", "password": f"guess number {number}"}
            return (await visitor().request("POST", "/session", body)).status_code

        started = time.monotonic()
        guesses = Counter(await asyncio.gather(*(guess(n) for n in range(15))))
        seconds = time.monotonic() - started
        assert guesses.keys() == {401, 429}
        # Slow guesses may outlast the first delays, of 1, 2, 4 seconds and so on.
        assert 5 <= guesses[401] <= 6 + int(log2(1 + seconds))

        admin = Admin(shop.server.url, connections)
        admin.client.cookies.set("shop_session", shop.admin_cookie)
        await admin.stock("TEA", 100)
        other = visitor()
        other.email = ada.email
        credentials = {"email": ada.email, "password": PASSWORD}
        assert (await other.request("POST", "/session", credentials)).status_code == 200

        async def order(number: int) -> int:
            body = {
                "lines": [{"sku": "TEA", "quantity": 1}],
                "payment": {"method": "card", "token": "tok_authenticate"},
            }
            session = (ada, other)[number % 2]
            response = await session.request("POST", "/orders", body, idempotency_key=uuid4().hex)
            return response.status_code

        ordered = await asyncio.gather(*(order(n) for n in range(12)))
        assert Counter(ordered) == {202: 3, 409: 9}
