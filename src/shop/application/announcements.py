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
from shop.application.ports.ids import Ids
from shop.application.ports.outbox import Job, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import Transfer
from shop.domain.announcement import Channel, Dispatch, DispatchStatus, Topic
from shop.domain.inventory import Inventory
from shop.domain.money import Money
from shop.domain.order import Order, OrderLine
from shop.domain.payment import Payment
from shop.domain.refund import Refund

Json = Mapping[str, Any]

MAILED = frozenset(
    {
        Topic.ORDER_PAID,
        Topic.ORDER_EXPIRED,
        Topic.ORDER_CANCELLED,
        Topic.ORDER_SHIPPED,
        Topic.ORDER_REFUNDED,
    }
)
"""What customers get a letter about; of an order that was declined they know from the answer."""

JOBS: Mapping[Channel, JobKind] = {
    Channel.WEBHOOK: JobKind.DELIVER,
    Channel.MAIL: JobKind.MAIL,
}
"""What is to be done for a dispatch, by its channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where announcements of some topics go, and the secret that they are signed with."""

    url: str
    secret: str = field(repr=False)
    topics: frozenset[Topic]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementTerms:
    """Who is told: these endpoints, and customers if they get letters.

    Stock is low where no more than that many are available; nought says nothing of it.
    """

    endpoints: tuple[Endpoint, ...]
    mails_customers: bool
    stock_low: int


class Announcements:
    """Stages what is to be told; use cases call it next to the fact, once all is decided."""

    def __init__(self, terms: AnnouncementTerms, clock: Clock, ids: Ids) -> None:
        self._terms = terms
        self._clock = clock
        self._ids = ids
        self._listeners = {
            topic: tuple(each.url for each in terms.endpoints if topic in each.topics)
            for topic in Topic
        }
        self._mailed = MAILED if terms.mails_customers else frozenset()

    def order_placed(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce a new order, paid or not."""
        self._order(uow, Topic.ORDER_PLACED, order, payment)

    def order_paid(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce that an order is paid: the account has paid, or the card has set it aside."""
        self._order(uow, Topic.ORDER_PAID, order, payment)

    def order_declined(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce that the card does not pay."""
        self._order(uow, Topic.ORDER_DECLINED, order, payment)

    def order_expired(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce that the card was not heard of in time."""
        self._order(uow, Topic.ORDER_EXPIRED, order, payment)

    def order_cancelled(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce that an order is undone."""
        self._order(uow, Topic.ORDER_CANCELLED, order, payment)

    def order_shipped(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce that the goods have left."""
        self._order(uow, Topic.ORDER_SHIPPED, order, payment)

    def order_delivered(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """Announce that the goods have arrived."""
        self._order(uow, Topic.ORDER_DELIVERED, order, payment)

    def order_refunded(
        self, uow: UnitOfWork, order: Order, payment: Payment, *, refund: Refund
    ) -> None:
        """Announce that some of the money, or all of it, goes back."""
        self._order(uow, Topic.ORDER_REFUNDED, order, payment, refund=_refund_facts(refund))

    def account_credited(self, uow: UnitOfWork, transfer: Transfer) -> None:
        """Announce that the shop has put money into a customer's account."""
        if self._is_heard(Topic.ACCOUNT_CREDITED):
            self._stage(uow, Topic.ACCOUNT_CREDITED, _transfer_facts(transfer), customer=None)

    def stock_moved(self, uow: UnitOfWork, before: Inventory, after: Inventory) -> None:
        """Announce that stock has become low, if this step made it so."""
        threshold = self._terms.stock_low
        has_fallen = after.available <= threshold < before.available
        if threshold and has_fallen and self._is_heard(Topic.STOCK_LOW):
            self._stage(uow, Topic.STOCK_LOW, _stock_facts(after, threshold), customer=None)

    def _order(
        self, uow: UnitOfWork, topic: Topic, order: Order, payment: Payment, **more: Json
    ) -> None:
        if self._is_heard(topic):
            self._stage(uow, topic, {**order_facts(order, payment), **more}, order.user_id)

    def _is_heard(self, topic: Topic) -> bool:
        return bool(self._listeners[topic]) or topic in self._mailed

    def _stage(self, uow: UnitOfWork, topic: Topic, facts: Json, customer: UUID | None) -> None:
        now = self._clock.now()
        payload = _text({"type": topic.value, "timestamp": _time(now), "data": facts})
        for url in self._listeners[topic]:
            self._dispatch(uow, topic, Channel.WEBHOOK, url, payload, now)
        if customer is not None and topic in self._mailed:
            self._dispatch(uow, topic, Channel.MAIL, str(customer), payload, now)

    def _dispatch(
        self,
        uow: UnitOfWork,
        topic: Topic,
        channel: Channel,
        addressee: str,
        payload: str,
        now: datetime,
    ) -> None:
        dispatch = Dispatch(
            id=self._ids.new(),
            topic=topic,
            channel=channel,
            addressee=addressee,
            payload=payload,
            status=DispatchStatus.PENDING,
            attempts=0,
            last_status_code=None,
            last_error=None,
            created_at=now,
            delivered_at=None,
        )
        uow.dispatches.add(dispatch)
        uow.outbox.add(Job.new(JOBS[channel], dispatch.id, at=now, due_at=now))


def order_facts(order: Order, payment: Payment) -> Json:
    """Return an order as the API tells it, and whose it is; nothing else of the customer."""
    return {
        "id": str(order.id),
        "number": order.number,
        "user_id": str(order.user_id),
        "status": order.status.value,
        "total": _money(order.total),
        "lines": [_line_facts(line) for line in order.lines],
        "payment": {"method": payment.method.value, "status": payment.status.value},
        "placed_at": _time(order.placed_at),
    }


def _line_facts(line: OrderLine) -> Json:
    return {
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "unit_price": _money(line.unit_price),
        "amount": _money(line.amount),
    }


def _refund_facts(refund: Refund) -> Json:
    return {
        "id": str(refund.id),
        "amount": _money(refund.amount),
        "to": refund.to.value,
        "lines": [{"sku": each.sku, "quantity": each.quantity} for each in refund.lines],
        "restocked": refund.restocked,
    }


def _transfer_facts(transfer: Transfer) -> Json:
    return {
        "id": str(transfer.id),
        "account_id": str(transfer.credit_account_id),
        "kind": transfer.kind.value,
        "amount": _money(transfer.amount),
        "created_at": _time(transfer.created_at),
    }


def _stock_facts(inventory: Inventory, threshold: int) -> Json:
    return {
        "sku": inventory.sku,
        "on_hand": inventory.on_hand,
        "reserved": inventory.reserved,
        "available": inventory.available,
        "threshold": threshold,
    }


def _money(money: Money) -> Json:
    return {"amount": money.amount, "currency": money.currency}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _text(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
