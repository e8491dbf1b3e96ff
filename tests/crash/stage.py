"""A shop and its gateway, each a process of its own, and the roads on which they can be stopped."""

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx2
from dependency_injector import providers

from shop.adapters.simulated_gateway.http_payment_gateway import HttpPaymentGateway
from shop.application.catalogue.bulk_import import ProductRow
from shop.application.ports.paging import PageRequest
from shop.application.ports.payment_gateway import GatewayEvent
from shop.application.ports.repositories.orders import OrderFilter
from shop.application.ports.unit_of_work import UnitOfWork
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.crash.database_road import DatabaseRoad, database_road
from tests.crash.gateway_road import GatewayRoad, gateway_road
from tests.factories import eur
from tests.gateway_process import GatewayProcess
from tests.patience import PATIENCE_SECONDS
from tests.processes.passing_time import FILE, PassingTime
from tests.race.customers import Customer
from tests.servers import LOOK_SECONDS, PROCESSES, SHOP, ShopServer, port_of_our_own

T = TypeVar("T")

SECRET = "a secret for crashes alone, 0123456789"
STOCK, QUANTITY, PRICE = 10, 2, 100
CONNECTIONS = 256

TIMEOUT_SECONDS, LEASE_SECONDS, KEY_SECONDS, HOLD_SECONDS = 50, 100, 300, 600
"""Nothing that is stopped goes on by itself, on however busy a machine: a test lets time pass.

It passes for all processes at once, in the order of these spans: after a lease, no request is on
its way any more; after an order's time, the gateway has forgotten its keys.
"""

