"""The audit in memory: every invariant, in the plainest words that Python has for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice

from shop.adapters.memory import audit_of_fulfilment as fulfilment
from shop.adapters.memory import audit_of_jobs as jobs
from shop.adapters.memory import audit_of_money as money
from shop.adapters.memory import audit_of_orders as orders
from shop.adapters.memory import audit_of_stock as stock
from shop.adapters.memory.database import State
from shop.adapters.memory.turn import Turn
from shop.application.ports.audit import Audit, Fact, Invariant, Violation

MAX_VIOLATIONS = 100

Rule = Callable[[State], Iterator[Mapping[str, Fact]]]
RuleOfTime = Callable[[datetime, State], Iterator[Mapping[str, Fact]]]

_RULES: Mapping[int, Mapping[str, Rule]] = {
    1: {
        "transfer-without-account": money.transfers_without_account,
        "transfer-moves-nothing": money.transfers_that_move_nothing,
        "ledger-off-balance": money.ledgers_off_balance,
    },
    2: {
        "balance-not-sum-of-transfers": money.balances_other_than_their_transfers,
        "balance-below-limit": money.balances_below_their_limit,
    },
    3: {
        "reserved-not-on-hand": stock.reserved_but_not_on_hand,
        "stock-not-sum-of-movements": stock.other_than_its_movements,
        "reserved-not-by-open-orders": stock.reserved_other_than_by_open_orders,
        "order-took-other-stock": stock.taken_other_than_ordered,
        "movement-of-no-order": stock.movements_of_no_order,
    },
    4: {
        "total-not-sum-of-lines": money.totals_other_than_their_lines,
        "not-charged-once": money.paid_orders_not_charged_once,
        "order-keeps-other-money": money.kept_otherwise_than_orders_stand,
        "payment-differs": money.payments_that_differ,
        "charge-of-another": money.charges_of_another,
        "deposit-differs": money.deposits_other_than_their_transfers,
        "transfer-of-no-order": money.transfers_of_no_order,
        "refund-moved-other-money": fulfilment.refunds_that_moved_other_money,
    },
    5: {
        "dead-order-holds-stock": stock.held_by_dead_orders,
        "dead-order-keeps-money": money.kept_by_dead_orders,
    },
    6: {"session-tracks-anothers-order": orders.sessions_with_anothers_order},
    7: {
        "order-without-outcome": orders.without_outcome,
        "outcome-without-order": orders.outcomes_without_order,
        "key-without-outcome": orders.keys_without_outcome,
    },
    10: {
        "history-has-gaps": orders.histories_with_gaps,
        "illegal-step": orders.illegal_steps,
        "history-does-not-join": orders.steps_that_do_not_join,
        "history-ends-elsewhere": orders.histories_that_end_elsewhere,
        "handed-over-too-much": fulfilment.handed_over_too_much,
        "goods-are-elsewhere": fulfilment.standing_otherwise_than_their_goods,
    },
}

_RULES_OF_TIME: Mapping[int, Mapping[str, RuleOfTime]] = {
    8: {
        "pending-past-expiry": jobs.pending_past_expiry,
        "deposit-past-expiry": jobs.deposits_past_expiry,
        "job-is-dead": jobs.dead_jobs,
        "job-is-overdue": jobs.overdue_jobs,
        "order-without-its-job": jobs.orders_without_their_job,
        "deposit-without-its-job": jobs.deposits_without_their_job,
        "refund-without-its-job": jobs.refunds_without_their_job,
    },
}


class MemoryAudit(Audit):
    """A look at everything that one unit of work sees."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    async def violations(self, invariant: Invariant, due_before: datetime) -> Sequence[Violation]:
        """Return what breaks this invariant, at most a hundred of each rule."""
        state = self._turn.state
        return [
            Violation(rule=name, facts=facts)
            for name, rule in _rules(invariant, due_before).items()
            for facts in islice(rule(state), MAX_VIOLATIONS)
        ]


def _rules(invariant: Invariant, due_before: datetime) -> Mapping[str, Rule]:
    of_time = _RULES_OF_TIME.get(invariant.number, {})
    timed = {name: partial(rule, due_before) for name, rule in of_time.items()}
    return {**_RULES.get(invariant.number, {}), **timed}
