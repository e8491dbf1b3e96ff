"""Consult orders: one's own, the session's, and for admins everybody's."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from shop.application.admission import Visit
from shop.application.ports.orders import OrderFilter
from shop.application.ports.paging import Listing, Moment, Page
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.events import OrderEvent
from shop.domain.order import NoOrder, Order, OrderNotFound, OrderStatus
from shop.domain.payment import Payment
from shop.domain.user import Role, User


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuestion:
    """Which orders to list; `user_id` and `status` narrow the list where they are given."""

    user: User
    user_id: UUID | None
    status: OrderStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order and its payment, as they stand now."""

    order: Order
    payment: Payment


class ConsultOrders:
    """The use cases that look at orders."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def show(self, user: User, order_id: UUID) -> OrderView:
        """Return an order; raise `OrderNotFound` where there is none that the user may see."""
        return await self._transact.read(partial(self._show, user, order_id))

    async def _show(self, user: User, order_id: UUID, uow: UnitOfWork) -> OrderView:
        order = (await uow.orders.get_many([order_id])).get(order_id)
        if order is None or not order.is_visible_to(user):
            raise OrderNotFound
        return (await _views(uow, [order]))[0]

    async def of_session(self, visit: Visit) -> OrderView:
        """Return the order that the session tracks; raise `NoOrder` where it tracks none."""
        user, order_id = visit.signed_in_user, visit.session.order_id
        if order_id is None:
            raise NoOrder
        return await self.show(user, order_id)

    async def search(
        self, question: OrderQuestion, page: Page[Moment]
    ) -> Listing[OrderView, Moment]:
        """Return a page of the user's orders, the newest first.

        An admin may ask for another user's, or for everybody's in one status; anybody else who
        does gets `Forbidden`.
        """
        user = question.user
        if question.user_id not in {None, user.id}:
            user.require(Role.ADMIN)
        everybody = Role.ADMIN in user.roles and question.status and question.user_id is None
        which = OrderFilter(
            user_id=None if everybody else (question.user_id or user.id),
            status=question.status,
        )

        async def search(uow: UnitOfWork) -> Listing[OrderView, Moment]:
            found = await uow.orders.search(which, page)
            return Listing(items=await _views(uow, found.items), next=found.next)

        return await self._transact.read(search)

    async def history(self, user: User, order_id: UUID) -> Sequence[OrderEvent]:
        """Return what happened to an order, in order; raise `OrderNotFound` like `show`."""

        async def history(uow: UnitOfWork) -> Sequence[OrderEvent]:
            await self._show(user, order_id, uow)
            return await uow.orders.history(order_id)

        return await self._transact.read(history)


async def _views(uow: UnitOfWork, orders: Sequence[Order]) -> Sequence[OrderView]:
    payments = await uow.payments.of_orders([order.id for order in orders])
    return [OrderView(order=order, payment=payments[order.id]) for order in orders]
