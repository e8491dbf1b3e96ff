"""Whatever is shipped and refunded of an order, in any order, its money adds up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from shop.domain.orders.fulfilment import Fulfilment
from shop.domain.orders.order import Actor, OrderStatus
from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.orders.refund import NothingToRefund, RefundRequest, ShippingAlreadyRefunded
from shop.domain.orders.refund_parts import Refundable, RefundPart
from shop.domain.orders.shipment import ShipmentEventKind
from shop.domain.pricing.quote import quote
from shop.domain.shared.line_quantity import LineQuantity
from tests.domain.pricing.examples import NOW as QUOTED_AT
from tests.domain.pricing.strategies import carts, pricing_rules
from tests.factories import NOW, eur, id_of, line, order, payment, user

EXAMPLES = settings(max_examples=25)

pricings = st.builds(lambda sold, shop: quote(sold, shop, QUOTED_AT), carts(), pricing_rules()).map(
    lambda each: OrderPricing.of(replace(each, problems=()))
)


def _paid(pricing: OrderPricing) -> Fulfilment:
    placed = order(
        user("ada"),
        lines=tuple(
            line(f"S{position}", kept.quantity, unit_price=eur(kept.unit_price))
            for position, kept in enumerate(pricing.lines)
        ),
        total=eur(pricing.totals.total),
        pricing=pricing,
    )
    return Fulfilment(order=placed, payment=payment(placed), shipment_events=(), refunds=())


def _refund(
    before: Fulfilment,
    pieces: Sequence[LineQuantity] = (),
    *,
    shipping: bool = False,
    amount: int | None = None,
) -> Fulfilment:
    """Return the order after a refund, or as it was if there was nothing to refund."""
    request = RefundRequest(
        lines=tuple(pieces),
        shipping=shipping,
        amount=None if amount is None else eur(amount),
        to=None,
        reason="Broken",
        restock=False,
    )
    number = len(before.refunds) + 1
    try:
        after, _ = before.refund(request, id=id_of(f"{number}"), at=NOW, actor=Actor.ADMIN)
    except (NothingToRefund, ShippingAlreadyRefunded):
        return before
    steps = list(after.status_changes(at=NOW, actor=Actor.ADMIN))
    return replace(after, order=steps[-1][0]) if steps else after


def _ship(before: Fulfilment, pieces: Sequence[LineQuantity]) -> Fulfilment:
    number = len(before.shipment_events)
    after, _ = before.record(
        ShipmentEventKind.SHIPPED, pieces, id=id_of(f"s{number}"), at=NOW, actor=Actor.ADMIN
    )
    steps = list(after.status_changes(at=NOW, actor=Actor.ADMIN))
    return replace(after, order=steps[-1][0]) if steps else after


@st.composite
def _some_of(draw: st.DrawFn, left: Mapping[str, int]) -> Sequence[LineQuantity]:
    return [
        LineQuantity(sku=sku, quantity=draw(st.integers(1, quantity)))
        for sku, quantity in left.items()
        if quantity and draw(st.booleans())
    ]


def _worth_of_all(state: Fulfilment) -> Mapping[str | None, RefundPart]:
    """Return what all that is left would be refunded with, if money were no matter."""
    left = replace(Refundable.of(state.order, state.refunds), money=state.order.total.amount)
    parts = left.parts(left.pieces, with_shipping=True, amount=None)
    return {part.sku: part for part in parts}


def _refunded_by_line(state: Fulfilment) -> Counter[str]:
    refunded = Counter[str]()
    for refund in state.refunds:
        for each in refund.lines:
            refunded[each.sku] += each.amount or 0
    return refunded


def _sum_of_refunds(state: Fulfilment) -> int:
    return sum(refund.amount.amount for refund in state.refunds)


def _tax_of_refunds(state: Fulfilment) -> int:
    return sum(refund.tax for refund in state.refunds)


@EXAMPLES
@given(pricing=pricings, data=st.data())
def test_cancel_or_refund_lines_in_any_order_and_refunds_sum_to_the_total(
    pricing: OrderPricing, data: st.DataObject
) -> None:
    """What was not shipped is cancelled by its refund; the other lines' shares stay."""
    state = _paid(pricing)
    for _ in range(data.draw(st.integers(0, 5))):
        if state.order.status is OrderStatus.PAID and data.draw(st.booleans()):
            if pieces := data.draw(_some_of(state.unshipped)):
                state = _ship(state, pieces)
        elif state.order.status is not OrderStatus.REFUNDED:
            worth = _worth_of_all(state)
            pieces = data.draw(_some_of(state.unrefunded))
            shipping = data.draw(st.booleans())
            if pieces or shipping:
                state = _refund(state, pieces, shipping=shipping)
            touched = {each.sku for each in pieces} | ({None} if shipping else set())
            others = {sku: part for sku, part in worth.items() if sku not in touched}
            left = _worth_of_all(state)
            assert {sku: left[sku] for sku in others} == others
    if state.order.status is not OrderStatus.REFUNDED:
        state = _refund(state)

    assert _sum_of_refunds(state) == pricing.totals.total
    assert (state.status is OrderStatus.REFUNDED) is (pricing.totals.total > 0)
    assert _tax_of_refunds(state) == pricing.totals.tax
    refunded = _refunded_by_line(state)
    assert [refunded[each.sku] for each in state.order.lines] == [
        kept.paid for kept in pricing.lines
    ]
    assert sum(refund.shipping_amount for refund in state.refunds) == pricing.kept_shipping.paid


@EXAMPLES
@given(pricing=pricings, data=st.data())
def test_amounts_between_them_leave_refunds_at_most_what_was_paid(
    pricing: OrderPricing, data: st.DataObject
) -> None:
    state = _paid(pricing)
    for _ in range(data.draw(st.integers(0, 5))):
        if state.order.status is OrderStatus.REFUNDED:
            break
        pieces = data.draw(_some_of(state.unrefunded))
        shipping = data.draw(st.booleans())
        left = state.unrefunded_amount.amount
        amount = data.draw(st.none() | st.integers(1, left)) if left else None
        if pieces or shipping or amount:
            state = _refund(state, pieces, shipping=shipping, amount=amount)

        assert _sum_of_refunds(state) <= pricing.totals.total
        assert _tax_of_refunds(state) <= pricing.totals.tax
        refunded = _refunded_by_line(state)
        for each, kept in zip(state.order.lines, pricing.lines, strict=True):
            assert refunded[each.sku] <= kept.paid
        shipping_amount = sum(refund.shipping_amount for refund in state.refunds)
        assert shipping_amount <= pricing.kept_shipping.paid
        for refund in state.refunds:
            parts = refund.shipping_amount + sum(line.amount or 0 for line in refund.lines)
            assert parts <= refund.amount.amount
            assert sum(line.tax or 0 for line in refund.lines) <= refund.tax
            assert 0 <= refund.tax <= refund.amount.amount
    if state.order.status is not OrderStatus.REFUNDED:
        state = _refund(state)

    assert _sum_of_refunds(state) == pricing.totals.total
    assert _tax_of_refunds(state) == pricing.totals.tax
