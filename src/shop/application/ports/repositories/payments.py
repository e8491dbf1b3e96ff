"""Port to the payments of orders."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.domain.payment import Payment


class Payments(ABC):
    """The payments of orders; locked with their orders."""

    @abstractmethod
    async def for_orders(self, order_ids: Collection[UUID]) -> Mapping[UUID, Payment]:
        """Return the payments of these orders, by order id."""

    @abstractmethod
    async def card_payments_in(
        self, time_range: TimeRange, page: PageRequest[TimeCursor]
    ) -> Page[Payment, TimeCursor]:
        """Return a page of card payments of orders of a time range, newest first."""

    @abstractmethod
    def add(self, payment: Payment) -> None:
        """Stage the payment of a new order."""

    @abstractmethod
    def save(self, payment: Payment) -> None:
        """Stage the next state of a payment whose order is locked."""
