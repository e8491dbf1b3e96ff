"""Port to deposits."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.domain.deposit import Deposit
from shop.domain.shared.idempotency_key import IdempotencyKey


class Deposits(ABC):
    """All deposits; locked after accounts."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
        """Return deposits by id."""

    @abstractmethod
    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
        """Like `get_many`, and lock the deposits."""

    @abstractmethod
    async def with_keys(self, keys: Collection[IdempotencyKey]) -> Mapping[IdempotencyKey, UUID]:
        """Return the ids of the deposits made under these keys."""

    @abstractmethod
    async def search(
        self, time_range: TimeRange, page: PageRequest[TimeCursor]
    ) -> Page[Deposit, TimeCursor]:
        """Return a page of the deposits made in a range of time, newest first."""

    @abstractmethod
    async def of_user(
        self, user_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[Deposit, TimeCursor]:
        """Return a page of a user's deposits, newest first."""

    @abstractmethod
    def add(self, deposit: Deposit) -> None:
        """Stage a new deposit."""

    @abstractmethod
    def save(self, deposit: Deposit) -> None:
        """Stage the next state of a locked deposit."""
