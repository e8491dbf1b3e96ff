"""Notification deliveries in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.paging import newest_first
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.notification_deliveries import (
    NotificationDeliveries,
    NotificationDeliveryFilter,
)
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.notification import NotificationDelivery, NotificationDeliveryStatus


class MemoryNotificationDeliveries(NotificationDeliveries):
    """All notification deliveries, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._rows = StagedRows(
            transaction,
            LockOrder.NOTIFICATION_DELIVERIES,
            lambda state: state.notification_deliveries,
        )
        self._purged: set[UUID] = set()

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, NotificationDelivery]:
        """Return deliveries by id."""
        return self._rows.committed.get_many(ids)

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, NotificationDelivery]:
        """Like `get_many`, and lock the deliveries."""
        return self._rows.lock(ids)

    async def search(
        self, delivery_filter: NotificationDeliveryFilter, page: PageRequest[TimeCursor]
    ) -> Page[NotificationDelivery, TimeCursor]:
        """Return a page of deliveries, newest first."""
        return newest_first(
            (
                delivery
                for delivery in self._rows.committed.rows.values()
                if delivery.channel is delivery_filter.channel
                and delivery_filter.status in {None, delivery.status}
            ),
            page,
            lambda delivery: TimeCursor(at=delivery.created_at, id=delivery.id),
        )

    def add(self, delivery: NotificationDelivery) -> None:
        """Stage a new delivery."""
        self._rows.add(delivery)

    def save(self, delivery: NotificationDelivery) -> None:
        """Stage the next state of a locked delivery."""
        self._rows.save(delivery)

    async def purge(self, before: datetime) -> Collection[UUID]:
        """Delete old deliveries that are not pending; return their ids."""
        self._transaction.require_writing()
        self._purged |= {
            delivery.id
            for delivery in self._rows.committed.rows.values()
            if delivery.status is not NotificationDeliveryStatus.PENDING
            and delivery.created_at < before
        }
        return self._purged

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        for delivery in self._rows.staged:
            is_delivered = delivery.status is NotificationDeliveryStatus.DELIVERED
            require_constraint(
                is_delivered == (delivery.delivered_at is not None),
                "ck_notification_deliveries_delivered_has_a_time",
            )
        remaining = self._rows.apply(state).with_changes(removed=self._purged)
        return replace(state, notification_deliveries=remaining)
