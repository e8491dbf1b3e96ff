"""A real example of every request body and every response, from one story.

In a shop as `make run` starts it, Ada signs up, orders tea, cancels the order, orders again,
receives it and is refunded. A test sends these requests and compares the responses.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from shop.domain.user import EmailTaken
from shop.entrypoints.http.errors.schemas import ProblemExplanation
from shop.entrypoints.http.openapi import catalogue_examples
from shop.entrypoints.http.openapi.address_examples import ADDRESS_REQUESTS, ADDRESS_RESPONSES
from shop.entrypoints.http.openapi.cart_examples import CART, CART_REQUESTS, CART_RESPONSES
from shop.entrypoints.http.openapi.catalogue_examples import NAME, PRODUCT, SKU, UNIT_PRICE
from shop.entrypoints.http.openapi.error_examples import example_of
from shop.entrypoints.http.openapi.image_examples import IMAGE_REQUESTS, IMAGE_RESPONSES
from shop.entrypoints.http.openapi.import_examples import IMPORT_REQUESTS, IMPORT_RESPONSES
from shop.entrypoints.http.openapi.rule_examples import RULE_REQUESTS, RULE_RESPONSES

Json = Mapping[str, Any]

_PHRASE = "correct horse battery staple"
_NOON = "2026-11-21T12:00:00Z"
_ORDER_ID = "01932b7e-8f3c-7a13-8a9b-28394a5b6c7d"


def _eur(amount: int) -> Json:
    return {"amount": amount, "currency": "EUR"}


_TOTAL = _eur(1580)

REQUESTS: Mapping[str, Json] = {
    "sign_up": {"name": "Ada Lovelace", "email": "ada@example.com", "password": _PHRASE},
    "sign_in": {"email": "ada@example.com", "password": _PHRASE},
    "change_preferences": {"preferences": {"theme": "dark", "newsletter": None}},
    "change_customer": {"disabled": True, "groups": ["friends"]},
    "change_password": {"current": _PHRASE, "new": "a better battery for the horse"},
    "place_order": {
        "lines": [{"sku": SKU, "quantity": 2}],
        "payment": {"method": "account"},
        "expected_total": _TOTAL,
    },
    "cancel_order": {},
    "retry_webhook_delivery": {},
    "ship_order": {"lines": [{"sku": SKU, "quantity": 2}]},
    "deliver_order": {},
    "refund_order": {
        "lines": [{"sku": SKU, "quantity": 2}],
        "reason": "Not to her taste",
        "to": "account",
        "restock": True,
    },
    "make_transfer": {"to": "grace@example.com", "amount": _eur(1999), "note": "For the tea"},
    "make_deposit": {"amount": _eur(1999), "card": {"token": "tok_visa"}},
    "receive_stripe_event": {
        "id": "evt_1SVhGq2eZvKYlo2C",
        "type": "payment_intent.amount_capturable_updated",
        "created": 1_795_262_400,
        "data": {
            "object": {
                "id": "pi_3SVhGp2eZvKYlo2C",
                "object": "payment_intent",
                "metadata": {"shop_reference": _ORDER_ID},
            }
        },
    },
    "grant_credit": {"amount": _eur(1999), "reason": "A cup arrived broken"},
    **catalogue_examples.REQUESTS,
    "put_category": {"name": "Tea", "parent": "drinks", "position": 1},
    **ADDRESS_REQUESTS,
    **CART_REQUESTS,
    **IMAGE_REQUESTS,
    **IMPORT_REQUESTS,
    **RULE_REQUESTS,
}
"""An example request of each operation, by the operation's name."""

