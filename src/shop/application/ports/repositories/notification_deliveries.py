"""Port to notification deliveries."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.domain.notification import (
    NotificationChannel,
    NotificationDelivery,
    NotificationDeliveryStatus,
)
from shop.domain.shared.value import value


@value
class NotificationDeliveryFilter:
    """The deliveries in a list: of one channel, in one status or any."""

    channel: NotificationChannel
    status: NotificationDeliveryStatus | None


class NotificationDeliveries(ABC):
    """All notification deliveries."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, NotificationDelivery]:
        """Return deliveries by id."""

    @abstractmethod
    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, NotificationDelivery]:
        """Like `get_many`, and lock the deliveries."""

    @abstractmethod
    async def search(
        self, delivery_filter: NotificationDeliveryFilter, page: PageRequest[TimeCursor]
    ) -> Page[NotificationDelivery, TimeCursor]:
        """Return a page of deliveries, newest first."""

    @abstractmethod
    def add(self, delivery: NotificationDelivery) -> None:
        """Stage a new delivery, together with the change that it reports."""

    @abstractmethod
    def save(self, delivery: NotificationDelivery) -> None:
        """Stage the next state of a locked delivery."""

    @abstractmethod
    async def purge(self, before: datetime) -> Collection[UUID]:
        """Delete old deliveries that are not pending; return their ids."""
