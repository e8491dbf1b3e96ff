"""Shipments and refunds of one order, consistent or with a single fault."""

from dataclasses import replace

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import ShopAccount
from shop.domain.orders.order import Actor, Order, OrderStatus
from shop.domain.orders.refund import Refund, RefundLine, RefundStatus
from shop.domain.orders.shipment import ShipmentEvent, ShipmentEventKind
from shop.domain.payment import PaymentMethod
from tests.contract.audit.consistent_orders import (
    ORDER,
    OrderStep,
    charge,
    paid,
    store_fulfilment,
    store_next_step,
    store_order,
    store_stock_movements,
    store_transfers,
    transfer_of,
)
from tests.contract.storage import Storage
from tests.factories import EUR, NOW, line_quantities, refund, shipment_event

SHIPMENT, DELIVERY = ShipmentEventKind.SHIPPED, ShipmentEventKind.DELIVERED

CLEARING = ShopAccount.CARD_CLEARING.account_id(EUR)

PART = refund(ORDER, 500)

BY_CARD = replace(
    paid(replace(ORDER, payment_method=PaymentMethod.CARD)),
    transfers=(charge(ORDER, debit_account_id=CLEARING),),
)

TO_CARD = replace(PART, to=PaymentMethod.CARD, status=RefundStatus.PENDING)


def lines(cancelled_quantity: int = 0, **quantities: int) -> tuple[RefundLine, ...]:
    return tuple(
        RefundLine(sku=sku, quantity=quantity, cancelled_quantity=cancelled_quantity)
        for sku, quantity in quantities.items()
    )


def shipment_of(name: str, kind: ShipmentEventKind, **quantities: int) -> ShipmentEvent:
    return shipment_event(ORDER, name, *line_quantities(**quantities), kind=kind)


def _restocking(step: OrderStep, **quantities: int) -> OrderStep:
    """Return a step that only moves stock, under a version that no other movement has."""
    later = replace(step.order, version=step.order.version + 7)
    return replace(step, order=later, on_hand=quantities, reserved={})


async def store_refund(storage: Storage, stored: Refund, **restocked: int) -> None:
    """Store a refund of `ORDER`, its transfer, and what it put back."""

    async def work(uow: UnitOfWork) -> None:
        moved = transfer_of(stored)
        if stored.to is PaymentMethod.CARD:
            moved = replace(moved, credit_account_id=CLEARING)
        await store_transfers(uow, (moved,))
        await store_stock_movements(uow, _restocking(paid(ORDER), **restocked))
        await store_fulfilment(uow, (), (stored,))

    await storage.write(work)


async def store_shipment_events(storage: Storage, *stored: ShipmentEvent) -> None:
    await storage.write(lambda uow: store_fulfilment(uow, stored, ()))


async def store_shipped_order(storage: Storage, *shipped: ShipmentEvent) -> Order:
    """Store `ORDER` as shipped, with these shipments."""
    await store_order(storage, paid(ORDER))
    order, event = ORDER.transition_to(OrderStatus.SHIPPED, at=NOW, actor=Actor.ADMIN)
    step = replace(paid(ORDER), order=order, event=event, transfers=(), on_hand={})
    await store_next_step(storage, replace(step, shipment_events=shipped))
    return order
