"""The audit finds orders that do not add up, and copies that orders lack.

All faults are in one shop: each is reported of its own order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from shop.application.ports.repositories.audit import Fact
from shop.domain.orders.order import Order
from shop.domain.orders.order_details import NO_DETAILS, OrderDetails
from shop.domain.pricing.quoted import QuotedShipping
from tests.contract.audit.consistent_orders import Findings, findings
from tests.contract.audit.priced_orders import (
    CHEAP_PARCEL,
    EXPORT,
    FREE,
    GROSS,
    NET,
    TEN_PERCENT,
    UNTAXED,
    VAT,
    priced,
    store_priced_orders,
    taxed,
    with_line,
)
from tests.contract.storage import Storage

pytestmark = pytest.mark.anyio

_TOTAL, _DISCOUNT = "total-differs-from-quote", "discount-differs-from-shares"
_TAX, _ABOVE = "tax-differs-from-shares", "share-exceeds-line"

_MORE_OFF_A_LINE = replace(TEN_PERCENT, promotion="more", line_shares=(0, 451), amount=451)
_MORE_OFF_SHIPPING = replace(CHEAP_PARCEL, promotion="more", shipping_share=401, amount=401)

Faults = list[tuple[Order, list[tuple[str, Mapping[str, Fact]]]]]


def _taxes(
    position: int, *, kept: tuple[int, int], shares: tuple[int, int]
) -> list[tuple[str, Mapping[str, Fact]]]:
    """Return the fault of a line that keeps another tax and base than its shares have."""
    facts = {"tax": kept[0], "tax_shares": shares[0], "base": kept[1], "base_shares": shares[1]}
    return [(_TAX, {"position": position, **facts})]


SOUND = (
    priced("without-a-pricing", None),
    priced("untaxed", UNTAXED),
    priced("of-0-per-cent", taxed(EXPORT)),
    priced("with-tax", GROSS),
    priced("without-tax", NET),
    priced("of-0", FREE),
)

WRONG_TOTALS: Faults = [
    (priced("untaxed-total", UNTAXED, 1_751), [(_TOTAL, {"total": 1_751, "quoted": 1_750})]),
    (priced("gross-total", GROSS, 1_749), [(_TOTAL, {"total": 1_749, "quoted": 1_750})]),
    (priced("net-total", NET, 1_750), [(_TOTAL, {"total": 1_750, "quoted": 2_083})]),
]

WRONG_SHARES: Faults = [
    (
        priced("too-small", with_line(UNTAXED, 0, discount=99, tax=0), 1_750),
        [(_DISCOUNT, {"position": 0, "discount": 99, "shares": 100})],
    ),
    (
        priced("forgotten", with_line(UNTAXED, 1, discount=0, tax=0), 1_750),
        [(_DISCOUNT, {"position": 1, "discount": 0, "shares": 50})],
    ),
    (
        priced("without-shares", replace(UNTAXED, discounts=()), 1_990),
        [
            (_DISCOUNT, {"position": 0, "discount": 100, "shares": 0}),
            (_DISCOUNT, {"position": 1, "discount": 50, "shares": 0}),
        ],
    ),
    (
        priced(
            "above-its-line",
            replace(
                with_line(UNTAXED, 1, discount=500, tax=0),
                discounts=(TEN_PERCENT, _MORE_OFF_A_LINE),
            ),
            1_389,
        ),
        [
            (_DISCOUNT, {"position": 1, "discount": 500, "shares": 501}),
            (_ABOVE, {"position": 1, "amount": 500, "shares": 501}),
        ],
    ),
    (
        priced(
            "above-shipping", replace(UNTAXED, discounts=(*UNTAXED.discounts, _MORE_OFF_SHIPPING))
        ),
        [(_ABOVE, {"position": -1, "amount": 490, "shares": 491})],
    ),
]

WRONG_TAXES: Faults = [
    (
        priced("of-a-line", with_line(GROSS, 0, discount=100, tax=144)),
        _taxes(0, kept=(144, 756), shares=(143, 757)),
    ),
    (
        priced("tax-without-shares", with_line(UNTAXED, 1, discount=50, tax=1)),
        _taxes(1, kept=(1, 0), shares=(0, 0)),
    ),
    (
        priced("base-of-a-line", taxed(replace(VAT, bases=(757, 377, 336)))),
        _taxes(1, kept=(72, 378), shares=(72, 377)),
    ),
    (
        priced("base-of-shipping", taxed(replace(VAT, bases=(757, 378, 335)))),
        _taxes(-1, kept=(64, 336), shares=(64, 335)),
    ),
]


def _without_product(order: Order) -> Order:
    return replace(order, lines=tuple(replace(each, product=None) for each in order.lines))


def _without_name(order: Order) -> Order:
    return replace(order, lines=(replace(order.lines[0], name=""), *order.lines[1:]))


MISSING_COPIES = [
    ("line-name", _without_name(priced("nameless-line", None))),
    ("line-product", _without_product(priced("no-product", UNTAXED))),
    (
        "shipping-name",
        priced(
            "nameless-parcel",
            replace(UNTAXED, shipping=QuotedShipping(method="parcel", name="", price=490)),
        ),
    ),
    (
        "shipping-name",
        replace(priced("no-price", None), details=OrderDetails(shipping_method="parcel")),
    ),
    ("shipping-method", replace(priced("no-method", UNTAXED), details=NO_DETAILS)),
    (
        "discount-name",
        priced(
            "nameless-discount",
            replace(UNTAXED, discounts=(replace(TEN_PERCENT, name=""), CHEAP_PARCEL)),
        ),
    ),
    (
        "discount-name",
        priced(
            "no-promotion",
            replace(UNTAXED, discounts=(TEN_PERCENT, replace(CHEAP_PARCEL, promotion=""))),
        ),
    ),
    ("tax-name", priced("nameless-tax", taxed(replace(VAT, name="")))),
    ("tax-reason", priced("no-reason", taxed(replace(EXPORT, reason=None)))),
]


class TestPricedOrders:
    async def test_sound_ones_pass(self, shop: Storage) -> None:
        from_before = _without_product(priced("from-before", None))
        await store_priced_orders(shop, *SOUND, from_before)

        assert await findings(shop) == []

    async def test_sums_that_do_not_agree_are_reported(self, shop: Storage) -> None:
        faults = [*WRONG_TOTALS, *WRONG_SHARES, *WRONG_TAXES]
        await store_priced_orders(shop, *(order for order, _ in faults), *SOUND)

        assert _sorted(await findings(shop)) == _sorted(
            (16, rule, {"order_id": str(order.id), **facts})
            for order, found in faults
            for rule, facts in found
        )

    async def test_missing_copies_are_reported(self, shop: Storage) -> None:
        await store_priced_orders(shop, *(order for _, order in MISSING_COPIES), *SOUND)

        assert _sorted(await findings(shop)) == _sorted(
            (19, "order-without-copies", {"order_id": str(order.id), "missing": missing})
            for missing, order in MISSING_COPIES
        )


def _sorted(found: Iterable[tuple[int, str, Mapping[str, Fact]]]) -> Findings:
    return sorted(found, key=lambda each: sorted(map(str, (each[1], *each[2].items()))))
