"""The whole path of an order sends nothing that only PostgreSQL has (decision 54)."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from shop.domain.user import Role
from tests.concurrency.customers import Admin, Customer
from tests.crash.system import DeployedShop, deploy_shop
from tests.wire.proxy import WireProxy, wire_proxy

pytestmark = pytest.mark.anyio

SKU = "TEA"
MUST_HAVE = (
    "users",
    "sessions",
    "customer_carts",
    "idempotency_keys",
    "orders",
    "order_lines",
    "inventories",
    "stock_movements",
    "transfers",
    "payments",
    "refunds",
    "jobs",
)
"""The tables that the path writes: a path that left them out would prove nothing."""


@pytest.fixture
async def proxy(postgresql_url: str) -> AsyncIterator[WireProxy]:
    async with wire_proxy(postgresql_url) as proxy:
        yield proxy
    # What was rejected also explains why the path has failed.
    assert proxy.rejected == []


@pytest.fixture
async def shop(
    proxy: WireProxy, postgresql_url: str, tmp_path: Path
) -> AsyncIterator[DeployedShop]:
    async with deploy_shop(tmp_path, postgresql_url) as deployed:
        await deployed.start(
            SHOP_DATABASE_URL=proxy.url,
            SHOP_SIMULATED_GATEWAY_URL=deployed.gateway.url,
            SHOP_WELCOME_CREDIT="100000",
        )
        yield deployed


async def done(request: Any) -> dict[str, Any]:  # noqa: ANN401  An awaitable response.
    response: httpx2.Response = await request
    assert response.status_code in (200, 201, 202, 204), response.text
    body: dict[str, Any] = response.json() if response.text else {}
    return body


async def walk(shop: DeployedShop, admin: Admin, ada: Customer) -> None:
    """Take the path of orders: bought in each way, cancelled, sent, refunded."""
    account, card = {"method": "account"}, {"method": "card", "token": "tok_visa"}

    async def post(who: Customer, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return await done(who.request("POST", path, body, idempotency_key=uuid4().hex))

    async def order(payment: dict[str, str], **more: object) -> dict[str, Any]:
        return await post(
            ada, "/orders", {"lines": [{"sku": SKU, "quantity": 1}], "payment": payment, **more}
        )

    await ada.sign_up()
    await done(ada.request("DELETE", "/session"))
    await ada.sign_in()
    await done(ada.request("PUT", f"/cart/lines/{SKU}", {"quantity": 2}))
    await done(ada.request("GET", "/cart"))
    await post(ada, "/orders", {"payment": account})
    await order(account, codes=["HALF"])
    cancelled = await order(account)
    await post(ada, f"/orders/{cancelled['id']}/cancel")
    await post(ada, "/transfers", {"to": admin.email, "amount": {"amount": 1, "currency": "EUR"}})
    assert (await ada.order("TEA", quantity=99)).status_code == 409
    declined = await ada.request(
        "POST",
        "/orders",
        {"lines": [{"sku": SKU, "quantity": 1}], "payment": {**card, "token": "tok_declined"}},
        idempotency_key="declined",
    )
    assert declined.status_code == 402, declined.text
    voided, by_card = await order(card), await order(card)
    await post(ada, f"/orders/{voided['id']}/cancel")
    await shop.wait_until_idle()
    await post(admin, f"/orders/{by_card['id']}/shipments", {})
    await post(admin, f"/orders/{by_card['id']}/refunds", {"reason": "broken"})
    await shop.wait_until_idle()
    for path in ("/orders", f"/orders/{by_card['id']}/history", "/account", f"/products/{SKU}"):
        await done(ada.request("GET", path))


async def test_path_of_an_order_sends_nothing_that_is_not_portable(
    shop: DeployedShop, proxy: WireProxy
) -> None:
    url, connections = shop.server.url, shop.connections
    admin, ada = Admin(url, connections), Customer(url, connections)

    await admin.sign_up()
    await shop.container.role_service().grant(admin.email, Role.ADMIN)
    # Staff change the catalogue, which is outside the path: it takes an advisory lock.
    await admin.stock(SKU, 100)
    await admin.promote("half", code="HALF", limit=10)

    proxy.rejects_not_portable = True
    await walk(shop, admin, ada)

    assert proxy.rejected == []
    texts = "\n".join(proxy.texts)
    assert [each for each in MUST_HAVE if not re.search(rf"INTO {each}\b", texts)] == []
    await shop.require_clean_audit()


async def test_schema_has_no_sequence(shop: DeployedShop, postgresql_url: str) -> None:
    connection = await asyncpg.connect(postgresql_url.replace("+asyncpg", ""))
    try:
        sequences = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = $1::regnamespace",
            shop.server.settings["SHOP_DATABASE_SCHEMA"],
        )
    finally:
        await connection.close()
    assert sequences == []
