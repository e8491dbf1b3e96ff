"""Audit rules of inventories and stock movements."""

STOCK_RESERVED_ABOVE_ON_HAND = """
    SELECT sku, on_hand, reserved FROM inventories
    WHERE reserved < 0 OR reserved > on_hand
"""

STOCK_MOVEMENT_MISMATCHES = """
    SELECT i.sku, i.on_hand, i.reserved,
           COALESCE(m.on_hand, 0) AS moved_on_hand,
           COALESCE(m.reserved, 0) AS moved_reserved
    FROM inventories i LEFT JOIN (
        SELECT sku, SUM(on_hand_delta) AS on_hand, SUM(reserved_delta) AS reserved
        FROM stock_movements GROUP BY sku
    ) m ON m.sku = i.sku
    WHERE i.on_hand <> COALESCE(m.on_hand, 0) OR i.reserved <> COALESCE(m.reserved, 0)
"""

RESERVATION_MISMATCHES = """
    SELECT i.sku, i.reserved, COALESCE(o.quantity, 0) AS open_quantity
    FROM inventories i LEFT JOIN (
        SELECT l.sku, SUM(l.quantity) AS quantity
        FROM order_lines l JOIN orders ON orders.id = l.order_id
        WHERE orders.status = 'pending' GROUP BY l.sku
    ) o ON o.sku = i.sku
    WHERE i.reserved <> COALESCE(o.quantity, 0)
"""

# Refunded goods stay with the customer unless the refund restocked them.
ORDER_STOCK_MISMATCHES = """
    SELECT o.id AS order_id, o.status, s.sku, s.quantity, s.restocked, s.on_hand, s.reserved
    FROM orders o JOIN stock_of_orders s ON s.order_id = o.id
    WHERE CASE
        WHEN o.status = 'pending' THEN s.on_hand <> 0 OR s.reserved <> s.quantity
        WHEN o.status IN ('paid', 'shipped', 'delivered', 'refunded')
            THEN s.on_hand <> s.restocked - s.quantity OR s.reserved <> 0
        ELSE FALSE END
"""

MOVEMENTS_WITHOUT_ORDER = """
    SELECT m.id AS movement_id, m.order_id, m.sku FROM stock_movements m
    LEFT JOIN orders o ON o.id = m.order_id
    WHERE m.order_id IS NOT NULL AND o.id IS NULL
"""

STOCK_HELD_BY_CLOSED_ORDERS = """
    SELECT o.id AS order_id, o.status, m.sku,
           SUM(m.on_hand_delta) AS on_hand, SUM(m.reserved_delta) AS reserved
    FROM orders o JOIN stock_movements m ON m.order_id = o.id
    WHERE o.status IN ('declined', 'expired', 'cancelled')
    GROUP BY o.id, o.status, m.sku
    HAVING SUM(m.on_hand_delta) <> 0 OR SUM(m.reserved_delta) <> 0
"""
