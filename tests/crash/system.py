"""A shop and its gateway as processes of their own, with fault proxies between them."""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx2
from dependency_injector import providers

from shop.adapters.simulated_gateway.http_payment_gateway import HttpPaymentGateway
from shop.application.maintenance.product_seed import new_product
from shop.application.ports.paging import PageRequest
from shop.application.ports.payment_gateway import GatewayEvent
from shop.application.ports.unit_of_work import UnitOfWork
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.concurrency.customers import Customer
from tests.factories import order_filter
from tests.fault_proxy import Breakpoint, FaultProxy, database_proxy, gateway_proxy
from tests.forked_process import ForkedProcess, start_shop
from tests.gateway_process import GatewayProcess
from tests.process_logs import logs_shown_on_failure
from tests.processes.advanceable_clock import OFFSET_FILE_VARIABLE, AdvanceableClock
from tests.servers import (
    POLL_INTERVAL_SECONDS,
    PROCESS_ENVIRONMENT,
    ShopServer,
    reserved_port,
)
from tests.timeouts import TEST_TIMEOUT_SECONDS
from tests.unique_names import unique_name

T = TypeVar("T")

SECRET = "a secret for crashes alone, 0123456789"
STOCK, QUANTITY, PRICE = 10, 2, 100
CONNECTIONS = 256

TIMEOUT_SECONDS, LEASE_SECONDS, IDEMPOTENCY_SECONDS, PENDING_PAYMENT_SECONDS = 50, 100, 300, 600
"""Nothing that is stopped goes on by itself, on however busy a machine: a test lets time pass.

It passes for all processes at once, in the order of these spans: after a lease, no request is on
its way any more; after an order's time, the gateway has forgotten its keys.
"""

TIMING_SETTINGS = {
    "SHOP_GATEWAY_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
    "SHOP_JOB_LEASE_SECONDS": str(LEASE_SECONDS),
    "SHOP_GATEWAY_IDEMPOTENCY_SECONDS": str(IDEMPOTENCY_SECONDS),
    "SHOP_PENDING_PAYMENT_TIMEOUT_SECONDS": str(PENDING_PAYMENT_SECONDS),
    "SHOP_JOB_RETRY_DELAY_SECONDS": "0.1",
}


@dataclass(frozen=True, kw_only=True)
class OrderState:
    """The state of an order: in the shop, in its stock (on hand, reserved), at the gateway."""

    order: str | None
    payment: str | None
    stock: tuple[int, int]
    at_gateway: tuple[str, ...]


NO_ORDER = OrderState(order=None, payment=None, stock=(STOCK, 0), at_gateway=())
PENDING = OrderState(order="pending", payment="pending", stock=(STOCK, QUANTITY), at_gateway=())
PAID = OrderState(
    order="paid", payment="captured", stock=(STOCK - QUANTITY, 0), at_gateway=("captured",)
)
DECLINED = OrderState(
    order="declined", payment="declined", stock=(STOCK, 0), at_gateway=("declined",)
)
EXPIRED = OrderState(order="expired", payment="voided", stock=(STOCK, 0), at_gateway=("voided",))


class Call(StrEnum):
    """Words of the idempotency key by which the fault proxy knows a call of the gateway."""

    AUTHORISE = ":auth"
    CAPTURE = ":capture"
    VOID = ":void"


def order_id_of(stop: Breakpoint) -> str:
    """Return the order whose call of the gateway was stopped."""
    key = re.search(r"(?i)\r\nidempotency-key: shop:([^:]+):", stop.request.decode())
    assert key is not None
    return key[1]


class Buyer(Customer):
    """A customer who buys two of a product of their own, under one key."""

    def __init__(self, name: str, url: str, connections: httpx2.AsyncHTTPTransport) -> None:
        super().__init__(url, connections)
        self.sku = unique_name(name.replace(" ", "-"))
        self.key = f"key-{uuid4().hex}"

    async def buy(self, card: str = "tok_visa") -> httpx2.Response:
        body = {
            "lines": [{"sku": self.sku, "quantity": QUANTITY}],
            "payment": {"method": "card", "token": card},
        }
        return await self.request("POST", "/orders", body, idempotency_key=self.key)


class EventSendingGateway(HttpPaymentGateway):
    """The simulated gateway with events: those that the test passes in are accepted."""

    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
        del headers
        event = json.loads(body)
        return GatewayEvent(
            id=event["id"], kind="payment.changed", payment_id="pay", reference=UUID(event["order"])
        )


