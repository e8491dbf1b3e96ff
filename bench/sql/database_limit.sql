-- One order, statement by statement: the reads, locks and writes of the shop, in its order, each for
-- a single row. Values that the shop generates itself (ids, the order's number) come with the first
-- result, so that they cost no round trip.
\set n :n + 1
\set customer (:client_id + :n * :clients) % :customers
\set product random(1, :products)
BEGIN;
SELECT id AS session_id, user_id, version, uuidv7() AS order_id, uuidv7() AS movement_id,
    uuidv7() AS transfer_id, upper(right(replace(gen_random_uuid()::text, '-', ''), 15)) AS number
FROM sessions WHERE token_hash = lpad(:customer::text, 64, '0') FOR NO KEY UPDATE \gset
SELECT roles, enabled FROM users WHERE id = :user_id::uuid;
INSERT INTO idempotency_keys (user_id, key, fingerprint, created_at)
VALUES (:user_id::uuid, :run::text || '-' || :client_id::text || '-' || :n::text,
    lpad(:product::text, 64, '0'), now())
ON CONFLICT DO NOTHING;
SELECT id AS account_id, balance FROM accounts
WHERE user_id = :user_id::uuid AND currency = 'EUR' FOR NO KEY UPDATE \gset
SELECT sku, name, price FROM products WHERE sku = 'BENCH-' || lpad(:product::text, 7, '0') \gset
SELECT on_hand FROM inventories WHERE sku = :sku::text FOR NO KEY UPDATE \gset
UPDATE accounts SET balance = :balance::bigint - :price::bigint WHERE id = :account_id::uuid;
UPDATE inventories SET on_hand = :on_hand::bigint - 1 WHERE sku = :sku::text;
INSERT INTO stock_movements
    (id, sku, kind, on_hand_delta, reserved_delta, order_id, reason, created_at)
VALUES (:movement_id::uuid, :sku::text, 'sale', -1, 0, :order_id::uuid, '', now());
INSERT INTO orders
    (id, number, user_id, idempotency_key, status, total, currency, payment_method, placed_at, version)
VALUES (:order_id::uuid, :number::text, :user_id::uuid,
    :run::text || '-' || :client_id::text || '-' || :n::text,
    'paid', :price::bigint, 'EUR', 'account', now(), 1);
INSERT INTO order_lines (order_id, position, sku, name, quantity, unit_price)
VALUES (:order_id::uuid, 0, :sku::text, :name::text, 1, :price::bigint);
INSERT INTO order_events (order_id, sequence, to_status, actor, created_at)
VALUES (:order_id::uuid, 1, 'paid', 'customer', now());
INSERT INTO payments (order_id, method, status, amount, currency, created_at)
VALUES (:order_id::uuid, 'account', 'captured', :price::bigint, 'EUR', now());
INSERT INTO transfers (id, kind, debit_account_id, credit_account_id, amount, currency, order_id,
    note, created_at)
VALUES (:transfer_id::uuid, 'charge', :account_id::uuid, :sales::uuid, :price::bigint, 'EUR',
    :order_id::uuid, '', now());
UPDATE idempotency_keys SET reference = :order_id::uuid
WHERE user_id = :user_id::uuid AND key = :run::text || '-' || :client_id::text || '-' || :n::text;
UPDATE sessions SET last_order_id = :order_id::uuid, last_seen_at = now(), version = :version::int + 1
WHERE id = :session_id::uuid AND version = :version::int;
COMMIT;
