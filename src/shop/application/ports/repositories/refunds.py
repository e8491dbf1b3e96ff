"""Port to the refunds of orders."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.domain.orders.refund import Refund


class Refunds(ABC):
    """All refunds, as one unit of work sees them; locked with their orders."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Refund]:
        """Return those refunds that exist, by id."""

    @abstractmethod
    async def for_orders(self, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[Refund, ...]]:
        """Return the refunds of each of these orders, none or more, by their numbers."""

    @abstractmethod
    def add(self, refund: Refund) -> None:
        """Stage a refund of an order that was locked."""

    @abstractmethod
    def save(self, refund: Refund) -> None:
        """Stage the status and the outcome of a refund whose order was locked."""
