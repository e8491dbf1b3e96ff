"""The port to orders and their history."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.domain.orders.order import Order, OrderStatus, StatusChange
from shop.domain.shared.idempotency_key import IdempotencyKey


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders a list has: of one user or all, in one status or any."""

    user_id: UUID | None
    status: OrderStatus | None


class Orders(ABC):
    """All orders, as one unit of work sees them."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Order]:
        """Return those orders that exist, by id, with their lines as they were given."""

    @abstractmethod
    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Order]:
        """Do the same, and keep others from changing these orders until the end."""

    @abstractmethod
    async def with_keys(self, keys: Collection[IdempotencyKey]) -> Mapping[IdempotencyKey, UUID]:
        """Return the ids of the orders that were placed under these keys."""

    @abstractmethod
    async def search(
        self, order_filter: OrderFilter, page: PageRequest[TimeCursor]
    ) -> Page[Order, TimeCursor]:
        """Return a page of orders, the newest first."""

    @abstractmethod
    async def history(self, order_id: UUID) -> Sequence[StatusChange]:
        """Return what happened to an order, in order."""

    @abstractmethod
    def add(self, order: Order, change: StatusChange) -> None:
        """Stage a new order and the event with which its history begins."""

    @abstractmethod
    def save(self, order: Order, change: StatusChange) -> None:
        """Stage the next state of an order that was locked, and the event that led to it.

        Several steps may follow each other, each saved with its own event.
        """
