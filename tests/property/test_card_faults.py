"""Whatever fails unexpectedly while a card pays: it is charged once in the end, or not at all."""

from collections.abc import Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from shop.application.ports.unit_of_work import CommitOutcomeUnknown
from tests.property.actions import (
    SKUS,
    Action,
    AdvanceClock,
    Authenticate,
    Cancel,
    Card,
    CardAction,
    DeliverGatewayEvent,
    Deposit,
    Order,
    RunJobs,
    SignIn,
)
from tests.property.differential import DifferentialRunner
from tests.property.initial_states import (
    ADA_BROWSER,
    GROUPED,
    ONE_BY_ONE,
    InitialState,
    initial_states,
    set_initial_state,
)
from tests.property.model.rejection import Outcome
from tests.property.model.state import PENDING_PAYMENT_SECONDS
from tests.property.profiles import Budget
from tests.property.strategies import ADA, PASSWORD, TIMEOUTS, tokens
from tests.property.system.fault_injection import CallCounter, InjectedFault, counting_calls
from tests.property.system.system_under_test import ShopUnderTest

KEY = "key-of-card"
A_MINUTE = 60

cards = st.builds(
    Card,
    tokens,
    st.lists(st.sampled_from(TIMEOUTS), max_size=2).map(tuple),
    st.just(()),
)
choices = st.one_of(
    st.builds(Order, st.just(KEY), st.none() | st.just(((SKUS[0], 1),)), st.none(), cards),
    st.builds(Deposit, st.just(KEY), st.just(300), cards),
)
histories = st.sampled_from(
    [
        (),
        (Cancel(1),),
        (RunJobs(), Cancel(1)),
        (AdvanceClock(A_MINUTE), RunJobs(), RunJobs(), Cancel(1)),
        (Authenticate(1, approved=True),),
        (Authenticate(1, approved=True), DeliverGatewayEvent(1, "evt-1"), RunJobs()),
        (DeliverGatewayEvent(1, "evt-1"), RunJobs(), DeliverGatewayEvent(1, "evt-1"), RunJobs()),
        (Authenticate(1, approved=False), AdvanceClock(A_MINUTE), RunJobs()),
        (AdvanceClock(PENDING_PAYMENT_SECONDS), RunJobs()),
        (AdvanceClock(PENDING_PAYMENT_SECONDS),),
    ]
)
A_FEW_MINUTES = (AdvanceClock(A_MINUTE), RunJobs()) * 3
SOME_HOURS = (AdvanceClock(PENDING_PAYMENT_SECONDS), RunJobs()) * 4
"""Within these, everything must have come to its end."""


def test_card_is_charged_at_most_once_whatever_fails(
    pair: DifferentialRunner, budget: Budget
) -> None:
    @given(
        initial_state=initial_states, action=choices, course=histories, fails_at=st.integers(0, 999)
    )
    def check(
        initial_state: InitialState, action: CardAction, course: Sequence[Action], fails_at: int
    ) -> None:
        token = set_initial_state(pair, initial_state)[ADA_BROWSER]
        story = (action, *course, action, *A_FEW_MINUTES)
        well, ill = CallCounter(counts_responses=True), CallCounter(counts_responses=True)
        with counting_calls(pair.shops[GROUPED], well):
            pair.run_in(GROUPED, lambda shop: _run_history(shop, token, story))
        assume(well.count_so_far > 0)

        ill.fails_at = 1 + fails_at % well.count_so_far
        with counting_calls(pair.shops[ONE_BY_ONE], ill):
            outcomes = pair.run_in(ONE_BY_ONE, lambda shop: _run_history(shop, token, story))
        pair.run_in_all(lambda shop: _run_history(shop, token, SOME_HOURS))

        _assert_idle(pair)
        last = pair.run_in(ONE_BY_ONE, lambda shop: _repeat_request(shop, action))
        for response in outcomes:
            assert response.get("status") == "pending" or _as_first(response) == _as_first(last)

    budget.run(check)


async def _run_history(
    shop: ShopUnderTest, token: int | None, story: Sequence[Action]
) -> list[Outcome]:
    """Execute these actions; repeat those that fail, as customers and workers do.

    Return the outcomes of the card payments.
    """
    outcomes: list[Outcome] = []
    for action in story:
        try:
            outcome = await shop.execute(token, action)
        except (InjectedFault, CommitOutcomeUnknown):
            outcome = await shop.execute(token, action)
        if isinstance(action, CardAction):
            outcomes.append(outcome)
    return outcomes


async def _repeat_request(shop: ShopUnderTest, action: CardAction) -> Outcome:
    issued = (await shop.execute(None, SignIn(ADA, PASSWORD)))["issued"]
    assert isinstance(issued, int)
    return await shop.execute(issued, action)


def _as_first(response: Outcome) -> Outcome:
    return {name: fact for name, fact in response.items() if name != "replayed"}


def _assert_idle(pair: DifferentialRunner) -> None:
    assert pair.run_in_all(lambda shop: shop.audit_violations()) == {GROUPED: [], ONE_BY_ONE: []}
    stock = pair.run_in_all(lambda shop: shop.read_state())
    for each in stock.values():
        assert (each.jobs, each.mismatches) == ([], [])
    well, ill = stock[GROUPED].stored, stock[ONE_BY_ONE].stored
    # Who cancels may come before a card that is asked again; all else ends alike.
    if "cancelled" not in str(ill["orders"]):
        for part in ("orders", "deposits", "balances", "products"):
            assert ill[part] == well[part]
