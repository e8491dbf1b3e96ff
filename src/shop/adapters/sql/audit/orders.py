"""Audit rules of orders: their sessions, idempotency keys and history."""

SESSIONS_WITH_FOREIGN_ORDERS = """
    SELECT s.id AS session_id, s.last_order_id FROM sessions s
    LEFT JOIN orders o ON o.id = s.last_order_id
    WHERE s.last_order_id IS NOT NULL
      AND (o.id IS NULL OR COALESCE(s.user_id, s.guest_id) IS NULL
        OR o.user_id <> COALESCE(s.user_id, s.guest_id))
"""

# The key of an order that was ever paid refers to the order; any other key was rejected.
ORDERS_WITHOUT_OUTCOME = """
    SELECT o.id AS order_id FROM orders o
    LEFT JOIN idempotency_keys k ON k.user_id = o.user_id AND k.key = o.idempotency_key
    LEFT JOIN order_events e
      ON e.order_id = o.id AND e.to_status = 'paid' AND o.status = 'cancelled'
    WHERE k.key IS NULL OR CASE
        WHEN k.reference IS NOT NULL THEN k.reference <> o.id
            OR o.status IN ('pending', 'declined', 'expired')
            OR o.status = 'cancelled' AND e.order_id IS NULL
        WHEN k.rejection IS NOT NULL THEN e.order_id IS NOT NULL
            OR o.status NOT IN ('declined', 'expired', 'cancelled')
        ELSE o.status <> 'pending' END
"""

# An admin may refund, cancel or ship any order, adjust stock and grant credit to any account. The
# key under which an order was placed never refers to its cancellation. Codes and removed
# images are not stored under their ids, which are custom ones: UUIDs of version 8.
OUTCOMES_WITHOUT_ORDER = """
    SELECT k.user_id, k.reference FROM idempotency_keys k
    LEFT JOIN orders o ON o.id = k.reference
    LEFT JOIN transfers t ON t.id = k.reference
    LEFT JOIN accounts a ON a.id = t.debit_account_id
    LEFT JOIN deposits d ON d.id = k.reference
    LEFT JOIN refunds r ON r.id = k.reference
    LEFT JOIN shipment_events s ON s.id = k.reference
    LEFT JOIN stock_movements m ON m.id = k.reference AND m.kind = 'adjustment'
    LEFT JOIN imports i ON i.id = k.reference AND i.user_id = k.user_id
    WHERE k.reference IS NOT NULL AND r.id IS NULL AND s.id IS NULL AND m.id IS NULL
      AND i.id IS NULL
      AND SUBSTR(REPLACE(CAST(k.reference AS TEXT), '-', ''), 13, 1) <> '8'
      AND NOT (COALESCE(d.user_id = k.user_id AND d.idempotency_key = k.key
                        AND d.status IN ('authorised', 'captured'), FALSE))
      AND NOT (o.id IS NOT NULL AND (o.user_id = k.user_id AND o.idempotency_key = k.key
                                     OR o.status = 'cancelled'))
      AND NOT (t.id IS NOT NULL AND t.order_id IS NULL
               AND (COALESCE(a.user_id = k.user_id, FALSE) OR t.kind = 'credit'))
"""

KEYS_WITHOUT_OUTCOME = """
    SELECT k.user_id, k.key FROM idempotency_keys k
    LEFT JOIN orders o
      ON o.user_id = k.user_id AND o.idempotency_key = k.key AND o.status = 'pending'
    LEFT JOIN deposits d
      ON d.user_id = k.user_id AND d.idempotency_key = k.key AND d.status = 'pending'
    WHERE k.reference IS NULL AND k.rejection IS NULL AND o.id IS NULL AND d.id IS NULL
"""

HISTORIES_WITH_GAPS = """
    SELECT o.id AS order_id, o.version, COUNT(e.sequence) AS events
    FROM orders o LEFT JOIN order_events e ON e.order_id = o.id
    GROUP BY o.id, o.version
    HAVING COUNT(e.sequence) <> o.version OR MIN(e.sequence) <> 1
        OR MAX(e.sequence) <> o.version
"""

ILLEGAL_TRANSITIONS = """
    SELECT e.order_id, e.sequence, e.from_status, e.to_status FROM order_events e
    WHERE COALESCE(e.from_status, 'new') || '>' || e.to_status NOT IN :allowed_transitions
"""

HISTORY_DISCONTINUITIES = """
    SELECT e.order_id, e.sequence, e.from_status, p.to_status AS previous
    FROM order_events e LEFT JOIN order_events p
      ON p.order_id = e.order_id AND p.sequence = e.sequence - 1
    WHERE COALESCE(e.from_status, 'new') <> COALESCE(p.to_status, 'new')
"""

HISTORY_STATUS_MISMATCHES = """
    SELECT o.id AS order_id, o.status, e.to_status FROM orders o
    LEFT JOIN order_events e ON e.order_id = o.id AND e.sequence = o.version
    WHERE e.to_status IS NULL OR e.to_status <> o.status
"""