TERMS = {
    "SHOP_GATEWAY_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
    "SHOP_JOB_LEASE_SECONDS": str(LEASE_SECONDS),
    "SHOP_GATEWAY_IDEMPOTENCY_SECONDS": str(KEY_SECONDS),
    "SHOP_PENDING_PAYMENT_TIMEOUT_SECONDS": str(HOLD_SECONDS),
    "SHOP_JOB_RETRY_DELAY_SECONDS": "0.1",
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an order stands: in the shop, in its stock (on hand, reserved), at the gateway."""

    order: str | None
    payment: str | None
    stock: tuple[int, int]
    at_gateway: tuple[str, ...]


NOTHING = Standing(order=None, payment=None, stock=(STOCK, 0), at_gateway=())
PENDING = Standing(order="pending", payment="pending", stock=(STOCK, QUANTITY), at_gateway=())
PAID = Standing(
    order="paid", payment="captured", stock=(STOCK - QUANTITY, 0), at_gateway=("captured",)
)
DECLINED = Standing(
    order="declined", payment="declined", stock=(STOCK, 0), at_gateway=("declined",)
)
EXPIRED = Standing(order="expired", payment="voided", stock=(STOCK, 0), at_gateway=("voided",))


class Shopper(Customer):
    """Somebody who buys two of a product that nobody else wants, under one key."""

    def __init__(self, name: str, url: str, connections: httpx2.AsyncHTTPTransport) -> None:
        super().__init__(url, connections)
        self.sku = f"{name.replace(' ', '-')}-{uuid4().hex}"
        self.key = f"key-{uuid4().hex}"

    async def buy(self, card: str = "tok_visa") -> httpx2.Response:
        body = {
            "lines": [{"sku": self.sku, "quantity": QUANTITY}],
            "payment": {"method": "card", "token": card},
        }
        return await self.ask("POST", "/orders", body, idempotency_key=self.key)


class NoticingGateway(HttpPaymentGateway):
    """The simulated gateway, if it sent notices: those that come in here are believed."""

    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
        del headers
        told = json.loads(body)
        return GatewayEvent(
            id=told["id"], kind="payment.changed", payment_id="pay", reference=UUID(told["order"])
        )


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The processes, the roads between them, and a look behind the scenes that changes nothing.

    `shop` is the same shop once more, in this process and straight at its database and gateway:
    to the processes it is another one of theirs.
    """

    server: ShopServer
    gateway: GatewayProcess
    gateway_road: GatewayRoad
    database_road: DatabaseRoad | None
    shop: Container
    time: PassingTime
    connections: httpx2.AsyncHTTPTransport

    async def shoppers(self, *names: str) -> list[Shopper]:
        """Let customers sign up, and put what they want on the shelves."""
        made = [Shopper(name, self.server.url, self.connections) for name in names]
        for each in made:
            await self.offer(each.sku, on_hand=STOCK, price=PRICE)
        await asyncio.gather(*(each.sign_up() for each in made))
        return made

    async def offer(self, sku: str, *, on_hand: int, price: int) -> None:
        """Put a product on the shelves."""
        product = ProductRow(
            sku=sku,
            name=sku,
            description="",
            price=eur(price),
            active=True,
            image_url=None,
            on_hand=on_hand,
        )
        await self.shop.bulk_import().upsert([product])

    async def order_id(self, shopper: Shopper) -> str:
        """Return the id of the order that somebody has placed."""
        order_id, _ = await self._read(shopper)
        assert order_id is not None
        return order_id

    async def standing(self, shopper: Shopper) -> Standing:
        """Return how the one order of somebody stands."""
        order_id, standing = await self._read(shopper)
        books = await asyncio.to_thread(self.gateway.payments)
        charges = tuple(_told(each) for each in books if each["order_id"] == order_id)
        return Standing(**{**standing, "at_gateway": charges})

    async def calls(self, shopper: Shopper) -> int:
        """Return how often the gateway was asked to authorise somebody's order."""
        order_id, _ = await self._read(shopper)
        books = await asyncio.to_thread(self.gateway.payments)
        return sum(each["calls"] for each in books if each["order_id"] == order_id)

    async def is_known_to_the_gateway(self, shopper: Shopper) -> None:
        """Wait until the gateway has heard of the order of somebody."""

        async def is_known() -> bool:
            return await self.calls(shopper) > 0

        await _until(is_known)

    async def becomes(self, shopper: Shopper, status: str) -> None:
        """Wait until the order of somebody stands so."""

        async def stands_so() -> bool:
            _, told = await self._read(shopper)
            return bool(told["order"] == status)

        await _until(stands_so)

    async def jobs(self) -> list[str]:
        """Return what the outbox has, dead or alive."""
        jobs = await self.shop.job_service().list(dead_only=False)
        return [f"{job.id.kind}: {job.last_error}" for job in jobs]

    async def tell(self, notice_id: str, order_id: str) -> None:
        """Let a notice come in that says that something happened to the payment of an order."""
        body = json.dumps({"id": notice_id, "order": order_id}).encode()
        await self.shop.handle_gateway_events().handle(body, {})

    async def work(self) -> None:
        """Do what is due, as one more worker, until no job is left."""

        async def nothing_is_left() -> bool:
            await self.shop.worker().drain()
            return not await self.jobs()

        await _until(nothing_is_left)

    async def quiet(self) -> None:
        """Wait until no job is left."""

        async def nothing_is_left() -> bool:
            return not await self.jobs()

        await _until(nothing_is_left)

    async def require_sound_books(self) -> None:
        """Check every invariant, as `shop audit` does."""
        findings = await self.shop.audit_shop().run(lambda _: None)
        assert [each for each in findings if each.violations] == []

    async def start(self, **settings: str) -> None:
        """Start the shop's server, with some settings changed."""
        self.server.settings = {**self.server.settings, **settings}
        await asyncio.to_thread(self.server.start)

    async def kill(self) -> None:
        """Kill the shop's server with -9."""
        await asyncio.to_thread(self.server.kill)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let the server's process stand still for a time: it notices nothing of it."""
        assert self.server.process is not None
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server.process.send_signal(signal.SIGCONT)

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[subprocess.Popen[bytes]]:
        """Run `shop worker` on the same database; it is killed with -9 in the end."""
        process = await asyncio.to_thread(self._start_worker)
        try:
            assert process.stdout is not None
            line = await asyncio.to_thread(process.stdout.readline)
            assert line == b"The worker is at work (Ctrl+C ends it).\n"
            yield process
        finally:
            with process:
                process.kill()

    def _start_worker(self) -> subprocess.Popen[bytes]:
        with Path(self.server.folder, "worker.log").open("ab") as log:
            return subprocess.Popen(
                [SHOP, "worker"],
                cwd=self.server.folder,
                env=self.server.environment,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    async def _read(self, shopper: Shopper) -> tuple[str | None, dict[str, Any]]:
        async def read(uow: UnitOfWork) -> tuple[str | None, dict[str, Any]]:
            stock = (await uow.inventories.get_many([shopper.sku]))[shopper.sku]
            users = await uow.users.with_emails([shopper.email])
            which = OrderFilter(user_id=users[shopper.email].id, status=None)
            orders = (await uow.orders.search(which, PageRequest(limit=2, after=None))).items
            told: dict[str, Any] = {
                "order": None,
                "payment": None,
                "stock": (stock.on_hand, stock.reserved),
            }
            if not orders:
                return None, told
            (order,) = orders
            payment = (await uow.payments.for_orders([order.id]))[order.id]
            told |= {"order": order.status.value, "payment": payment.status.value}
            return str(order.id), told

        return await self.shop.transaction_runner().read(read)


async def _until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await is_so():  # noqa: ASYNC110  It becomes so in another process.
            await asyncio.sleep(LOOK_SECONDS)


def _told(payment: Mapping[str, Any]) -> str:
    """Return how far a payment has come at the gateway."""
    assert payment["amount"] == QUANTITY * PRICE
    assert payment["refunded"] in {0, payment["amount"]}
    assert not (payment["voided"] and payment["captured"])
    steps = ("refunded", "captured", "voided", "authorised", "declined")
    return next((step for step in steps if payment[step]), "open")


@asynccontextmanager
async def a_stage(folder: Path, postgresql_url: str | None) -> AsyncIterator[Stage]:
    """Set the stage on SQLite, or on PostgreSQL where it has an address; nothing serves yet."""
    async with AsyncExitStack() as stack:
        time = Path(folder, "time-passed")
        processes = {**PROCESSES, FILE: str(time), **TERMS}
        gateway = GatewayProcess(
            folder=folder, settings=processes, port=stack.enter_context(port_of_our_own())
        )
        to_gateway = await stack.enter_async_context(gateway_road(gateway.port))
        to_database: DatabaseRoad | None = None
        url = travelled = f"sqlite+aiosqlite:///{folder}/shop.db"
        if postgresql_url is not None:
            url = postgresql_url
            to_database, travelled = await stack.enter_async_context(database_road(url))
        common = {
            "SHOP_DATABASE_SCHEMA": f"crash_{uuid4().hex}",
            "SHOP_SESSION_SECRETS": json.dumps([SECRET]),
            "SHOP_LOG_LEVEL": "warning",
        }
        shop = _shop(
            {
                **common,
                **TERMS,
                "SHOP_DATABASE_URL": url,
                "SHOP_SIMULATED_GATEWAY_URL": gateway.url,
            },
            PassingTime(time),
        )
        stack.push_async_callback(_close, shop)
        stack.callback(gateway.kill)
        await asyncio.gather(asyncio.to_thread(gateway.start), shop.database().migrate())
        connections = await stack.enter_async_context(
            httpx2.AsyncHTTPTransport(limits=httpx2.Limits(max_connections=CONNECTIONS))
        )
        server = ShopServer(
            folder=folder,
            settings={
                **common,
                **processes,
                "SHOP_DATABASE_URL": travelled,
                "SHOP_SIMULATED_GATEWAY_URL": to_gateway.url,
            },
            workers=1,
            port=stack.enter_context(port_of_our_own()),
        )
        stack.push_async_callback(asyncio.to_thread, server.kill)
        yield Stage(
            server=server,
            gateway=gateway,
            gateway_road=to_gateway,
            database_road=to_database,
            shop=shop,
            time=PassingTime(time),
            connections=connections,
        )


def _shop(settings: Mapping[str, str], clock: PassingTime) -> Container:
    named = {name.removeprefix("SHOP_").lower(): value for name, value in settings.items()}
    made = Container(settings=Settings.model_validate(named))
    gateway = NoticingGateway(
        settings["SHOP_SIMULATED_GATEWAY_URL"], timeout_seconds=TIMEOUT_SECONDS
    )
    made.payment_gateway.override(providers.Object(gateway))
    made.clock.override(providers.Object(clock))
    return made


async def _close(shop: Container) -> None:
    await shop.command_queues().drain()
    await shop.transaction_runner().drain()
    await shop.payment_gateway().close()
    await shop.database().close()
