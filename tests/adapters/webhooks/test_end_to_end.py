"""From an order to a merchant's endpoint: a shop on a file, its worker, and real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from dependency_injector import providers
from standardwebhooks import Webhook

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.identity.sign_up import SignUp
from shop.application.maintenance.product_seed import new_product
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.jobs import JobKind
from shop.application.ports.repositories.notification_deliveries import NotificationDeliveryFilter
from shop.domain.cart import Cart
from shop.domain.notification import (
    NotificationChannel,
    NotificationDelivery,
    NotificationDeliveryStatus,
)
from shop.domain.payment import PaymentStatus
from shop.domain.shared.line_quantity import LineQuantity
from shop.entrypoints.configuration import policies
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.adapters.webhooks.webhook_receiver import SECRET, WebhookReceiver
from tests.doubles import FakePasswordHasher
from tests.factories import EUR
from tests.processes.advanceable_clock import AdvanceableClock
from tests.timeouts import TEST_TIMEOUT_SECONDS, LoopTime

pytestmark = pytest.mark.anyio

RESPONSE_SECONDS = TEST_TIMEOUT_SECONDS / 2
LEASE_SECONDS = 2 * TEST_TIMEOUT_SECONDS
WEBHOOKS = NotificationDeliveryFilter(channel=NotificationChannel.WEBHOOK, status=None)


NewShop = Callable[[], Coroutine[Any, Any, Container]]


@pytest.fixture
async def open_shop(
    tmp_path: Path, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[NewShop]:
    """Yield a function that opens the shop on one file, as often as it is called."""
    monkeypatch.setattr(policies, "NOTIFICATION_TIMEOUT_SECONDS", RESPONSE_SECONDS)
    opened: list[Container] = []
    clock = AdvanceableClock(tmp_path / "time-passed")

    async def open_shop() -> Container:
        endpoint = {"url": receiver.url, "secret": SECRET, "events": ["order.paid"]}
        shop = Container(
            settings=Settings.model_validate(
                {
                    "database_url": f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}",
                    "session_secrets": ["a secret for tests alone, of enough characters"],
                    "currency": "EUR",
                    "welcome_credit": 10_000,
                    "webhook_endpoints": json.dumps([endpoint]),
                    "job_retry_delay_seconds": 0.05,
                    "job_lease_seconds": LEASE_SECONDS,
                }
            )
        )
        shop.clock.override(providers.Object(clock))
        gateway = MemoryPaymentGateway(clock, idempotency_seconds=600)
        shop.payment_gateway.override(providers.Object(gateway))
        shop.password_hasher.override(providers.Object(FakePasswordHasher()))
        await shop.database().migrate()
        opened.append(shop)
        return shop

    yield open_shop
    for shop in opened:
        await shop.transaction_runner().drain()
        await shop.webhook_sender().close()
        await shop.database().close()


async def _order(shop: Container, card: str | None = None) -> UUID:
    """Place an order, and pay for it; return its id."""
    await shop.product_seed().put([new_product("TEA", name="Tee ☕", price=500, stock=10)])
    command = SignUp(session=None, name="Ada", email="ada@example.com", password="a long phrase")
    current_session = (await shop.sign_up_service().sign_up(command)).current_session
    order = PlaceOrder(
        session=current_session.new_token,
        key="key-0001",
        cart=Cart.of([LineQuantity(sku="TEA", quantity=2)]),
        card=card,
        expected_total=None,
    )
    return (await shop.checkout().place(order)).unwrap().order.id


async def _captured(shop: Container, order_id: UUID) -> None:
    """Wait until the money of an order is taken."""
    while True:
        async with shop.snapshot() as uow:
            payment = (await uow.payments.for_orders([order_id]))[order_id]
        if payment.status is PaymentStatus.CAPTURED:
            return
        await asyncio.sleep(0.02)


async def _webhook_delivery(shop: Container) -> NotificationDelivery:
    async with shop.snapshot() as uow:
        found = await uow.notification_deliveries.search(WEBHOOKS, PageRequest(limit=9, after=None))
    (delivery,) = found.items
    return delivery


async def _run_worker(shop: Container, attempts: int) -> NotificationDelivery:
    """Let the worker work until that many attempts are known; return what came of them."""
    working = asyncio.create_task(shop.worker().run())
    try:
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            while True:
                delivery = await _webhook_delivery(shop)
                if delivery.attempts >= attempts:
                    return delivery
                await asyncio.sleep(0.02)
    finally:
        working.cancel()
        await asyncio.wait([working])


async def test_failing_endpoint_receives_the_notification_eventually(
    open_shop: NewShop, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop_time = LoopTime(monkeypatch)
    receiver.script(500, WebhookReceiver.CLOSE_CONNECTION, 302, WebhookReceiver.NO_RESPONSE)
    shop = await open_shop()
    order_id = await _order(shop)

    working = asyncio.create_task(_run_worker(shop, attempts=5))
    await receiver.wait_for_requests(4)
    await loop_time.advance(RESPONSE_SECONDS)
    delivery = await working

    assert (delivery.status, delivery.attempts, delivery.last_status_code) == (
        NotificationDeliveryStatus.DELIVERED,
        5,
        200,
    )
    assert {each.headers["webhook-id"] for each in receiver.received} == {str(delivery.id)}
    for each in receiver.received:
        payload = Webhook(SECRET).verify(each.body, dict(each.headers))
        assert (payload["type"], payload["data"]["id"]) == ("order.paid", str(order_id))
        assert payload["data"]["total"] == {"amount": 1000, "currency": EUR}
    async with shop.snapshot() as uow:
        assert await uow.jobs.next_due(frozenset(JobKind)) is None


async def test_unreachable_endpoint_receives_the_notification_when_it_is_back(
    open_shop: NewShop, receiver: WebhookReceiver, tmp_path: Path
) -> None:
    shop = await open_shop()
    await receiver.close()
    await _order(shop)
    missed = await _run_worker(shop, attempts=2)
    assert (missed.status, missed.last_status_code) == (NotificationDeliveryStatus.PENDING, None)
    assert "hunter2" not in str(missed.last_error)

    await receiver.open()
    # The worker may have been stopped in the middle of another attempt.
    AdvanceableClock(tmp_path / "time-passed").advance(LEASE_SECONDS)
    delivery = await _run_worker(shop, attempts=missed.attempts + 1)

    assert delivery.status is NotificationDeliveryStatus.DELIVERED
    assert [each.headers["webhook-id"] for each in receiver.received] == [str(delivery.id)]


async def test_hanging_endpoint_does_not_delay_captures(
    open_shop: NewShop, receiver: WebhookReceiver
) -> None:
    receiver.script(WebhookReceiver.NO_RESPONSE)
    shop = await open_shop()
    order_id = await _order(shop, card="tok_visa")
    working = asyncio.create_task(shop.worker().run())
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        await receiver.wait_for_requests(1)
        await _captured(shop, order_id)

    assert (await _webhook_delivery(shop)).attempts == 0
    working.cancel()
    await asyncio.wait([working])


async def test_notifications_of_a_killed_worker_are_sent_by_another(
    open_shop: NewShop, receiver: WebhookReceiver, tmp_path: Path
) -> None:
    shop = await open_shop()
    await _order(shop)
    receiver.script(WebhookReceiver.NO_RESPONSE)
    working = asyncio.create_task(shop.worker().run())
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        await receiver.wait_for_requests(1)
    working.cancel()
    await asyncio.wait([working])

    other = await open_shop()
    AdvanceableClock(tmp_path / "time-passed").advance(LEASE_SECONDS)
    delivery = await _run_worker(other, attempts=1)

    assert delivery.status is NotificationDeliveryStatus.DELIVERED
    assert {each.headers["webhook-id"] for each in receiver.received} == {str(delivery.id)}
    assert len(receiver.received) == 2
