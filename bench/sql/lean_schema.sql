-- What an order needs at the least: ten tables without the shop's history, roles and searches.
CREATE TABLE users (id uuid PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    balance bigint NOT NULL CHECK (balance >= 0)
);
CREATE TABLE products (sku text PRIMARY KEY, name text NOT NULL, price bigint NOT NULL);
-- Free space on each page keeps changed rows on their page.
CREATE TABLE stock (
    sku text PRIMARY KEY REFERENCES products,
    on_hand integer NOT NULL CHECK (on_hand >= 0)
) WITH (fillfactor = 50);
CREATE TABLE sessions (
    id bytea PRIMARY KEY,
    user_id uuid,
    data jsonb NOT NULL,
    expires_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1
) WITH (fillfactor = 70);
CREATE TABLE orders (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    status text NOT NULL,
    total bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON orders (user_id, created_at DESC);
CREATE TABLE order_lines (
    order_id uuid NOT NULL REFERENCES orders,
    position integer NOT NULL,
    sku text NOT NULL,
    quantity integer NOT NULL,
    unit_price bigint NOT NULL,
    PRIMARY KEY (order_id, position)
);
CREATE TABLE ledger (
    id bigserial PRIMARY KEY,
    account_id uuid NOT NULL,
    order_id uuid,
    amount bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    order_id uuid,
    PRIMARY KEY (user_id, key)
);
CREATE TABLE jobs (id bigserial PRIMARY KEY, kind text NOT NULL, payload jsonb NOT NULL);

-- Customers and sessions go by number.
CREATE FUNCTION numbered(kind text, number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
RETURN (kind || '-0000-0000-0000-' || lpad(number::text, 12, '0'))::uuid;

INSERT INTO products SELECT 'sku' || n, 'Product no. ' || n, 100 FROM generate_series(1, :rows) AS n;
INSERT INTO stock SELECT sku, 100000000 FROM products;
INSERT INTO users
SELECT numbered('00000000', n), 'customer-' || n || '@example.com' FROM generate_series(1, :rows) AS n;
INSERT INTO accounts SELECT id, id, 1000000000000 FROM users;
INSERT INTO sessions
SELECT decode(md5(n::text), 'hex'), numbered('00000000', n), '{"roles":["customer"],"cart":{}}',
    now() + interval '14 days'
FROM generate_series(1, :rows) AS n;
-- No table of the limit is young: foreign keys to an empty one would be checked by reading all of it.
INSERT INTO orders
SELECT numbered('eeeeeeee', n), numbered('00000000', n), 'paid', 300 FROM generate_series(1, :rows) AS n;
INSERT INTO order_lines SELECT id, 1, 'sku1', 1, 100 FROM orders;
INSERT INTO idempotency_keys SELECT user_id, 'grown', '\x00', id FROM orders;
VACUUM ANALYZE;
