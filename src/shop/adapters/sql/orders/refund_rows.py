"""The rows of refunds and their lines."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select

from shop.adapters.sql.schema.tables import refund_lines, refunds
from shop.adapters.sql.statements.writes import Fields
from shop.domain.orders.order import Actor
from shop.domain.orders.refund import Refund, RefundLine, RefundStatus
from shop.domain.payment import PaymentMethod
from shop.domain.shared.money import Currency, Money

# A refund of an amount may have no lines.
REFUNDS = (
    select(
        refunds,
        refund_lines.c.sku,
        refund_lines.c.quantity,
        refund_lines.c.cancelled_quantity,
        refund_lines.c.amount.label("line_amount"),
        refund_lines.c.tax.label("line_tax"),
    )
    .outerjoin(refund_lines, refund_lines.c.refund_id == refunds.c.id)
    .order_by(refunds.c.order_id, refunds.c.number, refund_lines.c.position)
)


def refunds_of(rows: Iterable[Row[Any]]) -> Iterator[Refund]:
    """Yield the refunds of rows that are sorted by refund."""
    for _, group in groupby(rows, key=lambda row: row.id):
        yield _refund(list(group))


def refund_fields(refund: Refund) -> Fields:
    """Return the row of a refund."""
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
        "gateway_response": refund.gateway_response,
        "actor": refund.actor.value,
        "created_at": refund.created_at,
        "shipping_amount": refund.shipping_amount,
        "tax": refund.tax,
    }


def refund_line_fields(refund: Refund) -> Iterator[Fields]:
    """Yield the rows of the lines of a refund."""
    for position, line in enumerate(refund.lines):
        yield {
            "refund_id": refund.id,
            "position": position,
            "sku": line.sku,
            "quantity": line.quantity,
            "cancelled_quantity": line.cancelled_quantity,
            "amount": line.amount,
            "tax": line.tax,
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
            RefundLine(
                sku=line.sku,
                quantity=line.quantity,
                cancelled_quantity=line.cancelled_quantity,
                amount=line.line_amount,
                tax=line.line_tax,
            )
            for line in lines
            if line.sku is not None
        ),
        restocked=row.restocked,
        status=RefundStatus(row.status),
        gateway_response=row.gateway_response,
        actor=Actor(row.actor),
        created_at=row.created_at,
        shipping_amount=row.shipping_amount,
        tax=row.tax,
    )
