"""Payloads of notifications: the JSON that webhooks and e-mails carry."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shop.domain.account import Transfer
from shop.domain.inventory import Inventory
from shop.domain.orders.order import Order, OrderLine
from shop.domain.orders.refund import Refund, RefundLine
from shop.domain.payment import Payment
from shop.domain.shared.money import Money

Json = Mapping[str, Any]


def order_payload(order: Order, payment: Payment, *, rehearses_payments: bool = False) -> Json:
    """Return an order like the API, with the customer's id and no other personal data."""
    simulated = {"simulated": True} if rehearses_payments else {}
    return {
        "id": str(order.id),
        "number": order.number,
        "user_id": str(order.user_id),
        "status": order.status.value,
        "total": _money_payload(order.total),
        "lines": [_line_payload(line) for line in order.lines],
        "payment": {
            "method": payment.method.value,
            "status": payment.status.value,
            **simulated,
        },
        "placed_at": format_time(order.placed_at),
    }


def _line_payload(line: OrderLine) -> Json:
    return {
        "sku": line.sku,
        "name": line.name,
        "options": {each.name: each.value for each in line.options},
        "quantity": line.quantity,
        "unit_price": _money_payload(line.unit_price),
        "amount": _money_payload(line.amount),
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


def format_time(time: datetime) -> str:
    """Format a time as RFC 3339 in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_json(document: Json) -> str:
    """Format a document as compact JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
