"""Runs the integrity audit in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice

from shop.adapters.memory.audit import fulfilment, jobs, money, orders, pricing, promotions, stock
from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.repositories.audit import Audit, Fact, Invariant, Violation

MAX_VIOLATIONS = 100

Rule = Callable[[State], Iterator[Mapping[str, Fact]]]
TimedRule = Callable[[datetime, State], Iterator[Mapping[str, Fact]]]

_RULES: Mapping[int, Mapping[str, Rule]] = {
    1: {
        "transfer-without-account": money.transfers_without_account,
        "transfer-moves-nothing": money.empty_transfers,
        "ledger-off-balance": money.unbalanced_ledgers,
    },
    2: {
        "balance-differs-from-transfers": money.balance_mismatches,
        "balance-below-minimum": money.balances_below_minimum,
    },
    3: {
        "reserved-exceeds-on-hand": stock.stock_reserved_above_on_hand,
        "stock-differs-from-movements": stock.stock_movement_mismatches,
        "reserved-differs-from-pending-orders": stock.reservation_mismatches,
        "stock-differs-from-order": stock.order_stock_mismatches,
        "movement-without-order": stock.movements_without_order,
    },
    4: {
        "order-not-charged-once": money.orders_not_charged_once,
        "order-money-differs-from-refunds": money.order_money_mismatches,
        "payment-differs-from-order": money.payment_mismatches,
        "charge-on-wrong-account": money.charges_to_wrong_account,
        "deposit-differs-from-transfer": money.deposit_mismatches,
        "transfer-without-order": money.transfers_without_order,
        "refund-differs-from-transfer": fulfilment.refund_mismatches,
    },
    5: {
        "closed-order-holds-stock": stock.stock_held_by_closed_orders,
        "closed-order-holds-money": money.closed_orders_with_money,
    },
    6: {"session-with-foreign-order": orders.sessions_with_foreign_orders},
    7: {
        "order-without-outcome": orders.orders_without_outcome,
        "outcome-without-order": orders.outcomes_without_order,
        "key-without-outcome": orders.keys_without_outcome,
    },
    10: {
        "history-has-gaps": orders.histories_with_gaps,
        "illegal-transition": orders.illegal_transitions,
        "history-not-continuous": orders.history_discontinuities,
        "history-differs-from-status": orders.history_status_mismatches,
        "quantity-exceeds-order": fulfilment.orders_shipped_in_excess,
        "status-differs-from-shipments": fulfilment.order_status_mismatches,
    },
    16: {
        "total-differs-from-quote": pricing.orders_with_wrong_total,
        "discount-differs-from-shares": pricing.discount_mismatches,
        "tax-differs-from-shares": pricing.tax_mismatches,
        "share-exceeds-line": pricing.shares_above_lines,
    },
    17: {
        "uses-differ-from-orders": promotions.uses_unlike_orders,
        "uses-exceed-limit": promotions.uses_above_limit,
        "customer-exceeds-limit": promotions.uses_above_limit_of_customer,
        "closed-order-holds-use": promotions.uses_held_by_closed_orders,
    },
    18: {
        "line-refunded-too-much": pricing.lines_refunded_too_much,
        "shipping-refunded-too-much": pricing.shipping_refunded_too_much,
        "parts-exceed-refund": pricing.parts_above_refunds,
        "refunds-exceed-payment": pricing.refunds_above_payments,
        "refunded-tax-differs-from-order": pricing.refunded_tax_mismatches,
    },
    19: {"order-without-copies": pricing.orders_without_copies},
}

_TIMED_RULES: Mapping[int, Mapping[str, TimedRule]] = {
    8: {
        "pending-past-expiry": jobs.pending_orders_past_expiry,
        "deposit-past-expiry": jobs.deposits_past_expiry,
        "job-is-dead": jobs.dead_jobs,
        "job-is-overdue": jobs.overdue_jobs,
        "order-without-job": jobs.orders_without_job,
        "deposit-without-job": jobs.deposits_without_job,
        "refund-without-job": jobs.refunds_without_job,
    },
}


class MemoryAudit(Audit):
    """Checks the state that one unit of work sees."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction

    async def violations(self, invariant: Invariant, due_before: datetime) -> Sequence[Violation]:
        """Return the violations of an invariant, at most a hundred of each rule."""
        state = self._transaction.state
        return [
            Violation(rule=name, facts=facts)
            for name, rule in _rules(invariant, due_before).items()
            for facts in islice(rule(state), MAX_VIOLATIONS)
        ]


def _rules(invariant: Invariant, due_before: datetime) -> Mapping[str, Rule]:
    timed_rules = _TIMED_RULES.get(invariant.number, {})
    bound_rules = {name: partial(rule, due_before) for name, rule in timed_rules.items()}
    return {**_RULES.get(invariant.number, {}), **bound_rules}
