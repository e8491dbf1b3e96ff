"""Refunds of orders return what was paid for what comes back, and nothing twice."""

from dataclasses import replace

import pytest

from shop.domain.orders.fulfilment import Fulfilment
from shop.domain.orders.order import Actor, OrderStatus
from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.orders.refund import (
    NothingToRefund,
    Refund,
    RefundExceedsPayment,
    RefundLine,
    RefundRequest,
    ShippingAlreadyRefunded,
)
from shop.domain.orders.shipment import ShipmentEventKind
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.pricing.quoted import QuotedDiscount, QuotedShipping, QuotedTax
from shop.domain.shared.errors import InvalidValue
from tests.factories import NOW, eur, id_of, line, line_quantities, order, payment, user

# Without tax in its prices: 19 % of 29.96, of 0 and of 4.00 for shipping.
PRICING = OrderPricing(
    prices_include_tax=False,
    lines=(
        KeptLine(quantity=3, unit_price=1000, discount=4, tax=569, prices_include_tax=False),
        KeptLine(quantity=1, unit_price=500, discount=500, tax=0, prices_include_tax=False),
    ),
    shipping=QuotedShipping(method="parcel", name="Parcel", price=490),
    discounts=(
        QuotedDiscount(
            promotion="free-tea",
            code=None,
            name="Free tea",
            line_shares=(4, 500),
            shipping_share=90,
            amount=594,
        ),
    ),
    taxes=(
        QuotedTax(
            name="VAT",
            rate=19_000,
            reason=None,
            positions=(0, 1, None),
            bases=(2996, 0, 400),
            amounts=(569, 0, 76),
        ),
    ),
)
ORDER = order(
    user("ada"),
    "1",
    line("POT", 3, unit_price=eur(1000)),
    line("TEA", 1),
    total=eur(4041),
    pricing=PRICING,
)
PAID = Fulfilment(order=ORDER, payment=payment(ORDER), shipment_events=(), refunds=())

FREE_TEA = order(
    user("ada"),
    "2",
    line("TEA", 2),
    total=eur(0),
    pricing=replace(
        PRICING,
        lines=(
            KeptLine(quantity=2, unit_price=500, discount=1000, tax=0, prices_include_tax=False),
        ),
        shipping=None,
        discounts=(replace(PRICING.discounts[0], line_shares=(1000,), shipping_share=0),),
        taxes=(),
    ),
)
FREE = Fulfilment(order=FREE_TEA, payment=payment(FREE_TEA), shipment_events=(), refunds=())


def _refund(
    before: Fulfilment,
    *,
    shipping: bool = False,
    amount: int | None = None,
    **quantities: int,
) -> tuple[Fulfilment, Refund]:
    """Refund these, and return the order's new status with it."""
    request = RefundRequest(
        lines=line_quantities(**{sku: each for sku, each in quantities.items() if each}),
        shipping=shipping,
        amount=None if amount is None else eur(amount),
        to=None,
        reason="Broken",
        restock=False,
    )
    number = len(before.refunds) + 1
    after, refund = before.refund(request, id=id_of(f"{number}"), at=NOW, actor=Actor.ADMIN)
    steps = list(after.status_changes(at=NOW, actor=Actor.ADMIN))
    return (replace(after, order=steps[-1][0]) if steps else after), refund


def _pots(count: int, amount: int, tax: int) -> RefundLine:
    return RefundLine(sku="POT", quantity=count, cancelled_quantity=count, amount=amount, tax=tax)


class TestARefundOfLines:
    def test_returns_the_shares_of_the_pieces_one_after_the_other(self) -> None:
        # The discount of 4 is 1, 1, 2 and the tax 189, 190, 190.
        first, refund = _refund(PAID, POT=1)
        _, rest_of_pots = _refund(first, POT=2)

        assert (refund.amount, refund.tax, refund.lines) == (eur(1188), 189, (_pots(1, 1188, 189),))
        assert rest_of_pots.lines == (_pots(2, 2377, 380),)
        assert (rest_of_pots.amount, rest_of_pots.shipping_amount) == (eur(2377), 0)

    def test_returns_shipping_if_asked(self) -> None:
        _, refund = _refund(PAID, shipping=True, POT=1)

        assert (refund.amount, refund.shipping_amount, refund.tax) == (eur(1664), 476, 189 + 76)
        assert refund.lines == (_pots(1, 1188, 189),)

    def test_returns_nothing_for_a_free_line_beside_others(self) -> None:
        _, refund = _refund(PAID, POT=1, TEA=1)

        free = RefundLine(sku="TEA", quantity=1, cancelled_quantity=1, amount=0, tax=0)
        assert (refund.amount, refund.lines) == (eur(1188), (_pots(1, 1188, 189), free))

    def test_of_free_lines_alone_is_rejected(self) -> None:
        with pytest.raises(NothingToRefund):
            _refund(PAID, TEA=1)

    @pytest.mark.parametrize(
        ("amount", "line", "tax"),
        [(1000, _pots(1, 1000, 159), 159), (1500, _pots(1, 1188, 189), 189 + 50)],
    )
    def test_of_another_amount_gives_the_lines_at_most_what_they_cost(
        self, amount: int, line: RefundLine, tax: int
    ) -> None:
        after, refund = _refund(PAID, amount=amount, POT=1)

        assert (refund.amount, refund.lines, refund.tax) == (eur(amount), (line,), tax)
        assert after.refunded == {"POT": 1}

    def test_is_cut_to_the_money_that_an_amount_has_left(self) -> None:
        after_goodwill, goodwill = _refund(PAID, amount=3000)
        after, refund = _refund(after_goodwill, POT=3)

        assert (goodwill.lines, goodwill.shipping_amount, goodwill.tax) == ((), 0, 479)
        assert (refund.amount, refund.lines) == (eur(1041), (_pots(3, 1041, 166),))
        assert refund.tax == 166
        assert after.order.status is OrderStatus.REFUNDED


