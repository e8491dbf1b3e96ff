"""Stages notifications in the transaction of the reported change (decision 13)."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from uuid import UUID

from shop.application.notifications.payloads import (
    Json,
    format_time,
    order_payload,
    refund_payload,
    stock_payload,
    to_json,
    transfer_payload,
)
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import Transfer
from shop.domain.inventory import Inventory
from shop.domain.notification import (
    EventType,
    NotificationChannel,
    NotificationDelivery,
    NotificationDeliveryStatus,
)
from shop.domain.orders.order import Order
from shop.domain.orders.refund import Refund
from shop.domain.payment import Payment
from shop.domain.shared.value import value

EMAILED = frozenset(
    {
        EventType.ORDER_PAID,
        EventType.ORDER_EXPIRED,
        EventType.ORDER_CANCELLED,
        EventType.ORDER_SHIPPED,
        EventType.ORDER_REFUNDED,
    }
)
"""Events with an e-mail; a declined order has none, because the response says so."""

JOB_KINDS: Mapping[NotificationChannel, JobKind] = {
    NotificationChannel.WEBHOOK: JobKind.SEND_WEBHOOK,
    NotificationChannel.EMAIL: JobKind.SEND_EMAIL,
}
"""The job that sends a delivery, by channel."""


@value
class WebhookEndpoint:
    """A recipient of some events, and the secret that signs its webhooks."""

    url: str
    secret: str = field(repr=False)
    event_types: frozenset[EventType]


@value
class NotificationPolicy:
    """The recipients of notifications; a stock threshold of 0 disables `stock.low`.

    `rehearses_payments` adds to each payment that no money moved.
    """

    endpoints: tuple[WebhookEndpoint, ...]
    emails_customers: bool
    low_stock_threshold: int
    rehearses_payments: bool = False


class Notifications:
    """Stages a delivery for each recipient of an event.

    Use cases call it once the change is decided. Without recipients it does nothing.
    """

    def __init__(self, policy: NotificationPolicy, clock: Clock, ids: IdGenerator) -> None:
        self._policy = policy
        self._clock = clock
        self._ids = ids
        self._endpoint_urls = {
            event_type: tuple(
                each.url for each in policy.endpoints if event_type in each.event_types
            )
            for event_type in EventType
        }
        self._emailed = EMAILED if policy.emails_customers else frozenset()
        self._reported = {
            event_type
            for event_type in EventType
            if self._endpoint_urls[event_type] or event_type in self._emailed
        }
        self.reports_low_stock = (
            policy.low_stock_threshold > 0 and EventType.STOCK_LOW in self._reported
        )
        """Whether `stock.low` has a threshold and recipients."""

    def order_placed(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Report a new order, paid or pending."""
        self._stage_order_event(uow, EventType.ORDER_PLACED, order, payment)

    def order_paid(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Report a charged account or an authorised card."""
        self._stage_order_event(uow, EventType.ORDER_PAID, order, payment)

    def order_declined(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Report a declined card."""
        self._stage_order_event(uow, EventType.ORDER_DECLINED, order, payment)

    def order_expired(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Report a payment without an outcome in time."""
        self._stage_order_event(uow, EventType.ORDER_EXPIRED, order, payment)

    def order_cancelled(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Report a cancelled order."""
        self._stage_order_event(uow, EventType.ORDER_CANCELLED, order, payment)

    def order_shipped(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Report that all lines were shipped."""
        self._stage_order_event(uow, EventType.ORDER_SHIPPED, order, payment)

    def order_delivered(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Report that all lines were delivered."""
        self._stage_order_event(uow, EventType.ORDER_DELIVERED, order, payment)

    def order_refunded(
        self, uow: UnitOfWork, order: Order, payment: Payment, *, refund: Refund
    ) -> None:
        """Report a refund of part or all of the payment."""
        self._stage_order_event(
            uow, EventType.ORDER_REFUNDED, order, payment, refund=refund_payload(refund)
        )

    def account_credited(self, uow: UnitOfWork, transfer: Transfer) -> None:
        """Report that an admin credited an account."""
        if EventType.ACCOUNT_CREDITED in self._reported:
            self._stage(
                uow, EventType.ACCOUNT_CREDITED, transfer_payload(transfer), customer_id=None
            )

    def stock_changed(self, uow: UnitOfWork, before: Inventory, after: Inventory) -> None:
        """Report low stock if this change took it to the threshold or below."""
        threshold = self._policy.low_stock_threshold
        if self.reports_low_stock and after.available <= threshold < before.available:
            self._stage(uow, EventType.STOCK_LOW, stock_payload(after, threshold), customer_id=None)

    def _stage_order_event(
        self, uow: UnitOfWork, event_type: EventType, order: Order, payment: Payment, **extra: Json
    ) -> None:
        if event_type in self._reported:
            payload = order_payload(
                order, payment, rehearses_payments=self._policy.rehearses_payments
            )
            self._stage(uow, event_type, {**payload, **extra}, order.user_id)

    def _stage(
        self, uow: UnitOfWork, event_type: EventType, data: Json, customer_id: UUID | None
    ) -> None:
        now = self._clock.now()
        payload = to_json({"type": event_type.value, "timestamp": format_time(now), "data": data})
        for url in self._endpoint_urls[event_type]:
            self._stage_delivery(uow, event_type, NotificationChannel.WEBHOOK, url, payload, now)
        if customer_id is not None and event_type in self._emailed:
            self._stage_delivery(
                uow, event_type, NotificationChannel.EMAIL, str(customer_id), payload, now
            )

    def _stage_delivery(
        self,
        uow: UnitOfWork,
        event_type: EventType,
        channel: NotificationChannel,
        recipient: str,
        payload: str,
        now: datetime,
    ) -> None:
        delivery = NotificationDelivery(
            id=self._ids.new(),
            event_type=event_type,
            channel=channel,
            recipient=recipient,
            payload=payload,
            status=NotificationDeliveryStatus.PENDING,
            attempts=0,
            last_status_code=None,
            last_error=None,
            created_at=now,
            delivered_at=None,
        )
        uow.notification_deliveries.add(delivery)
        uow.jobs.add(Job.new(JOB_KINDS[channel], delivery.id, at=now, due_at=now))
