"""Audit rules of what orders cost, what was refunded of it, and what orders keep copies of."""

ORDERS_WITH_WRONG_TOTAL = """
    SELECT order_id, total, quoted FROM (
        SELECT o.order_id, o.total, o.listed - COALESCE(s.discount, 0)
               + CASE WHEN NOT o.prices_include_tax THEN COALESCE(s.tax, 0) ELSE 0 END AS quoted
        FROM (
            SELECT o.id AS order_id, o.total, o.prices_include_tax,
                   COALESCE(SUM(l.quantity * l.unit_price), 0)
                   + COALESCE(o.shipping_price, 0) AS listed
            FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id GROUP BY o.id
        ) AS o LEFT JOIN shares_of_orders s ON s.order_id = o.order_id
    ) AS quotes WHERE total <> quoted
"""

# Shipping keeps no discount beside its shares.
DISCOUNT_MISMATCHES = """
    SELECT order_id, position, SUM(discount) AS discount, SUM(shares) AS shares FROM (
        SELECT order_id, position, discount, 0 AS shares FROM order_lines WHERE discount <> 0
        UNION ALL SELECT order_id, position, 0, discount FROM shares_of_lines WHERE position >= 0
    ) AS entries GROUP BY order_id, position HAVING SUM(discount) <> SUM(shares)
"""

# Where anything is taxed, all that was paid without its tax is the base of a tax, be it of 0 %.
TAX_MISMATCHES = """
    SELECT order_id, position, SUM(tax) AS tax, SUM(tax_shares) AS tax_shares,
           SUM(base) AS base, SUM(base_shares) AS base_shares
    FROM (
        SELECT order_id, position, tax, 0 AS tax_shares, 0 AS base, 0 AS base_shares
        FROM order_lines WHERE tax <> 0
        UNION ALL SELECT l.order_id, l.position, 0, 0, l.quantity * l.unit_price - l.discount
               - CASE WHEN o.prices_include_tax THEN l.tax ELSE 0 END, 0
        FROM shares_of_orders s JOIN orders o ON o.id = s.order_id
        JOIN order_lines l ON l.order_id = s.order_id
        WHERE s.tax_rows > 0
        UNION ALL SELECT o.id, -1, s.shipping_tax, 0,
               COALESCE(o.shipping_price, 0) - s.shipping_discount
               - CASE WHEN o.prices_include_tax THEN s.shipping_tax ELSE 0 END, 0
        FROM shares_of_orders s JOIN orders o ON o.id = s.order_id
        WHERE s.tax_rows > 0
        UNION ALL SELECT order_id, position, 0, tax, 0, base FROM shares_of_lines
    ) AS entries GROUP BY order_id, position
    HAVING SUM(tax) <> SUM(tax_shares) OR SUM(base) <> SUM(base_shares)
"""

SHARES_ABOVE_LINES = """
    SELECT order_id, position, amount, shares FROM (
        SELECT s.order_id, s.position, s.discount AS shares,
               COALESCE(CASE WHEN s.position < 0 THEN o.shipping_price
                   ELSE l.quantity * l.unit_price END, 0) AS amount
        FROM shares_of_lines s JOIN orders o ON o.id = s.order_id
        LEFT JOIN order_lines l ON l.order_id = s.order_id AND l.position = s.position
    ) AS lines WHERE shares > amount
"""

LINES_REFUNDED_TOO_MUCH = """
    SELECT order_id, sku, paid, refunded FROM (
        SELECT f.order_id, f.sku, f.refunded, l.quantity * l.unit_price - l.discount
               + CASE WHEN NOT o.prices_include_tax THEN l.tax ELSE 0 END AS paid
        FROM (
            SELECT r.order_id, x.sku, SUM(x.amount) AS refunded
            FROM refunds r JOIN refund_lines x ON x.refund_id = r.id GROUP BY r.order_id, x.sku
        ) AS f JOIN orders o ON o.id = f.order_id
        JOIN order_lines l ON l.order_id = f.order_id AND l.sku = f.sku
    ) AS lines WHERE refunded > paid
"""

SHIPPING_REFUNDED_TOO_MUCH = """
    SELECT order_id, paid, refunded FROM (
        SELECT r.order_id, r.shipping AS refunded,
               COALESCE(o.shipping_price, 0) - COALESCE(s.shipping_discount, 0)
               + CASE WHEN NOT o.prices_include_tax THEN COALESCE(s.shipping_tax, 0) ELSE 0 END
                   AS paid
        FROM refunds_of_orders r JOIN orders o ON o.id = r.order_id
        LEFT JOIN shares_of_orders s ON s.order_id = r.order_id
        WHERE r.shipping <> 0
    ) AS shipping WHERE refunded > paid
"""

PARTS_ABOVE_REFUNDS = """
    SELECT refund_id, order_id, amount, parts FROM (
        SELECT r.id AS refund_id, r.order_id, r.amount,
               r.shipping_amount + COALESCE(SUM(l.amount), 0) AS parts
        FROM refunds r LEFT JOIN refund_lines l ON l.refund_id = r.id
        GROUP BY r.id, r.order_id, r.amount, r.shipping_amount
    ) AS refunded WHERE parts > amount
"""

REFUNDS_ABOVE_PAYMENTS = """
    SELECT order_id, captured, refunded FROM (
        SELECT r.order_id, r.refunded,
               CASE WHEN p.status IN ('captured', 'refunded') THEN p.amount ELSE 0 END AS captured
        FROM refunds_of_orders r LEFT JOIN payments p ON p.order_id = r.order_id
    ) AS payments_back WHERE refunded > captured
"""

# Orders without taxes, as all before schema revision 0009, have none in their refunds.
REFUNDED_TAX_MISMATCHES = """
    SELECT order_id, tax, refunded FROM (
        SELECT r.order_id, o.status, COALESCE(s.tax, 0) AS tax, r.tax AS refunded
        FROM refunds_of_orders r JOIN orders o ON o.id = r.order_id
        LEFT JOIN shares_of_orders s ON s.order_id = r.order_id
    ) AS taxes WHERE refunded > tax OR (status = 'refunded' AND refunded <> tax)
"""

# Lines of orders from before there were variants name no product.
ORDERS_WITHOUT_COPIES = """
    SELECT DISTINCT order_id, missing FROM (
        SELECT order_id, 'line-name' AS missing FROM order_lines WHERE name = ''
        UNION ALL SELECT o.id, 'line-product' FROM orders o
        JOIN order_lines l ON l.order_id = o.id
        WHERE o.prices_include_tax IS NOT NULL AND l.product IS NULL
        UNION ALL SELECT id, 'shipping-name' FROM orders
        WHERE shipping_method IS NOT NULL
          AND (COALESCE(shipping_name, '') = '' OR shipping_price IS NULL)
        UNION ALL SELECT id, 'shipping-method' FROM orders
        WHERE shipping_price IS NOT NULL AND shipping_method IS NULL
        UNION ALL SELECT order_id, 'discount-name' FROM order_shares
        WHERE kind = 'discount' AND (name = '' OR COALESCE(slug, '') = '')
        UNION ALL SELECT order_id, 'tax-name' FROM order_shares WHERE kind = 'tax' AND name = ''
        UNION ALL SELECT order_id, 'tax-reason' FROM order_shares
        WHERE kind = 'tax' AND COALESCE(rate, 0) = 0 AND COALESCE(reason, '') = ''
    ) AS copies
"""
