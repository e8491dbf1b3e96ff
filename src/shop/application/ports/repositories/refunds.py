"""Port to the refunds of orders."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.domain.orders.refund import Refund


class Refunds(ABC):
    """All refunds; locked with their orders."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Refund]:
        """Return refunds by id."""

    @abstractmethod
    async def for_orders(self, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[Refund, ...]]:
        """Return the refunds of each of these orders, sorted by number."""

    @abstractmethod
    def add(self, refund: Refund) -> None:
        """Stage a refund of a locked order."""

    @abstractmethod
    def save(self, refund: Refund) -> None:
        """Stage status and gateway response of a refund whose order is locked."""
