"""Announcements: what the shop tells others of, and how far each has come to each of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class EventType(StrEnum):
    """What an announcement is about."""

    ORDER_PLACED = "order.placed"
    ORDER_PAID = "order.paid"
    ORDER_DECLINED = "order.declined"
    ORDER_EXPIRED = "order.expired"
    ORDER_CANCELLED = "order.cancelled"
    ORDER_SHIPPED = "order.shipped"
    ORDER_DELIVERED = "order.delivered"
    ORDER_REFUNDED = "order.refunded"
    ACCOUNT_CREDITED = "account.credited"
    STOCK_LOW = "stock.low"


class NotificationChannel(StrEnum):
    """How an announcement reaches somebody."""

    WEBHOOK = "webhook"
    EMAIL = "email"


class NotificationDeliveryStatus(StrEnum):
    """Whether an announcement has arrived."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationDelivery:
    """One announcement to one addressee: the URL of an endpoint, or the id of a user as text.

    The payload is a JSON text, made when the fact was. Whoever gets it gets that, to the letter,
    and under the same id, at every attempt. The status code is HTTP's or SMTP's.
    """

    id: UUID
    event_type: EventType
    channel: NotificationChannel
    recipient: str
    payload: str
    status: NotificationDeliveryStatus
    attempts: int
    last_status_code: int | None
    last_error: str | None
    created_at: datetime
    delivered_at: datetime | None

    def delivered(self, *, attempt: int, status_code: int, at: datetime) -> "NotificationDelivery":
        """Return the dispatch after an attempt of this number that went well."""
        if self.status is NotificationDeliveryStatus.DELIVERED:
            return self
        return replace(
            self,
            status=NotificationDeliveryStatus.DELIVERED,
            attempts=max(self.attempts, attempt),
            last_status_code=status_code,
            last_error=None,
            delivered_at=at,
        )

    def attempt_failed(
        self, *, attempt: int, status_code: int | None, error: str, is_last: bool
    ) -> "NotificationDelivery":
        """Return the dispatch after an attempt of this number that did not.

        What somebody else has delivered meanwhile stays delivered.
        """
        if self.status is NotificationDeliveryStatus.DELIVERED:
            return self
        return replace(
            self,
            status=NotificationDeliveryStatus.FAILED
            if is_last
            else NotificationDeliveryStatus.PENDING,
            attempts=max(self.attempts, attempt),
            last_status_code=status_code,
            last_error=error,
        )
