"""Placed orders, as first returned and for replays."""

from collections.abc import Collection, Mapping
from uuid import UUID

from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.orders.order import Order, OrderStatus
from shop.domain.payment import Payment
from shop.domain.shared.value import value


@value
class PlacedOrder:
    """An order as it was placed, its payment, and the session's token if it is new."""

    order: Order
    payment: Payment
    new_token: SessionToken | None

    @property
    def id(self) -> UUID:
        """The id of the order."""
        return self.order.id


async def load_placed_orders(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, PlacedOrder]:
    """Load orders as they were first returned; pending ones as they are now."""
    orders = await uow.orders.get_many(ids)
    pending_ids = [order.id for order in orders.values() if order.status is OrderStatus.PENDING]
    payments = await uow.payments.for_orders(pending_ids)
    return {
        order.id: PlacedOrder(order=order, payment=payments[order.id], new_token=None)
        if order.id in payments
        else PlacedOrder(
            order=order.as_first_paid(), payment=order.payment_when_paid(), new_token=None
        )
        for order in orders.values()
    }


def is_pending(placed: PlacedOrder) -> bool:
    """Check whether the order's payment has no outcome yet."""
    return placed.order.status is OrderStatus.PENDING
