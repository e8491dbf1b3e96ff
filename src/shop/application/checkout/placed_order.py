"""Placed orders, as those who placed them are answered, now and whenever they ask again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.orders.order import Order, OrderStatus
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """An order as it was placed, its payment, and the token to hold if it is a new one.

    A pending one waits for its card, and so may an earlier one under the same key.
    """

    order: Order
    payment: Payment
    new_token: SessionToken | None


async def load_placed_orders(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, PlacedOrder]:
    """Return orders as they were answered for, and those that are pending as they stand."""
    orders = await uow.orders.get_many(ids)
    pending_ids = [order.id for order in orders.values() if order.status is OrderStatus.PENDING]
    payments = await uow.payments.for_orders(pending_ids)
    return {
        order.id: PlacedOrder(order=order, payment=payments[order.id], new_token=None)
        if order.id in payments
        else PlacedOrder(
            order=order.as_first_paid(), payment=payment_when_paid(order), new_token=None
        )
        for order in orders.values()
    }


def payment_when_paid(order: Order) -> Payment:
    """Return the payment of an order as it stood when the order was paid.

    An account has paid by then; of a card, the money is set aside.
    """
    is_by_card = order.payment_method is PaymentMethod.CARD
    return Payment(
        order_id=order.id,
        method=order.payment_method,
        status=PaymentStatus.AUTHORISED if is_by_card else PaymentStatus.CAPTURED,
        amount=order.total,
        card=None,
        created_at=order.placed_at,
    )
