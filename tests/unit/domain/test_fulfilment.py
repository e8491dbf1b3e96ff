"""Where an order stands follows from what was done with it, whatever that is, in any order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.orders.fulfilment import Fulfilment
from shop.domain.orders.order import Actor, OrderStatus
from shop.domain.orders.refund import Refund, RefundRequest, RefundStatus
from shop.domain.orders.shipment import LineQuantity, ShipmentEventKind
from shop.domain.payment import PaymentMethod
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.state_machine import IllegalTransition
from tests.factories import NOW, an_id, eur, line, order, payment, pieces, user

SKUS = ("TEA", "POT")
ORDER = order(user("ada"), "1", line("TEA", 3), line("POT", 1))
PLACED = Fulfilment(order=ORDER, payment=payment(ORDER), shipment_events=(), refunds=())

quantities = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 3), max_size=2)
deeds = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(ShipmentEventKind), quantities),
        st.tuples(st.none() | st.integers(1, 2_500).map(eur), quantities),
    ),
    max_size=12,
)


def _done(before: Fulfilment, number: int, deed: tuple[object, dict[str, int]]) -> Fulfilment:
    """Return what a deed leads to, with the order a step further where it is."""
    what, wanted = deed
    made = {"id": an_id(f"deed {number}"), "at": NOW, "actor": Actor.ADMIN}
    if isinstance(what, ShipmentEventKind):
        after, _ = before.record(what, pieces(**wanted), **made)  # type: ignore[arg-type]
    else:
        wish = RefundRequest(
            lines=pieces(**wanted),
            amount=what,  # type: ignore[arg-type]
            to=None,
            reason="Broken",
            restock=False,
        )
        after, _ = before.refund(wish, **made)  # type: ignore[arg-type]
    steps = list(after.status_changes(at=NOW, actor=Actor.ADMIN))
    return replace(after, order=steps[-1][0]) if steps else after


@given(deeds)
def test_whatever_is_done_the_goods_and_the_money_add_up(
    done: list[tuple[object, dict[str, int]]],
) -> None:
    state = PLACED
    for number, deed in enumerate(done):
        try:
            state = _done(state, number, deed)
        except ShopError:
            continue
        assert 0 <= state.unrefunded_amount.amount <= ORDER.total.amount
        assert (state.unrefunded_amount.amount == 0) is (state.order.status is OrderStatus.REFUNDED)
        assert min((state.unshipped + state.undelivered).values(), default=0) >= 0
        assert state.order.status is state.status
        if state.order.status is OrderStatus.PAID:
            assert state.unshipped or not state.shipment_events
        if state.order.status in {OrderStatus.SHIPPED, OrderStatus.DELIVERED}:
            assert not state.unshipped
            assert bool(state.undelivered) is (state.order.status is OrderStatus.SHIPPED)


@given(deeds)
def test_what_was_shipped_kept_back_or_is_to_be_shipped_is_what_was_ordered(
    done: list[tuple[object, dict[str, int]]],
) -> None:
    state = PLACED
    for number, deed in enumerate(done):
        try:
            state = _done(state, number, deed)
        except ShopError:
            continue
    for each in ORDER.lines:
        shipped = sum(
            handed.quantity
            for handover in state.shipment_events
            for handed in handover.lines
            if handover.kind is ShipmentEventKind.SHIPPED and handed.sku == each.sku
        )
        kept_back = sum(
            refunded.cancelled_quantity
            for refund in state.refunds
            for refunded in refund.lines
            if refunded.sku == each.sku
        )
        assert shipped + kept_back + state.unshipped[each.sku] == each.quantity


@pytest.mark.parametrize(
    "status",
    [OrderStatus.PENDING, OrderStatus.DECLINED, OrderStatus.EXPIRED, OrderStatus.CANCELLED],
)
def test_what_is_not_paid_goes_nowhere(status: OrderStatus) -> None:
    state = replace(PLACED, order=replace(ORDER, status=status))
    for number, what in enumerate([*ShipmentEventKind, None]):
        with pytest.raises(IllegalTransition):
            _done(state, number, (what, {}))
    assert state.status is status


def test_there_is_at_least_one_of_what_is_named() -> None:
    with pytest.raises(InvalidValue):
        LineQuantity(sku="TEA", quantity=0)


def test_a_refund_is_paid_back_once() -> None:
    wish = RefundRequest(
        lines=(), amount=eur(1), to=PaymentMethod.CARD, reason="Broken", restock=False
    )
    by_card = replace(
        PLACED,
        order=replace(ORDER, payment_method=PaymentMethod.CARD),
        payment=replace(PLACED.payment, method=PaymentMethod.CARD),
    )
    made: Refund
    _, made = by_card.refund(wish, id=an_id("refund"), at=NOW, actor=Actor.ADMIN)
    done = made.failed_attempt("not_now").succeeded()

    assert (made.status, made.gateway_response) == (RefundStatus.PENDING, None)
    assert (done.status, done.gateway_response) == (RefundStatus.SUCCEEDED, "refunded")
    assert done.as_requested() == made
    with pytest.raises(IllegalTransition):
        done.succeeded()
