"""Consult orders: one's own, the session's, and for admins everybody's."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shop.application.admission import Visit
from shop.application.group_commit import Lines
from shop.application.ports.orders import OrderFilter
from shop.application.ports.paging import Listing, Moment, Page
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.errors import ShopError
from shop.domain.events import OrderEvent
from shop.domain.handover import Handover, HandoverKind
from shop.domain.order import NoOrder, Order, OrderNotFound, OrderStatus
from shop.domain.payment import Payment
from shop.domain.refund import Refund
from shop.domain.user import Role, User

GROUPS_AT_ONCE = 4
"""How many groups of questions are asked at once: one that is stuck is not to stop all."""


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

    def __init__(self, transact: Transact, lines: Lines) -> None:
        self._transact = transact
        self._questions = lines.before(self._find, at_once=GROUPS_AT_ONCE)

    async def show(self, user: User, order_id: UUID) -> OrderView:
        """Return an order; raise `OrderNotFound` where there is none that the user may see."""
        view = await self._questions.send(order_id)
        if not view.order.is_visible_to(user):
            raise OrderNotFound
        return view

    async def _find(self, order_ids: Sequence[UUID]) -> Sequence[OrderView | ShopError]:
        async def find(uow: UnitOfWork) -> Sequence[OrderView | ShopError]:
            found = await uow.orders.get_many(set(order_ids))
            views = {view.order.id: view for view in await _views(uow, list(found.values()))}
            return [views.get(order_id) or OrderNotFound() for order_id in order_ids]

        return await self._transact.read(find)

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
        # Whom an order belongs to never changes: the two may be of different moments.
        await self.show(user, order_id)
        return await self._transact.read(lambda uow: uow.orders.history(order_id))

    async def handovers(self, user: User, order_id: UUID, kind: HandoverKind) -> Sequence[Handover]:
        """Return what was shipped, or what has arrived, in order; raise like `show`."""
        await self.show(user, order_id)
        found = await self._transact.read(lambda uow: uow.handovers.of_orders([order_id]))
        return [each for each in found[order_id] if each.kind is kind]

    async def refunds(self, user: User, order_id: UUID) -> Sequence[Refund]:
        """Return what went back of an order, in order; raise `OrderNotFound` like `show`."""
        await self.show(user, order_id)
        return (await self._transact.read(lambda uow: uow.refunds.of_orders([order_id])))[order_id]


async def _views(uow: UnitOfWork, orders: Sequence[Order]) -> Sequence[OrderView]:
    payments = await uow.payments.of_orders([order.id for order in orders])
    return [OrderView(order=order, payment=payments[order.id]) for order in orders]
