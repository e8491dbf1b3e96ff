"""Reads orders: the user's own, the session's last one, and all for admins."""

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
"""Groups of lookups at once, so that a stuck one does not stop all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSearch:
    """The orders to list; `user_id` and `status` are optional filters."""

    user: User
    user_id: UUID | None
    status: OrderStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order and its payment."""

    order: Order
    payment: Payment


class OrderQueries:
    """Shows and searches orders."""

    def __init__(self, transactions: TransactionRunner, queues: CommandQueues) -> None:
        self._transactions = transactions
        self._lookup_queue = queues.queue_for(
            self._find_all, max_concurrent_groups=MAX_CONCURRENT_QUERIES
        )

    async def show(self, user: User, order_id: UUID) -> OrderView:
        """Return an order; raise `OrderNotFound` unless the user may see it."""
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
        """Return a page of the user's orders, newest first.

        An admin may list another user's orders, or all orders of one status. Raise `Forbidden`
        for another user's orders otherwise.
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
        """Return an order's status changes, oldest first; raise like `show`."""
        # The owner of an order never changes, so both reads need not be of the same time.
        await self.show(user, order_id)
        return await self._transactions.read(lambda uow: uow.orders.history(order_id))

    async def shipment_events(
        self, user: User, order_id: UUID, kind: ShipmentEventKind
    ) -> Sequence[ShipmentEvent]:
        """Return an order's shipments or deliveries, oldest first; raise like `show`."""
        await self.show(user, order_id)
        found = await self._transactions.read(
            lambda uow: uow.shipment_events.for_orders([order_id])
        )
        return [each for each in found[order_id] if each.kind is kind]

    async def refunds(self, user: User, order_id: UUID) -> Sequence[Refund]:
        """Return an order's refunds, oldest first; raise like `show`."""
        await self.show(user, order_id)
        return (await self._transactions.read(lambda uow: uow.refunds.for_orders([order_id])))[
            order_id
        ]


async def _load_views(uow: UnitOfWork, orders: Sequence[Order]) -> Sequence[OrderView]:
    payments = await uow.payments.for_orders([order.id for order in orders])
    return [OrderView(order=order, payment=payments[order.id]) for order in orders]
