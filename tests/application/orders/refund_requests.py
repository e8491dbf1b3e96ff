"""Requests to refund an order, and the state of the order afterwards."""

from dataclasses import replace
from typing import Any

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.idempotency.results import CommandResult
from shop.application.orders.fulfil import RecordShipmentEvent
from shop.application.orders.refund import RefundOrder
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderStatus
from shop.domain.orders.refund import Refund, RefundRequest
from shop.domain.orders.shipment import ShipmentEventKind
from shop.domain.payment import PaymentStatus
from shop.domain.shared.errors import ShopError
from tests.application.memory_shop import WELCOME_CREDIT, MemoryShop
from tests.factories import line_quantities

SHIPMENT, DELIVERY = ShipmentEventKind.SHIPPED, ShipmentEventKind.DELIVERED

REMAINING = WELCOME_CREDIT - 300
"""Ada's balance after she has paid."""


def refund_request(**changes: Any) -> RefundRequest:  # noqa: ANN401  Several types.
    """Return a request for the whole rest, to where it was paid from, without restocking."""
    default = RefundRequest(
        lines=(), shipping=False, amount=None, to=None, reason="Broken", restock=False
    )
    return replace(default, **changes)


def refund_order(
    token: SessionToken | None,
    placed: PlacedOrder,
    key: str = "key-0001",
    **changes: Any,  # noqa: ANN401  Several types.
) -> RefundOrder:
    return RefundOrder(
        session=token, key=key, order_id=placed.order.id, refund_request=refund_request(**changes)
    )


async def refund_of(shop: MemoryShop, command: RefundOrder) -> Refund:
    return (await reply_to(shop, command)).unwrap()


async def reply_to(shop: MemoryShop, command: RefundOrder) -> CommandResult[Refund]:
    return await shop.container.refund_orders().refund(command)


async def record_shipment_event(
    shop: MemoryShop,
    token: SessionToken,
    placed: PlacedOrder,
    kind: ShipmentEventKind,
    **quantities: int,
) -> None:
    command = RecordShipmentEvent(
        session=token, order_id=placed.order.id, kind=kind, lines=line_quantities(**quantities)
    )
    await shop.container.fulfil_orders().record(command)


def order_state(shop: MemoryShop, placed: PlacedOrder) -> tuple[OrderStatus, PaymentStatus]:
    order_id = placed.order.id
    return shop.state.orders.rows[order_id].status, shop.state.payments.rows[order_id].status


async def assert_rejected(shop: MemoryShop, command: RefundOrder, error: ShopError) -> None:
    before = shop.state

    with pytest.raises(type(error)) as rejection:
        await refund_of(shop, command)

    assert rejection.value == error
    assert shop.state == before


async def assert_rejected_permanently(
    shop: MemoryShop, command: RefundOrder, error: ShopError
) -> None:
    """Require a rejection that changes nothing but the outcome stored under the key."""
    before = shop.state

    for replayed in (False, True):
        reply = await reply_to(shop, command)
        assert (reply.value, reply.replayed) == (error, replayed)

    assert replace(shop.state, idempotency_keys=before.idempotency_keys) == before
