-- The least that an order of two lines can be: ten statements, one order per transaction.
\set customer random(1, :rows)
\if :products = 2
\set first 1
\set second 2
\else
\set first random(1, :rows - 1)
\set second random(:first + 1, :rows)
\endif
\set number random(1, 999999999999)
BEGIN;
SELECT user_id, data FROM sessions
WHERE id = decode(md5((:customer)::text), 'hex') AND expires_at > now() FOR UPDATE;
INSERT INTO idempotency_keys (user_id, key, fingerprint)
VALUES (('00000000-0000-0000-0000-' || lpad((:customer)::text, 12, '0'))::uuid, (:number)::text, '\x00')
ON CONFLICT DO NOTHING;
UPDATE stock SET on_hand = on_hand - 1 WHERE sku = 'sku' || :first AND on_hand >= 1 RETURNING on_hand;
UPDATE stock SET on_hand = on_hand - 2 WHERE sku = 'sku' || :second AND on_hand >= 2 RETURNING on_hand;
UPDATE accounts SET balance = balance - 300
WHERE id = ('00000000-0000-0000-0000-' || lpad((:customer)::text, 12, '0'))::uuid AND balance >= 300;
INSERT INTO orders (id, user_id, status, total)
VALUES (('00000000-0000-0000-0000-' || lpad((:number)::text, 12, '0'))::uuid,
    ('00000000-0000-0000-0000-' || lpad((:customer)::text, 12, '0'))::uuid, 'paid', 300);
INSERT INTO order_lines
VALUES (('00000000-0000-0000-0000-' || lpad((:number)::text, 12, '0'))::uuid, 1, 'sku' || :first, 1, 100),
    (('00000000-0000-0000-0000-' || lpad((:number)::text, 12, '0'))::uuid, 2, 'sku' || :second, 2, 100);
INSERT INTO ledger (account_id, order_id, amount)
VALUES (('00000000-0000-0000-0000-' || lpad((:customer)::text, 12, '0'))::uuid,
    ('00000000-0000-0000-0000-' || lpad((:number)::text, 12, '0'))::uuid, -300),
    ('ffffffff-ffff-ffff-ffff-ffffffffffff',
    ('00000000-0000-0000-0000-' || lpad((:number)::text, 12, '0'))::uuid, 300);
INSERT INTO jobs (kind, payload) VALUES ('order.placed', '{"id":1}');
UPDATE sessions SET data = data || '{"order_id":"x"}', version = version + 1
WHERE id = decode(md5((:customer)::text), 'hex');
COMMIT;
