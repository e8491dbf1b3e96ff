"""A stored fingerprint must stay the same in later releases, or a replay becomes a 422.

The documents below are what earlier releases hashed: a renamed field of a command changes them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from shop.application.ledger.deposits import MakeDeposit
from shop.application.ledger.transfer_batch import GrantCredit, MakeTransfer
from shop.application.orders.cancel import CancelOrder
from shop.application.orders.fulfil import RecordShipmentEvent
from shop.application.orders.refund import RefundOrder
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.address import Address
from shop.domain.orders.order_details import OrderDetails
from shop.domain.orders.refund import RefundRequest
from shop.domain.orders.shipment import ShipmentEventKind
from shop.domain.payment import PaymentMethod
from tests.application.memory_shop import MemoryShop, add_stock, place_order
from tests.factories import eur, id_of, line_quantities

pytestmark = pytest.mark.anyio

ORDER_ID = id_of("order")


def _stored_fingerprint(shop: MemoryShop, name: str) -> str:
    (row,) = [
        each
        for each in shop.state.idempotency_keys.rows.values()
        if each.id.user_id == shop.user(name).id
    ]
    return row.record.fingerprint


def _hash(operation: str, members: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps([operation, members], sort_keys=True).encode()).hexdigest()


def _money(amount: int) -> Mapping[str, object]:
    return {"amount": amount, "currency": "EUR"}


async def test_order_of_lines_by_card(shop: MemoryShop, admin: SessionToken) -> None:
    del admin
    token = await shop.customer("ada")
    await shop.order(place_order(token, ("TEA", 2), expected=200, card="tok_visa"))

    assert _stored_fingerprint(shop, "ada") == _hash(
        "order",
        {
            "cart": {"lines": [{"sku": "TEA", "quantity": 2}]},
            "method": "card",
            "card": "tok_visa",
            "expected_total": _money(200),
        },
    )


async def test_order_of_the_cart_from_the_account(shop: MemoryShop, admin: SessionToken) -> None:
    del admin
    token = await shop.customer("ada")
    await shop.fill_cart(token, TEA=1)
    await shop.order(place_order(token))

    assert _stored_fingerprint(shop, "ada") == _hash(
        "order", {"cart": None, "method": "account", "card": None, "expected_total": None}
    )


async def test_order_with_details_has_those_that_are_given(
    shop: MemoryShop, admin: SessionToken
) -> None:
    del admin
    token = await shop.customer("ada")
    address = Address(name="Ada", line1="Invalidenstr. 1", country="DE", postal_code="10115")
    details = OrderDetails(email="Ada@example.com", shipping_address=address, codes=())
    await shop.order(replace(place_order(token, ("TEA", 1)), details=details))

    assert _stored_fingerprint(shop, "ada") == _hash(
        "order",
        {
            "cart": {"lines": [{"sku": "TEA", "quantity": 1}]},
            "method": "account",
            "card": None,
            "expected_total": None,
            "details": {
                "email": "Ada@example.com",
                "shipping_address": {
                    "name": "Ada",
                    "line1": "Invalidenstr. 1",
                    "country": "DE",
                    "postal_code": "10115",
                },
                "codes": [],
            },
        },
    )


async def test_transfer(shop: MemoryShop) -> None:
    token = await shop.customer("ada")
    await shop.customer("bob")
    command = MakeTransfer(
        session=token, key="key-0001", to="Bob@example.com", amount=eur(5), note="For tea"
    )
    await shop.container.transfer_queue().submit(command)

    assert _stored_fingerprint(shop, "ada") == _hash(
        "transfer", {"to": "bob@example.com", "amount": _money(5), "note": "For tea"}
    )


async def test_credit(shop: MemoryShop, admin: SessionToken) -> None:
    await shop.customer("ada")
    account_id = shop.account("ada").id
    command = GrantCredit(
        session=admin, key="key-0001", account_id=account_id, amount=eur(5), reason="Sorry"
    )
    await shop.container.transfer_service().grant_credit(command)

    assert _stored_fingerprint(shop, "root") == _hash(
        "credit", {"account_id": str(account_id), "amount": _money(5), "reason": "Sorry"}
    )


async def test_deposit(shop: MemoryShop) -> None:
    token = await shop.customer("ada")
    command = MakeDeposit(session=token, key="key-0001", amount=eur(5), card="tok_visa")
    await shop.container.deposit_service().make(command)

    assert _stored_fingerprint(shop, "ada") == _hash(
        "deposit", {"amount": _money(5), "card": "tok_visa"}
    )


@pytest.mark.parametrize(("shipping", "members"), [(False, {}), (True, {"shipping": True})])
async def test_refund(
    shop: MemoryShop, admin: SessionToken, members: Mapping[str, object], *, shipping: bool
) -> None:
    request = RefundRequest(
        lines=line_quantities(TEA=1),
        shipping=shipping,
        amount=eur(5),
        to=PaymentMethod.CARD,
        reason="It broke",
        restock=False,
    )
    command = RefundOrder(session=admin, key="key-0001", order_id=ORDER_ID, refund_request=request)
    await shop.container.refund_orders().refund(command)

    assert _stored_fingerprint(shop, "root") == _hash(
        "refund",
        {
            "order_id": str(ORDER_ID),
            "wish": {
                "lines": [{"sku": "TEA", "quantity": 1}],
                "amount": _money(5),
                "to": "card",
                "reason": "It broke",
                "restock": False,
                **members,
            },
        },
    )


@pytest.mark.parametrize(
    ("named", "operation"), [("product", "stock"), ("sku", "stock of variant")]
)
async def test_adjustment_of_stock(
    shop: MemoryShop, admin: SessionToken, named: str, operation: str
) -> None:
    of_variant = replace(add_stock(admin, "TEA", 3), key="key-0001")
    of_product = replace(of_variant, sku=None, product="TEA")
    command = of_product if named == "product" else of_variant
    await shop.container.inventory_service().adjust(command)

    assert _stored_fingerprint(shop, "root") == _hash(
        operation, {"sku": "TEA", "delta": 3, "reason": "Delivery"}
    )


@pytest.mark.parametrize(
    ("kind", "operation"),
    [(ShipmentEventKind.SHIPPED, "shipment"), (ShipmentEventKind.DELIVERED, "delivery")],
)
async def test_shipment_and_delivery(
    shop: MemoryShop, admin: SessionToken, kind: ShipmentEventKind, operation: str
) -> None:
    command = RecordShipmentEvent(
        session=admin,
        order_id=ORDER_ID,
        kind=kind,
        lines=line_quantities(TEA=1),
        key="key-0001",
    )
    await shop.container.fulfil_orders().record(command)

    assert _stored_fingerprint(shop, "root") == _hash(
        operation, {"order_id": str(ORDER_ID), "lines": [{"sku": "TEA", "quantity": 1}]}
    )


async def test_cancellation(shop: MemoryShop, admin: SessionToken) -> None:
    command = CancelOrder(session=admin, order_id=ORDER_ID, key="key-0001")
    await shop.container.cancel_orders().cancel(command)

    assert _stored_fingerprint(shop, "root") == _hash("cancel", {"order_id": str(ORDER_ID)})