_USER: Json = {
    "id": "01932b7e-8f3c-7a10-9d2e-5b6c7d8e9f01",
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "roles": ["customer"],
    "created_at": _NOON,
}
_ACCOUNT: Json = {
    "id": "01932b7e-8f3c-7a11-8c1d-4a5b6c7d8e9f",
    "balance": _eur(100_000),
    "created_at": _NOON,
}
_CHARGED_ACCOUNT: Json = {**_ACCOUNT, "balance": _eur(98_420)}
_CUSTOMER: Json = {
    **_USER,
    "disabled": False,
    "account": _CHARGED_ACCOUNT,
    "orders": {"count": 1, "amount": _TOTAL},
    "groups": [],
}
_DRINKS: Json = {"slug": "drinks", "name": "Drinks", "position": 0}
_TEA: Json = {"slug": "tea", "name": "Tea", "position": 1}
_CATEGORIES: Json = {
    "items": [
        {"slug": "coffee", "name": "Coffee", "position": 0, "children": []},
        {"slug": "desk", "name": "Desk", "position": 0, "children": []},
        {**_DRINKS, "children": [{**_TEA, "children": []}]},
        {"slug": "kitchen", "name": "Kitchen", "position": 0, "children": []},
        {"slug": "pantry", "name": "Pantry", "position": 0, "children": []},
    ]
}
_BOUGHT_LINE: Json = {
    "sku": SKU,
    "name": NAME,
    "options": {},
    "quantity": 2,
    "unit_price": UNIT_PRICE,
    "amount": _TOTAL,
}
_ORDER_LINE: Json = {
    **_BOUGHT_LINE,
    "discount": _eur(0),
    "tax": _eur(0),
    "shipped": 0,
    "refunded": 0,
}
_SESSION: Json = {
    "user": _USER,
    "roles": ["customer"],
    "preferences": {},
    "cart": CART,
    "order_id": None,
    "expires_at": "2026-11-28T12:00:00Z",
}
_ORDER: Json = {
    "id": _ORDER_ID,
    "number": "7Q4M-2XKD-9R0B",
    "status": "paid",
    "total": _TOTAL,
    "totals": {
        "subtotal": _TOTAL,
        "discount": _eur(0),
        "shipping": _eur(0),
        "tax": _eur(0),
        "total": _TOTAL,
        "prices_include_tax": True,
    },
    "lines": [_ORDER_LINE],
    "discounts": [],
    "taxes": [],
    "email": None,
    "shipping_address": None,
    "billing_address": None,
    "shipping_method": None,
    "payment": {"method": "account", "status": "captured"},
    "refunded": _eur(0),
    "placed_at": _NOON,
}
_PENDING_ORDER: Json = {
    **_ORDER,
    "status": "pending",
    "payment": {"method": "card", "status": "pending"},
}
_DEPOSIT: Json = {
    "id": "01932b7e-8f3c-7a15-9c0d-3a4b5c6d7e8f",
    "status": "authorised",
    "amount": _eur(1999),
    "created_at": _NOON,
}
_STATUS_CHANGE: Json = {
    "kind": "status",
    "from": None,
    "to": "paid",
    "actor": "customer",
    "at": _NOON,
}
_LINE_QUANTITIES: Json = {"sku": SKU, "quantity": 2}
_SHIPMENT_EVENT: Json = {
    "id": "01932b7e-8f3c-7a15-9c2d-5b6c7d8e9f01",
    "lines": [_LINE_QUANTITIES],
    "actor": "admin",
    "created_at": _NOON,
}
_REFUND: Json = {
    "id": "01932b7e-8f3c-7a16-8d3e-6c7d8e9f0a12",
    "amount": _TOTAL,
    "shipping_amount": _eur(0),
    "tax": _eur(0),
    "to": "account",
    "reason": "Not to her taste",
    "lines": [{**_LINE_QUANTITIES, "amount": _TOTAL, "tax": _eur(0)}],
    "restocked": True,
    "status": "succeeded",
    "actor": "admin",
    "created_at": _NOON,
}
_WEBHOOK_DELIVERY: Json = {
    "id": "01932b7e-8f3c-7a15-8b1c-4a5b6c7d8e9f",
    "event": "order.cancelled",
    "endpoint": "https://warehouse.example.com/shop",
    "status": "pending",
    "attempts": 0,
    "last_status_code": None,
    "last_error": None,
    "created_at": _NOON,
    "delivered_at": None,
}


def _page(*items: Json) -> Json:
    return {"items": list(items), "next": None}


