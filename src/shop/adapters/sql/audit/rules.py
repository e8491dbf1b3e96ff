"""The rules of the audit: for each a question whose rows are its violations."""

from collections.abc import Mapping

from shop.adapters.sql.audit import fulfilment, jobs, money, orders, stock

COMMON_TABLE_EXPRESSIONS = """
    WITH money_of_accounts AS (
        SELECT account_id, SUM(delta) AS moved FROM (
            SELECT credit_account_id AS account_id, amount AS delta FROM transfers
            UNION ALL SELECT debit_account_id, -amount FROM transfers
        ) AS entries GROUP BY account_id
    ), money_of_orders AS (
        SELECT order_id,
               SUM(CASE kind WHEN 'charge' THEN 1 ELSE 0 END) AS charges,
               SUM(CASE kind WHEN 'charge' THEN amount ELSE 0 END) AS charged,
               SUM(CASE kind WHEN 'refund' THEN amount ELSE 0 END) AS returned
        FROM transfers WHERE order_id IS NOT NULL AND kind IN ('charge', 'refund')
        GROUP BY order_id
    ), refunds_of_orders AS (
        SELECT order_id, SUM(amount) AS refunded FROM refunds GROUP BY order_id
    ), stock_of_orders AS (
        SELECT order_id, sku, SUM(quantity) AS quantity, SUM(restocked) AS restocked,
               SUM(on_hand) AS on_hand, SUM(reserved) AS reserved
        FROM (
            SELECT order_id, sku, quantity, 0 AS restocked, 0 AS on_hand, 0 AS reserved
            FROM order_lines
            UNION ALL SELECT order_id, sku, 0, 0, on_hand_delta, reserved_delta
            FROM stock_movements WHERE order_id IS NOT NULL
            UNION ALL SELECT r.order_id, l.sku, 0, l.quantity, 0, 0
            FROM refunds r JOIN refund_lines l ON l.refund_id = r.id WHERE r.restocked
        ) AS entries GROUP BY order_id, sku
    ), goods_of_orders AS (
        SELECT order_id, sku, SUM(ordered) AS ordered, SUM(shipped) AS shipped,
               SUM(delivered) AS delivered, SUM(refunded) AS refunded,
               SUM(cancelled_quantity) AS cancelled_quantity
        FROM (
            SELECT order_id, sku, quantity AS ordered, 0 AS shipped, 0 AS delivered,
                   0 AS refunded, 0 AS cancelled_quantity FROM order_lines
            UNION ALL SELECT h.order_id, l.sku, 0,
                   CASE h.kind WHEN 'shipment' THEN l.quantity ELSE 0 END,
                   CASE h.kind WHEN 'delivery' THEN l.quantity ELSE 0 END, 0, 0
            FROM shipment_events h JOIN shipment_event_lines l ON l.shipment_event_id = h.id
            UNION ALL SELECT r.order_id, l.sku, 0, 0, 0, l.quantity, l.cancelled_quantity
            FROM refunds r JOIN refund_lines l ON l.refund_id = r.id
        ) AS entries GROUP BY order_id, sku
    )
"""
"""What any question may ask: what accounts got less what they gave, what orders were charged, got
back and were to get back, and of each product what was ordered beside what was done to its stock,
and beside what has left, arrived and was refunded. Each is summed in one pass over its tables,
however large they are, and only where it is asked."""

RULES: Mapping[int, Mapping[str, str]] = {
    1: {
        "transfer-without-account": money.TRANSFERS_WITHOUT_ACCOUNT,
        "transfer-moves-nothing": money.EMPTY_TRANSFERS,
        "ledger-off-balance": money.UNBALANCED_LEDGERS,
    },
    2: {
        "balance-not-sum-of-transfers": money.BALANCE_MISMATCHES,
        "balance-below-limit": money.BALANCES_BELOW_MINIMUM,
    },
    3: {
        "reserved-not-on-hand": stock.STOCK_RESERVED_ABOVE_ON_HAND,
        "stock-not-sum-of-movements": stock.STOCK_MOVEMENT_MISMATCHES,
        "reserved-not-by-open-orders": stock.RESERVATION_MISMATCHES,
        "order-took-other-stock": stock.ORDER_STOCK_MISMATCHES,
        "movement-of-no-order": stock.MOVEMENTS_WITHOUT_ORDER,
    },
    4: {
        "total-not-sum-of-lines": money.ORDERS_WITH_WRONG_TOTAL,
        "not-charged-once": money.ORDERS_NOT_CHARGED_ONCE,
        "order-keeps-other-money": money.ORDER_MONEY_MISMATCHES,
        "payment-differs": money.PAYMENT_MISMATCHES,
        "charge-of-another": money.CHARGES_TO_WRONG_ACCOUNT,
        "deposit-differs": money.DEPOSIT_MISMATCHES,
        "transfer-of-no-order": money.TRANSFERS_WITHOUT_ORDER,
        "refund-moved-other-money": fulfilment.REFUND_MISMATCHES,
    },
    5: {
        "dead-order-holds-stock": stock.STOCK_HELD_BY_CLOSED_ORDERS,
        "dead-order-keeps-money": money.CLOSED_ORDERS_WITH_MONEY,
    },
    6: {"session-tracks-anothers-order": orders.SESSIONS_WITH_FOREIGN_ORDERS},
    7: {
        "order-without-outcome": orders.ORDERS_WITHOUT_OUTCOME,
        "outcome-without-order": orders.OUTCOMES_WITHOUT_ORDER,
        "key-without-outcome": orders.KEYS_WITHOUT_OUTCOME,
    },
    8: {
        "pending-past-expiry": jobs.PENDING_ORDERS_PAST_EXPIRY,
        "deposit-past-expiry": jobs.DEPOSITS_PAST_EXPIRY,
        "job-is-dead": jobs.DEAD_JOBS,
        "job-is-overdue": jobs.OVERDUE_JOBS,
        "order-without-its-job": jobs.ORDERS_WITHOUT_JOB,
        "deposit-without-its-job": jobs.DEPOSITS_WITHOUT_JOB,
        "refund-without-its-job": jobs.REFUNDS_WITHOUT_JOB,
    },
    10: {
        "history-has-gaps": orders.HISTORIES_WITH_GAPS,
        "illegal-step": orders.ILLEGAL_TRANSITIONS,
        "history-does-not-join": orders.HISTORY_DISCONTINUITIES,
        "history-ends-elsewhere": orders.HISTORY_STATUS_MISMATCHES,
        "handed-over-too-much": fulfilment.ORDERS_SHIPPED_IN_EXCESS,
        "goods-are-elsewhere": fulfilment.ORDER_STATUS_MISMATCHES,
    },
}
"""The questions by name, invariant by invariant. Two names stand for lists in them, of texts
``before>after``: `:legal_steps` of an order, and its `:fitting_payments`. What is not done and was
due before `:due_before` is overdue."""