class TestARefundOfShipping:
    def test_alone_returns_what_was_paid_for_it(self) -> None:
        after, refund = _refund(PAID, shipping=True)

        assert (refund.amount, refund.shipping_amount, refund.tax) == (eur(476), 476, 76)
        assert (refund.lines, after.refunded) == ((), {})

    @pytest.mark.parametrize("pots", [0, 1])
    def test_is_rejected_the_second_time(self, pots: int) -> None:
        after, _ = _refund(PAID, shipping=True, POT=1)

        with pytest.raises(ShippingAlreadyRefunded):
            _refund(after, shipping=True, POT=pots)

    def test_in_parts_returns_the_rest_and_then_no_more(self) -> None:
        after, first = _refund(PAID, shipping=True, amount=100)
        after, second = _refund(after, shipping=True, amount=100)
        after, rest = _refund(after, shipping=True)

        assert [(each.shipping_amount, each.tax) for each in (first, second, rest)] == [
            (100, 16),
            (100, 16),
            (276, 44),
        ]
        with pytest.raises(ShippingAlreadyRefunded):
            _refund(after, shipping=True)

    def test_with_an_amount_is_the_part_that_the_amount_has_for_it(self) -> None:
        _, less = _refund(PAID, shipping=True, amount=100)
        _, more = _refund(PAID, shipping=True, amount=500)

        assert (less.amount, less.shipping_amount, less.tax) == (eur(100), 100, 16)
        assert (more.amount, more.shipping_amount, more.tax) == (eur(500), 476, 76 + 4)

    def test_that_was_free_is_rejected(self) -> None:
        without = replace(ORDER, pricing=replace(PRICING, shipping=None, discounts=(), taxes=()))
        with pytest.raises(NothingToRefund):
            _refund(replace(PAID, order=without), shipping=True)

    def test_restocks_nothing(self) -> None:
        with pytest.raises(InvalidValue, match="needs lines"):
            RefundRequest(
                lines=(), shipping=True, amount=None, to=None, reason="Late", restock=True
            )


class TestARefundOfAnAmount:
    def test_of_the_whole_payment_returns_the_whole_tax(self) -> None:
        after, refund = _refund(PAID, amount=4041)

        assert (refund.amount, refund.tax, refund.lines) == (eur(4041), 569 + 76, ())
        assert after.order.status is OrderStatus.REFUNDED

    def test_leaves_the_rest_of_the_tax_to_the_last(self) -> None:
        after, first = _refund(PAID, amount=1)
        after, second = _refund(after, amount=2000)
        _, last = _refund(after)

        # 645 of 4041 is 16.0 %.
        assert (first.tax, second.tax, last.tax) == (0, 319, 326)


class TestARefundOfTheRest:
    def test_includes_shipping(self) -> None:
        after, _ = _refund(PAID, POT=1)
        after, rest = _refund(after)

        assert (rest.amount, rest.shipping_amount, rest.tax) == (eur(2853), 476, 456)
        assert [each.amount for each in rest.lines] == [2377, 0]
        assert after.order.status is OrderStatus.REFUNDED

    def test_leaves_out_shipping_that_was_refunded(self) -> None:
        after, _ = _refund(PAID, shipping=True)
        _, rest = _refund(after)

        assert (rest.amount, rest.shipping_amount) == (eur(3565), 0)


class TestAnOrderOf0:
    @pytest.mark.parametrize("pieces", [0, 1])
    def test_has_nothing_to_refund(self, pieces: int) -> None:
        with pytest.raises(NothingToRefund):
            _refund(FREE, TEA=pieces)

    def test_has_no_amount_to_refund(self) -> None:
        with pytest.raises(RefundExceedsPayment):
            _refund(FREE, amount=1)

    def test_is_paid_until_it_is_shipped(self) -> None:
        shipped, _ = FREE.record(
            ShipmentEventKind.SHIPPED, (), id=id_of("shipment"), at=NOW, actor=Actor.ADMIN
        )

        assert (FREE.status, shipped.status) == (OrderStatus.PAID, OrderStatus.SHIPPED)


class TestAnOrderWithoutAPricing:
    PLAIN = replace(
        PAID, order=replace(ORDER, pricing=None, total=eur(3500)), payment=payment(ORDER)
    )

    def test_returns_the_prices_of_lines(self) -> None:
        _, refund = _refund(self.PLAIN, POT=2)

        assert (refund.amount, refund.lines) == (eur(2000), (_pots(2, 2000, 0),))

    def test_does_not_refund_lines_beyond_the_money_that_is_left(self) -> None:
        after, _ = _refund(self.PLAIN, amount=600)

        with pytest.raises(RefundExceedsPayment) as rejection:
            _refund(after, POT=3)
        assert rejection.value == RefundExceedsPayment(requested=eur(3000), remaining=eur(2900))

    def test_has_no_shipping_to_refund(self) -> None:
        _, with_a_pot = _refund(self.PLAIN, shipping=True, POT=1)

        assert (with_a_pot.amount, with_a_pot.shipping_amount) == (eur(1000), 0)
        with pytest.raises(NothingToRefund):
            _refund(self.PLAIN, shipping=True)
