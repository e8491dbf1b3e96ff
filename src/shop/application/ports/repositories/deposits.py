"""The port to deposits."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.domain.deposit import Deposit
from shop.domain.shared.idempotency_key import IdempotencyKey


class Deposits(ABC):
    """All deposits, as one unit of work sees them; locked after accounts."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
        """Return those deposits that exist, by id."""

    @abstractmethod
    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
        """Do the same, and keep others from changing these deposits until the end."""

    @abstractmethod
    async def with_keys(self, keys: Collection[IdempotencyKey]) -> Mapping[IdempotencyKey, UUID]:
        """Return the ids of the deposits that were made under these keys."""

    @abstractmethod
    async def search(
        self, time_range: TimeRange, page: PageRequest[TimeCursor]
    ) -> Page[Deposit, TimeCursor]:
        """Return a page of the deposits that were made in a span, the newest first."""

    @abstractmethod
    def add(self, deposit: Deposit) -> None:
        """Stage a new deposit."""

    @abstractmethod
    def save(self, deposit: Deposit) -> None:
        """Stage the next state of a deposit that was locked."""