@dataclass(frozen=True, kw_only=True)
class DeployedShop:
    """The processes, the fault proxies between them, and ways to read what they have stored.

    `shop` is the same shop once more, in this process and straight at its database and gateway:
    to the processes it is another one of theirs.
    """

    server: ShopServer
    gateway: GatewayProcess
    gateway_proxy: FaultProxy
    database_proxy: FaultProxy | None
    container: Container
    clock: AdvanceableClock
    connections: httpx2.AsyncHTTPTransport

    async def buyers(self, *names: str) -> list[Buyer]:
        """Sign customers up, and add the product that each of them buys."""
        created = [Buyer(name, self.server.url, self.connections) for name in names]
        for each in created:
            await self.add_product(each.sku, on_hand=STOCK, price=PRICE)
        await asyncio.gather(*(each.sign_up() for each in created))
        return created

    async def add_product(self, sku: str, *, on_hand: int, price: int) -> None:
        """Add a product with stock."""
        product = new_product(sku, name=sku, price=price, stock=on_hand)
        await self.container.product_seed().put([product])

    async def order_id(self, buyer: Buyer) -> str:
        """Return the id of the buyer's order."""
        order_id, _ = await self._read(buyer)
        assert order_id is not None
        return order_id

    async def order_state(self, buyer: Buyer) -> OrderState:
        """Return the state of the buyer's order."""
        order_id, state = await self._read(buyer)
        payments = await asyncio.to_thread(self.gateway.payments)
        charges = tuple(_gateway_status(each) for each in payments if each["order_id"] == order_id)
        return OrderState(**{**state, "at_gateway": charges})

    async def authorisation_calls(self, buyer: Buyer) -> int:
        """Return how often the gateway was asked to authorise the buyer's order."""
        order_id, _ = await self._read(buyer)
        payments = await asyncio.to_thread(self.gateway.payments)
        return sum(each["calls"] for each in payments if each["order_id"] == order_id)

    async def wait_until_gateway_knows(self, buyer: Buyer) -> None:
        """Wait until the gateway has received a request about the buyer's order."""

        async def is_known() -> bool:
            return await self.authorisation_calls(buyer) > 0

        await _wait_until(is_known)

    async def wait_for_status(self, buyer: Buyer, status: str) -> None:
        """Wait until the buyer's order has this status."""

        async def has_status() -> bool:
            _, state = await self._read(buyer)
            return bool(state["order"] == status)

        await _wait_until(has_status)

    async def jobs(self) -> list[str]:
        """Return the jobs, pending and dead."""
        jobs = await self.container.job_service().list(dead_only=False)
        return [f"{job.id.kind}: {job.last_error}" for job in jobs]

    async def receive_gateway_event(self, event_id: str, order_id: str) -> None:
        """Receive a gateway event about the payment of an order."""
        body = json.dumps({"id": event_id, "order": order_id}).encode()
        await self.container.handle_gateway_events().receive(body, {})

    async def wait_until_events_are_handled(self) -> None:
        """Wait until no gateway event waits for its job."""

        async def no_event_waits() -> bool:
            return not any("handle_gateway_event" in each for each in await self.jobs())

        await _wait_until(no_event_waits)

    async def run_jobs(self) -> None:
        """Run due jobs, as another worker, until no job is left."""

        async def no_job_is_left() -> bool:
            await self.container.worker().drain()
            return not await self.jobs()

        await _wait_until(no_job_is_left)

    async def wait_until_idle(self) -> None:
        """Wait until no job is left."""

        async def no_job_is_left() -> bool:
            return not await self.jobs()

        try:
            await _wait_until(no_job_is_left)
        except TimeoutError as failure:
            failure.add_note(f"jobs left: {await self.jobs()}")
            raise

    async def require_clean_audit(self) -> None:
        """Check every invariant, as `shop audit` does."""
        findings = await self.container.audit_shop().run(lambda _: None)
        assert [each for each in findings if each.violations] == []

    async def start(self, **settings: str) -> None:
        """Start the shop's server, with some settings changed."""
        self.server.settings = {**self.server.settings, **settings}
        await asyncio.to_thread(self.server.start)

    async def kill(self) -> None:
        """Kill the shop's server with -9."""
        await asyncio.to_thread(self.server.kill)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the server's process for a time, without its notice."""
        assert self.server.process is not None
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server.process.send_signal(signal.SIGCONT)

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[ForkedProcess]:
        """Run `shop worker` on the same database; it is killed with -9 in the end."""
        process = await asyncio.to_thread(self._start_worker)
        try:
            assert process.stdout is not None
            line = await asyncio.to_thread(process.stdout.readline)
            assert line == b"Worker started (press Ctrl+C to stop).\n"
            yield process
        finally:
            with process:
                process.kill()

    def _start_worker(self) -> ForkedProcess:
        with Path(self.server.folder, "worker.log").open("ab") as log:
            return start_shop(
                "worker",
                folder=self.server.folder,
                environment=self.server.environment,
                errors=log,
            )

    async def _read(self, buyer: Buyer) -> tuple[str | None, dict[str, Any]]:
        async def read(uow: UnitOfWork) -> tuple[str | None, dict[str, Any]]:
            stock = (await uow.inventories.get_many([buyer.sku]))[buyer.sku]
            users = await uow.users.with_emails([buyer.email])
            adas = order_filter(user_id=users[buyer.email].id)
            orders = (await uow.orders.search(adas, PageRequest(limit=2, after=None))).items
            state: dict[str, Any] = {
                "order": None,
                "payment": None,
                "stock": (stock.on_hand, stock.reserved),
            }
            if not orders:
                return None, state
            (order,) = orders
            payment = (await uow.payments.for_orders([order.id]))[order.id]
            state |= {"order": order.status.value, "payment": payment.status.value}
            return str(order.id), state

        return await self.container.transaction_runner().read(read)