def _transfer(kind: str, amount: int, counterparty: str, reference: str) -> Json:
    return {
        "id": "01932b7e-8f3c-7a12-8b0c-394a5b6c7d8e",
        "kind": kind,
        "amount": _eur(amount),
        "counterparty": counterparty,
        "reference": reference,
        "created_at": _NOON,
    }


RESPONSES: Mapping[tuple[str, int], Json] = {
    ("check_health", 200): {"status": "alive"},
    ("check_readiness", 200): {"status": "ready"},
    ("explain_problem", 200): asdict(ProblemExplanation.of(example_of(EmailTaken))),
    ("list_products", 200): _page(PRODUCT),
    ("show_product", 200): PRODUCT,
    ("sign_up", 201): {"user": _USER, "account": _ACCOUNT},
    ("list_customers", 200): _page(_CUSTOMER),
    ("show_customer", 200): _CUSTOMER,
    ("change_customer", 200): {
        **_CUSTOMER,
        "disabled": True,
        "groups": ["friends"],
        "account": {**_ACCOUNT, "balance": _eur(101_999)},
    },
    ("show_session", 200): _SESSION,
    ("sign_in", 200): _SESSION,
    ("change_preferences", 200): {**_SESSION, "preferences": {"theme": "dark"}},
    ("list_sessions", 200): _page(
        {
            "handle": "01932b7e-8f3c-7a14-898a-1728394a5b6c",
            "current": True,
            "created_at": _NOON,
            "last_seen_at": _NOON,
            "signed_in_at": _NOON,
            "expires_at": "2026-11-28T12:00:00Z",
        }
    ),
    ("place_order", 201): _ORDER,
    ("place_order", 202): _PENDING_ORDER,
    ("show_order", 200): _ORDER,
    ("list_orders", 200): _page(_ORDER),
    ("show_session_order", 200): _ORDER,
    ("show_order_history", 200): _page(_STATUS_CHANGE),
    ("show_account", 200): _CHARGED_ACCOUNT,
    ("list_transfers", 200): _page(
        _transfer("charge", -1580, "sales", _ORDER_ID),
        {
            **_transfer("welcome", 100_000, "adjustments", "Welcome"),
            "id": "01932b7e-8f3c-7a12-8b0c-1728394a5b6c",
        },
    ),
    ("make_transfer", 201): _transfer("transfer", -1999, "grace@example.com", "For the tea"),
    ("make_deposit", 201): _DEPOSIT,
    ("make_deposit", 202): {**_DEPOSIT, "status": "pending"},
    ("show_deposit", 200): _DEPOSIT,
    ("list_deposits", 200): _page(_DEPOSIT),
    ("receive_stripe_event", 200): {},
    ("cancel_order", 200): {
        **_ORDER,
        "status": "cancelled",
        "payment": {"method": "account", "status": "refunded"},
    },
    ("ship_order", 201): _SHIPMENT_EVENT,
    ("list_shipments", 200): _page(_SHIPMENT_EVENT),
    ("deliver_order", 201): {**_SHIPMENT_EVENT, "id": "01932b7e-8f3c-7a15-9c2d-6c7d8e9f0a12"},
    ("list_deliveries", 200): _page(
        {**_SHIPMENT_EVENT, "id": "01932b7e-8f3c-7a15-9c2d-6c7d8e9f0a12"}
    ),
    ("refund_order", 201): _REFUND,
    ("list_refunds", 200): _page(_REFUND),
    ("grant_credit", 201): _transfer("credit", 1999, "adjustments", "A cup arrived broken"),
    ("list_webhook_deliveries", 200): _page(_WEBHOOK_DELIVERY),
    ("retry_webhook_delivery", 202): _WEBHOOK_DELIVERY,
    **catalogue_examples.RESPONSES,
    ("list_categories", 200): _CATEGORIES,
    ("put_category", 200): {**_TEA, "parent": "drinks"},
    ("put_category", 201): {**_TEA, "parent": "drinks"},
    **ADDRESS_RESPONSES,
    **CART_RESPONSES,
    **IMAGE_RESPONSES,
    **IMPORT_RESPONSES,
    **RULE_RESPONSES,
}
"""The response to that request, by the operation's name and the status."""
