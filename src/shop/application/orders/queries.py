"""Consult orders: one's own, the session's, and for admins everybody's."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shop.application.identity.authentication import CurrentSession
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.orders import OrderFilter
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues
from shop.application.transactions.runner import TransactionRunner
from shop.domain.orders.order import (
    Order,
    OrderNotFound,
    OrderStatus,
    SessionHasNoOrder,
    StatusChange,
)
from shop.domain.orders.refund import Refund
from shop.domain.orders.shipment import ShipmentEvent, ShipmentEventKind
from shop.domain.payment import Payment
from shop.domain.shared.errors import ShopError
from shop.domain.user import Role, User

MAX_CONCURRENT_QUERIES = 4
"""How many groups of questions are asked at once: one that is stuck is not to stop all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSearch:
    """Which orders to list; `user_id` and `status` narrow the list where they are given."""

    user: User
    user_id: UUID | None
    status: OrderStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order and its payment, as they stand now."""

    order: Order
    payment: Payment


class OrderQueries:
    """The use cases that look at orders."""

    def __init__(self, transactions: TransactionRunner, queues: CommandQueues) -> None:
        self._transactions = transactions
        self._lookup_queue = queues.queue_for(
            self._find_all, max_concurrent_groups=MAX_CONCURRENT_QUERIES
        )

    async def show(self, user: User, order_id: UUID) -> OrderView:
        """Return an order; raise `OrderNotFound` where there is none that the user may see."""
        view = await self._lookup_queue.submit(order_id)
        if not view.order.is_visible_to(user):
            raise OrderNotFound
        return view

    async def _find_all(self, order_ids: Sequence[UUID]) -> Sequence[OrderView | ShopError]:
        async def find_all(uow: UnitOfWork) -> Sequence[OrderView | ShopError]:
            found = await uow.orders.get_many(set(order_ids))
            views = {view.order.id: view for view in await _load_views(uow, list(found.values()))}
            return [views.get(order_id) or OrderNotFound() for order_id in order_ids]

        return await self._transactions.read(find_all)

    async def for_session(self, current_session: CurrentSession) -> OrderView:
        """Return the last order of the session; raise `SessionHasNoOrder` if it has none."""
        user, order_id = current_session.signed_in_user, current_session.session.last_order_id
        if order_id is None:
            raise SessionHasNoOrder
        return await self.show(user, order_id)

    async def search(
        self, criteria: OrderSearch, page: PageRequest[TimeCursor]
    ) -> Page[OrderView, TimeCursor]:
        """Return a page of the user's orders, the newest first.

        An admin may ask for another user's, or for everybody's in one status; anybody else who
        does gets `Forbidden`.
        """
        user = criteria.user
        if criteria.user_id not in {None, user.id}:
            user.require(Role.ADMIN)
        includes_all_users = (
            Role.ADMIN in user.roles and criteria.status and criteria.user_id is None
        )
        order_filter = OrderFilter(
            user_id=None if includes_all_users else (criteria.user_id or user.id),
            status=criteria.status,
        )

        async def search(uow: UnitOfWork) -> Page[OrderView, TimeCursor]:
            found = await uow.orders.search(order_filter, page)
            return Page(items=await _load_views(uow, found.items), next=found.next)

        return await self._transactions.read(search)

    async def history(self, user: User, order_id: UUID) -> Sequence[StatusChange]:
        """Return what happened to an order, in order; raise `OrderNotFound` like `show`."""
        # Whom an order belongs to never changes: the two may be of different moments.
        await self.show(user, order_id)
        return await self._transactions.read(lambda uow: uow.orders.history(order_id))

    async def shipment_events(
        self, user: User, order_id: UUID, kind: ShipmentEventKind
    ) -> Sequence[ShipmentEvent]:
        """Return what was shipped, or what has arrived, in order; raise like `show`."""
        await self.show(user, order_id)
        found = await self._transactions.read(
            lambda uow: uow.shipment_events.for_orders([order_id])
        )
        return [each for each in found[order_id] if each.kind is kind]

    async def refunds(self, user: User, order_id: UUID) -> Sequence[Refund]:
        """Return what went back of an order, in order; raise `OrderNotFound` like `show`."""
        await self.show(user, order_id)
        return (await self._transactions.read(lambda uow: uow.refunds.for_orders([order_id])))[
            order_id
        ]


async def _load_views(uow: UnitOfWork, orders: Sequence[Order]) -> Sequence[OrderView]:
    payments = await uow.payments.for_orders([order.id for order in orders])
    return [OrderView(order=order, payment=payments[order.id]) for order in orders]
