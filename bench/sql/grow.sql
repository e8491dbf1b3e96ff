-- Adds products and orders until there are `:size` of each: one order for each product, one per
-- second until now; the customers take turns. All invariants hold afterwards.
BEGIN;
-- The references are correct; checking them row by row would take most of the time.
SET LOCAL session_replication_role = replica;
-- The role's defaults are for look-ups by key (decision 29).
SET LOCAL enable_seqscan = on;
SET LOCAL enable_hashjoin = on;
SET LOCAL enable_mergejoin = on;

CREATE TEMPORARY TABLE customers ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY users.email) - 1 AS number, users.id AS user_id,
    accounts.id AS account_id
FROM users JOIN accounts ON accounts.user_id = users.id;

CREATE TEMPORARY TABLE grown_products ON COMMIT DROP AS
SELECT 'BENCH-' || lpad(n::text, 7, '0') AS sku, 'Product no. ' || n AS name
FROM generate_series((SELECT COUNT(*) + 1 FROM products), :size) AS n;

INSERT INTO products
    (sku, name, description, price, currency, active, search_text, created_at, updated_at)
SELECT sku, name, 'One of a numbered series.', :price, 'EUR', true, lower(sku || ' ' || name),
    now(), now()
FROM grown_products;
INSERT INTO inventories (sku, on_hand, reserved) SELECT sku, :stock, 0 FROM grown_products;
INSERT INTO stock_movements (id, sku, kind, on_hand_delta, reserved_delta, reason, created_at)
SELECT uuidv7(), sku, 'adjustment', :stock, 0, 'Import', now() FROM grown_products;

CREATE TEMPORARY TABLE grown_orders ON COMMIT DROP AS
SELECT uuidv7((n - :size) * interval '1 second') AS id,
    upper(right(replace(gen_random_uuid()::text, '-', ''), 15)) AS number,
    'grown-' || n AS key, 'BENCH-' || lpad(n::text, 7, '0') AS sku, user_id, account_id,
    now() + (n - :size) * interval '1 second' AS placed_at
FROM generate_series((SELECT COUNT(*) + 1 FROM orders), :size) AS n
JOIN customers ON customers.number = n % (SELECT COUNT(*) FROM customers)
ORDER BY n;

INSERT INTO orders
    (id, number, user_id, idempotency_key, status, total, currency, payment_method, placed_at, version)
SELECT id, number, user_id, key, 'paid', :price, 'EUR', 'account', placed_at, 1
FROM grown_orders;
INSERT INTO order_lines (order_id, position, sku, name, quantity, unit_price)
SELECT grown.id, 0, grown.sku, products.name, 1, :price
FROM grown_orders AS grown JOIN products ON products.sku = grown.sku;
INSERT INTO order_events (order_id, sequence, to_status, actor, created_at)
SELECT id, 1, 'paid', 'customer', placed_at FROM grown_orders;
INSERT INTO payments (order_id, method, status, amount, currency, created_at)
SELECT id, 'account', 'captured', :price, 'EUR', placed_at FROM grown_orders;
INSERT INTO transfers (id, kind, debit_account_id, credit_account_id, amount, currency, order_id,
    note, created_at)
SELECT uuidv7(placed_at - now()), 'charge', account_id, :'sales', :price, 'EUR', id, '', placed_at
FROM grown_orders;
INSERT INTO idempotency_keys (user_id, key, fingerprint, reference, created_at)
SELECT user_id, key, '', id, placed_at FROM grown_orders;
INSERT INTO stock_movements (id, sku, kind, on_hand_delta, reserved_delta, order_id, reason, created_at)
SELECT uuidv7(placed_at - now()), sku, 'sale', -1, 0, id, '', placed_at FROM grown_orders;
UPDATE inventories SET on_hand = on_hand - sold.quantity
FROM (SELECT sku, COUNT(*) AS quantity FROM grown_orders GROUP BY sku) AS sold
WHERE inventories.sku = sold.sku;
UPDATE accounts SET balance = balance - paid.amount
FROM (SELECT account_id, COUNT(*) * :price AS amount FROM grown_orders GROUP BY account_id) AS paid
WHERE accounts.id = paid.account_id;
COMMIT;
VACUUM ANALYZE;
CHECKPOINT;
