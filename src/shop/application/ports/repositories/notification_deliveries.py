"""The port to dispatches: announcements on their way, and what became of them."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.domain.notification import (
    NotificationChannel,
    NotificationDelivery,
    NotificationDeliveryStatus,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationDeliveryFilter:
    """Which dispatches a list has: those of one channel, in one status or any."""

    channel: NotificationChannel
    status: NotificationDeliveryStatus | None


class NotificationDeliveries(ABC):
    """All dispatches, as one unit of work sees them."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, NotificationDelivery]:
        """Return those dispatches that exist, by id."""

    @abstractmethod
    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, NotificationDelivery]:
        """Do the same, and keep others from changing these dispatches until the end."""

    @abstractmethod
    async def search(
        self, delivery_filter: NotificationDeliveryFilter, page: PageRequest[TimeCursor]
    ) -> Page[NotificationDelivery, TimeCursor]:
        """Return a page of dispatches, the newest first."""

    @abstractmethod
    def add(self, delivery: NotificationDelivery) -> None:
        """Stage a new dispatch, beside the fact that it announces."""

    @abstractmethod
    def save(self, delivery: NotificationDelivery) -> None:
        """Stage the next state of a dispatch that was locked."""

    @abstractmethod
    async def purge(self, before: datetime) -> Collection[UUID]:
        """Remove those made before then that are not pending any more; return their ids."""
