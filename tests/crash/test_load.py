"""Many orders by card at once: a server and two workers do them, and die at any moment."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

import httpx2
import pytest

from tests.concurrency.customers import Customer
from tests.crash.system import LEASE_SECONDS, DeployedShop, deploy_shop
from tests.timeouts import TEST_TIMEOUT_SECONDS
from tests.unique_names import unique_name

pytestmark = pytest.mark.anyio

CUSTOMERS, ORDERS_EACH = 10, 10
STOCK = 10_000
EARLIEST, LATEST = 5, 60
"""After how many answers a process dies."""


@pytest.fixture(scope="module")
async def deployed_shop(
    database: str | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DeployedShop]:
    async with deploy_shop(tmp_path_factory.mktemp("load"), database) as deployed:
        await deployed.start()
        async with deployed.worker(), deployed.worker():
            yield deployed
        audit = await asyncio.to_thread(deployed.server.run, "audit")
        assert audit.returncode == 0, audit.stdout + audit.stderr


class LoadGenerator:
    """Customers who order one and the same product again and again, each order under its key."""

    def __init__(self, deployed_shop: DeployedShop, price: int) -> None:
        self._deployed_shop = deployed_shop
        self._price = price
        self._sku = unique_name("load")
        self._customers = [
            Customer(deployed_shop.server.url, deployed_shop.connections) for _ in range(CUSTOMERS)
        ]
        self._received = asyncio.Condition()
        self.answers: dict[tuple[Customer, str], httpx2.Response | None] = {}
        """What came back for each key; None where nothing did."""

    async def sign_up(self) -> None:
        """Sign the customers up, and add a product; no other product has its price."""
        await self._deployed_shop.add_product(self._sku, on_hand=STOCK, price=self._price)
        await asyncio.gather(*(each.sign_up() for each in self._customers))

    @property
    def statuses(self) -> Counter[int | None]:
        return Counter(each.status_code if each else None for each in self.answers.values())

    async def wait_for_responses(self, responses: int) -> None:
        """Wait until so many answers have come."""
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS), self._received:
            await self._received.wait_for(
                lambda: self.statuses.total() - self.statuses[None] >= responses
            )

    async def order(self) -> None:
        """Send all orders, each customer's one after the other, whatever comes back."""
        await asyncio.gather(*(self._order(each) for each in self._customers))

    async def is_paid_once_for_each_key(self) -> None:
        """Wait until nothing is left to do, and compare keys, orders, stock and money."""
        await asyncio.gather(
            *(self._send(*each) for each in self.answers if not self.answers[each])
        )
        self._deployed_shop.clock.advance(LEASE_SECONDS)
        await self._deployed_shop.wait_until_idle()
        before = dict(self.answers)
        await asyncio.gather(*(self._send(*each) for each in before))
        for each, response in self.answers.items():
            assert response is not None
            assert (response.status_code, response.headers["idempotent-replayed"]) == (201, "true")
            first = before[each]
            assert first is None or first.status_code == 202 or first.text == response.text
        ids = sorted(each.json()["id"] for each in self.answers.values() if each)
        assert len(set(ids)) == len(self._customers) * ORDERS_EACH
        product = (await self._customers[0].request("GET", f"/products/{self._sku}")).json()
        assert product["available"] == STOCK - len(ids)
        payments = await asyncio.to_thread(self._deployed_shop.gateway.payments)
        of_these = [each for each in payments if each["amount"] == self._price]
        assert sorted(each["order_id"] for each in of_these) == ids
        assert {(each["captured"], each["refunded"]) for each in of_these} == {(True, 0)}

    async def _order(self, customer: Customer) -> None:
        for _ in range(ORDERS_EACH):
            await self._send(customer, f"load-{uuid4().hex}")

    async def _send(self, customer: Customer, key: str) -> None:
        body = {
            "lines": [{"sku": self._sku, "quantity": 1}],
            "payment": {"method": "card", "token": "tok_visa"},
        }
        self.answers[customer, key] = None
        with suppress(httpx2.TransportError):
            self.answers[customer, key] = await customer.request(
                "POST", "/orders", body, idempotency_key=key
            )
            async with self._received:
                self._received.notify_all()


def _some(seed: str) -> int:
    return random.Random(seed).randint(EARLIEST, LATEST)


async def test_server_and_two_workers_capture_each_order_once(deployed_shop: DeployedShop) -> None:
    load = LoadGenerator(deployed_shop, price=101)
    await load.sign_up()

    await load.order()

    assert load.statuses == {201: CUSTOMERS * ORDERS_EACH}
    await load.is_paid_once_for_each_key()


async def test_gateway_killed_under_load_leaves_orders_pending_until_it_is_back(
    deployed_shop: DeployedShop,
) -> None:
    crowd = LoadGenerator(deployed_shop, price=102)
    await crowd.sign_up()
    load = asyncio.create_task(crowd.order())
    await crowd.wait_for_responses(_some("gateway"))
    await asyncio.to_thread(deployed_shop.gateway.kill)
    await load
    assert set(crowd.statuses) == {201, 202}

    await asyncio.to_thread(deployed_shop.gateway.start)

    deployed_shop.clock.advance(LEASE_SECONDS)
    await deployed_shop.wait_until_idle()
    await crowd.is_paid_once_for_each_key()


async def test_server_killed_under_load_charges_no_customer_twice(
    deployed_shop: DeployedShop,
) -> None:
    crowd = LoadGenerator(deployed_shop, price=103)
    await crowd.sign_up()
    load = asyncio.create_task(crowd.order())
    await crowd.wait_for_responses(_some("server"))
    await deployed_shop.kill()
    await load
    assert {201, None} <= set(crowd.statuses) <= {201, 202, None}

    await deployed_shop.start()

    await crowd.is_paid_once_for_each_key()
