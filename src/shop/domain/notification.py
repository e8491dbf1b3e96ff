"""Notifications of events, and their delivery to each recipient."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.domain.shared.value import value


class EventType(StrEnum):
    """The event that a notification reports."""

    ORDER_PLACED = "order.placed"  # An order was placed, paid or pending.
    ORDER_PAID = "order.paid"  # The account was charged, or the card authorised.
    ORDER_DECLINED = "order.declined"  # The card was declined.
    ORDER_EXPIRED = "order.expired"  # The payment had no outcome in time.
    ORDER_CANCELLED = "order.cancelled"  # The customer or an admin cancelled it.
    ORDER_SHIPPED = "order.shipped"  # All lines were shipped.
    ORDER_DELIVERED = "order.delivered"  # All lines arrived.
    ORDER_REFUNDED = "order.refunded"  # Money was refunded, in part or in full.
    ACCOUNT_CREDITED = "account.credited"  # The shop credited an account.
    STOCK_LOW = "stock.low"  # Available stock fell to the threshold or below.


class NotificationChannel(StrEnum):
    """How a notification reaches its recipient."""

    WEBHOOK = "webhook"  # A signed HTTP request to an endpoint.
    EMAIL = "email"  # A message to the customer.


class NotificationDeliveryStatus(StrEnum):
    """Whether a notification has arrived."""

    PENDING = "pending"  # Not sent yet, or to be retried.
    DELIVERED = "delivered"  # Accepted by the recipient.
    FAILED = "failed"  # All attempts failed.


@value
class NotificationDelivery:
    """A notification to one recipient: an endpoint's URL or a user's id.

    Every attempt sends the same id and the same JSON payload, written when the event happened.
    The status code is of HTTP or SMTP.
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
        """Record a successful attempt."""
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

    def to_be_sent_again(self) -> "NotificationDelivery":
        """Make the delivery pending, whatever came of it before."""
        return replace(self, status=NotificationDeliveryStatus.PENDING, delivered_at=None)

    def attempt_failed(
        self, *, attempt: int, status_code: int | None, error: str, is_last: bool
    ) -> "NotificationDelivery":
        """Record a failed attempt, unless another attempt has delivered it."""
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
