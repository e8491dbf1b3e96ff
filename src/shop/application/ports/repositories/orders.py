"""Port to orders and their history."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.domain.orders.order import Order, OrderStatus, StatusChange
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value


@value
class OrderFilter:
    """The orders in a list; None and an empty text leave nothing out.

    `words` are a whole order number or SKU, or the beginning of the customer's e-mail address, in
    upper or lower case. The number may be written with hyphens, spaces or neither. `placed_after`
    and `placed_before` are not included themselves.
    """

    user_id: UUID | None
    status: OrderStatus | None
    words: str
    placed_after: datetime | None
    placed_before: datetime | None


@value
class OrderTotals:
    """The number and sum of a customer's orders that were paid and not cancelled."""

    count: int
    amount: Money


class Orders(ABC):
    """All orders."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Order]:
        """Return orders by id, with their lines in the order of the request."""

    @abstractmethod
    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Order]:
        """Like `get_many`, and lock the orders."""

    @abstractmethod
    async def with_keys(self, keys: Collection[IdempotencyKey]) -> Mapping[IdempotencyKey, UUID]:
        """Return the ids of the orders placed under these keys."""

    @abstractmethod
    async def search(
        self, order_filter: OrderFilter, page: PageRequest[TimeCursor]
    ) -> Page[Order, TimeCursor]:
        """Return a page of orders, newest first."""

    @abstractmethod
    async def totals_for_users(
        self, user_ids: Collection[UUID], currency: Currency
    ) -> Mapping[UUID, OrderTotals]:
        """Return the totals of users' orders by user id; users without orders are left out."""

    @abstractmethod
    async def history(self, order_id: UUID) -> Sequence[StatusChange]:
        """Return an order's status changes, oldest first."""

    @abstractmethod
    def add(self, order: Order, change: StatusChange) -> None:
        """Stage a new order and its first status change."""

    @abstractmethod
    def save(self, order: Order, change: StatusChange) -> None:
        """Stage the next state of a locked order; call this once for each status change."""
