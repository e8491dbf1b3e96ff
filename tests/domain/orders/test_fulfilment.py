"""Where an order stands follows from what was done with it, whatever that is, in any order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.orders.fulfilment import Fulfilment
from shop.domain.orders.order import Actor, OrderStatus
from shop.domain.orders.refund import Refund, RefundRequest, RefundStatus
from shop.domain.orders.shipment import ShipmentEventKind
from shop.domain.payment import PaymentMethod
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.state_machine import IllegalTransition
from tests.factories import NOW, eur, id_of, line, line_quantities, order, payment, user

SKUS = ("TEA", "POT")
ORDER = order(user("ada"), "1", line("TEA", 3), line("POT", 1))
PLACED = Fulfilment(order=ORDER, payment=payment(ORDER), shipment_events=(), refunds=())

quantities = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 3), max_size=2)
actions = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(ShipmentEventKind), quantities),
        st.tuples(st.none() | st.integers(1, 2_500).map(eur), quantities),
    ),
    max_size=12,
)


def _apply(before: Fulfilment, number: int, action: tuple[object, dict[str, int]]) -> Fulfilment:
    """Return the fulfilment after an action, with the order's new status."""
    what, wanted = action
    common = {"id": id_of(f"action {number}"), "at": NOW, "actor": Actor.ADMIN}
    if isinstance(what, ShipmentEventKind):
        after, _ = before.record(what, line_quantities(**wanted), **common)  # type: ignore[arg-type]
    else:
        request = RefundRequest(
            lines=line_quantities(**wanted),
            shipping=False,
            amount=what,  # type: ignore[arg-type]
            to=None,
            reason="Broken",
            restock=False,
        )
        after, _ = before.refund(request, **common)  # type: ignore[arg-type]
    steps = list(after.status_changes(at=NOW, actor=Actor.ADMIN))
    return replace(after, order=steps[-1][0]) if steps else after


@given(actions)
def test_quantities_and_amounts_add_up_after_any_steps(
    done: list[tuple[object, dict[str, int]]],
) -> None:
    state = PLACED
    for number, action in enumerate(done):
        try:
            state = _apply(state, number, action)
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


@given(actions)
def test_shipped_cancelled_and_unshipped_quantities_add_up_to_the_order(
    done: list[tuple[object, dict[str, int]]],
) -> None:
    state = PLACED
    for number, action in enumerate(done):
        try:
            state = _apply(state, number, action)
        except ShopError:
            continue
    for each in ORDER.lines:
        shipped = sum(
            handed.quantity
            for shipment_event in state.shipment_events
            for handed in shipment_event.lines
            if shipment_event.kind is ShipmentEventKind.SHIPPED and handed.sku == each.sku
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
def test_unpaid_order_cannot_be_fulfilled(status: OrderStatus) -> None:
    state = replace(PLACED, order=replace(ORDER, status=status))
    for number, what in enumerate([*ShipmentEventKind, None]):
        with pytest.raises(IllegalTransition):
            _apply(state, number, (what, {}))
    assert state.status is status


def test_line_quantities_must_be_positive() -> None:
    with pytest.raises(InvalidValue):
        LineQuantity(sku="TEA", quantity=0)


def test_refund_succeeds_once() -> None:
    request = RefundRequest(
        lines=(),
        shipping=False,
        amount=eur(1),
        to=PaymentMethod.CARD,
        reason="Broken",
        restock=False,
    )
    by_card = replace(
        PLACED,
        order=replace(ORDER, payment_method=PaymentMethod.CARD),
        payment=replace(PLACED.payment, method=PaymentMethod.CARD),
    )
    refunded: Refund
    _, refunded = by_card.refund(request, id=id_of("refund"), at=NOW, actor=Actor.ADMIN)
    done = refunded.failed_attempt("not_now").succeeded()

    assert (refunded.status, refunded.gateway_response) == (RefundStatus.PENDING, None)
    assert (done.status, done.gateway_response) == (RefundStatus.SUCCEEDED, "refunded")
    assert done.as_requested() == refunded
    with pytest.raises(IllegalTransition):
        done.succeeded()
