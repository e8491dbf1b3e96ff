"""The rules of the audit: for each, a query whose rows are the violations."""

from collections.abc import Mapping

from shop.adapters.sql.audit import fulfilment, jobs, money, orders, pricing, promotions, stock

_COMMON_TABLE_EXPRESSIONS = """
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
        SELECT order_id, SUM(amount) AS refunded, SUM(shipping_amount) AS shipping,
               SUM(tax) AS tax
        FROM refunds GROUP BY order_id
    ), shares_of_lines AS (
        SELECT order_id, position,
               SUM(CASE kind WHEN 'discount' THEN amount ELSE 0 END) AS discount,
               SUM(CASE kind WHEN 'tax' THEN amount ELSE 0 END) AS tax,
               SUM(CASE kind WHEN 'tax' THEN base ELSE 0 END) AS base
        FROM order_shares GROUP BY order_id, position
    ), shares_of_orders AS (
        SELECT order_id,
               SUM(CASE kind WHEN 'discount' THEN amount ELSE 0 END) AS discount,
               SUM(CASE kind WHEN 'tax' THEN amount ELSE 0 END) AS tax,
               SUM(CASE kind WHEN 'tax' THEN 1 ELSE 0 END) AS tax_rows,
               SUM(CASE WHEN kind = 'discount' AND position = -1 THEN amount ELSE 0 END)
                   AS shipping_discount,
               SUM(CASE WHEN kind = 'tax' AND position = -1 THEN amount ELSE 0 END) AS shipping_tax
        FROM order_shares GROUP BY order_id
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
    ), promotions_of_orders AS (
        SELECT DISTINCT order_id, slug AS promotion, code FROM order_shares WHERE kind = 'discount'
    ), limits_of_promotions AS (
        SELECT slug, {use_limit} AS use_limit,
               CASE WHEN {is_for_first_order} THEN 1 ELSE {limit_per_customer} END
                   AS uses_per_customer
        FROM pricing_rules WHERE kind = 'promotion'
    )
"""
"""Sums that the rules share: each is computed in one pass, and only if a rule uses it."""

_IN_DOCUMENTS: Mapping[str, Mapping[str, str]] = {
    "postgresql": {
        "use_limit": "CAST(CAST(document AS json) ->> 'limit' AS bigint)",
        "limit_per_customer": "CAST(CAST(document AS json) ->> 'limit_per_customer' AS bigint)",
        "is_for_first_order": (
            "CAST(CAST(document AS json) -> 'conditions' ->> 'is_for_first_order' AS boolean)"
        ),
    },
    "sqlite": {
        "use_limit": "json_extract(document, '$.limit')",
        "limit_per_customer": "json_extract(document, '$.limit_per_customer')",
        "is_for_first_order": "json_extract(document, '$.conditions.is_for_first_order')",
    },
}
"""What the rules compare with the documents of promotions, by engine."""

COMMON_TABLE_EXPRESSIONS = {
    engine: _COMMON_TABLE_EXPRESSIONS.format(**fields) for engine, fields in _IN_DOCUMENTS.items()
}
"""The sums, by engine."""

RULES: Mapping[int, Mapping[str, str]] = {
    1: {
        "transfer-without-account": money.TRANSFERS_WITHOUT_ACCOUNT,
        "transfer-moves-nothing": money.EMPTY_TRANSFERS,
        "ledger-off-balance": money.UNBALANCED_LEDGERS,
    },
    2: {
        "balance-differs-from-transfers": money.BALANCE_MISMATCHES,
        "balance-below-minimum": money.BALANCES_BELOW_MINIMUM,
    },
    3: {
        "reserved-exceeds-on-hand": stock.STOCK_RESERVED_ABOVE_ON_HAND,
        "stock-differs-from-movements": stock.STOCK_MOVEMENT_MISMATCHES,
        "reserved-differs-from-pending-orders": stock.RESERVATION_MISMATCHES,
        "stock-differs-from-order": stock.ORDER_STOCK_MISMATCHES,
        "movement-without-order": stock.MOVEMENTS_WITHOUT_ORDER,
    },
    4: {
        "order-not-charged-once": money.ORDERS_NOT_CHARGED_ONCE,
        "order-money-differs-from-refunds": money.ORDER_MONEY_MISMATCHES,
        "payment-differs-from-order": money.PAYMENT_MISMATCHES,
        "charge-on-wrong-account": money.CHARGES_TO_WRONG_ACCOUNT,
        "deposit-differs-from-transfer": money.DEPOSIT_MISMATCHES,
        "transfer-without-order": money.TRANSFERS_WITHOUT_ORDER,
        "refund-differs-from-transfer": fulfilment.REFUND_MISMATCHES,
    },
    5: {
        "closed-order-holds-stock": stock.STOCK_HELD_BY_CLOSED_ORDERS,
        "closed-order-holds-money": money.CLOSED_ORDERS_WITH_MONEY,
    },
    6: {"session-with-foreign-order": orders.SESSIONS_WITH_FOREIGN_ORDERS},
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
        "order-without-job": jobs.ORDERS_WITHOUT_JOB,
        "deposit-without-job": jobs.DEPOSITS_WITHOUT_JOB,
        "refund-without-job": jobs.REFUNDS_WITHOUT_JOB,
    },
    10: {
        "history-has-gaps": orders.HISTORIES_WITH_GAPS,
        "illegal-transition": orders.ILLEGAL_TRANSITIONS,
        "history-not-continuous": orders.HISTORY_DISCONTINUITIES,
        "history-differs-from-status": orders.HISTORY_STATUS_MISMATCHES,
        "quantity-exceeds-order": fulfilment.ORDERS_SHIPPED_IN_EXCESS,
        "status-differs-from-shipments": fulfilment.ORDER_STATUS_MISMATCHES,
    },
    16: {
        "total-differs-from-quote": pricing.ORDERS_WITH_WRONG_TOTAL,
        "discount-differs-from-shares": pricing.DISCOUNT_MISMATCHES,
        "tax-differs-from-shares": pricing.TAX_MISMATCHES,
        "share-exceeds-line": pricing.SHARES_ABOVE_LINES,
    },
    17: {
        "uses-differ-from-orders": promotions.USES_UNLIKE_ORDERS,
        "used-differs-from-uses": promotions.USED_UNLIKE_USES,
        "uses-exceed-limit": promotions.USES_ABOVE_LIMIT,
        "customer-exceeds-limit": promotions.USES_ABOVE_LIMIT_OF_CUSTOMER,
        "closed-order-holds-use": promotions.USES_HELD_BY_CLOSED_ORDERS,
    },
    18: {
        "line-refunded-too-much": pricing.LINES_REFUNDED_TOO_MUCH,
        "shipping-refunded-too-much": pricing.SHIPPING_REFUNDED_TOO_MUCH,
        "parts-exceed-refund": pricing.PARTS_ABOVE_REFUNDS,
        "refunds-exceed-payment": pricing.REFUNDS_ABOVE_PAYMENTS,
        "refunded-tax-differs-from-order": pricing.REFUNDED_TAX_MISMATCHES,
    },
    19: {"order-without-copies": pricing.ORDERS_WITHOUT_COPIES},
}
"""Queries by rule and invariant; `:allowed_…` parameters are lists of ``from>to`` statuses."""
