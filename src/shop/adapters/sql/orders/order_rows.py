"""The rows of an order and its lines."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from shop.adapters.sql.catalogue.product_rows import chosen_options, options_document
from shop.adapters.sql.orders.share_rows import discounts_of_rows, taxes_of_rows
from shop.adapters.sql.schema.address_documents import address_from_document, address_to_document
from shop.adapters.sql.statements.writes import Fields
from shop.domain.address import Address
from shop.domain.orders.order import Order, OrderLine, OrderStatus
from shop.domain.orders.order_details import NO_DETAILS, OrderDetails
from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.payment import PaymentMethod
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.pricing.quoted import QuotedShipping
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.money import Currency, Money


def order_of(lines: Sequence[Row[Any]], shares: Sequence[Row[Any]]) -> Order:
    """Return an order of the rows of its lines, each of which has the order's, and its shares."""
    row = lines[0]
    currency = Currency(row.currency)
    return Order(
        id=row.id,
        number=row.number,
        idempotency_key=idempotency_key_of(row),
        status=OrderStatus(row.status),
        lines=tuple(
            OrderLine(
                sku=line.sku,
                name=line.name,
                quantity=line.quantity,
                unit_price=Money(amount=line.unit_price, currency=currency),
                product=line.product,
                options=chosen_options(line.options),
                image=line.image,
            )
            for line in lines
        ),
        total=Money(amount=row.total, currency=currency),
        payment_method=PaymentMethod(row.payment_method),
        placed_at=row.placed_at,
        version=row.version,
        has_fulfilment=row.has_fulfilment,
        pricing=None if row.prices_include_tax is None else _pricing(lines, shares),
        details=_details(row),
    )


def idempotency_key_of(row: Row[Any]) -> IdempotencyKey:
    """Return the key under which an order was placed."""
    return IdempotencyKey(user_id=row.user_id, value=row.idempotency_key)


def _pricing(lines: Sequence[Row[Any]], shares: Sequence[Row[Any]]) -> OrderPricing:
    row = lines[0]
    return OrderPricing(
        prices_include_tax=row.prices_include_tax,
        lines=tuple(
            KeptLine(
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount=line.discount,
                tax=line.tax,
                prices_include_tax=row.prices_include_tax,
            )
            for line in lines
        ),
        shipping=None
        if row.shipping_name is None
        else QuotedShipping(
            method=row.shipping_method, name=row.shipping_name, price=row.shipping_price
        ),
        discounts=discounts_of_rows(shares, len(lines)),
        taxes=taxes_of_rows(shares),
    )


def _details(row: Row[Any]) -> OrderDetails:
    shipping_address, billing_address = row.shipping_address, row.billing_address
    if not (row.email or shipping_address or billing_address or row.shipping_method):
        return NO_DETAILS
    return OrderDetails(
        email=row.email,
        shipping_address=shipping_address and address_from_document(shipping_address),
        billing_address=billing_address and address_from_document(billing_address),
        shipping_method=row.shipping_method,
    )


def order_fields(orders: Sequence[Order]) -> Sequence[Fields]:
    """Return the rows of orders; those of plain ones have no more than they need."""
    if all(order.is_plain for order in orders):
        return [_plain_fields(order) for order in orders]
    return [{**_plain_fields(order), **_priced_fields(order)} for order in orders]


def _plain_fields(order: Order) -> Fields:
    return {
        "id": order.id,
        "number": order.number,
        "user_id": order.user_id,
        "idempotency_key": order.idempotency_key.value,
        "status": order.status.value,
        "total": order.total.amount,
        "currency": order.total.currency,
        "payment_method": order.payment_method.value,
        "placed_at": order.placed_at,
        "version": order.version,
    }


def _priced_fields(order: Order) -> Fields:
    pricing, details = order.pricing, order.details
    shipping = None if pricing is None else pricing.shipping
    return {
        "email": details.email,
        "email_key": details.email_key,
        "shipping_address": _document(details.shipping_address),
        "billing_address": _document(details.billing_address),
        "shipping_method": details.shipping_method,
        "shipping_name": None if shipping is None else shipping.name,
        "shipping_price": None if shipping is None else shipping.price,
        "prices_include_tax": None if pricing is None else pricing.prices_include_tax,
        "has_shares": pricing is not None and pricing.has_shares,
    }


def _document(address: Address | None) -> Fields | None:
    return None if address is None else address_to_document(address)


def line_fields(orders: Sequence[Order]) -> Sequence[Fields]:
    """Return the rows of the lines of orders; without discounts and taxes if none has any."""
    if all(order.pricing is None for order in orders):
        return [fields for order in orders for fields in _plain_line_fields(order)]
    return [
        {**fields, "discount": kept.discount, "tax": kept.tax}
        for order in orders
        for fields, kept in zip(_plain_line_fields(order), order.full_pricing.lines, strict=True)
    ]


def _plain_line_fields(order: Order) -> Iterator[Fields]:
    for position, line in enumerate(order.lines):
        yield {
            "order_id": order.id,
            "position": position,
            "sku": line.sku,
            "name": line.name,
            "quantity": line.quantity,
            "unit_price": line.unit_price.amount,
            "product": line.product,
            "options": options_document(line.options),
            "image": line.image,
        }
