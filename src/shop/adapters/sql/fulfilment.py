"""Handovers and refunds in a relational database."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from shop.adapters.sql.changes import Change, Fields, alteration, insertion
from shop.adapters.sql.connection import SqlConnection
from shop.adapters.sql.orders import SqlOrders
from shop.adapters.sql.tables import handover_lines, handovers, refund_lines, refunds
from shop.application.ports.fulfilment import Handovers, Refunds
from shop.domain.handover import Handover, HandoverKind, Pieces
from shop.domain.money import Currency, Money
from shop.domain.order import Actor
from shop.domain.payment import PaymentMethod
from shop.domain.refund import Refund, RefundLine, RefundStatus

HANDOVERS = (
    select(handovers, handover_lines.c.sku, handover_lines.c.quantity)
    .join(handover_lines, handover_lines.c.handover_id == handovers.c.id)
    .order_by(handovers.c.created_at, handovers.c.id, handover_lines.c.position)
)
# An amount may be refunded without any lines.
REFUNDS = (
    select(refunds, refund_lines.c.sku, refund_lines.c.quantity, refund_lines.c.kept_back)
    .outerjoin(refund_lines, refund_lines.c.refund_id == refunds.c.id)
    .order_by(refunds.c.order_id, refunds.c.number, refund_lines.c.position)
)


class SqlHandovers(Handovers):
    """The tables of handovers and of their lines."""

    def __init__(self, connection: SqlConnection, orders: SqlOrders) -> None:
        self._connection = connection
        self._orders = orders
        self._added: list[Handover] = []

    async def of_orders(self, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[Handover, ...]]:
        """Return the handovers of each of these orders, the oldest first."""
        rows = await self._connection.among(HANDOVERS, handovers.c.order_id, order_ids)
        found = [_handover(lines) for lines in _by_id(rows)]
        return {
            order_id: tuple(each for each in found if each.order_id == order_id)
            for order_id in order_ids
        }

    def add(self, handover: Handover) -> None:
        """Stage a handover of a locked order."""
        self._orders.require_locked(handover.order_id)
        self._added.append(handover)

    def changes(self) -> Iterator[Change]:
        """Return what was staged."""
        yield from insertion(handovers, [_handover_fields(each) for each in self._added])
        lines = [fields for each in self._added for fields in _handed_over(each)]
        yield from insertion(handover_lines, lines)


class SqlRefunds(Refunds):
    """The tables of refunds and of their lines."""

    def __init__(self, connection: SqlConnection, orders: SqlOrders) -> None:
        self._connection = connection
        self._orders = orders
        self._added: list[Refund] = []
        self._saved: dict[UUID, Fields] = {}

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Refund]:
        """Return those refunds that exist, by id."""
        rows = await self._connection.among(REFUNDS, refunds.c.id, ids)
        return {each.id: each for each in map(_refund, _by_id(rows))}

    async def of_orders(self, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[Refund, ...]]:
        """Return the refunds of each of these orders, by their numbers."""
        rows = await self._connection.among(REFUNDS, refunds.c.order_id, order_ids)
        found = [_refund(lines) for lines in _by_id(rows)]
        return {
            order_id: tuple(each for each in found if each.order_id == order_id)
            for order_id in order_ids
        }

    def add(self, refund: Refund) -> None:
        """Stage a refund of a locked order."""
        self._orders.require_locked(refund.order_id)
        self._added.append(refund)

    def save(self, refund: Refund) -> None:
        """Stage the status and the outcome of a refund of a locked order."""
        self._orders.require_locked(refund.order_id)
        self._saved[refund.id] = {
            "id": refund.id,
            "status": refund.status.value,
            "outcome": refund.outcome,
        }

    def changes(self) -> Iterator[Change]:
        """Return what was staged."""
        yield from insertion(refunds, [_refund_fields(each) for each in self._added])
        lines = [fields for each in self._added for fields in _refunded(each)]
        yield from insertion(refund_lines, lines)
        yield from alteration(refunds, ["id"], self._saved.values())


def _by_id(rows: Iterable[Row[Any]]) -> Iterator[Sequence[Row[Any]]]:
    for _, group in groupby(rows, key=lambda row: row.id):
        yield list(group)


def _handover(lines: Sequence[Row[Any]]) -> Handover:
    row = lines[0]
    return Handover(
        id=row.id,
        order_id=row.order_id,
        kind=HandoverKind(row.kind),
        lines=tuple(Pieces(sku=line.sku, quantity=line.quantity) for line in lines),
        actor=Actor(row.actor),
        created_at=row.created_at,
    )


def _handover_fields(handover: Handover) -> Fields:
    return {
        "id": handover.id,
        "order_id": handover.order_id,
        "kind": handover.kind.value,
        "actor": handover.actor.value,
        "created_at": handover.created_at,
    }


def _handed_over(handover: Handover) -> Iterator[Fields]:
    for position, line in enumerate(handover.lines):
        yield {
            "handover_id": handover.id,
            "position": position,
            "sku": line.sku,
            "quantity": line.quantity,
        }


def _refund(lines: Sequence[Row[Any]]) -> Refund:
    row = lines[0]
    return Refund(
        id=row.id,
        order_id=row.order_id,
        number=row.number,
        amount=Money(amount=row.amount, currency=Currency(row.currency)),
        to=PaymentMethod(row.method),
        reason=row.reason,
        lines=tuple(
            RefundLine(sku=line.sku, quantity=line.quantity, kept_back=line.kept_back)
            for line in lines
            if line.sku is not None
        ),
        restocked=row.restocked,
        status=RefundStatus(row.status),
        outcome=row.outcome,
        actor=Actor(row.actor),
        created_at=row.created_at,
    )


def _refund_fields(refund: Refund) -> Fields:
    return {
        "id": refund.id,
        "order_id": refund.order_id,
        "number": refund.number,
        "amount": refund.amount.amount,
        "currency": refund.amount.currency,
        "method": refund.to.value,
        "reason": refund.reason,
        "restocked": refund.restocked,
        "status": refund.status.value,
        "outcome": refund.outcome,
        "actor": refund.actor.value,
        "created_at": refund.created_at,
    }


def _refunded(refund: Refund) -> Iterator[Fields]:
    for position, line in enumerate(refund.lines):
        yield {
            "refund_id": refund.id,
            "position": position,
            "sku": line.sku,
            "quantity": line.quantity,
            "kept_back": line.kept_back,
        }
