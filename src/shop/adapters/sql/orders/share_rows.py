"""The rows of the shares of an order's discounts and taxes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, select

from shop.adapters.sql.schema.tables import order_shares
from shop.adapters.sql.statements.writes import Fields
from shop.domain.orders.kept_shares import (
    KeptDiscountShare,
    KeptTaxShare,
    discount_shares,
    discounts_of,
    tax_shares,
    taxes_of,
)
from shop.domain.orders.order import Order
from shop.domain.pricing.quoted import QuotedDiscount, QuotedTax

SHIPPING = -1
"""The position of shipping among the lines."""

ORDER_SHARES = select(order_shares).order_by(
    order_shares.c.order_id, order_shares.c.number, order_shares.c.position
)

_DISCOUNT, _TAX = "discount", "tax"


def share_fields(orders: Iterable[Order]) -> Iterator[Fields]:
    """Yield the rows of all shares of orders."""
    for order in orders:
        if order.pricing is None:
            continue
        for discount in discount_shares(order.pricing):
            yield {
                **_fields(order, discount, _DISCOUNT),
                "slug": discount.promotion,
                "code": discount.code,
                "rate": None,
                "reason": None,
                "base": None,
            }
        for tax in tax_shares(order.pricing):
            yield {
                **_fields(order, tax, _TAX),
                "slug": None,
                "code": None,
                "rate": tax.rate,
                "reason": tax.reason,
                "base": tax.base,
            }


def _fields(order: Order, share: KeptDiscountShare | KeptTaxShare, kind: str) -> Fields:
    return {
        "order_id": order.id,
        "number": share.number,
        "position": SHIPPING if share.position is None else share.position,
        "kind": kind,
        "name": share.name,
        "amount": share.amount,
        "line_amount": share.line_amount,
    }


def discounts_of_rows(rows: Iterable[Row[Any]], lines: int) -> tuple[QuotedDiscount, ...]:
    """Return the discounts of an order with so many lines."""
    return discounts_of(
        (
            KeptDiscountShare(
                number=row.number,
                position=_position(row),
                promotion=row.slug,
                code=row.code,
                name=row.name,
                amount=row.amount,
                line_amount=row.line_amount,
            )
            for row in rows
            if row.kind == _DISCOUNT
        ),
        lines,
    )


def taxes_of_rows(rows: Iterable[Row[Any]]) -> tuple[QuotedTax, ...]:
    """Return the taxes of an order."""
    return taxes_of(
        KeptTaxShare(
            number=row.number,
            position=_position(row),
            name=row.name,
            rate=row.rate,
            reason=row.reason,
            base=row.base,
            amount=row.amount,
            line_amount=row.line_amount,
        )
        for row in _shipping_last(rows)
        if row.kind == _TAX
    )


def _position(row: Row[Any]) -> int | None:
    position: int = row.position
    return None if position == SHIPPING else position


def _shipping_last(rows: Iterable[Row[Any]]) -> Sequence[Row[Any]]:
    return sorted(rows, key=lambda row: (row.number, row.position == SHIPPING, row.position))
