"""Refunds of priced orders: what was paid for lines and shipping, to account and card."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.notification import EventType
from shop.domain.orders.order import OrderStatus
from shop.domain.orders.refund import (
    NothingToRefund,
    RefundLine,
    RefundStatus,
    ShippingAlreadyRefunded,
)
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.domain.shared.errors import ShopError
from tests.application.memory_shop import WELCOME_CREDIT, MemoryShop, place_order
from tests.application.notifications.notifying_shop import ALL_EVENTS, NotifyingShop
from tests.application.orders.priced_orders import store_pricing
from tests.application.orders.refund_requests import (
    REMAINING,
    assert_rejected_permanently,
    order_state,
    refund_of,
    refund_order,
    reply_to,
)
from tests.factories import eur, line_quantities

pytestmark = pytest.mark.anyio


@pytest.fixture
async def priced(shop: MemoryShop, placed: PlacedOrder) -> AsyncIterator[PlacedOrder]:
    """Return the order with a pricing; the audit finds nothing afterwards."""
    store_pricing(shop, placed)
    yield placed
    assert await shop.audit_violations() == []


class TestAPricedOrder:
    async def test_is_refunded_line_by_line_to_its_total(
        self, shop: MemoryShop, admin: SessionToken, priced: PlacedOrder
    ) -> None:
        steps = [
            refund_order(admin, priced, "key-0001", lines=line_quantities(TEA=1), restock=True),
            refund_order(admin, priced, "key-0002", shipping=True),
            refund_order(admin, priced, "key-0003", lines=line_quantities(COFFEE=1)),
            refund_order(admin, priced, "key-0004", lines=line_quantities(TEA=1)),
        ]
        refunds = [await refund_of(shop, step) for step in steps]

        # The discount of 9 is 4 and 5, the tax of 30 is 15 and 15.
        assert [(each.amount, each.shipping_amount, each.tax) for each in refunds] == [
            (eur(96), 0, 15),
            (eur(9), 9, 2),
            (eur(100), 0, 16),
            (eur(95), 0, 15),
        ]
        assert refunds[0].lines == (
            RefundLine(sku="TEA", quantity=1, cancelled_quantity=1, amount=96, tax=15),
        )
        assert order_state(shop, priced) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)
        assert (shop.balance("ada"), shop.on_hand("TEA")) == (WELCOME_CREDIT, 4)

    async def test_is_refunded_whole_with_its_shipping(
        self, shop: MemoryShop, admin: SessionToken, priced: PlacedOrder
    ) -> None:
        refund = await refund_of(shop, refund_order(admin, priced))

        assert (refund.amount, refund.shipping_amount, refund.tax) == (eur(300), 9, 48)
        assert [line.amount for line in refund.lines] == [191, 100]

    async def test_keeps_the_shipping_unless_it_is_asked_for(
        self, shop: MemoryShop, admin: SessionToken, priced: PlacedOrder
    ) -> None:
        lines = line_quantities(TEA=2, COFFEE=1)
        refund = await refund_of(shop, refund_order(admin, priced, lines=lines))

        assert (refund.amount, refund.shipping_amount) == (eur(291), 0)
        assert order_state(shop, priced) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert shop.balance("ada") == REMAINING + 291

    async def test_rejects_a_second_refund_of_shipping(
        self, shop: MemoryShop, admin: SessionToken, priced: PlacedOrder
    ) -> None:
        await refund_of(shop, refund_order(admin, priced, shipping=True))

        again = refund_order(
            admin, priced, "key-0002", shipping=True, lines=line_quantities(TEA=1), restock=True
        )
        await assert_rejected_permanently(shop, again, ShippingAlreadyRefunded())

    async def test_refunds_lines_with_what_an_amount_has_left(
        self, shop: MemoryShop, admin: SessionToken, priced: PlacedOrder
    ) -> None:
        await refund_of(shop, refund_order(admin, priced, amount=eur(200)))

        last = await refund_of(
            shop, refund_order(admin, priced, "key-0002", lines=line_quantities(TEA=2))
        )

        assert (last.amount, last.lines[0].amount) == (eur(100), 100)
        assert order_state(shop, priced) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)


async def test_shipping_is_refunded_once_under_concurrent_requests(
    shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
) -> None:
    store_pricing(shop, placed)
    commands = [refund_order(admin, placed, f"key-000{n}", shipping=True) for n in range(3)]

    replies = await asyncio.gather(*(reply_to(shop, each) for each in commands))

    rejected = [each.value for each in replies if isinstance(each.value, ShopError)]
    assert rejected == [ShippingAlreadyRefunded(), ShippingAlreadyRefunded()]
    assert shop.balance("ada") == REMAINING + 9


async def test_order_without_shipping_has_none_to_refund(
    shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
) -> None:
    command = refund_order(admin, placed, shipping=True)

    await assert_rejected_permanently(shop, command, NothingToRefund())


async def test_priced_order_is_refunded_to_its_card_in_parts(
    shop: MemoryShop, admin: SessionToken, ada_token: SessionToken
) -> None:
    placed = await shop.check_out(
        place_order(ada_token, ("TEA", 2), ("COFFEE", 1), card="tok_visa")
    )
    await shop.run_jobs()
    store_pricing(shop, placed)

    lines = line_quantities(TEA=1)
    first = await refund_of(shop, refund_order(admin, placed, lines=lines, shipping=True))
    await shop.run_jobs()
    rest = await refund_of(shop, refund_order(admin, placed, "key-0002"))
    await shop.run_jobs()

    assert (first.amount, rest.amount, rest.shipping_amount) == (eur(105), eur(195), 0)
    stored = shop.state.refunds.rows.values()
    assert {(each.to, each.status) for each in stored} == {
        (PaymentMethod.CARD, RefundStatus.SUCCEEDED)
    }
    assert await shop.audit_violations() == []


async def test_refund_is_replayed_with_its_parts(
    shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
) -> None:
    store_pricing(shop, placed)
    command = refund_order(admin, placed, lines=line_quantities(TEA=1), shipping=True)

    assert await refund_of(shop, command) == await refund_of(shop, command)


async def test_webhooks_report_the_parts_of_a_refund(
    shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
) -> None:
    store_pricing(shop, placed)
    notifying = NotifyingShop(shop, ALL_EVENTS)

    refund = await refund_of(
        shop, refund_order(admin, placed, lines=line_quantities(TEA=1), shipping=True)
    )

    assert notifying.payload_of(EventType.ORDER_REFUNDED)["data"]["refund"] == {
        "id": str(refund.id),
        "amount": {"amount": 105, "currency": "EUR"},
        "shipping_amount": {"amount": 9, "currency": "EUR"},
        "tax": {"amount": 17, "currency": "EUR"},
        "to": "account",
        "lines": [
            {
                "sku": "TEA",
                "quantity": 1,
                "amount": {"amount": 96, "currency": "EUR"},
                "tax": {"amount": 15, "currency": "EUR"},
            }
        ],
        "restocked": False,
    }
