"""Placed orders, as those who placed them are answered, now and whenever they ask again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.order import Order, OrderStatus
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """An order as it was placed, its payment, and the token to hold if it is a new one.

    A pending one waits for its card, and so may an earlier one under the same key.
    """

    order: Order
    payment: Payment
    issued: SessionToken | None


async def placed_earlier(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, PlacedOrder]:
    """Return orders as they were answered for, and those that are pending as they stand."""
    orders = await uow.orders.get_many(ids)
    waiting = [order.id for order in orders.values() if order.status is OrderStatus.PENDING]
    payments = await uow.payments.of_orders(waiting)
    return {
        order.id: PlacedOrder(order=order, payment=payments[order.id], issued=None)
        if order.id in payments
        else PlacedOrder(order=order.as_placed(), payment=as_paid(order), issued=None)
        for order in orders.values()
    }


def as_paid(order: Order) -> Payment:
    """Return the payment of an order as it stood when the order was paid.

    An account has paid by then; of a card, the money is set aside.
    """
    by_card = order.method is PaymentMethod.CARD
    return Payment(
        order_id=order.id,
        method=order.method,
        status=PaymentStatus.AUTHORISED if by_card else PaymentStatus.CAPTURED,
        amount=order.total,
        card=None,
        created_at=order.placed_at,
    )
