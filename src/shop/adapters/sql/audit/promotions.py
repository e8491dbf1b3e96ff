"""Audit rules of promotions and their uses."""

USES_UNLIKE_ORDERS = """
    SELECT u.promotion, u.order_id, u.code FROM promotion_uses u
    LEFT JOIN promotions_of_orders p
      ON p.order_id = u.order_id AND p.promotion = u.promotion
     AND COALESCE(p.code, '') = COALESCE(u.code, '')
    WHERE p.order_id IS NULL
    UNION ALL
    SELECT p.promotion, p.order_id, p.code FROM promotions_of_orders p
    JOIN orders o ON o.id = p.order_id
    LEFT JOIN promotion_uses u ON u.promotion = p.promotion AND u.order_id = p.order_id
    WHERE u.order_id IS NULL AND o.status NOT IN ('declined', 'expired', 'cancelled')
"""

USED_UNLIKE_USES = """
    SELECT promotion, SUM(used) AS used, SUM(uses) AS uses FROM (
        SELECT promotion, uses AS used, 0 AS uses FROM promotion_counters
        WHERE SUBSTR(key, 1, 2) = 'p:'
        UNION ALL SELECT promotion, 0, 1 FROM promotion_uses
    ) AS entries GROUP BY promotion HAVING SUM(used) <> SUM(uses)
"""

USES_ABOVE_LIMIT = """
    SELECT l.slug AS promotion, NULL AS code, l.use_limit, c.uses_left,
           COALESCE(u.uses, 0) AS uses
    FROM limits_of_promotions l
    LEFT JOIN promotion_counters c ON c.key = 'p:' || l.slug
    LEFT JOIN (
        SELECT promotion, COUNT(*) AS uses FROM promotion_uses GROUP BY promotion
    ) u ON u.promotion = l.slug
    WHERE CASE WHEN l.use_limit IS NULL THEN c.uses_left IS NOT NULL
               ELSE COALESCE(l.use_limit - c.uses_left, -1) <> COALESCE(u.uses, 0) END
    UNION ALL
    SELECT c.promotion, SUBSTR(c.key, 3), 1, c.uses_left, COUNT(u.order_id)
    FROM promotion_counters c
    LEFT JOIN promotion_uses u ON u.promotion = c.promotion AND u.code = SUBSTR(c.key, 3)
    WHERE SUBSTR(c.key, 1, 2) = 'c:' AND c.uses_left IS NOT NULL
    GROUP BY c.promotion, c.key, c.uses_left
    HAVING c.uses_left + COUNT(u.order_id) <> 1
"""

USES_ABOVE_LIMIT_OF_CUSTOMER = """
    SELECT u.promotion, u.order_id, u.customer_key, u.n, l.uses_per_customer
    FROM promotion_uses u JOIN limits_of_promotions l ON l.slug = u.promotion
    WHERE u.n < 1 OR u.n > l.uses_per_customer
"""

USES_HELD_BY_CLOSED_ORDERS = """
    SELECT u.promotion, u.order_id, o.status
    FROM promotion_uses u JOIN orders o ON o.id = u.order_id
    WHERE o.status IN ('declined', 'expired', 'cancelled')
"""
