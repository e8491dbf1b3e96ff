"""The audit in memory: every invariant, in the plainest words that Python has for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from shop.adapters.memory import audit_of_money as money
from shop.adapters.memory import audit_of_orders as orders
from shop.adapters.memory import audit_of_stock as stock
from shop.adapters.memory.database import State
from shop.adapters.memory.turn import Turn
from shop.application.ports.audit import Audit, Fact, Invariant, Violation

MAX_VIOLATIONS = 100

Rule = Callable[[State], Iterator[Mapping[str, Fact]]]

_RULES: Mapping[int, Mapping[str, Rule]] = {
    1: {
        "transfer-without-account": money.transfers_without_an_account,
        "transfer-within-one-account": money.transfers_within_one_account,
        "transfer-not-positive": money.transfers_that_are_not_positive,
        "transfer-in-other-currency": money.transfers_in_another_currency,
        "ledger-not-zero": money.ledgers_that_are_not_zero,
    },
    2: {
        "balance-differs": money.balances_that_differ,
        "balance-below-limit": money.balances_below_their_limit,
    },
    3: {
        "stock-out-of-range": stock.out_of_range,
        "stock-differs-from-movements": stock.other_than_its_movements,
        "reserved-differs-from-orders": stock.reserved_other_than_for_open_orders,
    },
    4: {
        "not-charged-once": money.paid_orders_not_charged_once,
        "charge-differs": money.charges_that_differ,
        "charge-unfounded": money.charges_of_no_paid_order,
        "lines-differ": money.totals_other_than_their_lines,
        "payment-differs": money.payments_that_differ,
    },
    5: {
        "stock-held": stock.held_by_undone_orders,
        "charge-not-returned": money.charges_not_returned,
    },
    6: {"session-order-foreign": orders.sessions_with_a_foreign_order},
    7: {
        "order-without-key": orders.without_key,
        "order-of-refused-key": orders.of_refused_keys,
        "order-of-open-key": orders.paid_under_open_keys,
        "order-of-other-outcome": orders.of_keys_with_another_outcome,
        "outcome-without-effect": orders.outcomes_without_effect,
        "outcome-of-another": orders.outcomes_of_another,
    },
    10: {
        "history-broken": orders.with_a_broken_history,
        "step-illegal": orders.with_an_illegal_step,
        "status-unrecorded": orders.with_an_unrecorded_status,
        "version-differs": orders.with_another_version,
    },
}


class MemoryAudit(Audit):
    """A look at everything that one unit of work sees."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    async def violations(self, invariant: Invariant) -> Sequence[Violation]:
        """Return what breaks this invariant, at most a hundred of each rule."""
        state = self._turn.state
        return [
            Violation(rule=name, facts=facts)
            for name, rule in _RULES[invariant.number].items()
            for facts in islice(rule(state), MAX_VIOLATIONS)
        ]
