"""Audit rules of what orders cost, what was refunded of it, and what orders keep copies of."""

from collections import Counter
from collections.abc import Iterator, Mapping
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.application.ports.repositories.audit import Fact
from shop.domain.orders.order import Order, OrderStatus
from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.orders.refund_parts import Refundable
from shop.domain.payment import PaymentStatus
from shop.domain.pricing.kept_line import KeptLine

Facts = Iterator[Mapping[str, Fact]]

_SHIPPING = -1
"""The position of shipping."""

_CAPTURED = frozenset({PaymentStatus.CAPTURED, PaymentStatus.REFUNDED})


def orders_with_wrong_total(state: State) -> Facts:
    """Find orders whose total differs from lines, shipping, discounts and taxes."""
    for order in state.orders.rows.values():
        quoted = sum(line.quantity * line.unit_price.amount for line in order.lines)
        if order.pricing is not None:
            quoted += _added_to_lines(order.pricing)
        if quoted != order.total.amount:
            yield {"order_id": str(order.id), "total": order.total.amount, "quoted": quoted}


def discount_mismatches(state: State) -> Facts:
    """Find lines whose discount differs from its shares."""
    for order, pricing in _priced_orders(state):
        for position, line in enumerate(pricing.lines):
            shares = _discount_shares(pricing, position)
            if line.discount != shares:
                yield {
                    **_line_facts(order, position),
                    "discount": line.discount,
                    "shares": shares,
                }


def tax_mismatches(state: State) -> Facts:
    """Find lines whose tax differs from its shares, or what is taxed from what was paid.

    Where anything is taxed, all that was paid without its tax is the base of a tax, be it of 0 %.
    """
    for order, pricing in _priced_orders(state):
        for position, line in _lines_and_shipping(pricing):
            taxes, bases = _tax_shares(pricing, position)
            base = line.paid - line.tax if pricing.taxes else 0
            if (line.tax, base) != (taxes, bases):
                yield {
                    **_line_facts(order, position),
                    "tax": line.tax,
                    "tax_shares": taxes,
                    "base": base,
                    "base_shares": bases,
                }


def shares_above_lines(state: State) -> Facts:
    """Find lines, and shipping, with discounts above their list price."""
    for order, pricing in _priced_orders(state):
        for position, line in _lines_and_shipping(pricing):
            shares = _discount_shares(pricing, position)
            if shares > line.amount:
                yield {**_line_facts(order, position), "amount": line.amount, "shares": shares}


def lines_refunded_too_much(state: State) -> Facts:
    """Find lines of which more was refunded than was paid for them."""
    refunded = Counter[tuple[UUID, str]]()
    for refund in state.refunds.rows.values():
        for line in refund.lines:
            refunded[refund.order_id, line.sku] += line.amount or 0
    for (order_id, sku), amount in refunded.items():
        kept = Refundable.of(state.orders.rows[order_id], ()).lines.get(sku)
        if kept is not None and amount > kept.paid:
            yield {"order_id": str(order_id), "sku": sku, "paid": kept.paid, "refunded": amount}


def shipping_refunded_too_much(state: State) -> Facts:
    """Find orders whose shipping was refunded beyond what was paid for it."""
    refunded = Counter[UUID]()
    for refund in state.refunds.rows.values():
        refunded[refund.order_id] += refund.shipping_amount
    for order_id, amount in refunded.items():
        pricing = state.orders.rows[order_id].pricing
        paid = 0 if pricing is None else pricing.kept_shipping.paid
        if amount > paid:
            yield {"order_id": str(order_id), "paid": paid, "refunded": amount}


def parts_above_refunds(state: State) -> Facts:
    """Find refunds whose lines and shipping have more than their amount."""
    for refund in state.refunds.rows.values():
        parts = refund.shipping_amount + sum(line.amount or 0 for line in refund.lines)
        if parts > refund.amount.amount:
            yield {
                "refund_id": str(refund.id),
                "order_id": str(refund.order_id),
                "amount": refund.amount.amount,
                "parts": parts,
            }


def refunds_above_payments(state: State) -> Facts:
    """Find orders of which more was refunded than was captured."""
    refunded = Counter[UUID]()
    for refund in state.refunds.rows.values():
        refunded[refund.order_id] += refund.amount.amount
    for order_id, amount in refunded.items():
        payment = state.payments.rows.get(order_id)
        is_captured = payment is not None and payment.status in _CAPTURED
        captured = payment.amount.amount if payment is not None and is_captured else 0
        if amount > captured:
            yield {"order_id": str(order_id), "captured": captured, "refunded": amount}


def refunded_tax_mismatches(state: State) -> Facts:
    """Find orders with more tax in refunds than in the order, or less if all was refunded."""
    refunded = Counter[UUID]()
    for refund in state.refunds.rows.values():
        refunded[refund.order_id] += refund.tax
    for order_id, returned in refunded.items():
        order = state.orders.rows[order_id]
        tax = 0 if order.pricing is None else sum(each.amount for each in order.pricing.taxes)
        if returned > tax or (order.status is OrderStatus.REFUNDED and returned != tax):
            yield {"order_id": str(order_id), "tax": tax, "refunded": returned}


def orders_without_copies(state: State) -> Facts:
    """Find orders that do not say by themselves what was bought and how it was priced."""
    for order in state.orders.rows.values():
        for missing in sorted(set(_missing_copies(order))):
            yield {"order_id": str(order.id), "missing": missing}


def _missing_copies(order: Order) -> Iterator[str]:
    if not all(line.name for line in order.lines):
        yield "line-name"
    pricing, method = order.pricing, order.details.shipping_method
    shipping = None if pricing is None else pricing.shipping
    if method is not None and (shipping is None or not shipping.name):
        yield "shipping-name"
    if method is None and shipping is not None:
        yield "shipping-method"
    if pricing is None:
        return
    # Lines of orders from before there were variants name no product.
    if not all(line.product for line in order.lines):
        yield "line-product"
    if not all(each.promotion and each.name for each in pricing.discounts):
        yield "discount-name"
    if not all(each.name for each in pricing.taxes):
        yield "tax-name"
    if not all(each.rate or each.reason for each in pricing.taxes):
        yield "tax-reason"


def _priced_orders(state: State) -> Iterator[tuple[Order, OrderPricing]]:
    for order in state.orders.rows.values():
        if order.pricing is not None:
            yield order, order.pricing


def _lines_and_shipping(pricing: OrderPricing) -> Iterator[tuple[int, KeptLine]]:
    yield from enumerate(pricing.lines)
    yield _SHIPPING, pricing.kept_shipping


def _added_to_lines(pricing: OrderPricing) -> int:
    """Return what shipping and taxes add to the list prices, less what discounts take off."""
    positions = range(_SHIPPING, len(pricing.lines))
    discount = sum(_discount_shares(pricing, position) for position in positions)
    tax = 0 if pricing.prices_include_tax else sum(each.amount for each in pricing.taxes)
    return pricing.kept_shipping.amount + tax - discount


def _discount_shares(pricing: OrderPricing, position: int) -> int:
    if position == _SHIPPING:
        return sum(each.shipping_share for each in pricing.discounts)
    return sum(each.line_shares[position] for each in pricing.discounts)


def _tax_shares(pricing: OrderPricing, position: int) -> tuple[int, int]:
    shares = [
        share
        for tax in pricing.taxes
        for share in tax.shares
        if position == (_SHIPPING if share.position is None else share.position)
    ]
    return sum(share.amount for share in shares), sum(share.base for share in shares)


def _line_facts(order: Order, position: int) -> Mapping[str, Fact]:
    return {"order_id": str(order.id), "position": position}
