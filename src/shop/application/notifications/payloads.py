"""Payloads of notifications: the JSON that webhooks and e-mails carry."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shop.domain.account import Transfer
from shop.domain.inventory import Inventory
from shop.domain.orders.order import Order, OrderLine
from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.orders.refund import Refund, RefundLine
from shop.domain.payment import Payment
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.pricing.percentages import format_percentage
from shop.domain.shared.money import Currency, Money

Json = Mapping[str, Any]


def order_payload(order: Order, payment: Payment, *, rehearses_payments: bool = False) -> Json:
    """Return an order like the API, with the customer's id and no other personal data."""
    simulated = {"simulated": True} if rehearses_payments else {}
    pricing, currency = order.full_pricing, order.total.currency
    return {
        "id": str(order.id),
        "number": order.number,
        "user_id": str(order.user_id),
        "status": order.status.value,
        "total": _money_payload(order.total),
        "totals": _totals_payload(order),
        "lines": [
            _line_payload(line, kept) for line, kept in zip(order.lines, pricing.lines, strict=True)
        ],
        **_shares_payload(pricing, currency),
        "shipping_method": order.details.shipping_method,
        "payment": {
            "method": payment.method.value,
            "status": payment.status.value,
            **simulated,
        },
        "placed_at": format_time(order.placed_at),
    }


def _totals_payload(order: Order) -> Json:
    totals, currency = order.totals, order.total.currency
    amounts = {
        "subtotal": totals.subtotal,
        "discount": totals.discount,
        "shipping": totals.shipping,
        "tax": totals.tax,
        "total": totals.total,
    }
    return {
        **{name: _amount_payload(amount, currency) for name, amount in amounts.items()},
        "prices_include_tax": totals.prices_include_tax,
    }


def _shares_payload(pricing: OrderPricing, currency: Currency) -> Json:
    return {
        "discounts": [
            {
                "promotion": each.promotion,
                **({} if each.code is None else {"code": each.code}),
                "name": each.name,
                "amount": _amount_payload(each.amount, currency),
            }
            for each in pricing.discounts
        ],
        "taxes": [
            {
                "name": each.name,
                "rate": format_percentage(each.rate),
                "base": _amount_payload(each.base, currency),
                "amount": _amount_payload(each.amount, currency),
                "reason": each.reason,
            }
            for each in pricing.taxes
        ],
    }


def _line_payload(line: OrderLine, kept: KeptLine) -> Json:
    return {
        "sku": line.sku,
        "name": line.name,
        "options": {each.name: each.value for each in line.options},
        "quantity": line.quantity,
        "unit_price": _money_payload(line.unit_price),
        "amount": _money_payload(line.amount),
        "discount": _amount_payload(kept.discount, line.unit_price.currency),
        "tax": _amount_payload(kept.tax, line.unit_price.currency),
    }


def refund_payload(refund: Refund) -> Json:
    """Return the payload of a refund."""
    return {
        "id": str(refund.id),
        "amount": _money_payload(refund.amount),
        "shipping_amount": _part_payload(refund.shipping_amount, refund),
        "tax": _part_payload(refund.tax, refund),
        "to": refund.to.value,
        "lines": [_refund_line_payload(each, refund) for each in refund.lines],
        "restocked": refund.restocked,
    }


def _refund_line_payload(line: RefundLine, refund: Refund) -> Json:
    return {
        "sku": line.sku,
        "quantity": line.quantity,
        "amount": _part_payload(line.amount or 0, refund),
        "tax": _part_payload(line.tax or 0, refund),
    }


def _part_payload(amount: int, refund: Refund) -> Json:
    return _money_payload(Money(amount=amount, currency=refund.amount.currency))


def transfer_payload(transfer: Transfer) -> Json:
    """Return the payload of a credited account."""
    return {
        "id": str(transfer.id),
        "account_id": str(transfer.credit_account_id),
        "kind": transfer.kind.value,
        "amount": _money_payload(transfer.amount),
        "created_at": format_time(transfer.created_at),
    }


def stock_payload(inventory: Inventory, threshold: int) -> Json:
    """Return the payload of low stock."""
    return {
        "sku": inventory.sku,
        "on_hand": inventory.on_hand,
        "reserved": inventory.reserved,
        "available": inventory.available,
        "threshold": threshold,
    }


def _money_payload(money: Money) -> Json:
    return {"amount": money.amount, "currency": money.currency}


def _amount_payload(amount: int, currency: Currency) -> Json:
    return {"amount": amount, "currency": currency}


def format_time(time: datetime) -> str:
    """Format a time as RFC 3339 in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_json(document: Json) -> str:
    """Format a document as compact JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
