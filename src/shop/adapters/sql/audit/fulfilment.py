"""Audit rules of shipment events and refunds."""

REFUND_MISMATCHES = """
    SELECT r.id AS refund_id, r.order_id, r.amount, t.amount AS returned FROM refunds r
    LEFT JOIN transfers t ON t.id = r.id AND t.kind = 'refund'
     AND t.order_id = r.order_id AND t.currency = r.currency
    WHERE t.id IS NULL OR t.amount <> r.amount
"""

ORDERS_SHIPPED_IN_EXCESS = """
    SELECT order_id, sku, ordered, shipped, delivered, refunded, cancelled_quantity
    FROM goods_of_orders
    WHERE shipped + cancelled_quantity > ordered OR delivered > shipped OR refunded > ordered
"""

# Sums over all products suffice because the rule above checks each product for excess.
ORDER_STATUS_MISMATCHES = """
    SELECT o.id AS order_id, o.status, SUM(g.ordered) AS ordered, SUM(g.shipped) AS shipped,
           SUM(g.delivered) AS delivered, SUM(g.cancelled_quantity) AS cancelled_quantity
    FROM orders o JOIN goods_of_orders g ON g.order_id = o.id
    GROUP BY o.id, o.status
    HAVING CASE o.status
        WHEN 'paid' THEN SUM(g.shipped) > 0
            AND SUM(g.shipped) + SUM(g.cancelled_quantity) = SUM(g.ordered)
        WHEN 'shipped' THEN SUM(g.shipped) + SUM(g.cancelled_quantity) <> SUM(g.ordered)
            OR SUM(g.delivered) = SUM(g.shipped)
        WHEN 'delivered' THEN SUM(g.shipped) + SUM(g.cancelled_quantity) <> SUM(g.ordered)
            OR SUM(g.delivered) <> SUM(g.shipped) OR SUM(g.shipped) = 0
        WHEN 'refunded' THEN FALSE
        ELSE SUM(g.shipped) + SUM(g.delivered) + SUM(g.refunded) > 0 END
"""
