"""The status tables, walked completely."""

from contextlib import suppress
from enum import StrEnum
from typing import TypeVar

import pytest

from shop.domain.orders.order import ORDER_STATUSES, OrderStatus
from shop.domain.payment import PAYMENT_STATUSES, PaymentStatus
from shop.domain.shared.state_machine import IllegalTransition, StateMachine

S = TypeVar("S", bound=StrEnum)

ORDER_STEPS = {
    "new pending",
    "new paid",
    "pending paid",
    "pending declined",
    "pending expired",
    "pending cancelled",
    "paid shipped",
    "paid cancelled",
    "paid refunded",
    "shipped delivered",
    "shipped refunded",
    "delivered refunded",
}
PAYMENT_STEPS = {
    "new pending",
    "new captured",
    "pending authorised",
    "pending declined",
    "pending voided",
    "authorised captured",
    "authorised voided",
    "captured refunded",
}


def _legal_steps(table: StateMachine[S], statuses: type[S]) -> set[str]:
    """Try every pair of statuses; return those that are not rejected."""
    legal = set()
    for before in (None, *statuses):
        for after in statuses:
            step = f"{'new' if before is None else before.value} {after.value}"
            with suppress(IllegalTransition):
                table.require_transition(before, after)
                legal.add(step)
    return legal


def test_order_takes_exactly_these_transitions() -> None:
    assert _legal_steps(ORDER_STATUSES, OrderStatus) == ORDER_STEPS


def test_payment_takes_exactly_these_transitions() -> None:
    assert _legal_steps(PAYMENT_STATUSES, PaymentStatus) == PAYMENT_STEPS


@pytest.mark.parametrize(
    ("statuses", "steps"), [(OrderStatus, ORDER_STEPS), (PaymentStatus, PAYMENT_STEPS)]
)
def test_every_status_is_reachable_and_none_returns(
    statuses: type[StrEnum], steps: set[str]
) -> None:
    reached, ahead = set[str](), {"new"}
    rounds = 0
    while ahead:
        # A circle would go on for ever.
        rounds += 1
        assert rounds <= len(statuses) + 1
        reached |= ahead
        ahead = {after for before, after in map(str.split, steps) if before in ahead}

    assert reached == {"new", *statuses}


def test_illegal_transition_has_a_message() -> None:
    with pytest.raises(IllegalTransition, match=r"^Cannot change status from shipped to paid\.$"):
        ORDER_STATUSES.require_transition(OrderStatus.SHIPPED, OrderStatus.PAID)
    with pytest.raises(IllegalTransition, match=r"^Cannot change status from new to shipped\.$"):
        ORDER_STATUSES.require_transition(None, OrderStatus.SHIPPED)
