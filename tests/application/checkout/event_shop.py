"""A shop whose gateway sends events, and what tests of them do there all the time."""

import json
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.ports.payment_gateway import GatewayEvent, InvalidGatewayEvent
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentStatus
from tests.application.memory_shop import MemoryShop, place_order

HANDLE, RESOLVE, CAPTURE = "handle_gateway_event", "resolve_payment", "capture_payment"
LEASE, RETRY_DELAY = timedelta(seconds=60), timedelta(seconds=5)
SIGNED = {"signature": "the gateway"}


def parse_event(body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
    """Return the event that a body has the fields of, if the gateway's name signs it."""
    if headers != SIGNED:
        raise InvalidGatewayEvent("not signed by the gateway")
    fields = json.loads(body)
    return GatewayEvent(
        id=fields["id"],
        kind="approved",
        payment_id="pay_1",
        reference=None if fields["reference"] is None else UUID(fields["reference"]),
    )


async def receive(shop: MemoryShop, reference: UUID | None, event: str = "evt_1") -> None:
    """Let the gateway send an event; it is answered, and nothing else happens."""
    body = json.dumps({"id": event, "reference": None if reference is None else str(reference)})
    await shop.container.handle_gateway_events().receive(body.encode(), SIGNED)


async def deliver(shop: MemoryShop, reference: UUID | None, event: str = "evt_1") -> None:
    """Let the gateway send an event, and the worker look for jobs once."""
    await receive(shop, reference, event)
    await shop.run_jobs()


async def pay(shop: MemoryShop, token: SessionToken, card: str) -> PlacedOrder:
    """Order two of tea by card."""
    return await shop.check_out(place_order(token, ("TEA", 2), card=card))


def order_state(shop: MemoryShop) -> tuple[OrderStatus, PaymentStatus]:
    """Return the status of the one order and of its payment."""
    (order,) = shop.state.orders.rows.values()
    return order.status, shop.state.payments.rows[order.id].status


async def is_voided(shop: MemoryShop, placed: PlacedOrder) -> bool:
    """Tell whether the gateway has voided the payment of an order."""
    found = await shop.gateway.find_payment(placed.order.id)
    assert found is not None
    return found.is_voided


async def lease(shop: MemoryShop, kind: JobKind) -> Job:
    """Lease the one job of a kind, as a worker does that then stands still."""
    now = shop.clock.now()

    async def lease_one(uow: UnitOfWork) -> Job:
        (job,) = await uow.jobs.lease([kind], now, now + LEASE, 1)
        await uow.commit()
        return job

    return await shop.container.transaction_runner().write(lease_one, retryable=False)
