"""Deciding many in one unit of work comes to the same as deciding one after the other."""

from collections.abc import Awaitable, Callable

from hypothesis import given

from tests.property.actions import CompleteOrder, Order, Transfer
from tests.property.differential import DifferentialRunner
from tests.property.initial_states import (
    CODE_KEYS,
    GROUPED,
    KEYS,
    ONE_BY_ONE,
    Group,
    InitialState,
    K,
    Requests,
    card_orders,
    completions,
    groups_of,
    initial_states,
    order_groups,
    requests_of,
    set_initial_state,
    transfers,
)
from tests.property.model.rejection import Outcome
from tests.property.profiles import Budget


def test_grouped_orders_end_like_successive_ones(pair: DifferentialRunner, budget: Budget) -> None:
    @given(initial_state=initial_states, group=order_groups)
    def check(initial_state: InitialState, group: Group[Order]) -> None:
        requests = requests_of(set_initial_state(pair, initial_state), group)

        together = pair.run_in(GROUPED, lambda shop: shop.place_orders(requests))
        apart = pair.run_in(ONE_BY_ONE, lambda shop: _one_by_one(shop.place_orders, requests))

        assert together == apart
        _assert_equal(pair)

    budget.run(check)


def test_grouped_completions_end_like_successive_ones(
    pair: DifferentialRunner, budget: Budget
) -> None:
    @given(
        initial_state=initial_states, waiting=groups_of(card_orders), group=groups_of(completions)
    )
    def check(
        initial_state: InitialState, waiting: Group[Order], group: Group[CompleteOrder]
    ) -> None:
        holds = set_initial_state(pair, initial_state)
        pair.run_in_all(lambda shop: shop.place_orders(requests_of(holds, waiting)))
        requests = requests_of(holds, group)

        together = pair.run_in(GROUPED, lambda shop: shop.complete_orders(requests))
        apart = pair.run_in(ONE_BY_ONE, lambda shop: _one_by_one(shop.complete_orders, requests))

        assert together == apart
        _assert_equal(pair)

    budget.run(check)


def test_grouped_transfers_end_like_successive_ones(
    pair: DifferentialRunner, budget: Budget
) -> None:
    @given(initial_state=initial_states, group=groups_of(transfers))
    def check(initial_state: InitialState, group: Group[Transfer]) -> None:
        requests = requests_of(set_initial_state(pair, initial_state), group)

        together = pair.run_in(GROUPED, lambda shop: shop.transfer_group(requests))
        apart = pair.run_in(ONE_BY_ONE, lambda shop: _one_by_one(shop.transfer_group, requests))

        assert together == apart
        _assert_equal(pair)

    budget.run(check)


async def _one_by_one(
    decide: Callable[[Requests[K]], Awaitable[list[Outcome]]], requests: Requests[K]
) -> list[Outcome]:
    return [outcome for each in requests for outcome in await decide([each])]


def _assert_equal(pair: DifferentialRunner) -> None:
    stored = pair.run_in_all(lambda shop: shop.stored())
    assert stored[GROUPED] == stored[ONE_BY_ONE]
    records = pair.run_in_all(lambda shop: shop.stored_records((*KEYS, *CODE_KEYS)))
    assert records[GROUPED] == records[ONE_BY_ONE]
    assert pair.run_in_all(lambda shop: shop.audit_violations()) == {GROUPED: [], ONE_BY_ONE: []}
