"""Notification deliveries in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select

from shop.adapters.sql.repositories.table_repository import SqlTableRepository
from shop.adapters.sql.schema.tables import notification_deliveries
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import newest_first, to_page
from shop.adapters.sql.statements.writes import Fields, PendingWrite
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.notification_deliveries import (
    NotificationDeliveries,
    NotificationDeliveryFilter,
)
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.notification import (
    EventType,
    NotificationChannel,
    NotificationDelivery,
    NotificationDeliveryStatus,
)

DELIVERIES = select(notification_deliveries).order_by(notification_deliveries.c.id)


class SqlNotificationDeliveries(NotificationDeliveries):
    """The table of notification deliveries."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._deliveries = SqlTableRepository(
            connection,
            DELIVERIES,
            notification_deliveries.c.id,
            to_entity=_delivery,
            to_fields=_fields,
        )

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, NotificationDelivery]:
        """Return deliveries by id."""
        found = await self._deliveries.get_many(ids, by=notification_deliveries.c.id)
        return {each.id: each for each in found}

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, NotificationDelivery]:
        """Like `get_many`, and lock the rows."""
        return {
            each.id: each
            for each in await self._deliveries.lock(
                LockOrder.NOTIFICATION_DELIVERIES, ids, by=notification_deliveries.c.id
            )
        }

    async def search(
        self, delivery_filter: NotificationDeliveryFilter, page: PageRequest[TimeCursor]
    ) -> Page[NotificationDelivery, TimeCursor]:
        """Return a page of deliveries, newest first."""
        statement = select(notification_deliveries).where(
            notification_deliveries.c.channel == delivery_filter.channel.value
        )
        if delivery_filter.status is not None:
            statement = statement.where(
                notification_deliveries.c.status == delivery_filter.status.value
            )
        rows = await self._connection.fetch_all(
            newest_first(
                statement, notification_deliveries.c.created_at, notification_deliveries.c.id, page
            )
        )
        return to_page(
            [_delivery(row) for row in rows],
            page,
            lambda delivery: TimeCursor(at=delivery.created_at, id=delivery.id),
        )

    def add(self, delivery: NotificationDelivery) -> None:
        """Stage a new delivery."""
        self._deliveries.add(delivery)

    def save(self, delivery: NotificationDelivery) -> None:
        """Stage the next state of a locked delivery."""
        self._deliveries.save(delivery)

    async def purge(self, before: datetime) -> Collection[UUID]:
        """Delete old deliveries that are not pending; return their ids."""
        rows = await self._connection.fetch_all(
            delete(notification_deliveries)
            .where(
                notification_deliveries.c.status != NotificationDeliveryStatus.PENDING.value,
                notification_deliveries.c.created_at < before,
            )
            .returning(notification_deliveries.c.id)
        )
        return [row.id for row in rows]

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from self._deliveries.inserts()
        yield from self._deliveries.updates()


def _delivery(row: Row[Any]) -> NotificationDelivery:
    return NotificationDelivery(
        id=row.id,
        event_type=EventType(row.event_type),
        channel=NotificationChannel(row.channel),
        recipient=row.recipient,
        payload=row.payload,
        status=NotificationDeliveryStatus(row.status),
        attempts=row.attempts,
        last_status_code=row.last_status_code,
        last_error=row.last_error,
        created_at=row.created_at,
        delivered_at=row.delivered_at,
    )


def _fields(delivery: NotificationDelivery) -> Fields:
    return {
        "id": delivery.id,
        "event_type": delivery.event_type.value,
        "channel": delivery.channel.value,
        "recipient": delivery.recipient,
        "payload": delivery.payload,
        "status": delivery.status.value,
        "attempts": delivery.attempts,
        "last_status_code": delivery.last_status_code,
        "last_error": delivery.last_error,
        "created_at": delivery.created_at,
        "delivered_at": delivery.delivered_at,
    }
