"""Announcements: whoever is to hear of a fact is noted beside it, in the fact's own transaction.

The payload is made there and then, so that it tells of the fact and not of what came later. Where
nobody is to hear of it, nothing is staged, and nothing is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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

EMAILED = frozenset(
    {
        EventType.ORDER_PAID,
        EventType.ORDER_EXPIRED,
        EventType.ORDER_CANCELLED,
        EventType.ORDER_SHIPPED,
        EventType.ORDER_REFUNDED,
    }
)
"""What customers get a letter about; of an order that was declined they know from the answer."""

JOB_KINDS: Mapping[NotificationChannel, JobKind] = {
    NotificationChannel.WEBHOOK: JobKind.SEND_WEBHOOK,
    NotificationChannel.EMAIL: JobKind.SEND_EMAIL,
}
"""What is to be done for a dispatch, by its channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Where announcements of some topics go, and the secret that they are signed with."""

    url: str
    secret: str = field(repr=False)
    event_types: frozenset[EventType]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationPolicy:
    """Who is told: these endpoints, and customers if they get letters.

    Stock is low where no more than that many are available; nought says nothing of it.
    """

    endpoints: tuple[WebhookEndpoint, ...]
    emails_customers: bool
    low_stock_threshold: int


class Notifications:
    """Stages what is to be told; use cases call it next to the fact, once all is decided."""

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

    def order_placed(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce a new order, paid or not."""
        self._stage_order_event(uow, EventType.ORDER_PLACED, order, payment)

    def order_paid(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce that an order is paid: the account has paid, or the card has set it aside."""
        self._stage_order_event(uow, EventType.ORDER_PAID, order, payment)

    def order_declined(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce that the card does not pay."""
        self._stage_order_event(uow, EventType.ORDER_DECLINED, order, payment)

    def order_expired(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce that the card was not heard of in time."""
        self._stage_order_event(uow, EventType.ORDER_EXPIRED, order, payment)

    def order_cancelled(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce that an order is undone."""
        self._stage_order_event(uow, EventType.ORDER_CANCELLED, order, payment)

    def order_shipped(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce that the goods have left."""
        self._stage_order_event(uow, EventType.ORDER_SHIPPED, order, payment)

    def order_delivered(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce that the goods have arrived."""
        self._stage_order_event(uow, EventType.ORDER_DELIVERED, order, payment)

    def order_refunded(
        self, uow: UnitOfWork, order: Order, payment: Payment, *, refund: Refund
    ) -> None:
        """Announce that some of the money, or all of it, goes back."""
        self._stage_order_event(
            uow, EventType.ORDER_REFUNDED, order, payment, refund=refund_payload(refund)
        )

    def account_credited(self, uow: UnitOfWork, transfer: Transfer) -> None:
        """Announce that the shop has put money into a customer's account."""
        if self._has_recipients(EventType.ACCOUNT_CREDITED):
            self._stage(
                uow, EventType.ACCOUNT_CREDITED, transfer_payload(transfer), customer_id=None
            )

    def stock_changed(self, uow: UnitOfWork, before: Inventory, after: Inventory) -> None:
        """Announce that stock has become low, if this step made it so."""
        threshold = self._policy.low_stock_threshold
        has_become_low = after.available <= threshold < before.available
        if threshold and has_become_low and self._has_recipients(EventType.STOCK_LOW):
            self._stage(uow, EventType.STOCK_LOW, stock_payload(after, threshold), customer_id=None)

    def _stage_order_event(
        self, uow: UnitOfWork, event_type: EventType, order: Order, payment: Payment, **extra: Json
    ) -> None:
        if self._has_recipients(event_type):
            self._stage(uow, event_type, {**order_payload(order, payment), **extra}, order.user_id)

    def _has_recipients(self, event_type: EventType) -> bool:
        return bool(self._endpoint_urls[event_type]) or event_type in self._emailed

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
