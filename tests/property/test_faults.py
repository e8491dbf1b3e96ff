"""An unexpected failure changes nothing for any command of its group."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.property.actions import Order
from tests.property.differential import DifferentialRunner
from tests.property.initial_states import (
    GROUPED,
    KEYS,
    ONE_BY_ONE,
    Group,
    InitialState,
    groups_of,
    initial_states,
    orders,
    requests_of,
    set_initial_state,
)
from tests.property.profiles import Budget
from tests.property.system.fault_injection import CallCounter, InjectedFault, counting_calls


def test_group_that_fails_at_any_call_changes_nothing(
    pair: DifferentialRunner, budget: Budget
) -> None:
    @given(initial_state=initial_states, group=groups_of(orders), fails_at=st.integers(0, 999))
    def check(initial_state: InitialState, group: Group[Order], fails_at: int) -> None:
        requests = requests_of(set_initial_state(pair, initial_state), group)
        well, ill = CallCounter(), CallCounter()
        with counting_calls(pair.shops[GROUPED], well):
            expected = pair.run_in(GROUPED, lambda shop: shop.place_orders(requests))
        # An empty group sends no statement.
        assume(well.count_so_far > 0)
        before = _everything(pair)

        ill.fails_at = 1 + fails_at % well.count_so_far
        with counting_calls(pair.shops[ONE_BY_ONE], ill), pytest.raises(InjectedFault):
            pair.run_in(ONE_BY_ONE, lambda shop: shop.place_orders(requests))

        assert _everything(pair) == before
        assert pair.run_in(ONE_BY_ONE, lambda shop: shop.audit_violations()) == []
        assert pair.run_in(ONE_BY_ONE, lambda shop: shop.place_orders(requests)) == expected

    budget.run(check)


def _everything(pair: DifferentialRunner) -> tuple[object, object]:
    return (
        pair.run_in(ONE_BY_ONE, lambda shop: shop.stored()),
        pair.run_in(ONE_BY_ONE, lambda shop: shop.stored_records(KEYS)),
    )
