"""Announcements: whoever is to hear of a fact is noted beside it, in the fact's own transaction.

The payload is made there and then, so that it tells of the fact and not of what came later. Where
nobody is to hear of it, nothing is staged, and nothing is asked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

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
from shop.domain.orders.order import Order, OrderLine
from shop.domain.orders.refund import Refund
from shop.domain.payment import Payment
from shop.domain.shared.money import Money

Json = Mapping[str, Any]

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
            uow, EventType.ORDER_REFUNDED, order, payment, refund=_refund_payload(refund)
        )

    def account_credited(self, uow: UnitOfWork, transfer: Transfer) -> None:
        """Announce that the shop has put money into a customer's account."""
        if self._has_recipients(EventType.ACCOUNT_CREDITED):
            self._stage(
                uow, EventType.ACCOUNT_CREDITED, _transfer_payload(transfer), customer_id=None
            )

    def stock_changed(self, uow: UnitOfWork, before: Inventory, after: Inventory) -> None:
        """Announce that stock has become low, if this step made it so."""
        threshold = self._policy.low_stock_threshold
        has_become_low = after.available <= threshold < before.available
        if threshold and has_become_low and self._has_recipients(EventType.STOCK_LOW):
            self._stage(
                uow, EventType.STOCK_LOW, _stock_payload(after, threshold), customer_id=None
            )

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
        payload = _to_json({"type": event_type.value, "timestamp": _format_time(now), "data": data})
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


def order_payload(order: Order, payment: Payment) -> Json:
    """Return an order as the API tells it, and whose it is; nothing else of the customer."""
    return {
        "id": str(order.id),
        "number": order.number,
        "user_id": str(order.user_id),
        "status": order.status.value,
        "total": _money_payload(order.total),
        "lines": [_line_payload(line) for line in order.lines],
        "payment": {"method": payment.method.value, "status": payment.status.value},
        "placed_at": _format_time(order.placed_at),
    }


def _line_payload(line: OrderLine) -> Json:
    return {
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "unit_price": _money_payload(line.unit_price),
        "amount": _money_payload(line.amount),
    }


def _refund_payload(refund: Refund) -> Json:
    return {
        "id": str(refund.id),
        "amount": _money_payload(refund.amount),
        "to": refund.to.value,
        "lines": [{"sku": each.sku, "quantity": each.quantity} for each in refund.lines],
        "restocked": refund.restocked,
    }


def _transfer_payload(transfer: Transfer) -> Json:
    return {
        "id": str(transfer.id),
        "account_id": str(transfer.credit_account_id),
        "kind": transfer.kind.value,
        "amount": _money_payload(transfer.amount),
        "created_at": _format_time(transfer.created_at),
    }


def _stock_payload(inventory: Inventory, threshold: int) -> Json:
    return {
        "sku": inventory.sku,
        "on_hand": inventory.on_hand,
        "reserved": inventory.reserved,
        "available": inventory.available,
        "threshold": threshold,
    }


def _money_payload(money: Money) -> Json:
    return {"amount": money.amount, "currency": money.currency}


def _format_time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _to_json(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
