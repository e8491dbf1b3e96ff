"""Reads orders: the user's own, the session's last one, and all for admins."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from shop.application.identity.authentication import CurrentSession
from shop.application.identity.sessions import SessionLookup, SessionService
from shop.application.notifications.order_links import LinkBearer
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.orders import OrderFilter
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues, result_or_error
from shop.application.transactions.runner import TransactionRunner
from shop.domain.orders.fulfilment import Fulfilment
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
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import ShopError
from shop.domain.shared.value import value
from shop.domain.user import Role, User

MAX_CONCURRENT_QUERIES = 4
"""Groups of lookups at once, so that a stuck one does not stop all."""


OrderReader = User | LinkBearer
"""Who asks for an order: a user, also a guest, or the bearer of a link."""


@value
class OrderSearch:
    """The orders to list for a user: all customers', or the user's own unless filtered.

    `words` are an order number, a SKU, or the beginning of an e-mail address.
    """

    user: User
    includes_all_users: bool
    user_id: UUID | None
    status: OrderStatus | None
    words: str
    placed_after: datetime | None
    placed_before: datetime | None

    def to_filter(self) -> OrderFilter:
        """Return the filter; raise `Forbidden` for others' orders unless an admin asks.

        An admin who filters without a user gets all users' orders.
        """
        if self.includes_all_users or self.user_id not in {None, self.user.id}:
            self.user.require(Role.ADMIN)
        is_filtered = any((self.status, self.words, self.placed_after, self.placed_before))
        finds_all = self.includes_all_users or (is_filtered and self.user.is_admin)
        own_id = None if finds_all else self.user.id
        return OrderFilter(
            user_id=self.user_id or own_id,
            status=self.status,
            words=self.words,
            placed_after=self.placed_after,
            placed_before=self.placed_before,
        )


@value
class OrderView:
    """An order, its payment, its shipments and refunds, and for staff its customer."""

    fulfilment: Fulfilment
    customer: User | None = None

    @property
    def order(self) -> Order:
        """The order."""
        return self.fulfilment.order

    @property
    def payment(self) -> Payment:
        """The payment of the order."""
        return self.fulfilment.payment


@value
class OrderHistory:
    """All that happened to an order."""

    status_changes: Sequence[StatusChange]
    shipment_events: Sequence[ShipmentEvent]
    refunds: Sequence[Refund]


@value
class LookedUpOrder:
    """The session of a token, and an order if its user or guest may see it."""

    current_session: CurrentSession | None
    visible: OrderView | None

    def require_buyer(self) -> None:
        """Raise `NotSignedIn` unless the token has opened the session of a user or a guest."""
        if self.current_session is None:
            raise NotSignedIn
        _ = self.current_session.buyer

    @property
    def view(self) -> OrderView:
        """The order; raise `OrderNotFound` unless the user may see it."""
        if self.visible is None:
            raise OrderNotFound
        return self.visible


@value
class _Lookup:
    """A token and the id of an order."""

    token: SessionToken
    order_id: UUID

    @property
    def rows(self) -> RowsWanted:
        """The rows that it needs."""
        return RowsWanted(session=self.token, order_ids=[self.order_id], with_fulfilment=True)


@value
class _Found:
    """The session of a lookup, and its order if the session's user may see it."""

    session: SessionLookup
    visible: OrderView | None


