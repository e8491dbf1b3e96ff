-- The same order as one function: one round trip and no application.
CREATE FUNCTION place_order(
    the_token_hash text, the_key text, the_fingerprint text, the_sku text, sales uuid
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    new_id uuid := uuidv7();
    session sessions;
    customer users;
    account accounts;
    product products;
    inventory inventories;
BEGIN
    SELECT * INTO STRICT session FROM sessions
    WHERE token_hash = the_token_hash FOR NO KEY UPDATE;
    SELECT * INTO STRICT customer FROM users WHERE id = session.user_id AND enabled;
    INSERT INTO idempotency_keys (user_id, key, fingerprint, created_at)
    VALUES (customer.id, the_key, the_fingerprint, now());
    SELECT * INTO STRICT account FROM accounts
    WHERE user_id = customer.id AND currency = 'EUR' FOR NO KEY UPDATE;
    SELECT * INTO STRICT product FROM products WHERE sku = the_sku AND active;
    SELECT * INTO STRICT inventory FROM inventories WHERE sku = the_sku FOR NO KEY UPDATE;
    UPDATE accounts SET balance = account.balance - product.price WHERE id = account.id;
    UPDATE inventories SET on_hand = inventory.on_hand - 1 WHERE sku = the_sku;
    INSERT INTO stock_movements
        (id, sku, kind, on_hand_delta, reserved_delta, order_id, reason, created_at)
    VALUES (uuidv7(), the_sku, 'sale', -1, 0, new_id, '', now());
    INSERT INTO orders
        (id, number, user_id, idempotency_key, status, total, currency, payment_method, placed_at, version)
    VALUES (new_id, upper(right(replace(gen_random_uuid()::text, '-', ''), 15)), customer.id,
        the_key, 'paid', product.price, 'EUR', 'account', now(), 1);
    INSERT INTO order_lines (order_id, position, sku, name, quantity, unit_price)
    VALUES (new_id, 0, the_sku, product.name, 1, product.price);
    INSERT INTO order_events (order_id, sequence, to_status, actor, created_at)
    VALUES (new_id, 1, 'paid', 'customer', now());
    INSERT INTO payments (order_id, method, status, amount, currency, created_at)
    VALUES (new_id, 'account', 'captured', product.price, 'EUR', now());
    INSERT INTO transfers (id, kind, debit_account_id, credit_account_id, amount, currency,
        order_id, note, created_at)
    VALUES (uuidv7(), 'charge', account.id, sales, product.price, 'EUR', new_id, '', now());
    UPDATE idempotency_keys SET reference = new_id WHERE user_id = customer.id AND key = the_key;
    UPDATE sessions SET last_order_id = new_id, last_seen_at = now(), version = session.version + 1
    WHERE id = session.id AND version = session.version;
    RETURN new_id;
END $$;
