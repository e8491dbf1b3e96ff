"""The audit finds lines and shipping of which more was refunded than was paid."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from shop.application.ports.repositories.audit import Fact
from shop.domain.orders.order import Order
from shop.domain.orders.refund import Refund, RefundLine
from tests.contract.audit.consistent_orders import findings, refunded, store_next_step
from tests.contract.audit.priced_orders import (
    GROSS,
    NET,
    priced,
    store_priced_orders,
    store_refunds,
)
from tests.contract.storage import Storage
from tests.factories import eur, refund

pytestmark = pytest.mark.anyio

PLAIN_ORDER, GROSS_ORDER, NET_ORDER = (
    priced("plain", None),
    priced("gross", GROSS),
    priced("net", NET),
)
COSTS = ((PLAIN_ORDER, 1_000, 0), (GROSS_ORDER, 900, 400), (NET_ORDER, 1_071, 476))
"""What the mugs and shipping of each of them cost."""


def _refund(order: Order, number: int, mug: int, shipping: int) -> Refund:
    line = RefundLine(sku="MUG", quantity=1, cancelled_quantity=0, amount=mug, tax=0)
    return refund(order, mug + shipping, number, lines=(line,), shipping_amount=shipping)


@pytest.fixture
async def shop_with_orders(shop: Storage) -> Storage:
    await store_priced_orders(shop, PLAIN_ORDER, GROSS_ORDER, NET_ORDER)
    return shop


class TestRefunds:
    async def test_of_what_was_paid_pass(self, shop_with_orders: Storage) -> None:
        for order, mugs, shipping in COSTS:
            await store_refunds(
                shop_with_orders, _refund(order, 1, 400, shipping), _refund(order, 2, mugs - 400, 0)
            )

        assert await findings(shop_with_orders) == []

    async def test_of_more_than_was_paid_are_reported(self, shop_with_orders: Storage) -> None:
        for order, mugs, shipping in COSTS:
            await store_refunds(
                shop_with_orders,
                _refund(order, 1, 400, shipping),
                _refund(order, 2, mugs - 399, 1),
            )

        found = await findings(shop_with_orders)

        assert {each[:2] for each in found} == {
            (18, "line-refunded-too-much"),
            (18, "shipping-refunded-too-much"),
        }
        assert _by_order(found, "line-refunded-too-much") == {
            str(order.id): {"sku": "MUG", "paid": mugs, "refunded": mugs + 1}
            for order, mugs, _ in COSTS
        }
        assert _by_order(found, "shipping-refunded-too-much") == {
            str(order.id): {"paid": shipping, "refunded": shipping + 1}
            for order, _, shipping in COSTS
        }

    async def test_with_parts_beyond_their_amount_are_reported(
        self, shop_with_orders: Storage
    ) -> None:
        faulty = replace(_refund(GROSS_ORDER, 1, 400, 101), amount=eur(500))
        await store_refunds(shop_with_orders, faulty)

        facts = {"refund_id": str(faulty.id), "amount": 500, "parts": 501}
        order = {"order_id": str(GROSS_ORDER.id)}
        assert await findings(shop_with_orders) == [(18, "parts-exceed-refund", order | facts)]

    @pytest.mark.parametrize(("tax", "net_tax"), [(279, 332), (280, 333), (0, 334)])
    async def test_of_a_whole_order_without_its_tax_are_reported(
        self, shop_with_orders: Storage, tax: int, net_tax: int
    ) -> None:
        for order, refunded_tax in ((PLAIN_ORDER, 0), (GROSS_ORDER, tax), (NET_ORDER, net_tax)):
            await _refund_whole(shop_with_orders, order, refunded_tax)

        order_taxes = ((GROSS_ORDER, 279, tax), (NET_ORDER, 333, net_tax))
        found = await findings(shop_with_orders)
        assert {each[:2] for each in found} == {(18, "refunded-tax-differs-from-order")}
        assert _by_order(found, "refunded-tax-differs-from-order") == {
            str(order.id): {"tax": whole, "refunded": refunded_tax}
            for order, whole, refunded_tax in order_taxes
            if refunded_tax != whole
        }

    async def test_of_a_whole_order_with_its_tax_pass(self, shop_with_orders: Storage) -> None:
        for order, tax in ((PLAIN_ORDER, 0), (GROSS_ORDER, 279), (NET_ORDER, 333)):
            await _refund_whole(shop_with_orders, order, tax)

        assert await findings(shop_with_orders) == []

    async def test_of_a_part_with_too_much_tax_are_reported(
        self, shop_with_orders: Storage
    ) -> None:
        order = GROSS_ORDER
        await store_refunds(
            shop_with_orders, refund(order, 500, 1, tax=200), refund(order, 500, 2, tax=80)
        )

        facts = {"order_id": str(order.id), "tax": 279, "refunded": 280}
        assert await findings(shop_with_orders) == [(18, "refunded-tax-differs-from-order", facts)]


async def _refund_whole(storage: Storage, order: Order, tax: int) -> None:
    step = refunded(order)
    await store_next_step(
        storage, replace(step, refunds=tuple(replace(each, tax=tax) for each in step.refunds))
    )


def _by_order(
    found: list[tuple[int, str, Mapping[str, Fact]]], rule: str
) -> Mapping[Fact, Mapping[str, Fact]]:
    return {
        facts["order_id"]: {name: fact for name, fact in facts.items() if name != "order_id"}
        for _, each, facts in found
        if each == rule
    }