class OrderQueries:
    """Shows and searches orders."""

    def __init__(
        self, transactions: TransactionRunner, sessions: SessionService, queues: CommandQueues
    ) -> None:
        self._transactions = transactions
        self._sessions = sessions
        self._lookup_queue = queues.queue_for(
            self._look_up_all, max_concurrent_groups=MAX_CONCURRENT_QUERIES
        )

    async def look_up(self, token: SessionToken | None, order_id: UUID) -> LookedUpOrder:
        """Return the session of a token and the order that its user may see, both at once.

        The use of the session is recorded. Raise `SessionExpired`.
        """
        if token is None:
            return LookedUpOrder(current_session=None, visible=None)
        found = await self._lookup_queue.submit(_Lookup(token=token, order_id=order_id))
        return LookedUpOrder(
            current_session=await self._sessions.finish(token, found.session),
            visible=found.visible,
        )

    async def _look_up_all(self, lookups: Sequence[_Lookup]) -> Sequence[_Found | ShopError]:
        tokens = {each.token for each in lookups}
        order_ids = {each.order_id for each in lookups}

        async def look_up_all(uow: UnitOfWork) -> Sequence[_Found | ShopError]:
            await uow.read_ahead([each.rows for each in lookups])
            look_up_session = await self._sessions.lookups(uow, tokens)
            found = await uow.orders.get_many(order_ids)
            views = {view.order.id: view for view in await _load_views(uow, list(found.values()))}
            customers = await uow.users.get_many({each.user_id for each in found.values()})

            def look_up(lookup: _Lookup) -> _Found:
                session, view = look_up_session(lookup.token), views.get(lookup.order_id)
                current = session.current_session
                user = None if current is None else current.user or current.guest
                if user is None or view is None or not view.order.is_visible_to(user):
                    return _Found(session=session, visible=None)
                if user.is_admin:
                    view = replace(view, customer=customers[view.order.user_id])
                return _Found(session=session, visible=view)

            return [result_or_error(each, look_up) for each in lookups]

        return await self._transactions.read(look_up_all)

    async def show(self, reader: OrderReader, order_id: UUID) -> OrderView:
        """Return an order; raise `OrderNotFound` unless the reader may see it."""

        async def show(uow: UnitOfWork) -> OrderView:
            found = (await uow.orders.get_many([order_id])).get(order_id)
            if found is None or not _is_visible(found, reader):
                raise OrderNotFound
            views = await _load_views(uow, [found])
            is_for_staff = isinstance(reader, User) and reader.is_admin
            return (await _add_customers(views, uow) if is_for_staff else views)[0]

        return await self._transactions.read(show)

    async def for_session(self, current_session: CurrentSession | None) -> OrderView:
        """Return the last order of the session; raise `SessionHasNoOrder` if there is none."""
        found = None if current_session is None else current_session.session.last_order_id
        if current_session is None or found is None or not current_session.has_buyer:
            raise SessionHasNoOrder
        return await self.show(current_session.buyer, found)

    async def search(
        self, criteria: OrderSearch, page: PageRequest[TimeCursor]
    ) -> Page[OrderView, TimeCursor]:
        """Return a page of the user's orders, newest first.

        An admin may list other users' orders, with their customers. Raise `Forbidden` for others'
        orders otherwise.
        """
        order_filter = criteria.to_filter()

        async def search(uow: UnitOfWork) -> Page[OrderView, TimeCursor]:
            found = await uow.orders.search(order_filter, page)
            views = await _load_views(uow, found.items)
            if criteria.user.is_admin:
                views = await _add_customers(views, uow)
            return Page(items=views, next=found.next)

        return await self._transactions.read(search)

    async def history(self, reader: OrderReader, order_id: UUID) -> OrderHistory:
        """Return what happened to an order, each kind oldest first; raise like `show`."""
        # The owner of an order never changes, so both reads need not be of the same time.
        await self.show(reader, order_id)

        async def history(uow: UnitOfWork) -> OrderHistory:
            return OrderHistory(
                status_changes=await uow.orders.history(order_id),
                shipment_events=(await uow.shipment_events.for_orders([order_id]))[order_id],
                refunds=(await uow.refunds.for_orders([order_id]))[order_id],
            )

        return await self._transactions.read(history)

    async def shipment_events(
        self, reader: OrderReader, order_id: UUID, kind: ShipmentEventKind
    ) -> Sequence[ShipmentEvent]:
        """Return an order's shipments or deliveries, oldest first; raise like `show`."""
        await self.show(reader, order_id)
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


def _is_visible(order: Order, reader: OrderReader) -> bool:
    if isinstance(reader, LinkBearer):
        return reader.order_id == order.id
    return order.is_visible_to(reader)


async def _load_views(uow: UnitOfWork, orders: Sequence[Order]) -> Sequence[OrderView]:
    payments = await uow.payments.for_orders([order.id for order in orders])
    # Most orders have no fulfilment yet, and cost no further query.
    fulfilled = [order.id for order in orders if order.has_fulfilment]
    events: Mapping[UUID, tuple[ShipmentEvent, ...]] = {}
    refunds: Mapping[UUID, tuple[Refund, ...]] = {}
    if fulfilled:
        events = await uow.shipment_events.for_orders(fulfilled)
        refunds = await uow.refunds.for_orders(fulfilled)
    return [
        OrderView(
            fulfilment=Fulfilment(
                order=order,
                payment=payments[order.id],
                shipment_events=events.get(order.id, ()),
                refunds=refunds.get(order.id, ()),
            )
        )
        for order in orders
    ]


async def _add_customers(views: Sequence[OrderView], uow: UnitOfWork) -> Sequence[OrderView]:
    users = await uow.users.get_many({view.order.user_id for view in views})
    return [replace(view, customer=users[view.order.user_id]) for view in views]