async def _wait_until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        while not await condition():  # noqa: ASYNC110  It becomes so in another process.
            await asyncio.sleep(POLL_INTERVAL_SECONDS)


def _gateway_status(payment: Mapping[str, Any]) -> str:
    """Return how far a payment has come at the gateway."""
    assert payment["amount"] == QUANTITY * PRICE
    assert payment["refunded"] in {0, payment["amount"]}
    assert not (payment["voided"] and payment["captured"])
    states = ("refunded", "captured", "voided", "authorised", "declined")
    return next((state for state in states if payment[state]), "open")


@asynccontextmanager
async def deploy_shop(folder: Path, postgresql_url: str | None) -> AsyncIterator[DeployedShop]:
    """Deploy a shop on SQLite, or on PostgreSQL if it has a URL; the server is not started."""
    async with AsyncExitStack() as stack:
        stack.enter_context(logs_shown_on_failure(folder))
        time = Path(folder, "time-passed")
        processes = {**PROCESS_ENVIRONMENT, OFFSET_FILE_VARIABLE: str(time), **TIMING_SETTINGS}
        gateway = GatewayProcess(
            folder=folder, settings=processes, port=stack.enter_context(reserved_port())
        )
        gateway_proxy_server = await stack.enter_async_context(gateway_proxy(gateway.port))
        database_proxy_server: FaultProxy | None = None
        url = proxied_url = f"sqlite+aiosqlite:///{folder}/shop.db"
        if postgresql_url is not None:
            url = postgresql_url
            database_proxy_server = await stack.enter_async_context(database_proxy(url))
            proxied_url = database_proxy_server.url
        common_settings = {
            "SHOP_DATABASE_SCHEMA": f"crash_{uuid4().hex}",
            "SHOP_SESSION_SECRETS": json.dumps([SECRET]),
            "SHOP_LOG_LEVEL": "warning",
            # Each test has one customer, with any number of cards.
            "SHOP_RATE_LIMITS": "off",
            "SHOP_PENDING_ORDERS_PER_CUSTOMER": "1000",
        }
        container = _open_container(
            {
                **common_settings,
                **TIMING_SETTINGS,
                "SHOP_DATABASE_URL": url,
                "SHOP_SIMULATED_GATEWAY_URL": gateway.url,
            },
            AdvanceableClock(time),
        )
        stack.push_async_callback(_close, container)
        stack.callback(gateway.kill)
        await asyncio.gather(asyncio.to_thread(gateway.start), container.database().migrate())
        connections = await stack.enter_async_context(
            httpx2.AsyncHTTPTransport(limits=httpx2.Limits(max_connections=CONNECTIONS))
        )
        server = ShopServer(
            folder=folder,
            settings={
                **common_settings,
                **processes,
                "SHOP_DATABASE_URL": proxied_url,
                "SHOP_SIMULATED_GATEWAY_URL": gateway_proxy_server.url,
            },
            workers=1,
            port=stack.enter_context(reserved_port()),
        )
        stack.push_async_callback(asyncio.to_thread, server.kill)
        yield DeployedShop(
            server=server,
            gateway=gateway,
            gateway_proxy=gateway_proxy_server,
            database_proxy=database_proxy_server,
            container=container,
            clock=AdvanceableClock(time),
            connections=connections,
        )


def _open_container(settings: Mapping[str, str], clock: AdvanceableClock) -> Container:
    named = {name.removeprefix("SHOP_").lower(): value for name, value in settings.items()}
    container = Container(settings=Settings.model_validate(named))
    gateway = EventSendingGateway(
        settings["SHOP_SIMULATED_GATEWAY_URL"], timeout_seconds=TIMEOUT_SECONDS
    )
    container.payment_gateway.override(providers.Object(gateway))
    container.clock.override(providers.Object(clock))
    return container


async def _close(container: Container) -> None:
    await container.command_queues().drain()
    await container.transaction_runner().drain()
    await container.payment_gateway().close()
    await container.database().close()
