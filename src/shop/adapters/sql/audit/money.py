"""Audit rules of transfers, balances, charges and payments."""

TRANSFERS_WITHOUT_ACCOUNT = """
    SELECT t.id AS transfer_id FROM transfers t
    LEFT JOIN accounts d ON d.id = t.debit_account_id
    LEFT JOIN accounts c ON c.id = t.credit_account_id
    WHERE d.id IS NULL OR c.id IS NULL
       OR d.currency <> t.currency OR c.currency <> t.currency
"""

EMPTY_TRANSFERS = """
    SELECT id AS transfer_id, amount FROM transfers
    WHERE amount <= 0 OR debit_account_id = credit_account_id
"""

UNBALANCED_LEDGERS = """
    SELECT a.currency, SUM(COALESCE(a.balance, m.moved, 0)) AS surplus FROM accounts a
    LEFT JOIN money_of_accounts m ON m.account_id = a.id
    GROUP BY a.currency HAVING SUM(COALESCE(a.balance, m.moved, 0)) <> 0
"""

BALANCE_MISMATCHES = """
    SELECT a.id AS account_id, a.balance, COALESCE(m.moved, 0) AS transferred
    FROM accounts a LEFT JOIN money_of_accounts m ON m.account_id = a.id
    WHERE a.user_id IS NOT NULL AND a.balance <> COALESCE(m.moved, 0)
"""

BALANCES_BELOW_MINIMUM = """
    SELECT id AS account_id, balance, minimum_balance FROM accounts
    WHERE user_id IS NOT NULL AND balance < minimum_balance
"""

# An order of 0 is charged nothing.
ORDERS_NOT_CHARGED_ONCE = """
    SELECT o.id AS order_id, o.total, COALESCE(m.charges, 0) AS charges,
           COALESCE(m.charged, 0) AS charged
    FROM orders o LEFT JOIN money_of_orders m ON m.order_id = o.id
    WHERE (COALESCE(m.charges, 0) <> CASE o.total WHEN 0 THEN 0 ELSE 1 END OR m.charged <> o.total)
      AND (o.status IN ('paid', 'shipped', 'delivered', 'refunded')
           OR (o.status = 'cancelled' AND EXISTS (
               SELECT 1 FROM order_events e
               WHERE e.order_id = o.id AND e.to_status = 'paid')))
"""

# The rule above checks the charge. An order that is not `refunded` has refunds below its total.
ORDER_MONEY_MISMATCHES = """
    SELECT o.id AS order_id, o.status, o.total, COALESCE(m.charged, 0) AS charged,
           COALESCE(m.returned, 0) AS returned, COALESCE(r.refunded, 0) AS refunded
    FROM orders o
    LEFT JOIN money_of_orders m ON m.order_id = o.id
    LEFT JOIN refunds_of_orders r ON r.order_id = o.id
    WHERE CASE
        WHEN o.status IN ('paid', 'shipped', 'delivered')
            THEN COALESCE(m.returned, 0) <> COALESCE(r.refunded, 0)
              OR COALESCE(m.returned, 0) >= o.total AND o.total > 0
        WHEN o.status = 'refunded'
            THEN COALESCE(m.returned, 0) <> o.total OR COALESCE(r.refunded, 0) <> o.total
        WHEN o.status = 'pending' THEN m.order_id IS NOT NULL
        ELSE FALSE END
"""

PAYMENT_MISMATCHES = """
    SELECT o.id AS order_id, o.status, o.total, p.status AS payment_status, p.amount
    FROM orders o LEFT JOIN payments p ON p.order_id = o.id
    WHERE p.order_id IS NULL OR p.amount <> o.total OR p.currency <> o.currency
       OR p.method <> o.payment_method
       OR o.status || '>' || p.status NOT IN :allowed_payment_statuses
"""

# A card payment may be refunded to the account if the refund says so.
CHARGES_TO_WRONG_ACCOUNT = """
    SELECT t.id AS transfer_id, t.order_id FROM transfers t
    LEFT JOIN orders o ON o.id = t.order_id
    LEFT JOIN refunds r ON r.id = t.id AND t.kind = 'refund'
    LEFT JOIN accounts payer
      ON payer.currency = o.currency
     AND payer.id = CASE t.kind WHEN 'charge' THEN t.debit_account_id
                                ELSE t.credit_account_id END
    LEFT JOIN accounts sales
      ON sales.currency = o.currency
     AND sales.id = CASE t.kind WHEN 'charge' THEN t.credit_account_id
                                ELSE t.debit_account_id END
    WHERE t.kind IN ('charge', 'refund') AND NOT COALESCE(
        sales.kind = 'sales' AND CASE COALESCE(r.method, o.payment_method)
            WHEN 'account' THEN payer.user_id = o.user_id
            ELSE o.payment_method = 'card' AND payer.kind = 'card_clearing' END, FALSE)
"""

DEPOSIT_MISMATCHES = """
    SELECT d.id AS deposit_id, d.status, d.amount, t.amount AS transferred
    FROM deposits d LEFT JOIN transfers t ON t.id = d.id
    LEFT JOIN accounts payer ON payer.id = t.debit_account_id
    WHERE CASE WHEN d.status IN ('authorised', 'captured') THEN NOT COALESCE(
            t.kind = 'deposit' AND t.amount = d.amount AND t.currency = d.currency
            AND t.credit_account_id = d.account_id AND payer.kind = 'card_clearing', FALSE)
        ELSE t.id IS NOT NULL END
    UNION ALL
    SELECT t.id, NULL, NULL, t.amount FROM transfers t
    LEFT JOIN deposits d ON d.id = t.id
    WHERE t.kind = 'deposit' AND d.id IS NULL
"""

TRANSFERS_WITHOUT_ORDER = """
    SELECT t.id AS transfer_id, t.order_id FROM transfers t
    LEFT JOIN orders o ON o.id = t.order_id
    WHERE t.order_id IS NOT NULL AND (o.id IS NULL OR t.kind NOT IN ('charge', 'refund'))
"""

CLOSED_ORDERS_WITH_MONEY = """
    SELECT o.id AS order_id, o.status, m.charged - m.returned AS kept
    FROM orders o JOIN money_of_orders m ON m.order_id = o.id
    WHERE o.status IN ('declined', 'expired', 'cancelled') AND m.charged <> m.returned
"""
