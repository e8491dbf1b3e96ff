"""The rules of the audit: for each a question whose rows are its violations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A name and a question. `:legal_steps` stands for the order's steps, as ``before>after``."""

    slug: str
    question: str


# What moved in and out of each account.
_SUMS_OF_TRANSFERS = """
    SELECT account_id, SUM(delta) AS total FROM (
        SELECT credit_account_id AS account_id, amount AS delta FROM transfers
        UNION ALL SELECT debit_account_id, -amount FROM transfers
    ) AS entries GROUP BY account_id
"""

# What each order did to the stock of each product.
_SUMS_OF_MOVEMENTS = """
    SELECT order_id, sku, SUM(on_hand_delta) AS on_hand, SUM(reserved_delta) AS reserved
    FROM movements WHERE order_id IS NOT NULL GROUP BY order_id, sku
"""

RULES: Mapping[int, Sequence[Rule]] = {
    1: (
        Rule(
            "transfer-without-account",
            """
            SELECT t.id AS transfer_id FROM transfers t
            LEFT JOIN accounts d ON d.id = t.debit_account_id
            LEFT JOIN accounts c ON c.id = t.credit_account_id
            WHERE d.id IS NULL OR c.id IS NULL
               OR d.currency <> t.currency OR c.currency <> t.currency
            """,
        ),
        Rule(
            "transfer-moves-nothing",
            """
            SELECT id AS transfer_id, amount FROM transfers
            WHERE amount <= 0 OR debit_account_id = credit_account_id
            """,
        ),
        Rule(
            "ledger-off-balance",
            f"""
            SELECT a.currency, SUM(COALESCE(a.balance, s.total, 0)) AS surplus FROM accounts a
            LEFT JOIN ({_SUMS_OF_TRANSFERS}) s ON s.account_id = a.id
            GROUP BY a.currency HAVING SUM(COALESCE(a.balance, s.total, 0)) <> 0
            """,
        ),
    ),
    2: (
        Rule(
            "balance-not-sum-of-transfers",
            f"""
            SELECT a.id AS account_id, a.balance, COALESCE(s.total, 0) AS transferred
            FROM accounts a LEFT JOIN ({_SUMS_OF_TRANSFERS}) s ON s.account_id = a.id
            WHERE a.user_id IS NOT NULL AND a.balance <> COALESCE(s.total, 0)
            """,
        ),
        Rule(
            "balance-below-limit",
            """
            SELECT id AS account_id, balance, balance_limit FROM accounts
            WHERE user_id IS NOT NULL AND balance < balance_limit
            """,
        ),
    ),
    3: (
        Rule(
            "reserved-not-on-hand",
            """
            SELECT sku, on_hand, reserved FROM inventories
            WHERE reserved < 0 OR reserved > on_hand
            """,
        ),
        Rule(
            "stock-not-sum-of-movements",
            """
            SELECT i.sku, i.on_hand, i.reserved,
                   COALESCE(m.on_hand, 0) AS moved_on_hand,
                   COALESCE(m.reserved, 0) AS moved_reserved
            FROM inventories i LEFT JOIN (
                SELECT sku, SUM(on_hand_delta) AS on_hand, SUM(reserved_delta) AS reserved
                FROM movements GROUP BY sku
            ) m ON m.sku = i.sku
            WHERE i.on_hand <> COALESCE(m.on_hand, 0) OR i.reserved <> COALESCE(m.reserved, 0)
            """,
        ),
        Rule(
            "reserved-not-by-open-orders",
            """
            SELECT i.sku, i.reserved, COALESCE(o.quantity, 0) AS open_quantity
            FROM inventories i LEFT JOIN (
                SELECT l.sku, SUM(l.quantity) AS quantity
                FROM order_lines l JOIN orders ON orders.id = l.order_id
                WHERE orders.status = 'pending' GROUP BY l.sku
            ) o ON o.sku = i.sku
            WHERE i.reserved <> COALESCE(o.quantity, 0)
            """,
        ),
        Rule(
            "order-took-other-stock",
            f"""
            SELECT o.id AS order_id, l.sku, l.quantity, m.on_hand AS moved
            FROM orders o JOIN order_lines l ON l.order_id = o.id
            LEFT JOIN ({_SUMS_OF_MOVEMENTS}) m ON m.order_id = o.id AND m.sku = l.sku
            WHERE o.status IN ('paid', 'shipped', 'delivered')
              AND COALESCE(m.on_hand, 0) <> -l.quantity
            """,
        ),
    ),
    4: (
        Rule(
            "total-not-sum-of-lines",
            """
            SELECT o.id AS order_id, o.total, COALESCE(SUM(l.quantity * l.unit_price), 0) AS lines
            FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id
            GROUP BY o.id, o.total
            HAVING o.total <> COALESCE(SUM(l.quantity * l.unit_price), 0)
            """,
        ),
        Rule(
            "not-charged-once",
            """
            SELECT o.id AS order_id, o.total, COUNT(t.id) AS charges,
                   COALESCE(SUM(t.amount), 0) AS charged
            FROM orders o LEFT JOIN transfers t ON t.order_id = o.id AND t.kind = 'charge'
            WHERE o.status IN ('paid', 'shipped', 'delivered', 'refunded')
               OR (o.status = 'cancelled' AND EXISTS (
                   SELECT 1 FROM order_events e
                   WHERE e.order_id = o.id AND e.status_after = 'paid'))
            GROUP BY o.id, o.total
            HAVING COUNT(t.id) <> 1 OR COALESCE(SUM(t.amount), 0) <> o.total
            """,
        ),
        Rule(
            "payment-differs",
            """
            SELECT o.id AS order_id, o.status, o.total, p.status AS payment_status, p.amount
            FROM orders o LEFT JOIN payments p ON p.order_id = o.id
            WHERE p.order_id IS NULL OR p.amount <> o.total OR p.currency <> o.currency
               OR p.method <> o.method
               OR (o.status IN ('paid', 'shipped', 'delivered')
                   AND p.status NOT IN ('authorised', 'captured'))
            """,
        ),
        Rule(
            "charge-of-another",
            """
            SELECT t.id AS transfer_id, t.order_id FROM transfers t
            LEFT JOIN orders o ON o.id = t.order_id AND o.currency = t.currency
            LEFT JOIN accounts payer
              ON payer.id = CASE t.kind WHEN 'charge' THEN t.debit_account_id
                                        ELSE t.credit_account_id END
            LEFT JOIN accounts sales
              ON sales.id = CASE t.kind WHEN 'charge' THEN t.credit_account_id
                                        ELSE t.debit_account_id END
            WHERE t.kind IN ('charge', 'return') AND NOT COALESCE(
                o.id IS NOT NULL AND sales.kind = 'sales'
                AND (o.method = 'account' AND payer.user_id = o.user_id
                     OR o.method = 'card' AND payer.kind = 'card_clearing'), FALSE)
            """,
        ),
    ),
    5: (
        Rule(
            "dead-order-holds-stock",
            f"""
            SELECT o.id AS order_id, o.status, m.sku, m.on_hand, m.reserved
            FROM orders o JOIN ({_SUMS_OF_MOVEMENTS}) m ON m.order_id = o.id
            WHERE o.status IN ('declined', 'expired', 'cancelled')
              AND (m.on_hand <> 0 OR m.reserved <> 0)
            """,
        ),
        Rule(
            "dead-order-keeps-money",
            """
            SELECT o.id AS order_id, o.status,
                   SUM(CASE t.kind WHEN 'charge' THEN t.amount ELSE -t.amount END) AS kept
            FROM orders o JOIN transfers t ON t.order_id = o.id
            WHERE o.status IN ('declined', 'expired', 'cancelled')
              AND t.kind IN ('charge', 'return')
            GROUP BY o.id, o.status
            HAVING SUM(CASE t.kind WHEN 'charge' THEN t.amount ELSE -t.amount END) <> 0
            """,
        ),
    ),
    6: (
        Rule(
            "session-tracks-anothers-order",
            """
            SELECT s.id AS session_id, s.order_id FROM sessions s
            LEFT JOIN orders o ON o.id = s.order_id
            WHERE s.order_id IS NOT NULL
              AND (o.id IS NULL OR s.user_id IS NULL OR o.user_id <> s.user_id)
            """,
        ),
    ),
    7: (
        Rule(
            "order-without-outcome",
            """
            SELECT o.id AS order_id FROM orders o LEFT JOIN idempotency_keys k
              ON k.user_id = o.user_id AND k.key = o.idempotency_key
            WHERE k.key IS NULL OR CASE
                WHEN k.reference IS NOT NULL THEN k.reference <> o.id
                WHEN k.refusal IS NOT NULL THEN o.status <> 'declined'
                ELSE o.status <> 'pending' END
            """,
        ),
        Rule(
            "outcome-without-order",
            """
            SELECT k.user_id, k.reference FROM idempotency_keys k
            LEFT JOIN orders o ON o.id = k.reference
            LEFT JOIN transfers t ON t.id = k.reference
            LEFT JOIN accounts a ON a.id = t.debit_account_id
            WHERE k.reference IS NOT NULL
              AND NOT (o.id IS NOT NULL AND o.user_id = k.user_id AND o.idempotency_key = k.key)
              AND NOT (t.id IS NOT NULL AND t.order_id IS NULL
                       AND (COALESCE(a.user_id = k.user_id, FALSE) OR t.kind = 'credit'))
            """,
        ),
    ),
    10: (
        Rule(
            "history-has-gaps",
            """
            SELECT o.id AS order_id, o.version, COUNT(e.sequence) AS events
            FROM orders o LEFT JOIN order_events e ON e.order_id = o.id
            GROUP BY o.id, o.version
            HAVING COUNT(e.sequence) <> o.version OR MIN(e.sequence) <> 1
                OR MAX(e.sequence) <> o.version
            """,
        ),
        Rule(
            "illegal-step",
            """
            SELECT e.order_id, e.sequence, e.status_before, e.status_after FROM order_events e
            WHERE COALESCE(e.status_before, 'new') || '>' || e.status_after NOT IN :legal_steps
            """,
        ),
        Rule(
            "history-does-not-join",
            """
            SELECT e.order_id, e.sequence, e.status_before, p.status_after AS previous
            FROM order_events e LEFT JOIN order_events p
              ON p.order_id = e.order_id AND p.sequence = e.sequence - 1
            WHERE COALESCE(e.status_before, 'new') <> COALESCE(p.status_after, 'new')
            """,
        ),
        Rule(
            "history-ends-elsewhere",
            """
            SELECT o.id AS order_id, o.status, e.status_after FROM orders o
            LEFT JOIN order_events e ON e.order_id = o.id AND e.sequence = o.version
            WHERE e.status_after IS NULL OR e.status_after <> o.status
            """,
        ),
    ),
}
