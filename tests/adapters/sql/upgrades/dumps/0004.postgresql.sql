CREATE TABLE accounts (
    id uuid NOT NULL,
    kind text NOT NULL,
    user_id uuid,
    currency text NOT NULL,
    balance bigint,
    balance_limit bigint,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_accounts_balance_not_below_limit CHECK ((balance >= balance_limit)),
    CONSTRAINT ck_accounts_customers_have_balances CHECK ((((kind = 'customer'::text) = (user_id IS NOT NULL)) AND ((kind = 'customer'::text) = (balance IS NOT NULL)) AND ((kind = 'customer'::text) = (balance_limit IS NOT NULL))))
);
CREATE TABLE alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE deposits (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    account_id uuid NOT NULL,
    idempotency_key text NOT NULL COLLATE pg_catalog."C",
    amount bigint NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    card_token text NOT NULL,
    gateway_id text,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_deposits_amount_positive CHECK ((amount > 0))
);
CREATE TABLE dispatches (
    id uuid NOT NULL,
    topic text NOT NULL,
    channel text NOT NULL,
    addressee text NOT NULL,
    payload text NOT NULL,
    status text NOT NULL,
    attempts integer NOT NULL,
    last_status_code integer,
    last_error text,
    created_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone,
    CONSTRAINT ck_dispatches_delivered_has_a_time CHECK (((status = 'delivered'::text) = (delivered_at IS NOT NULL)))
);
CREATE TABLE handover_lines (
    handover_id uuid NOT NULL,
    "position" integer NOT NULL,
    sku text NOT NULL COLLATE pg_catalog."C",
    quantity integer NOT NULL,
    CONSTRAINT ck_handover_lines_quantity_positive CHECK ((quantity > 0))
);
CREATE TABLE handovers (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    fingerprint text NOT NULL,
    reference uuid,
    refusal text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_idempotency_keys_one_outcome CHECK (((reference IS NULL) OR (refusal IS NULL)))
);
CREATE TABLE inventories (
    sku text NOT NULL COLLATE pg_catalog."C",
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    CONSTRAINT ck_inventories_reserved_on_hand CHECK (((0 <= reserved) AND (reserved <= on_hand)))
);
CREATE TABLE jobs (
    subject_id uuid NOT NULL,
    kind text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    attempts integer NOT NULL,
    failures integer NOT NULL,
    is_dead boolean NOT NULL,
    failure text,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE movements (
    id uuid NOT NULL,
    sku text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL,
    on_hand_delta bigint NOT NULL,
    reserved_delta bigint NOT NULL,
    order_id uuid,
    reason text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE notices (
    id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL,
    reference uuid,
    received_at timestamp with time zone NOT NULL
);
CREATE TABLE order_events (
    order_id uuid NOT NULL,
    sequence integer NOT NULL,
    status_before text,
    status_after text NOT NULL,
    actor text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE order_lines (
    order_id uuid NOT NULL,
    "position" integer NOT NULL,
    sku text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    quantity integer NOT NULL,
    unit_price bigint NOT NULL,
    CONSTRAINT ck_order_lines_quantity_positive CHECK ((quantity > 0))
);
CREATE TABLE orders (
    id uuid NOT NULL,
    number text NOT NULL,
    user_id uuid NOT NULL,
    idempotency_key text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL,
    total bigint NOT NULL,
    currency text NOT NULL,
    method text NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    version integer NOT NULL
);
CREATE TABLE payments (
    order_id uuid NOT NULL,
    method text NOT NULL,
    status text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    card_token text,
    gateway_id text,
    expires_at timestamp with time zone,
    session_id uuid,
    empties_cart boolean
);
CREATE TABLE products (
    sku text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    description text NOT NULL,
    price bigint NOT NULL,
    currency text NOT NULL,
    active boolean NOT NULL,
    image_url text,
    search_text text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_products_price_positive CHECK ((price > 0))
);
CREATE TABLE refund_lines (
    refund_id uuid NOT NULL,
    "position" integer NOT NULL,
    sku text NOT NULL COLLATE pg_catalog."C",
    quantity integer NOT NULL,
    kept_back integer NOT NULL,
    CONSTRAINT ck_refund_lines_kept_back_of_them CHECK (((kept_back >= 0) AND (kept_back <= quantity))),
    CONSTRAINT ck_refund_lines_quantity_positive CHECK ((quantity > 0))
);
CREATE TABLE refunds (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    number integer NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    method text NOT NULL,
    reason text NOT NULL,
    restocked boolean NOT NULL,
    status text NOT NULL,
    outcome text,
    actor text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_refunds_amount_positive CHECK ((amount > 0))
);
CREATE TABLE sessions (
    id uuid NOT NULL,
    token_hash text NOT NULL,
    user_id uuid,
    roles text NOT NULL,
    signed_in_at timestamp with time zone,
    preferences text NOT NULL,
    cart text NOT NULL,
    order_id uuid,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    version integer NOT NULL
);
CREATE TABLE transfers (
    id uuid NOT NULL,
    kind text NOT NULL,
    debit_account_id uuid NOT NULL,
    credit_account_id uuid NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    order_id uuid,
    note text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_transfers_amount_positive CHECK ((amount > 0)),
    CONSTRAINT ck_transfers_two_accounts CHECK ((debit_account_id <> credit_account_id))
);
CREATE TABLE users (
    id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL COLLATE pg_catalog."C",
    password_hash text NOT NULL,
    roles text NOT NULL,
    enabled boolean NOT NULL,
    created_at timestamp with time zone NOT NULL
);
INSERT INTO accounts VALUES ('9f33248b-1e3a-51a1-b2a8-ba697896d651', 'sales', NULL, 'EUR', NULL, NULL, '2026-11-28 03:31:02.991494+00');
INSERT INTO accounts VALUES ('517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', 'card_clearing', NULL, 'EUR', NULL, NULL, '2026-11-28 03:31:02.991519+00');
INSERT INTO accounts VALUES ('7c6a848a-1e44-5478-b79f-ccf2a1e19152', 'adjustments', NULL, 'EUR', NULL, NULL, '2026-11-28 03:31:02.991525+00');
INSERT INTO accounts VALUES ('01a22035-0feb-776c-89fa-3267265e6874', 'customer', '01a22035-0f80-7727-a43d-9fbcee520df8', 'EUR', 140000, 0, '2026-11-28 03:31:18.016913+00');
INSERT INTO accounts VALUES ('01a22035-0ee8-7636-95cf-371dd750c4b9', 'customer', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'EUR', 61050, 0, '2026-11-28 03:31:17.729721+00');
INSERT INTO accounts VALUES ('01a22035-10be-70c0-870e-2d6dbe20a531', 'customer', '01a22035-105c-7146-abbd-35f7dbfa2361', 'EUR', 999999999999900, 0, '2026-11-28 03:31:18.236893+00');
INSERT INTO alembic_version VALUES ('0004');
INSERT INTO deposits VALUES ('01a22035-31d7-70c3-aa52-1bb814289bf8', '01a22035-0e61-74cd-8e6c-7727d45d2a03', '01a22035-0ee8-7636-95cf-371dd750c4b9', 'ada:deposit-declined', 5000, 'EUR', 'declined', 'tok_declined', NULL, '2026-11-28 03:31:27.807203+00', '2026-11-28 03:31:26.807203+00');
INSERT INTO deposits VALUES ('01a22035-30cb-708a-b8ff-d79b47391f47', '01a22035-0e61-74cd-8e6c-7727d45d2a03', '01a22035-0ee8-7636-95cf-371dd750c4b9', 'ada:deposit', 5000, 'EUR', 'captured', 'tok_visa', 'pay_759ad830427947f1aad8a8c32337b5a4', '2026-11-28 03:31:27.539278+00', '2026-11-28 03:31:26.539278+00');
INSERT INTO deposits VALUES ('01a22035-33fb-761c-9c60-0d58cdc728fd', '01a22035-0e61-74cd-8e6c-7727d45d2a03', '01a22035-0ee8-7636-95cf-371dd750c4b9', 'ada:deposit-expired', 1500, 'EUR', 'voided', 'tok_timeout_before', NULL, '2026-11-28 03:31:28.355332+00', '2026-11-28 03:31:27.355332+00');
INSERT INTO deposits VALUES ('01a22035-327b-7454-9a2d-3254074314f2', '01a22035-0e61-74cd-8e6c-7727d45d2a03', '01a22035-0ee8-7636-95cf-371dd750c4b9', 'ada:deposit-late', 2500, 'EUR', 'captured', 'tok_timeout_after', 'pay_7a4868b165894a3fb3fca376c4890de8', '2026-11-28 03:31:27.971919+00', '2026-11-28 03:31:26.971919+00');
INSERT INTO deposits VALUES ('01a22036-12c4-72da-b1b9-3bf908631195', '01a22035-105c-7146-abbd-35f7dbfa2361', '01a22035-10be-70c0-870e-2d6dbe20a531', 'bob:fresh-deposit', 300, 'EUR', 'authorised', 'tok_visa', 'pay_aa97cf6bd4ea4580b20a801bc7a47441', '2026-12-05 03:32:24.388679+00', '2026-11-28 03:32:24.388679+00');
INSERT INTO deposits VALUES ('01a22036-132f-7667-9299-4c0400776742', '01a22035-0e61-74cd-8e6c-7727d45d2a03', '01a22035-0ee8-7636-95cf-371dd750c4b9', 'ada:pending-deposit', 4200, 'EUR', 'pending', 'tok_timeout_before', NULL, '2026-12-05 03:32:24.495317+00', '2026-11-28 03:32:24.495317+00');
INSERT INTO dispatches VALUES ('01a22035-abf5-7291-a680-16737387cdcc', 'order.paid', 'webhook', 'http://127.0.0.1:39471/a', '{"type":"order.paid","timestamp":"2026-11-28T03:31:58.069172Z","data":{"id":"01a22035-ab70-7399-85fd-c7eeeac2a2e1","number":"8E14-Z0SY-GC9R","user_id":"01a22035-105c-7146-abbd-35f7dbfa2361","status":"paid","total":{"amount":3180,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":2,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":3180,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:31:57.916907Z"}}', 'delivered', 1, 204, NULL, '2026-11-28 03:31:58.069172+00', '2026-11-28 03:32:02.195902+00');
INSERT INTO dispatches VALUES ('01a22035-acca-7264-a1d7-ff7a83553e3f', 'stock.low', 'webhook', 'http://127.0.0.1:39471/a', '{"type":"stock.low","timestamp":"2026-11-28T03:31:58.282822Z","data":{"sku":"GIFT-BOX","on_hand":5,"reserved":0,"available":5,"threshold":5}}', 'delivered', 1, 204, NULL, '2026-11-28 03:31:58.282822+00', '2026-11-28 03:32:02.195902+00');
INSERT INTO dispatches VALUES ('01a22035-accb-7122-8403-40645db8e35e', 'order.paid', 'webhook', 'http://127.0.0.1:39471/a', '{"type":"order.paid","timestamp":"2026-11-28T03:31:58.283167Z","data":{"id":"01a22035-acca-7264-a1d7-ff785bda8ac3","number":"NTB3-6ZSE-JZ3A","user_id":"01a22035-0e61-74cd-8e6c-7727d45d2a03","status":"paid","total":{"amount":980,"currency":"EUR"},"lines":[{"sku":"GIFT-BOX","name":"Gift box with ribbon","quantity":2,"unit_price":{"amount":490,"currency":"EUR"},"amount":{"amount":980,"currency":"EUR"}}],"payment":{"method":"account","status":"captured"},"placed_at":"2026-11-28T03:31:58.281076Z"}}', 'delivered', 1, 204, NULL, '2026-11-28 03:31:58.283167+00', '2026-11-28 03:32:02.195902+00');
INSERT INTO dispatches VALUES ('01a22035-adde-7014-9d65-267310c726b0', 'account.credited', 'webhook', 'http://127.0.0.1:39471/a', '{"type":"account.credited","timestamp":"2026-11-28T03:31:58.557966Z","data":{"id":"01a22035-addd-702c-bc2b-44ab1692d4f9","account_id":"01a22035-0ee8-7636-95cf-371dd750c4b9","kind":"credit","amount":{"amount":250,"currency":"EUR"},"created_at":"2026-11-28T03:31:58.557532Z"}}', 'delivered', 1, 204, NULL, '2026-11-28 03:31:58.557966+00', '2026-11-28 03:32:02.195902+00');
INSERT INTO dispatches VALUES ('01a22035-ae39-73a0-b460-c59b0ee2ef04', 'order.shipped', 'webhook', 'http://127.0.0.1:39471/b', '{"type":"order.shipped","timestamp":"2026-11-28T03:31:58.649303Z","data":{"id":"01a22035-acca-7264-a1d7-ff785bda8ac3","number":"NTB3-6ZSE-JZ3A","user_id":"01a22035-0e61-74cd-8e6c-7727d45d2a03","status":"shipped","total":{"amount":980,"currency":"EUR"},"lines":[{"sku":"GIFT-BOX","name":"Gift box with ribbon","quantity":2,"unit_price":{"amount":490,"currency":"EUR"},"amount":{"amount":980,"currency":"EUR"}}],"payment":{"method":"account","status":"captured"},"placed_at":"2026-11-28T03:31:58.281076Z"}}', 'delivered', 1, 204, NULL, '2026-11-28 03:31:58.649303+00', '2026-11-28 03:32:02.195902+00');
INSERT INTO dispatches VALUES ('01a22035-abf5-7291-a680-1674ac301faa', 'order.paid', 'mail', '01a22035-105c-7146-abbd-35f7dbfa2361', '{"type":"order.paid","timestamp":"2026-11-28T03:31:58.069172Z","data":{"id":"01a22035-ab70-7399-85fd-c7eeeac2a2e1","number":"8E14-Z0SY-GC9R","user_id":"01a22035-105c-7146-abbd-35f7dbfa2361","status":"paid","total":{"amount":3180,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":2,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":3180,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:31:57.916907Z"}}', 'delivered', 1, 250, NULL, '2026-11-28 03:31:58.069172+00', '2026-11-28 03:32:02.376242+00');
INSERT INTO dispatches VALUES ('01a22035-accb-7122-8403-40653065b031', 'order.paid', 'mail', '01a22035-0e61-74cd-8e6c-7727d45d2a03', '{"type":"order.paid","timestamp":"2026-11-28T03:31:58.283167Z","data":{"id":"01a22035-acca-7264-a1d7-ff785bda8ac3","number":"NTB3-6ZSE-JZ3A","user_id":"01a22035-0e61-74cd-8e6c-7727d45d2a03","status":"paid","total":{"amount":980,"currency":"EUR"},"lines":[{"sku":"GIFT-BOX","name":"Gift box with ribbon","quantity":2,"unit_price":{"amount":490,"currency":"EUR"},"amount":{"amount":980,"currency":"EUR"}}],"payment":{"method":"account","status":"captured"},"placed_at":"2026-11-28T03:31:58.281076Z"}}', 'delivered', 1, 250, NULL, '2026-11-28 03:31:58.283167+00', '2026-11-28 03:32:02.392776+00');
INSERT INTO dispatches VALUES ('01a22035-ae39-73a0-b460-c59cf50f45b7', 'order.shipped', 'mail', '01a22035-0e61-74cd-8e6c-7727d45d2a03', '{"type":"order.shipped","timestamp":"2026-11-28T03:31:58.649303Z","data":{"id":"01a22035-acca-7264-a1d7-ff785bda8ac3","number":"NTB3-6ZSE-JZ3A","user_id":"01a22035-0e61-74cd-8e6c-7727d45d2a03","status":"shipped","total":{"amount":980,"currency":"EUR"},"lines":[{"sku":"GIFT-BOX","name":"Gift box with ribbon","quantity":2,"unit_price":{"amount":490,"currency":"EUR"},"amount":{"amount":980,"currency":"EUR"}}],"payment":{"method":"account","status":"captured"},"placed_at":"2026-11-28T03:31:58.281076Z"}}', 'delivered', 1, 250, NULL, '2026-11-28 03:31:58.649303+00', '2026-11-28 03:32:02.392776+00');
INSERT INTO dispatches VALUES ('01a22035-d708-7131-8410-79f2a4a539ba', 'order.paid', 'webhook', 'http://127.0.0.1:39471/a', '{"type":"order.paid","timestamp":"2026-11-28T03:32:09.096584Z","data":{"id":"01a22035-d6f0-708f-a8a0-47e3ac33df18","number":"2K2S-9CEK-TZHQ","user_id":"01a22035-105c-7146-abbd-35f7dbfa2361","status":"paid","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:32:09.067536Z"}}', 'delivered', 1, 204, NULL, '2026-11-28 03:32:09.096584+00', '2026-11-28 03:32:15.388454+00');
INSERT INTO dispatches VALUES ('01a22035-d747-7499-82dc-a3e41b88e80a', 'order.paid', 'webhook', 'http://127.0.0.1:39471/a', '{"type":"order.paid","timestamp":"2026-11-28T03:32:09.159666Z","data":{"id":"01a22035-d72e-77ff-9521-c7e90c56ae30","number":"3H57-KZXQ-P6EF","user_id":"01a22035-105c-7146-abbd-35f7dbfa2361","status":"paid","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:32:09.133056Z"}}', 'delivered', 1, 204, NULL, '2026-11-28 03:32:09.159666+00', '2026-11-28 03:32:15.388454+00');
INSERT INTO dispatches VALUES ('01a22035-d708-7131-8410-79f3a2a07b43', 'order.paid', 'mail', '01a22035-105c-7146-abbd-35f7dbfa2361', '{"type":"order.paid","timestamp":"2026-11-28T03:32:09.096584Z","data":{"id":"01a22035-d6f0-708f-a8a0-47e3ac33df18","number":"2K2S-9CEK-TZHQ","user_id":"01a22035-105c-7146-abbd-35f7dbfa2361","status":"paid","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:32:09.067536Z"}}', 'failed', 1, 550, 'the mailbox was refused with 550', '2026-11-28 03:32:09.096584+00', NULL);
INSERT INTO dispatches VALUES ('01a22035-ff25-73ac-a93c-0c8fd1391cda', 'order.paid', 'webhook', 'http://127.0.0.1:39471/a', '{"type":"order.paid","timestamp":"2026-11-28T03:32:19.365876Z","data":{"id":"01a22035-ff0a-7005-876d-114a396239bd","number":"0JN4-7VHR-P5EQ","user_id":"01a22035-0e61-74cd-8e6c-7727d45d2a03","status":"paid","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:32:19.333583Z"}}', 'pending', 1, 500, 'answered 500', '2026-11-28 03:32:19.365876+00', NULL);
INSERT INTO dispatches VALUES ('01a22035-ff25-73ac-a93c-0c90fc6b46c9', 'order.paid', 'mail', '01a22035-0e61-74cd-8e6c-7727d45d2a03', '{"type":"order.paid","timestamp":"2026-11-28T03:32:19.365876Z","data":{"id":"01a22035-ff0a-7005-876d-114a396239bd","number":"0JN4-7VHR-P5EQ","user_id":"01a22035-0e61-74cd-8e6c-7727d45d2a03","status":"paid","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:32:19.333583Z"}}', 'pending', 1, 451, 'the mailbox was refused with 451', '2026-11-28 03:32:19.365876+00', NULL);
INSERT INTO dispatches VALUES ('01a22036-11c6-77a1-91f1-6b5dfc5eb371', 'order.paid', 'webhook', 'http://127.0.0.1:39471/a', '{"type":"order.paid","timestamp":"2026-11-28T03:32:24.134485Z","data":{"id":"01a22036-11af-7721-9102-cb6aac158868","number":"Q4C1-NNFK-BXW0","user_id":"01a22035-0e61-74cd-8e6c-7727d45d2a03","status":"paid","total":{"amount":1890,"currency":"EUR"},"lines":[{"sku":"MUG-BLUE","name":"Stoneware mug, blue","quantity":1,"unit_price":{"amount":1890,"currency":"EUR"},"amount":{"amount":1890,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:32:24.107366Z"}}', 'pending', 0, NULL, NULL, '2026-11-28 03:32:24.134485+00', NULL);
INSERT INTO dispatches VALUES ('01a22036-11c6-77a1-91f1-6b5eb1bf2e41', 'order.paid', 'mail', '01a22035-0e61-74cd-8e6c-7727d45d2a03', '{"type":"order.paid","timestamp":"2026-11-28T03:32:24.134485Z","data":{"id":"01a22036-11af-7721-9102-cb6aac158868","number":"Q4C1-NNFK-BXW0","user_id":"01a22035-0e61-74cd-8e6c-7727d45d2a03","status":"paid","total":{"amount":1890,"currency":"EUR"},"lines":[{"sku":"MUG-BLUE","name":"Stoneware mug, blue","quantity":1,"unit_price":{"amount":1890,"currency":"EUR"},"amount":{"amount":1890,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:32:24.107366Z"}}', 'pending', 0, NULL, NULL, '2026-11-28 03:32:24.134485+00', NULL);
INSERT INTO dispatches VALUES ('01a22035-d77e-720a-8b06-a926b1048ce9', 'order.cancelled', 'webhook', 'http://127.0.0.1:39471/b', '{"type":"order.cancelled","timestamp":"2026-11-28T03:32:09.214864Z","data":{"id":"01a22035-d72e-77ff-9521-c7e90c56ae30","number":"3H57-KZXQ-P6EF","user_id":"01a22035-105c-7146-abbd-35f7dbfa2361","status":"cancelled","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"voided"},"placed_at":"2026-11-28T03:32:09.133056Z"}}', 'failed', 50, 500, 'answered 500', '2026-11-28 03:32:09.214864+00', NULL);
INSERT INTO dispatches VALUES ('01a22035-d747-7499-82dc-a3e52b7cfa76', 'order.paid', 'mail', '01a22035-105c-7146-abbd-35f7dbfa2361', '{"type":"order.paid","timestamp":"2026-11-28T03:32:09.159666Z","data":{"id":"01a22035-d72e-77ff-9521-c7e90c56ae30","number":"3H57-KZXQ-P6EF","user_id":"01a22035-105c-7146-abbd-35f7dbfa2361","status":"paid","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:32:09.133056Z"}}', 'failed', 1, 550, 'the mailbox was refused with 550', '2026-11-28 03:32:09.159666+00', NULL);
INSERT INTO dispatches VALUES ('01a22035-d783-7642-bdcb-6b839cb13589', 'order.cancelled', 'mail', '01a22035-105c-7146-abbd-35f7dbfa2361', '{"type":"order.cancelled","timestamp":"2026-11-28T03:32:09.214864Z","data":{"id":"01a22035-d72e-77ff-9521-c7e90c56ae30","number":"3H57-KZXQ-P6EF","user_id":"01a22035-105c-7146-abbd-35f7dbfa2361","status":"cancelled","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"voided"},"placed_at":"2026-11-28T03:32:09.133056Z"}}', 'failed', 1, 550, 'the mailbox was refused with 550', '2026-11-28 03:32:09.214864+00', NULL);
INSERT INTO dispatches VALUES ('01a22036-1216-75fe-b8d1-a07f72dc6c5c', 'order.paid', 'webhook', 'http://127.0.0.1:39471/a', '{"type":"order.paid","timestamp":"2026-11-28T03:32:24.214198Z","data":{"id":"01a22036-11f9-767c-b97a-62db4a32def3","number":"HNGY-SQF2-XA4D","user_id":"01a22035-0e61-74cd-8e6c-7727d45d2a03","status":"paid","total":{"amount":1590,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":1,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":1590,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:32:24.178453Z"}}', 'pending', 0, NULL, NULL, '2026-11-28 03:32:24.214198+00', NULL);
INSERT INTO dispatches VALUES ('01a22036-1216-75fe-b8d1-a080e968c5e9', 'order.paid', 'mail', '01a22035-0e61-74cd-8e6c-7727d45d2a03', '{"type":"order.paid","timestamp":"2026-11-28T03:32:24.214198Z","data":{"id":"01a22036-11f9-767c-b97a-62db4a32def3","number":"HNGY-SQF2-XA4D","user_id":"01a22035-0e61-74cd-8e6c-7727d45d2a03","status":"paid","total":{"amount":1590,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":1,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":1590,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:32:24.178453Z"}}', 'pending', 0, NULL, NULL, '2026-11-28 03:32:24.214198+00', NULL);
INSERT INTO dispatches VALUES ('01a22036-1273-71b5-b4ce-0b5347b1e619', 'order.cancelled', 'webhook', 'http://127.0.0.1:39471/b', '{"type":"order.cancelled","timestamp":"2026-11-28T03:32:24.307740Z","data":{"id":"01a22036-11f9-767c-b97a-62db4a32def3","number":"HNGY-SQF2-XA4D","user_id":"01a22035-0e61-74cd-8e6c-7727d45d2a03","status":"cancelled","total":{"amount":1590,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":1,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":1590,"currency":"EUR"}}],"payment":{"method":"card","status":"voided"},"placed_at":"2026-11-28T03:32:24.178453Z"}}', 'pending', 0, NULL, NULL, '2026-11-28 03:32:24.30774+00', NULL);
INSERT INTO dispatches VALUES ('01a22036-1273-71b5-b4ce-0b54674c3af6', 'order.cancelled', 'mail', '01a22035-0e61-74cd-8e6c-7727d45d2a03', '{"type":"order.cancelled","timestamp":"2026-11-28T03:32:24.307740Z","data":{"id":"01a22036-11f9-767c-b97a-62db4a32def3","number":"HNGY-SQF2-XA4D","user_id":"01a22035-0e61-74cd-8e6c-7727d45d2a03","status":"cancelled","total":{"amount":1590,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":1,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":1590,"currency":"EUR"}}],"payment":{"method":"card","status":"voided"},"placed_at":"2026-11-28T03:32:24.178453Z"}}', 'pending', 0, NULL, NULL, '2026-11-28 03:32:24.30774+00', NULL);
INSERT INTO dispatches VALUES ('01a22036-129c-76ee-9112-df801165bb71', 'order.refunded', 'webhook', 'http://127.0.0.1:39471/b', '{"type":"order.refunded","timestamp":"2026-11-28T03:32:24.348668Z","data":{"id":"01a22035-ab70-7399-85fd-c7eeeac2a2e1","number":"8E14-Z0SY-GC9R","user_id":"01a22035-105c-7146-abbd-35f7dbfa2361","status":"paid","total":{"amount":3180,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":2,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":3180,"currency":"EUR"}}],"payment":{"method":"card","status":"captured"},"placed_at":"2026-11-28T03:31:57.916907Z","refund":{"id":"01a22036-129c-76ee-9112-df7f94e3dbfc","amount":{"amount":200,"currency":"EUR"},"to":"card","lines":[],"restocked":false}}}', 'pending', 0, NULL, NULL, '2026-11-28 03:32:24.348668+00', NULL);
INSERT INTO dispatches VALUES ('01a22036-129c-76ee-9112-df81dfdee534', 'order.refunded', 'mail', '01a22035-105c-7146-abbd-35f7dbfa2361', '{"type":"order.refunded","timestamp":"2026-11-28T03:32:24.348668Z","data":{"id":"01a22035-ab70-7399-85fd-c7eeeac2a2e1","number":"8E14-Z0SY-GC9R","user_id":"01a22035-105c-7146-abbd-35f7dbfa2361","status":"paid","total":{"amount":3180,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":2,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":3180,"currency":"EUR"}}],"payment":{"method":"card","status":"captured"},"placed_at":"2026-11-28T03:31:57.916907Z","refund":{"id":"01a22036-129c-76ee-9112-df7f94e3dbfc","amount":{"amount":200,"currency":"EUR"},"to":"card","lines":[],"restocked":false}}}', 'pending', 0, NULL, NULL, '2026-11-28 03:32:24.348668+00', NULL);
INSERT INTO dispatches VALUES ('01a22036-12de-7292-88ce-be81312ac393', 'account.credited', 'webhook', 'http://127.0.0.1:39471/a', '{"type":"account.credited","timestamp":"2026-11-28T03:32:24.414702Z","data":{"id":"01a22036-12c4-72da-b1b9-3bf908631195","account_id":"01a22035-10be-70c0-870e-2d6dbe20a531","kind":"deposit","amount":{"amount":300,"currency":"EUR"},"created_at":"2026-11-28T03:32:24.414647Z"}}', 'pending', 0, NULL, NULL, '2026-11-28 03:32:24.414702+00', NULL);
INSERT INTO handover_lines VALUES ('01a22035-5181-708c-b8b8-5c1231cf6455', 0, 'CHOC-DARK-72', 2);
INSERT INTO handover_lines VALUES ('01a22035-51d1-7703-be3d-9b70f666fa0c', 0, 'CHOC-DARK-72', 1);
INSERT INTO handover_lines VALUES ('01a22035-5204-77fa-9bf4-aca255f1ac20', 0, 'MUG-BLUE', 2);
INSERT INTO handover_lines VALUES ('01a22035-5267-7740-bc52-c8320b41728c', 0, 'MUG-BLUE', 2);
INSERT INTO handover_lines VALUES ('01a22035-529c-77b1-8234-8186082901ec', 0, 'BAG-CANVAS', 2);
INSERT INTO handover_lines VALUES ('01a22035-529c-77b1-8234-8186082901ec', 1, 'CHOC-DARK-72', 2);
INSERT INTO handover_lines VALUES ('01a22035-56d0-7104-85d7-a6cce751272c', 0, 'BAG-CANVAS', 1);
INSERT INTO handover_lines VALUES ('01a22035-ae1a-7435-b1ea-492139c70126', 0, 'GIFT-BOX', 2);
INSERT INTO handovers VALUES ('01a22035-5181-708c-b8b8-5c1231cf6455', '01a22035-2e49-723d-9f9b-4bda922491b3', 'shipment', 'admin', '2026-11-28 03:31:34.933402+00');
INSERT INTO handovers VALUES ('01a22035-51d1-7703-be3d-9b70f666fa0c', '01a22035-2e49-723d-9f9b-4bda922491b3', 'delivery', 'admin', '2026-11-28 03:31:35.01892+00');
INSERT INTO handovers VALUES ('01a22035-5204-77fa-9bf4-aca255f1ac20', '01a22035-2e85-707f-a419-d3f5a10e7522', 'shipment', 'admin', '2026-11-28 03:31:35.064681+00');
INSERT INTO handovers VALUES ('01a22035-5267-7740-bc52-c8320b41728c', '01a22035-2e85-707f-a419-d3f5a10e7522', 'delivery', 'admin', '2026-11-28 03:31:35.155849+00');
INSERT INTO handovers VALUES ('01a22035-529c-77b1-8234-8186082901ec', '01a22035-35d3-7014-bc47-e37fbe29b265', 'shipment', 'admin', '2026-11-28 03:31:35.212792+00');
INSERT INTO handovers VALUES ('01a22035-56d0-7104-85d7-a6cce751272c', '01a22035-2e49-723d-9f9b-4bda922491b3', 'shipment', 'admin', '2026-11-28 03:31:36.308014+00');
INSERT INTO handovers VALUES ('01a22035-ae1a-7435-b1ea-492139c70126', '01a22035-acca-7264-a1d7-ff785bda8ac3', 'shipment', 'admin', '2026-11-28 03:31:58.649008+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:order-by-account', '9099fd684042db6c6489294b3a00e072c6c990f663dca6bea977a540ffbc38bc', '01a22035-2dc8-7309-a09d-5bf187175594', NULL, '2026-11-28 03:31:25.745068+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:order-of-the-cart', '841f80d14afc7688893b57ea87cc2f6113298cf0da632751762529b96cfcc922', '01a22035-2e49-723d-9f9b-4bda922491b3', NULL, '2026-11-28 03:31:25.89541+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:empty-cart', 'e3d6f271909a71333de1d98a60a219eaf2dfd391fbef3503ab2b1dfe2872c8b5', NULL, '{"error":"EmptyCart","facts":{}}', '2026-11-28 03:31:25.92802+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:order-to-deliver', '9bd3a671e9b5512b0e12f875f2f3cf8efbb4dd02c53d55903357ef60decb75be', '01a22035-2e85-707f-a419-d3f5a10e7522', NULL, '2026-11-28 03:31:25.955646+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:order-to-cancel', '8c97a5d8c097240ccd5afdf020b638f5dcc178a8e58deed81b0c1c8f64c189cc', '01a22035-2ea0-7459-9293-0b3224345fa5', NULL, '2026-11-28 03:31:25.983275+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:out-of-stock', '63621ceb68ac9a2895eb81a5f4105a293c9280c01f718b8d1f91fa6fec772ee6', NULL, '{"error":"OutOfStock","facts":{"lines":[{"sku":"TEA-SENCHA","wanted":99,"available":2},{"sku":"GIFT-BOX","wanted":50,"available":7}]}}', '2026-11-28 03:31:26.109462+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:price-changed', '4e7bfc3c16c784d768b42f797432dd7ddaf793cdbea0e39c52ecd12078cdbb9a', NULL, '{"error":"PriceChanged","facts":{"expected":{"amount":1790,"currency":"EUR"},"total":{"amount":1890,"currency":"EUR"}}}', '2026-11-28 03:31:26.155428+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:product-unknown', 'b5743efbe7ff02b1d11dd9b127708ceb23db9857549aca9781f7d489457687d7', NULL, '{"error":"ProductNotFound","facts":{"sku":"TEA-UNKNOWN"}}', '2026-11-28 03:31:26.183829+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:product-inactive', 'd0b677aec2271f9de961e9f773deb16bdedeed53f987ecb17194c653a5236978', NULL, '{"error":"ProductNotFound","facts":{"sku":"TEA-TIN"}}', '2026-11-28 03:31:26.207332+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:transfer', 'f2b05c82df7879fed64f5ac4677336e745d2dc81ef7837625692047d34d557ab', '01a22035-2fec-73cf-9372-f141356b61f8', NULL, '2026-11-28 03:31:26.308054+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:transfer-insufficient', '75fa0f7e6fc5493f3c82aa4d5b9fdea1165e9b845c6100d3dd66e86b08acab1b', NULL, '{"error":"InsufficientFunds","facts":{"balance":{"amount":47760,"currency":"EUR"},"required":{"amount":900000,"currency":"EUR"}}}', '2026-11-28 03:31:26.359691+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:transfer-to-nobody', '304eb5e61a1998f7ac63e27cdbab1bb9e2b2d8549693efe7d8de43e8e77af156', NULL, '{"error":"RecipientNotFound","facts":{"email":"carol@example.com"}}', '2026-11-28 03:31:26.405289+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:insufficient-funds', '99f05ab0fc74f74cd3db01000335856beb048327cb56dc1c31df57956acba191', NULL, '{"error":"InsufficientFunds","facts":{"balance":{"amount":47760,"currency":"EUR"},"required":{"amount":107100,"currency":"EUR"}}}', '2026-11-28 03:31:26.483323+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:deposit', '07ae2d55df48c66fcd892b811b62dc3b7097d074f4f579001af117b451e40bd3', '01a22035-30cb-708a-b8ff-d79b47391f47', NULL, '2026-11-28 03:31:26.535583+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:deposit-declined', '2d41b09b08267cf91a69dad22c63c2981e0ecf3f8b6fa006cb37331a2401a7eb', NULL, '{"error":"CardDeclined","facts":{"reason":"declined"}}', '2026-11-28 03:31:26.799238+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:credit', '34d22e0a999266f1383d70637eb04b5c086a91b1a8ea29717b0609947ea23ed9', '01a22035-3548-7714-ac7f-ac841d2c588f', NULL, '2026-11-28 03:31:27.687899+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:credit-to-nobody', '0761075cb96bcbf45fe68c1fe3fbf259a05bf9f0b0f867feadf334029e20c9e1', NULL, '{"error":"AccountNotFound","facts":{}}', '2026-11-28 03:31:27.707755+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:credit-large', '719c4700bd6797337b2b5cad3b9280f29e6bf2c54e32ef05c202f5d98732a189', '01a22035-356f-7266-a957-fafcae754d18', NULL, '2026-11-28 03:31:27.726865+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:credit-too-large', '5d86e9e571c524f00592ca303bf6f2c1946b3b727e75bfac4c75a7ffef639d84', NULL, '{"error":"BalanceTooLarge","facts":{}}', '2026-11-28 03:31:27.751689+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:transfer-too-large', 'b1d7d320921bec964616593858c82cdcf03e868e4bd7b29bfc8937db4dc5b1d4', NULL, '{"error":"BalanceTooLarge","facts":{}}', '2026-11-28 03:31:27.780627+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:deposit-too-large', 'cacc9ea0de5044eabbd4d9e07c5bbe7fc8cc1cc7067f9ce01dd2fb3c4383baa4', NULL, '{"error":"BalanceTooLarge","facts":{}}', '2026-11-28 03:31:27.802115+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:card-paid', '17cd5e3a7ef597cbec14699c462228ff503d2234f82a5458647959c2c57c0b72', '01a22035-35d3-7014-bc47-e37fbe29b265', NULL, '2026-11-28 03:31:27.823629+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:card-declined', '3f1208a36d931177c26ca7fb1b2f50f1342680aa75c03609be05b07c7ad78e64', NULL, '{"error":"CardDeclined","facts":{"reason":"declined"}}', '2026-11-28 03:31:27.916689+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-insufficient', '5bbd1685ede0afca1fe1892d18e6995e4eee3384455c2efcbb52f21b92f73515', NULL, '{"error":"CardDeclined","facts":{"reason":"insufficient_funds"}}', '2026-11-28 03:31:27.997592+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-unknown', '329c23eafc2a6f50d89256860975555802b6a7c2ea76a23f450532e520573f10', NULL, '{"error":"CardDeclined","facts":{"reason":"unknown_token"}}', '2026-11-28 03:31:28.041345+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-out-of-stock', 'dd8ff28d0f89c14066665749a49eb14f230228c3485adda5a0a05de5de548e39', NULL, '{"error":"OutOfStock","facts":{"lines":[{"sku":"TEA-SENCHA","wanted":3,"available":2}]}}', '2026-11-28 03:31:28.100062+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-cancelled-pending', '4c86fadf320941aeef9fb6d0097ea43fd8240f947fc49dea9b6c7e6ae0e50aef', NULL, '{"error":"PaymentCancelled","facts":{}}', '2026-11-28 03:31:28.548075+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-paid-cancelled', 'adebee7c83505918df5e79594ce710d3654cb76376ed63a3e722c159c664f132', '01a22035-3a63-7114-8fcb-6c0d21ca9e87', NULL, '2026-11-28 03:31:28.984197+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:deposit-expired', 'e5bd06a82fcd353827d2902e08f3ce79e2668e0c74969384d2c7e6b77b22ab98', NULL, '{"error":"PaymentExpired","facts":{}}', '2026-11-28 03:31:27.343365+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:deposit-late', 'a74a77e48d891c7a865c68535470f9312a249bccdc80d63c9d810f93cfef643d', '01a22035-327b-7454-9a2d-3254074314f2', NULL, '2026-11-28 03:31:26.93485+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-late', '8d3eaeb34a47ee33e4680d436eeab2636155b4e62e946bcb305185c1ede81561', '01a22035-36fd-7311-9311-30eb3e021a92', NULL, '2026-11-28 03:31:28.122289+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-faulty', 'd7abf1714f98261330d79d37db53271594d30bf4541d09866f8234ab01cf5731', '01a22035-386f-773d-94d4-00c7ec2cd7fe', NULL, '2026-11-28 03:31:28.491652+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-expired', '28dd08699b62ead2c5ce310d782b2c5331ea60b0b68e6d4582c3c7db28537ffc', NULL, '{"error":"PaymentExpired","facts":{}}', '2026-11-28 03:31:29.246552+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-to-no-card', '6ad178c9d379139b29dd080660114b105e2b3c8c572178688736ce11d6f95766', NULL, '{"error":"NotPaidByCard","facts":{}}', '2026-11-28 03:31:35.251339+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-lines-account', '896a393c9cc53e69e5f52c13bfeba60ea8ed330237301e10d9bada75214f768f', '01a22035-531a-73d0-9830-aae43bc18b47', NULL, '2026-11-28 03:31:35.308462+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-whole-account', '4a04dcb6fe6268abc2f228e6e2190ab2a6383d44496c6c6c262d3c3ecdb6b66c', '01a22035-5369-7486-926d-d3e56f830360', NULL, '2026-11-28 03:31:35.385368+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-again', 'de8ab0ed10f00c99111bb52924db6b73530cf95f52711cc93fcdc228608c807b', NULL, '{"error":"IllegalTransition","facts":{"before":"refunded","after":"refunded"}}', '2026-11-28 03:31:35.489237+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-of-declined', '7417cf84274a756562670527a19e933fbcccef12683c877bf6059f9794254545', NULL, '{"error":"IllegalTransition","facts":{"before":"cancelled","after":"refunded"}}', '2026-11-28 03:31:35.543043+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-of-nothing', '73ef327233c30c6047b82d57df2cb88d88a8d54ac4b30ee6d1975c645e4cc1ae', NULL, '{"error":"OrderNotFound","facts":{}}', '2026-11-28 03:31:35.625143+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-lines-card', '9f77125d0dc02e077566ac68dbd67cf9cbbc1d27674b5e06ceb4b51853ecd2ac', '01a22035-547e-71a2-b0ba-265001e58f28', NULL, '2026-11-28 03:31:35.665058+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-amount-card', '02d1af18136f414c07f50422774f6b8e34d547c0c9b0c5d128a1a1893ba2c1fc', '01a22035-551c-77d2-83ff-0bb6a4827f8b', NULL, '2026-11-28 03:31:35.811537+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-amount-to-account', '49844eb576ae8752ab4c112cf795c64df5b8d3cb0314d972af49d0178ea279f1', '01a22035-5567-73ee-88e2-b3d9bf69a604', NULL, '2026-11-28 03:31:35.893393+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-too-many', '772dfd763baafea5714adc2b9bf14a84d0ecf565d6184d009428c90c0a187f15', NULL, '{"error":"NotSoManyLeft","facts":{"lines":[{"sku":"BAG-CANVAS","wanted":3,"left":2},{"sku":"CHOC-DARK-72","wanted":9,"left":2}]}}', '2026-11-28 03:31:35.982789+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-too-large', '7dfbfd5757d6d315a90406fc1cde6d39ca43ecdbde140283c4e197ac399d9673', NULL, '{"error":"RefundTooLarge","facts":{"wanted":{"amount":99999,"currency":"EUR"},"left":{"amount":3280,"currency":"EUR"}}}', '2026-11-28 03:31:36.043758+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-whole-card', '55d1712ef8e6757ba0b3ef55666262404844423571a0f36a7b4ea6a6b1dc625d', '01a22035-562a-7572-95e1-154b165d16a3', NULL, '2026-11-28 03:31:36.089985+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:order-of-the-rich', 'e910c58fc3d007e40bbd1c6d89a22e84f2b055d88c1d4b0e06e92b7e0093dc4e', '01a22035-5671-7671-bdcf-7cc6a9d7e7bb', NULL, '2026-11-28 03:31:36.173536+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:credit-up-to-the-brim', '37b6da8e5fe2750cd247cc2b36b4f48ee0e586b732528f4cce1143b0043c4d08', '01a22035-5692-7342-b8a2-2e8f6a7e480f', NULL, '2026-11-28 03:31:36.209614+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:refund-balance-too-large', '6c73b71b45a1f6f19861362c56e9187d67e9ada3396de5b75ad7d3d110f65c88', NULL, '{"error":"BalanceTooLarge","facts":{}}', '2026-11-28 03:31:36.237221+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:told-card', '00340708cfae4f3bc4dc708efd5d6d646fc30f256c5dfc7760ac8b6d0036adac', '01a22035-ab70-7399-85fd-c7eeeac2a2e1', NULL, '2026-11-28 03:31:57.912281+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:told-account', '935da8cad4deeaa0c838f42ea5e47a0163ffab760f58dd1bac68e6b9e430536b', '01a22035-acca-7264-a1d7-ff785bda8ac3', NULL, '2026-11-28 03:31:58.280468+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:told-credit', '53ab22202c181707d9c24d313677efede165f1ea54eb706bfccefa44ce4d16d0', '01a22035-addd-702c-bc2b-44ab1692d4f9', NULL, '2026-11-28 03:31:58.552316+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:dead-capture', 'c004fc8396801c78b1f489b11f5246042e889a68a9f4b35573c4d2e249d5d6fc', '01a22035-d6f0-708f-a8a0-47e3ac33df18', NULL, '2026-11-28 03:32:09.063523+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:dead-delivery', 'c004fc8396801c78b1f489b11f5246042e889a68a9f4b35573c4d2e249d5d6fc', '01a22035-d72e-77ff-9521-c7e90c56ae30', NULL, '2026-11-28 03:32:09.132163+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:tried-once', 'c004fc8396801c78b1f489b11f5246042e889a68a9f4b35573c4d2e249d5d6fc', '01a22035-ff0a-7005-876d-114a396239bd', NULL, '2026-11-28 03:32:19.332233+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:fresh-capture', '8d95d4a99f6d6b78cef197b09c23cd6cc62d943e0e8f0aa7bfcf31c4b8dc43ce', '01a22036-11af-7721-9102-cb6aac158868', NULL, '2026-11-28 03:32:24.104423+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:fresh-undo', '916f6302637526bda21fddf5f2bd659601cc6f0e754b83b0a989439a36b0fc39', '01a22036-11f9-767c-b97a-62db4a32def3', NULL, '2026-11-28 03:32:24.172257+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'grace:fresh-refund', 'a54a6bfc1a13874c7d93c4d6f4feb214019a759e03e84b284da9f207864f7410', '01a22036-129c-76ee-9112-df7f94e3dbfc', NULL, '2026-11-28 03:32:24.339304+00');
INSERT INTO idempotency_keys VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:fresh-deposit', '38024a8e10073de80a2ad982d42f7891a42f6de9950019d702a0b29da7a9c6ac', '01a22036-12c4-72da-b1b9-3bf908631195', NULL, '2026-11-28 03:32:24.386629+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:pending-deposit', '8e2ae982c8a51895054efb2eeb13da312427f8d11eb6ead61211a7c4788ca547', NULL, NULL, '2026-11-28 03:32:24.488988+00');
INSERT INTO idempotency_keys VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:pending-order', '4c86fadf320941aeef9fb6d0097ea43fd8240f947fc49dea9b6c7e6ae0e50aef', NULL, NULL, '2026-11-28 03:32:24.82008+00');
INSERT INTO inventories VALUES ('TEA-TIN', 0, 0);
INSERT INTO inventories VALUES ('LAMP-DESK', 9, 0);
INSERT INTO inventories VALUES ('TEA-SENCHA', 2, 0);
INSERT INTO inventories VALUES ('GIFT-BOX', 5, 0);
INSERT INTO inventories VALUES ('CHOC-DARK-72', 284, 0);
INSERT INTO inventories VALUES ('MUG-BLUE', 21, 0);
INSERT INTO inventories VALUES ('BAG-CANVAS', 55, 1);
INSERT INTO jobs VALUES ('01a22035-d6f0-708f-a8a0-47e3ac33df18', 'capture', '2026-11-29 03:32:15.307617+00', 50, 50, true, 'GatewaySilent: Cannot connect to host 127.0.0.1:9 ssl:default [Connect call failed (''127.0.0.1'', 9)]', '2026-11-28 03:32:09.09628+00');
INSERT INTO jobs VALUES ('01a22035-d72e-77ff-9521-c7e90c56ae30', 'undo', '2026-11-29 03:32:15.307617+00', 50, 50, true, 'GatewaySilent: Cannot connect to host 127.0.0.1:9 ssl:default [Connect call failed (''127.0.0.1'', 9)]', '2026-11-28 03:32:09.199587+00');
INSERT INTO jobs VALUES ('01a22035-d77e-720a-8b06-a926b1048ce9', 'deliver', '2026-11-29 03:32:18.007456+00', 50, 50, true, 'NotDelivered: answered 500', '2026-11-28 03:32:09.214864+00');
INSERT INTO jobs VALUES ('01a22035-ff0a-7005-876d-114a396239bd', 'capture', '2026-11-28 03:39:30.341532+00', 1, 1, false, 'GatewaySilent: Cannot connect to host 127.0.0.1:9 ssl:default [Connect call failed (''127.0.0.1'', 9)]', '2026-11-28 03:32:19.365582+00');
INSERT INTO jobs VALUES ('01a22035-ff25-73ac-a93c-0c8fd1391cda', 'deliver', '2026-11-28 03:39:17.833437+00', 1, 1, false, 'NotDelivered: answered 500', '2026-11-28 03:32:19.365876+00');
INSERT INTO jobs VALUES ('01a22035-ff25-73ac-a93c-0c90fc6b46c9', 'mail', '2026-11-28 03:38:22.212963+00', 1, 1, false, 'NotDelivered: the mailbox was refused with 451', '2026-11-28 03:32:19.365876+00');
INSERT INTO jobs VALUES ('01a22036-11af-7721-9102-cb6aac158868', 'capture', '2026-11-28 03:32:24.134223+00', 0, 0, false, NULL, '2026-11-28 03:32:24.134223+00');
INSERT INTO jobs VALUES ('01a22036-11c6-77a1-91f1-6b5dfc5eb371', 'deliver', '2026-11-28 03:32:24.134485+00', 0, 0, false, NULL, '2026-11-28 03:32:24.134485+00');
INSERT INTO jobs VALUES ('01a22036-11c6-77a1-91f1-6b5eb1bf2e41', 'mail', '2026-11-28 03:32:24.134485+00', 0, 0, false, NULL, '2026-11-28 03:32:24.134485+00');
INSERT INTO jobs VALUES ('01a22036-1216-75fe-b8d1-a07f72dc6c5c', 'deliver', '2026-11-28 03:32:24.214198+00', 0, 0, false, NULL, '2026-11-28 03:32:24.214198+00');
INSERT INTO jobs VALUES ('01a22036-1216-75fe-b8d1-a080e968c5e9', 'mail', '2026-11-28 03:32:24.214198+00', 0, 0, false, NULL, '2026-11-28 03:32:24.214198+00');
INSERT INTO jobs VALUES ('01a22036-11f9-767c-b97a-62db4a32def3', 'undo', '2026-11-28 03:32:24.301483+00', 0, 0, false, NULL, '2026-11-28 03:32:24.301483+00');
INSERT INTO jobs VALUES ('01a22036-1273-71b5-b4ce-0b5347b1e619', 'deliver', '2026-11-28 03:32:24.30774+00', 0, 0, false, NULL, '2026-11-28 03:32:24.30774+00');
INSERT INTO jobs VALUES ('01a22036-1273-71b5-b4ce-0b54674c3af6', 'mail', '2026-11-28 03:32:24.30774+00', 0, 0, false, NULL, '2026-11-28 03:32:24.30774+00');
INSERT INTO jobs VALUES ('01a22036-129c-76ee-9112-df7f94e3dbfc', 'refund', '2026-11-28 03:32:24.340351+00', 0, 0, false, NULL, '2026-11-28 03:32:24.340351+00');
INSERT INTO jobs VALUES ('01a22036-129c-76ee-9112-df801165bb71', 'deliver', '2026-11-28 03:32:24.348668+00', 0, 0, false, NULL, '2026-11-28 03:32:24.348668+00');
INSERT INTO jobs VALUES ('01a22036-129c-76ee-9112-df81dfdee534', 'mail', '2026-11-28 03:32:24.348668+00', 0, 0, false, NULL, '2026-11-28 03:32:24.348668+00');
INSERT INTO jobs VALUES ('01a22036-12de-7292-88ce-be81312ac393', 'deliver', '2026-11-28 03:32:24.414702+00', 0, 0, false, NULL, '2026-11-28 03:32:24.414702+00');
INSERT INTO jobs VALUES ('01a22036-12c4-72da-b1b9-3bf908631195', 'capture_deposit', '2026-11-28 03:32:24.414647+00', 0, 0, false, NULL, '2026-11-28 03:32:24.414647+00');
INSERT INTO jobs VALUES ('01a22036-132f-7667-9299-4c0400776742', 'resolve_deposit', '2026-11-28 03:32:24.995317+00', 0, 0, false, NULL, '2026-11-28 03:32:24.495317+00');
INSERT INTO jobs VALUES ('01a22036-1475-7703-90c4-8c69680d1dcc', 'resolve', '2026-11-28 03:32:25.320723+00', 0, 0, false, NULL, '2026-11-28 03:32:24.820723+00');
INSERT INTO movements VALUES ('01a22034-e65b-71f5-9601-131a15e4e1b3', 'BAG-CANVAS', 'adjustment', 60, 0, NULL, 'Intake', '2026-11-28 03:31:07.48395+00');
INSERT INTO movements VALUES ('01a22034-e65b-71f5-9601-131bdadd4822', 'CHOC-DARK-72', 'adjustment', 300, 0, NULL, 'Intake', '2026-11-28 03:31:07.484+00');
INSERT INTO movements VALUES ('01a22034-e65c-708f-bfa3-86b3d6c0f2bb', 'GIFT-BOX', 'adjustment', 7, 0, NULL, 'Intake', '2026-11-28 03:31:07.484018+00');
INSERT INTO movements VALUES ('01a22034-e65c-708f-bfa3-86b44521f5b3', 'MUG-BLUE', 'adjustment', 24, 0, NULL, 'Intake', '2026-11-28 03:31:07.484039+00');
INSERT INTO movements VALUES ('01a22034-e65c-708f-bfa3-86b5e0ef1b10', 'TEA-SENCHA', 'adjustment', 3, 0, NULL, 'Intake', '2026-11-28 03:31:07.484054+00');
INSERT INTO movements VALUES ('01a22035-2d67-773b-a07c-80e39c5d75e5', 'LAMP-DESK', 'adjustment', 9, 0, NULL, 'Delivery', '2026-11-28 03:31:25.671625+00');
INSERT INTO movements VALUES ('01a22035-2d90-740a-9890-5e19e9b903e3', 'TEA-SENCHA', 'adjustment', -1, 0, NULL, 'Fell apart', '2026-11-28 03:31:25.712516+00');
INSERT INTO movements VALUES ('01a22035-2dc8-7309-a09d-5bf26df349c9', 'BAG-CANVAS', 'sale', -2, 0, '01a22035-2dc8-7309-a09d-5bf187175594', '', '2026-11-28 03:31:25.76001+00');
INSERT INTO movements VALUES ('01a22035-2dc8-7309-a09d-5bf388ce35b4', 'MUG-BLUE', 'sale', -1, 0, '01a22035-2dc8-7309-a09d-5bf187175594', '', '2026-11-28 03:31:25.76001+00');
INSERT INTO movements VALUES ('01a22035-2e49-723d-9f9b-4bdbff0c0320', 'BAG-CANVAS', 'sale', -1, 0, '01a22035-2e49-723d-9f9b-4bda922491b3', '', '2026-11-28 03:31:25.896137+00');
INSERT INTO movements VALUES ('01a22035-2e49-723d-9f9b-4bdc45e3a83b', 'CHOC-DARK-72', 'sale', -4, 0, '01a22035-2e49-723d-9f9b-4bda922491b3', '', '2026-11-28 03:31:25.896137+00');
INSERT INTO movements VALUES ('01a22035-2e85-707f-a419-d3f6b60b6a1f', 'MUG-BLUE', 'sale', -2, 0, '01a22035-2e85-707f-a419-d3f5a10e7522', '', '2026-11-28 03:31:25.956115+00');
INSERT INTO movements VALUES ('01a22035-2ea0-7459-9293-0b33d27a4bc0', 'CHOC-DARK-72', 'sale', -3, 0, '01a22035-2ea0-7459-9293-0b3224345fa5', '', '2026-11-28 03:31:25.983789+00');
INSERT INTO movements VALUES ('01a22035-2ee6-718a-a136-59876066ef24', 'CHOC-DARK-72', 'sale_undone', 3, 0, '01a22035-2ea0-7459-9293-0b3224345fa5', '', '2026-11-28 03:31:26.01741+00');
INSERT INTO movements VALUES ('01a22035-35d3-7014-bc47-e380f7fc89f5', 'BAG-CANVAS', 'reservation', 0, 3, '01a22035-35d3-7014-bc47-e37fbe29b265', '', '2026-11-28 03:31:27.824167+00');
INSERT INTO movements VALUES ('01a22035-35d3-7014-bc47-e38102ae8f14', 'CHOC-DARK-72', 'reservation', 0, 2, '01a22035-35d3-7014-bc47-e37fbe29b265', '', '2026-11-28 03:31:27.824167+00');
INSERT INTO movements VALUES ('01a22035-35f4-73eb-849a-cef281aafaa7', 'BAG-CANVAS', 'confirmation', -3, -3, '01a22035-35d3-7014-bc47-e37fbe29b265', '', '2026-11-28 03:31:27.860635+00');
INSERT INTO movements VALUES ('01a22035-35f4-73eb-849a-cef3ef67f3b3', 'CHOC-DARK-72', 'confirmation', -2, -2, '01a22035-35d3-7014-bc47-e37fbe29b265', '', '2026-11-28 03:31:27.860635+00');
INSERT INTO movements VALUES ('01a22035-3630-7040-bfee-393994d7607a', 'MUG-BLUE', 'reservation', 0, 1, '01a22035-3630-7040-bfee-3938dae58149', '', '2026-11-28 03:31:27.917122+00');
INSERT INTO movements VALUES ('01a22035-3653-7429-9ca2-dee97d173725', 'MUG-BLUE', 'release', 0, -1, '01a22035-3630-7040-bfee-3938dae58149', '', '2026-11-28 03:31:27.955786+00');
INSERT INTO movements VALUES ('01a22035-3687-714c-83be-6895a7172c2a', 'MUG-BLUE', 'reservation', 0, 1, '01a22035-3687-714c-83be-68948c462e06', '', '2026-11-28 03:31:27.998201+00');
INSERT INTO movements VALUES ('01a22035-3697-75f1-85c1-7544f5ce0037', 'MUG-BLUE', 'release', 0, -1, '01a22035-3687-714c-83be-68948c462e06', '', '2026-11-28 03:31:28.022941+00');
INSERT INTO movements VALUES ('01a22035-36af-7358-8b39-ac3d11f7e1af', 'MUG-BLUE', 'reservation', 0, 1, '01a22035-36af-7358-8b39-ac3c12f015ef', '', '2026-11-28 03:31:28.043174+00');
INSERT INTO movements VALUES ('01a22035-36cd-7043-9374-912d56b183b3', 'MUG-BLUE', 'release', 0, -1, '01a22035-36af-7358-8b39-ac3c12f015ef', '', '2026-11-28 03:31:28.077099+00');
INSERT INTO movements VALUES ('01a22035-36fd-7311-9311-30ec8b2f6deb', 'CHOC-DARK-72', 'reservation', 0, 5, '01a22035-36fd-7311-9311-30eb3e021a92', '', '2026-11-28 03:31:28.122654+00');
INSERT INTO movements VALUES ('01a22035-386f-773d-94d4-00c889a223ed', 'CHOC-DARK-72', 'reservation', 0, 1, '01a22035-386f-773d-94d4-00c7ec2cd7fe', '', '2026-11-28 03:31:28.49246+00');
INSERT INTO movements VALUES ('01a22035-38b5-77b2-b79d-799843e43058', 'BAG-CANVAS', 'reservation', 0, 1, '01a22035-38b5-77b2-b79d-79977c3c23ae', '', '2026-11-28 03:31:28.549631+00');
INSERT INTO movements VALUES ('01a22035-3a1e-736a-8648-9757ac689687', 'BAG-CANVAS', 'release', 0, -1, '01a22035-38b5-77b2-b79d-79977c3c23ae', '', '2026-11-28 03:31:28.911941+00');
INSERT INTO movements VALUES ('01a22035-3a63-7114-8fcb-6c0eb719406a', 'MUG-BLUE', 'reservation', 0, 2, '01a22035-3a63-7114-8fcb-6c0d21ca9e87', '', '2026-11-28 03:31:28.986153+00');
INSERT INTO movements VALUES ('01a22035-3a8d-73c9-a37e-78a5564f87b2', 'MUG-BLUE', 'confirmation', -2, -2, '01a22035-3a63-7114-8fcb-6c0d21ca9e87', '', '2026-11-28 03:31:29.037176+00');
INSERT INTO movements VALUES ('01a22035-3b17-74c3-9bb3-2da729da90ba', 'MUG-BLUE', 'sale_undone', 2, 0, '01a22035-3a63-7114-8fcb-6c0d21ca9e87', '', '2026-11-28 03:31:29.167297+00');
INSERT INTO movements VALUES ('01a22035-3b77-710e-bd79-38cc3528f407', 'CHOC-DARK-72', 'reservation', 0, 2, '01a22035-3b77-710e-bd79-38cb15155a28', '', '2026-11-28 03:31:29.251245+00');
INSERT INTO movements VALUES ('01a22035-4eb1-74e7-9807-da624621ae55', 'CHOC-DARK-72', 'confirmation', -5, -5, '01a22035-36fd-7311-9311-30eb3e021a92', '', '2026-11-28 03:31:34.193662+00');
INSERT INTO movements VALUES ('01a22035-4eb2-74fb-b50c-b17ab894cff7', 'CHOC-DARK-72', 'confirmation', -1, -1, '01a22035-386f-773d-94d4-00c7ec2cd7fe', '', '2026-11-28 03:31:34.193662+00');
INSERT INTO movements VALUES ('01a22035-4eb2-74fb-b50c-b17ca51e365b', 'CHOC-DARK-72', 'release', 0, -2, '01a22035-3b77-710e-bd79-38cb15155a28', '', '2026-11-28 03:31:34.193662+00');
INSERT INTO movements VALUES ('01a22035-5369-7486-926d-d3e6efc4360c', 'BAG-CANVAS', 'sale_undone', 2, 0, '01a22035-2dc8-7309-a09d-5bf187175594', '', '2026-11-28 03:31:35.390698+00');
INSERT INTO movements VALUES ('01a22035-5369-7486-926d-d3e70c22ab4f', 'MUG-BLUE', 'sale_undone', 1, 0, '01a22035-2dc8-7309-a09d-5bf187175594', '', '2026-11-28 03:31:35.390698+00');
INSERT INTO movements VALUES ('01a22035-547f-77ad-9936-f9da570a5f8d', 'BAG-CANVAS', 'sale_undone', 1, 0, '01a22035-35d3-7014-bc47-e37fbe29b265', '', '2026-11-28 03:31:35.67016+00');
INSERT INTO movements VALUES ('01a22035-5671-7671-bdcf-7cc7c31d90bd', 'CHOC-DARK-72', 'sale', -2, 0, '01a22035-5671-7671-bdcf-7cc6a9d7e7bb', '', '2026-11-28 03:31:36.174216+00');
INSERT INTO movements VALUES ('01a22035-ab70-7399-85fd-c7ef5990eac4', 'BAG-CANVAS', 'reservation', 0, 2, '01a22035-ab70-7399-85fd-c7eeeac2a2e1', '', '2026-11-28 03:31:57.916907+00');
INSERT INTO movements VALUES ('01a22035-abf4-7562-9c6e-4b410ef94c0c', 'BAG-CANVAS', 'confirmation', -2, -2, '01a22035-ab70-7399-85fd-c7eeeac2a2e1', '', '2026-11-28 03:31:58.068732+00');
INSERT INTO movements VALUES ('01a22035-acca-7264-a1d7-ff7949ad4a71', 'GIFT-BOX', 'sale', -2, 0, '01a22035-acca-7264-a1d7-ff785bda8ac3', '', '2026-11-28 03:31:58.281076+00');
INSERT INTO movements VALUES ('01a22035-d6f0-708f-a8a0-47e45709f5f9', 'CHOC-DARK-72', 'reservation', 0, 1, '01a22035-d6f0-708f-a8a0-47e3ac33df18', '', '2026-11-28 03:32:09.067536+00');
INSERT INTO movements VALUES ('01a22035-d708-7131-8410-79f04653f839', 'CHOC-DARK-72', 'confirmation', -1, -1, '01a22035-d6f0-708f-a8a0-47e3ac33df18', '', '2026-11-28 03:32:09.09628+00');
INSERT INTO movements VALUES ('01a22035-d72e-77ff-9521-c7eab923bb97', 'CHOC-DARK-72', 'reservation', 0, 1, '01a22035-d72e-77ff-9521-c7e90c56ae30', '', '2026-11-28 03:32:09.133056+00');
INSERT INTO movements VALUES ('01a22035-d747-7499-82dc-a3e2a51d45e5', 'CHOC-DARK-72', 'confirmation', -1, -1, '01a22035-d72e-77ff-9521-c7e90c56ae30', '', '2026-11-28 03:32:09.159393+00');
INSERT INTO movements VALUES ('01a22035-d77e-720a-8b06-a92444446e0b', 'CHOC-DARK-72', 'sale_undone', 1, 0, '01a22035-d72e-77ff-9521-c7e90c56ae30', '', '2026-11-28 03:32:09.199587+00');
INSERT INTO movements VALUES ('01a22035-ff0a-7005-876d-114b223b0e3b', 'CHOC-DARK-72', 'reservation', 0, 1, '01a22035-ff0a-7005-876d-114a396239bd', '', '2026-11-28 03:32:19.333583+00');
INSERT INTO movements VALUES ('01a22035-ff25-73ac-a93c-0c8dab2a74a5', 'CHOC-DARK-72', 'confirmation', -1, -1, '01a22035-ff0a-7005-876d-114a396239bd', '', '2026-11-28 03:32:19.365582+00');
INSERT INTO movements VALUES ('01a22036-11b0-76a6-93f8-d0d084050e62', 'MUG-BLUE', 'reservation', 0, 1, '01a22036-11af-7721-9102-cb6aac158868', '', '2026-11-28 03:32:24.107366+00');
INSERT INTO movements VALUES ('01a22036-11c6-77a1-91f1-6b5b1d7f2f23', 'MUG-BLUE', 'confirmation', -1, -1, '01a22036-11af-7721-9102-cb6aac158868', '', '2026-11-28 03:32:24.134223+00');
INSERT INTO movements VALUES ('01a22036-11fa-73e1-aebd-18447017bce9', 'BAG-CANVAS', 'reservation', 0, 1, '01a22036-11f9-767c-b97a-62db4a32def3', '', '2026-11-28 03:32:24.178453+00');
INSERT INTO movements VALUES ('01a22036-1216-75fe-b8d1-a07d90ca4dbc', 'BAG-CANVAS', 'confirmation', -1, -1, '01a22036-11f9-767c-b97a-62db4a32def3', '', '2026-11-28 03:32:24.213905+00');
INSERT INTO movements VALUES ('01a22036-1273-71b5-b4ce-0b511b3ecd04', 'BAG-CANVAS', 'sale_undone', 1, 0, '01a22036-11f9-767c-b97a-62db4a32def3', '', '2026-11-28 03:32:24.301483+00');
INSERT INTO movements VALUES ('01a22036-1475-7703-90c4-8c6a39ff41ce', 'BAG-CANVAS', 'reservation', 0, 1, '01a22036-1475-7703-90c4-8c69680d1dcc', '', '2026-11-28 03:32:24.820723+00');
INSERT INTO notices VALUES ('evt_0004_payout', 'payout.paid', NULL, '2026-11-28 03:32:35.46002+00');
INSERT INTO notices VALUES ('evt_0004_refund', 'refund.failed', NULL, '2026-11-28 03:32:35.538269+00');
INSERT INTO notices VALUES ('evt_0004_order', 'payment_intent.amount_capturable_updated', '01a22035-35d3-7014-bc47-e37fbe29b265', '2026-11-28 03:31:27.824167+00');
INSERT INTO order_events VALUES ('01a22035-2dc8-7309-a09d-5bf187175594', 1, NULL, 'paid', 'customer', '2026-11-28 03:31:25.76001+00');
INSERT INTO order_events VALUES ('01a22035-2e49-723d-9f9b-4bda922491b3', 1, NULL, 'paid', 'customer', '2026-11-28 03:31:25.896137+00');
INSERT INTO order_events VALUES ('01a22035-2e85-707f-a419-d3f5a10e7522', 1, NULL, 'paid', 'customer', '2026-11-28 03:31:25.956115+00');
INSERT INTO order_events VALUES ('01a22035-2ea0-7459-9293-0b3224345fa5', 1, NULL, 'paid', 'customer', '2026-11-28 03:31:25.983789+00');
INSERT INTO order_events VALUES ('01a22035-2ea0-7459-9293-0b3224345fa5', 2, 'paid', 'cancelled', 'customer', '2026-11-28 03:31:26.01741+00');
INSERT INTO order_events VALUES ('01a22035-35d3-7014-bc47-e37fbe29b265', 1, NULL, 'pending', 'customer', '2026-11-28 03:31:27.824167+00');
INSERT INTO order_events VALUES ('01a22035-35d3-7014-bc47-e37fbe29b265', 2, 'pending', 'paid', 'gateway', '2026-11-28 03:31:27.860635+00');
INSERT INTO order_events VALUES ('01a22035-3630-7040-bfee-3938dae58149', 1, NULL, 'pending', 'customer', '2026-11-28 03:31:27.917122+00');
INSERT INTO order_events VALUES ('01a22035-3630-7040-bfee-3938dae58149', 2, 'pending', 'declined', 'gateway', '2026-11-28 03:31:27.955786+00');
INSERT INTO order_events VALUES ('01a22035-3687-714c-83be-68948c462e06', 1, NULL, 'pending', 'customer', '2026-11-28 03:31:27.998201+00');
INSERT INTO order_events VALUES ('01a22035-3687-714c-83be-68948c462e06', 2, 'pending', 'declined', 'gateway', '2026-11-28 03:31:28.022941+00');
INSERT INTO order_events VALUES ('01a22035-36af-7358-8b39-ac3c12f015ef', 1, NULL, 'pending', 'customer', '2026-11-28 03:31:28.043174+00');
INSERT INTO order_events VALUES ('01a22035-36af-7358-8b39-ac3c12f015ef', 2, 'pending', 'declined', 'gateway', '2026-11-28 03:31:28.077099+00');
INSERT INTO order_events VALUES ('01a22035-36fd-7311-9311-30eb3e021a92', 1, NULL, 'pending', 'customer', '2026-11-28 03:31:28.122654+00');
INSERT INTO order_events VALUES ('01a22035-386f-773d-94d4-00c7ec2cd7fe', 1, NULL, 'pending', 'customer', '2026-11-28 03:31:28.49246+00');
INSERT INTO order_events VALUES ('01a22035-38b5-77b2-b79d-79977c3c23ae', 1, NULL, 'pending', 'customer', '2026-11-28 03:31:28.549631+00');
INSERT INTO order_events VALUES ('01a22035-38b5-77b2-b79d-79977c3c23ae', 2, 'pending', 'cancelled', 'customer', '2026-11-28 03:31:28.911941+00');
INSERT INTO order_events VALUES ('01a22035-3a63-7114-8fcb-6c0d21ca9e87', 1, NULL, 'pending', 'customer', '2026-11-28 03:31:28.986153+00');
INSERT INTO order_events VALUES ('01a22035-3a63-7114-8fcb-6c0d21ca9e87', 2, 'pending', 'paid', 'gateway', '2026-11-28 03:31:29.037176+00');
INSERT INTO order_events VALUES ('01a22035-3a63-7114-8fcb-6c0d21ca9e87', 3, 'paid', 'cancelled', 'customer', '2026-11-28 03:31:29.167297+00');
INSERT INTO order_events VALUES ('01a22035-3b77-710e-bd79-38cb15155a28', 1, NULL, 'pending', 'customer', '2026-11-28 03:31:29.251245+00');
INSERT INTO order_events VALUES ('01a22035-36fd-7311-9311-30eb3e021a92', 2, 'pending', 'paid', 'gateway', '2026-11-28 03:31:34.193662+00');
INSERT INTO order_events VALUES ('01a22035-386f-773d-94d4-00c7ec2cd7fe', 2, 'pending', 'paid', 'gateway', '2026-11-28 03:31:34.193662+00');
INSERT INTO order_events VALUES ('01a22035-3b77-710e-bd79-38cb15155a28', 2, 'pending', 'expired', 'shop', '2026-11-28 03:31:34.193662+00');
INSERT INTO order_events VALUES ('01a22035-2e85-707f-a419-d3f5a10e7522', 2, 'paid', 'shipped', 'admin', '2026-11-28 03:31:35.064681+00');
INSERT INTO order_events VALUES ('01a22035-2e85-707f-a419-d3f5a10e7522', 3, 'shipped', 'delivered', 'admin', '2026-11-28 03:31:35.155849+00');
INSERT INTO order_events VALUES ('01a22035-2dc8-7309-a09d-5bf187175594', 2, 'paid', 'refunded', 'admin', '2026-11-28 03:31:35.390698+00');
INSERT INTO order_events VALUES ('01a22035-35d3-7014-bc47-e37fbe29b265', 3, 'paid', 'shipped', 'admin', '2026-11-28 03:31:35.67016+00');
INSERT INTO order_events VALUES ('01a22035-36fd-7311-9311-30eb3e021a92', 3, 'paid', 'refunded', 'admin', '2026-11-28 03:31:36.093537+00');
INSERT INTO order_events VALUES ('01a22035-5671-7671-bdcf-7cc6a9d7e7bb', 1, NULL, 'paid', 'customer', '2026-11-28 03:31:36.174216+00');
INSERT INTO order_events VALUES ('01a22035-ab70-7399-85fd-c7eeeac2a2e1', 1, NULL, 'pending', 'customer', '2026-11-28 03:31:57.916907+00');
INSERT INTO order_events VALUES ('01a22035-ab70-7399-85fd-c7eeeac2a2e1', 2, 'pending', 'paid', 'gateway', '2026-11-28 03:31:58.068732+00');
INSERT INTO order_events VALUES ('01a22035-acca-7264-a1d7-ff785bda8ac3', 1, NULL, 'paid', 'customer', '2026-11-28 03:31:58.281076+00');
INSERT INTO order_events VALUES ('01a22035-acca-7264-a1d7-ff785bda8ac3', 2, 'paid', 'shipped', 'admin', '2026-11-28 03:31:58.649008+00');
INSERT INTO order_events VALUES ('01a22035-d6f0-708f-a8a0-47e3ac33df18', 1, NULL, 'pending', 'customer', '2026-11-28 03:32:09.067536+00');
INSERT INTO order_events VALUES ('01a22035-d6f0-708f-a8a0-47e3ac33df18', 2, 'pending', 'paid', 'gateway', '2026-11-28 03:32:09.09628+00');
INSERT INTO order_events VALUES ('01a22035-d72e-77ff-9521-c7e90c56ae30', 1, NULL, 'pending', 'customer', '2026-11-28 03:32:09.133056+00');
INSERT INTO order_events VALUES ('01a22035-d72e-77ff-9521-c7e90c56ae30', 2, 'pending', 'paid', 'gateway', '2026-11-28 03:32:09.159393+00');
INSERT INTO order_events VALUES ('01a22035-d72e-77ff-9521-c7e90c56ae30', 3, 'paid', 'cancelled', 'customer', '2026-11-28 03:32:09.199587+00');
INSERT INTO order_events VALUES ('01a22035-ff0a-7005-876d-114a396239bd', 1, NULL, 'pending', 'customer', '2026-11-28 03:32:19.333583+00');
INSERT INTO order_events VALUES ('01a22035-ff0a-7005-876d-114a396239bd', 2, 'pending', 'paid', 'gateway', '2026-11-28 03:32:19.365582+00');
INSERT INTO order_events VALUES ('01a22036-11af-7721-9102-cb6aac158868', 1, NULL, 'pending', 'customer', '2026-11-28 03:32:24.107366+00');
INSERT INTO order_events VALUES ('01a22036-11af-7721-9102-cb6aac158868', 2, 'pending', 'paid', 'gateway', '2026-11-28 03:32:24.134223+00');
INSERT INTO order_events VALUES ('01a22036-11f9-767c-b97a-62db4a32def3', 1, NULL, 'pending', 'customer', '2026-11-28 03:32:24.178453+00');
INSERT INTO order_events VALUES ('01a22036-11f9-767c-b97a-62db4a32def3', 2, 'pending', 'paid', 'gateway', '2026-11-28 03:32:24.213905+00');
INSERT INTO order_events VALUES ('01a22036-11f9-767c-b97a-62db4a32def3', 3, 'paid', 'cancelled', 'customer', '2026-11-28 03:32:24.301483+00');
INSERT INTO order_events VALUES ('01a22036-1475-7703-90c4-8c69680d1dcc', 1, NULL, 'pending', 'customer', '2026-11-28 03:32:24.820723+00');
INSERT INTO order_lines VALUES ('01a22035-2dc8-7309-a09d-5bf187175594', 0, 'BAG-CANVAS', 'Canvas bag, natural', 2, 1590);
INSERT INTO order_lines VALUES ('01a22035-2dc8-7309-a09d-5bf187175594', 1, 'MUG-BLUE', 'Stoneware mug, blue', 1, 1890);
INSERT INTO order_lines VALUES ('01a22035-2e49-723d-9f9b-4bda922491b3', 0, 'BAG-CANVAS', 'Canvas bag, natural', 1, 1590);
INSERT INTO order_lines VALUES ('01a22035-2e49-723d-9f9b-4bda922491b3', 1, 'CHOC-DARK-72', 'Dark chocolate 72 %, 100 g', 4, 450);
INSERT INTO order_lines VALUES ('01a22035-2e85-707f-a419-d3f5a10e7522', 0, 'MUG-BLUE', 'Stoneware mug, blue', 2, 1890);
INSERT INTO order_lines VALUES ('01a22035-2ea0-7459-9293-0b3224345fa5', 0, 'CHOC-DARK-72', 'Dark chocolate 72 %, 100 g', 3, 450);
INSERT INTO order_lines VALUES ('01a22035-35d3-7014-bc47-e37fbe29b265', 0, 'BAG-CANVAS', 'Canvas bag, natural', 3, 1590);
INSERT INTO order_lines VALUES ('01a22035-35d3-7014-bc47-e37fbe29b265', 1, 'CHOC-DARK-72', 'Dark chocolate 72 %, 100 g', 2, 450);
INSERT INTO order_lines VALUES ('01a22035-3630-7040-bfee-3938dae58149', 0, 'MUG-BLUE', 'Stoneware mug, blue', 1, 1890);
INSERT INTO order_lines VALUES ('01a22035-3687-714c-83be-68948c462e06', 0, 'MUG-BLUE', 'Stoneware mug, blue', 1, 1890);
INSERT INTO order_lines VALUES ('01a22035-36af-7358-8b39-ac3c12f015ef', 0, 'MUG-BLUE', 'Stoneware mug, blue', 1, 1890);
INSERT INTO order_lines VALUES ('01a22035-36fd-7311-9311-30eb3e021a92', 0, 'CHOC-DARK-72', 'Dark chocolate 72 %, 100 g', 5, 450);
INSERT INTO order_lines VALUES ('01a22035-386f-773d-94d4-00c7ec2cd7fe', 0, 'CHOC-DARK-72', 'Dark chocolate 72 %, 100 g', 1, 450);
INSERT INTO order_lines VALUES ('01a22035-38b5-77b2-b79d-79977c3c23ae', 0, 'BAG-CANVAS', 'Canvas bag, natural', 1, 1590);
INSERT INTO order_lines VALUES ('01a22035-3a63-7114-8fcb-6c0d21ca9e87', 0, 'MUG-BLUE', 'Stoneware mug, blue', 2, 1890);
INSERT INTO order_lines VALUES ('01a22035-3b77-710e-bd79-38cb15155a28', 0, 'CHOC-DARK-72', 'Dark chocolate 72 %, 100 g', 2, 450);
INSERT INTO order_lines VALUES ('01a22035-5671-7671-bdcf-7cc6a9d7e7bb', 0, 'CHOC-DARK-72', 'Dark chocolate 72 %, 100 g', 2, 450);
INSERT INTO order_lines VALUES ('01a22035-ab70-7399-85fd-c7eeeac2a2e1', 0, 'BAG-CANVAS', 'Canvas bag, natural', 2, 1590);
INSERT INTO order_lines VALUES ('01a22035-acca-7264-a1d7-ff785bda8ac3', 0, 'GIFT-BOX', 'Gift box with ribbon', 2, 490);
INSERT INTO order_lines VALUES ('01a22035-d6f0-708f-a8a0-47e3ac33df18', 0, 'CHOC-DARK-72', 'Dark chocolate 72 %, 100 g', 1, 450);
INSERT INTO order_lines VALUES ('01a22035-d72e-77ff-9521-c7e90c56ae30', 0, 'CHOC-DARK-72', 'Dark chocolate 72 %, 100 g', 1, 450);
INSERT INTO order_lines VALUES ('01a22035-ff0a-7005-876d-114a396239bd', 0, 'CHOC-DARK-72', 'Dark chocolate 72 %, 100 g', 1, 450);
INSERT INTO order_lines VALUES ('01a22036-11af-7721-9102-cb6aac158868', 0, 'MUG-BLUE', 'Stoneware mug, blue', 1, 1890);
INSERT INTO order_lines VALUES ('01a22036-11f9-767c-b97a-62db4a32def3', 0, 'BAG-CANVAS', 'Canvas bag, natural', 1, 1590);
INSERT INTO order_lines VALUES ('01a22036-1475-7703-90c4-8c69680d1dcc', 0, 'BAG-CANVAS', 'Canvas bag, natural', 1, 1590);
INSERT INTO orders VALUES ('01a22035-2e49-723d-9f9b-4bda922491b3', '9PC8-2GQD-1TTJ', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:order-of-the-cart', 'paid', 3390, 'EUR', 'account', '2026-11-28 03:31:25.896137+00', 1);
INSERT INTO orders VALUES ('01a22035-2ea0-7459-9293-0b3224345fa5', 'CWHP-HWRD-ZPCK', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:order-to-cancel', 'cancelled', 1350, 'EUR', 'account', '2026-11-28 03:31:25.983789+00', 2);
INSERT INTO orders VALUES ('01a22035-3630-7040-bfee-3938dae58149', 'D7YF-0RYX-KV0X', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:card-declined', 'declined', 1890, 'EUR', 'card', '2026-11-28 03:31:27.917122+00', 2);
INSERT INTO orders VALUES ('01a22035-3687-714c-83be-68948c462e06', 'MZDB-9420-J4F2', '01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-insufficient', 'declined', 1890, 'EUR', 'card', '2026-11-28 03:31:27.998201+00', 2);
INSERT INTO orders VALUES ('01a22035-36af-7358-8b39-ac3c12f015ef', '212Q-C94V-1K8K', '01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-unknown', 'declined', 1890, 'EUR', 'card', '2026-11-28 03:31:28.043174+00', 2);
INSERT INTO orders VALUES ('01a22035-38b5-77b2-b79d-79977c3c23ae', 'KPAW-S6CY-HPMM', '01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-cancelled-pending', 'cancelled', 1590, 'EUR', 'card', '2026-11-28 03:31:28.549631+00', 2);
INSERT INTO orders VALUES ('01a22035-3a63-7114-8fcb-6c0d21ca9e87', 'DEGR-98HX-ME76', '01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-paid-cancelled', 'cancelled', 3780, 'EUR', 'card', '2026-11-28 03:31:28.986153+00', 3);
INSERT INTO orders VALUES ('01a22035-386f-773d-94d4-00c7ec2cd7fe', 'MYCC-8GZD-4CR2', '01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-faulty', 'paid', 450, 'EUR', 'card', '2026-11-28 03:31:28.49246+00', 2);
INSERT INTO orders VALUES ('01a22035-3b77-710e-bd79-38cb15155a28', '3DQ0-87BE-D2J4', '01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-expired', 'expired', 900, 'EUR', 'card', '2026-11-28 03:31:29.251245+00', 2);
INSERT INTO orders VALUES ('01a22035-2e85-707f-a419-d3f5a10e7522', 'ADQK-SZ14-NPYC', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:order-to-deliver', 'delivered', 3780, 'EUR', 'account', '2026-11-28 03:31:25.956115+00', 3);
INSERT INTO orders VALUES ('01a22035-2dc8-7309-a09d-5bf187175594', 'ZAFN-QSKY-TKZ9', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:order-by-account', 'refunded', 5070, 'EUR', 'account', '2026-11-28 03:31:25.76001+00', 2);
INSERT INTO orders VALUES ('01a22035-35d3-7014-bc47-e37fbe29b265', 'GXWE-F5ZK-MTQ2', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:card-paid', 'shipped', 5670, 'EUR', 'card', '2026-11-28 03:31:27.824167+00', 3);
INSERT INTO orders VALUES ('01a22035-36fd-7311-9311-30eb3e021a92', 'MC9W-Q8WN-GD7Y', '01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:card-late', 'refunded', 2250, 'EUR', 'card', '2026-11-28 03:31:28.122654+00', 3);
INSERT INTO orders VALUES ('01a22035-5671-7671-bdcf-7cc6a9d7e7bb', 'KGPM-Q7K9-3ND7', '01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:order-of-the-rich', 'paid', 900, 'EUR', 'account', '2026-11-28 03:31:36.174216+00', 1);
INSERT INTO orders VALUES ('01a22035-ab70-7399-85fd-c7eeeac2a2e1', '8E14-Z0SY-GC9R', '01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:told-card', 'paid', 3180, 'EUR', 'card', '2026-11-28 03:31:57.916907+00', 2);
INSERT INTO orders VALUES ('01a22035-acca-7264-a1d7-ff785bda8ac3', 'NTB3-6ZSE-JZ3A', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:told-account', 'shipped', 980, 'EUR', 'account', '2026-11-28 03:31:58.281076+00', 2);
INSERT INTO orders VALUES ('01a22035-d6f0-708f-a8a0-47e3ac33df18', '2K2S-9CEK-TZHQ', '01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:dead-capture', 'paid', 450, 'EUR', 'card', '2026-11-28 03:32:09.067536+00', 2);
INSERT INTO orders VALUES ('01a22035-d72e-77ff-9521-c7e90c56ae30', '3H57-KZXQ-P6EF', '01a22035-105c-7146-abbd-35f7dbfa2361', 'bob:dead-delivery', 'cancelled', 450, 'EUR', 'card', '2026-11-28 03:32:09.133056+00', 3);
INSERT INTO orders VALUES ('01a22035-ff0a-7005-876d-114a396239bd', '0JN4-7VHR-P5EQ', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:tried-once', 'paid', 450, 'EUR', 'card', '2026-11-28 03:32:19.333583+00', 2);
INSERT INTO orders VALUES ('01a22036-11af-7721-9102-cb6aac158868', 'Q4C1-NNFK-BXW0', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:fresh-capture', 'paid', 1890, 'EUR', 'card', '2026-11-28 03:32:24.107366+00', 2);
INSERT INTO orders VALUES ('01a22036-11f9-767c-b97a-62db4a32def3', 'HNGY-SQF2-XA4D', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:fresh-undo', 'cancelled', 1590, 'EUR', 'card', '2026-11-28 03:32:24.178453+00', 3);
INSERT INTO orders VALUES ('01a22036-1475-7703-90c4-8c69680d1dcc', '3SHQ-YJ2J-2449', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'ada:pending-order', 'pending', 1590, 'EUR', 'card', '2026-11-28 03:32:24.820723+00', 1);
INSERT INTO payments VALUES ('01a22035-2e49-723d-9f9b-4bda922491b3', 'account', 'captured', 3390, 'EUR', '2026-11-28 03:31:25.896137+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO payments VALUES ('01a22035-2e85-707f-a419-d3f5a10e7522', 'account', 'captured', 3780, 'EUR', '2026-11-28 03:31:25.956115+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO payments VALUES ('01a22035-2ea0-7459-9293-0b3224345fa5', 'account', 'refunded', 1350, 'EUR', '2026-11-28 03:31:25.983789+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO payments VALUES ('01a22035-3630-7040-bfee-3938dae58149', 'card', 'declined', 1890, 'EUR', '2026-11-28 03:31:27.917122+00', 'tok_declined', NULL, '2026-11-28 03:31:28.917122+00', '01a22035-0ee9-7576-b756-d5671fca7373', false);
INSERT INTO payments VALUES ('01a22035-3687-714c-83be-68948c462e06', 'card', 'declined', 1890, 'EUR', '2026-11-28 03:31:27.998201+00', 'tok_insufficient', NULL, '2026-11-28 03:31:28.998201+00', '01a22035-10bf-72b9-99b5-c806c6f893fb', false);
INSERT INTO payments VALUES ('01a22035-36af-7358-8b39-ac3c12f015ef', 'card', 'declined', 1890, 'EUR', '2026-11-28 03:31:28.043174+00', 'tok_nobody_knows', NULL, '2026-11-28 03:31:29.043174+00', '01a22035-10bf-72b9-99b5-c806c6f893fb', false);
INSERT INTO payments VALUES ('01a22035-38b5-77b2-b79d-79977c3c23ae', 'card', 'voided', 1590, 'EUR', '2026-11-28 03:31:28.549631+00', 'tok_timeout_before', NULL, '2026-11-28 03:31:29.549631+00', '01a22035-10bf-72b9-99b5-c806c6f893fb', false);
INSERT INTO payments VALUES ('01a22035-3a63-7114-8fcb-6c0d21ca9e87', 'card', 'voided', 3780, 'EUR', '2026-11-28 03:31:28.986153+00', 'tok_visa', 'pay_0656d4de0ad84be99e3d1b4d63749576', '2026-11-28 03:31:29.986153+00', '01a22035-10bf-72b9-99b5-c806c6f893fb', false);
INSERT INTO payments VALUES ('01a22035-35d3-7014-bc47-e37fbe29b265', 'card', 'captured', 5670, 'EUR', '2026-11-28 03:31:27.824167+00', 'tok_visa', 'pay_7547e49b3b7b41bdb0b385f8fed33a5e', '2026-11-28 03:31:28.824167+00', '01a22035-0ee9-7576-b756-d5671fca7373', false);
INSERT INTO payments VALUES ('01a22035-3b77-710e-bd79-38cb15155a28', 'card', 'voided', 900, 'EUR', '2026-11-28 03:31:29.251245+00', 'tok_timeout_before', NULL, '2026-11-28 03:31:30.251245+00', '01a22035-10bf-72b9-99b5-c806c6f893fb', false);
INSERT INTO payments VALUES ('01a22035-386f-773d-94d4-00c7ec2cd7fe', 'card', 'captured', 450, 'EUR', '2026-11-28 03:31:28.49246+00', 'tok_error', 'pay_37f365d682ee4963abfadb24be130fd0', '2026-11-28 03:31:29.49246+00', '01a22035-10bf-72b9-99b5-c806c6f893fb', false);
INSERT INTO payments VALUES ('01a22035-2dc8-7309-a09d-5bf187175594', 'account', 'refunded', 5070, 'EUR', '2026-11-28 03:31:25.76001+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO payments VALUES ('01a22035-36fd-7311-9311-30eb3e021a92', 'card', 'refunded', 2250, 'EUR', '2026-11-28 03:31:28.122654+00', 'tok_timeout_after', 'pay_7da53cb02a0d44a1b1dc062d8f76aa9c', '2026-11-28 03:31:29.122654+00', '01a22035-10bf-72b9-99b5-c806c6f893fb', false);
INSERT INTO payments VALUES ('01a22035-5671-7671-bdcf-7cc6a9d7e7bb', 'account', 'captured', 900, 'EUR', '2026-11-28 03:31:36.174216+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO payments VALUES ('01a22035-acca-7264-a1d7-ff785bda8ac3', 'account', 'captured', 980, 'EUR', '2026-11-28 03:31:58.281076+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO payments VALUES ('01a22035-ab70-7399-85fd-c7eeeac2a2e1', 'card', 'captured', 3180, 'EUR', '2026-11-28 03:31:57.916907+00', 'tok_visa', 'pay_666a8d4cc89f4561a47a689130ceec69', '2026-12-05 03:31:57.916907+00', '01a22035-10bf-72b9-99b5-c806c6f893fb', false);
INSERT INTO payments VALUES ('01a22035-d6f0-708f-a8a0-47e3ac33df18', 'card', 'authorised', 450, 'EUR', '2026-11-28 03:32:09.067536+00', 'tok_visa', 'pay_2fe7bd0f0ee14487b5075e871c1f23f6', '2026-12-05 03:32:09.067536+00', '01a22035-10bf-72b9-99b5-c806c6f893fb', false);
INSERT INTO payments VALUES ('01a22035-d72e-77ff-9521-c7e90c56ae30', 'card', 'voided', 450, 'EUR', '2026-11-28 03:32:09.133056+00', 'tok_visa', 'pay_6e8d32b918954608a25bf235f3565ffb', '2026-12-05 03:32:09.133056+00', '01a22035-10bf-72b9-99b5-c806c6f893fb', false);
INSERT INTO payments VALUES ('01a22035-ff0a-7005-876d-114a396239bd', 'card', 'authorised', 450, 'EUR', '2026-11-28 03:32:19.333583+00', 'tok_visa', 'pay_734f611a92bf425e925f81a2b909c255', '2026-12-05 03:32:19.333583+00', '01a22035-0ee9-7576-b756-d5671fca7373', false);
INSERT INTO payments VALUES ('01a22036-11af-7721-9102-cb6aac158868', 'card', 'authorised', 1890, 'EUR', '2026-11-28 03:32:24.107366+00', 'tok_visa', 'pay_d65049227f194de2b386639e7153261d', '2026-12-05 03:32:24.107366+00', '01a22035-0ee9-7576-b756-d5671fca7373', false);
INSERT INTO payments VALUES ('01a22036-11f9-767c-b97a-62db4a32def3', 'card', 'voided', 1590, 'EUR', '2026-11-28 03:32:24.178453+00', 'tok_visa', 'pay_8c9dc24d7310404d8b67b2b8490d21fc', '2026-12-05 03:32:24.178453+00', '01a22035-0ee9-7576-b756-d5671fca7373', false);
INSERT INTO payments VALUES ('01a22036-1475-7703-90c4-8c69680d1dcc', 'card', 'pending', 1590, 'EUR', '2026-11-28 03:32:24.820723+00', 'tok_timeout_before', NULL, '2026-12-05 03:32:24.820723+00', '01a22035-0ee9-7576-b756-d5671fca7373', false);
INSERT INTO products VALUES ('BAG-CANVAS', 'Canvas bag, natural', 'Heavy organic cotton.', 1590, 'EUR', true, NULL, 'bag-canvas
canvas bag, natural', '2026-11-28 03:31:07.483756+00', '2026-11-28 03:31:07.483756+00');
INSERT INTO products VALUES ('CHOC-DARK-72', 'Dark chocolate 72 %, 100 g', 'Stone-ground; it''s good.', 450, 'EUR', true, NULL, 'choc-dark-72
dark chocolate 72 %, 100 g', '2026-11-28 03:31:07.483979+00', '2026-11-28 03:31:07.483979+00');
INSERT INTO products VALUES ('GIFT-BOX', 'Gift box with ribbon', 'Grey board.', 490, 'EUR', true, NULL, 'gift-box
gift box with ribbon', '2026-11-28 03:31:07.484007+00', '2026-11-28 03:31:07.484007+00');
INSERT INTO products VALUES ('MUG-BLUE', 'Stoneware mug, blue', 'Thrown by hand, 300 ml. Größe: groß – ✓', 1890, 'EUR', true, NULL, 'mug-blue
stoneware mug, blue', '2026-11-28 03:31:07.484023+00', '2026-11-28 03:31:07.484023+00');
INSERT INTO products VALUES ('TEA-SENCHA', 'Sencha Kagoshima, 100 g', 'First flush.', 1450, 'EUR', true, NULL, 'tea-sencha
sencha kagoshima, 100 g', '2026-11-28 03:31:07.484044+00', '2026-11-28 03:31:07.484044+00');
INSERT INTO products VALUES ('LAMP-DESK', 'Desk lamp, 2700 K', 'Dimmed by touch.', 11900, 'EUR', true, 'https://shop.example.com/lamp.png', 'lamp-desk
desk lamp, 2700 k', '2026-11-28 03:31:25.599411+00', '2026-11-28 03:31:25.599411+00');
INSERT INTO products VALUES ('TEA-TIN', 'Tea tin', '', 890, 'EUR', false, NULL, 'tea-tin
tea tin', '2026-11-28 03:31:25.64413+00', '2026-11-28 03:31:25.64413+00');
INSERT INTO refund_lines VALUES ('01a22035-531a-73d0-9830-aae43bc18b47', 0, 'CHOC-DARK-72', 1, 1);
INSERT INTO refund_lines VALUES ('01a22035-5369-7486-926d-d3e56f830360', 0, 'BAG-CANVAS', 2, 2);
INSERT INTO refund_lines VALUES ('01a22035-5369-7486-926d-d3e56f830360', 1, 'MUG-BLUE', 1, 1);
INSERT INTO refund_lines VALUES ('01a22035-547e-71a2-b0ba-265001e58f28', 0, 'BAG-CANVAS', 1, 1);
INSERT INTO refund_lines VALUES ('01a22035-562a-7572-95e1-154b165d16a3', 0, 'CHOC-DARK-72', 5, 5);
INSERT INTO refunds VALUES ('01a22035-531a-73d0-9830-aae43bc18b47', '01a22035-2e49-723d-9f9b-4bda922491b3', 1, 450, 'EUR', 'account', 'One melted', false, 'done', NULL, 'admin', '2026-11-28 03:31:35.311356+00');
INSERT INTO refunds VALUES ('01a22035-5369-7486-926d-d3e56f830360', '01a22035-2dc8-7309-a09d-5bf187175594', 1, 5070, 'EUR', 'account', 'Sent back', true, 'done', NULL, 'admin', '2026-11-28 03:31:35.390698+00');
INSERT INTO refunds VALUES ('01a22035-5567-73ee-88e2-b3d9bf69a604', '01a22035-35d3-7014-bc47-e37fbe29b265', 3, 300, 'EUR', 'account', 'As wished', false, 'done', NULL, 'admin', '2026-11-28 03:31:35.899733+00');
INSERT INTO refunds VALUES ('01a22035-562a-7572-95e1-154b165d16a3', '01a22035-36fd-7311-9311-30eb3e021a92', 1, 2250, 'EUR', 'card', 'It came too late', false, 'done', 'refunded', 'admin', '2026-11-28 03:31:36.093537+00');
INSERT INTO refunds VALUES ('01a22035-547e-71a2-b0ba-265001e58f28', '01a22035-35d3-7014-bc47-e37fbe29b265', 1, 1590, 'EUR', 'card', 'A torn seam', true, 'done', 'refunded', 'admin', '2026-11-28 03:31:35.67016+00');
INSERT INTO refunds VALUES ('01a22035-551c-77d2-83ff-0bb6a4827f8b', '01a22035-35d3-7014-bc47-e37fbe29b265', 2, 500, 'EUR', 'card', 'For the trouble', false, 'done', 'refunded', 'admin', '2026-11-28 03:31:35.817977+00');
INSERT INTO refunds VALUES ('01a22036-129c-76ee-9112-df7f94e3dbfc', '01a22035-ab70-7399-85fd-c7eeeac2a2e1', 1, 200, 'EUR', 'card', 'A stain', false, 'pending', NULL, 'admin', '2026-11-28 03:32:24.340351+00');
INSERT INTO sessions VALUES ('01a22035-10bf-72b9-99b5-c806c6f893fb', '42c24b65c85cc497f3cf1537869ab60f8ec15d8c2bc0456b4285a8681b374b21', '01a22035-105c-7146-abbd-35f7dbfa2361', 'customer', '2026-11-28 03:31:18.336236+00', '{}', '{}', '01a22035-d72e-77ff-9521-c7e90c56ae30', '2026-11-28 03:31:18.336236+00', '2026-11-28 03:32:09.159772+00', 6);
INSERT INTO sessions VALUES ('01a22035-0ee9-7576-b756-d5671fca7373', 'a6e502065d4c068e8c63482d8657162f853fd1c4600c665b812dad0d90c3b479', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'customer', '2026-11-28 03:31:17.879489+00', '{"language":"de","theme":{"dark":true}}', '{"MUG-BLUE":2}', '01a22036-11f9-767c-b97a-62db4a32def3', '2026-11-28 03:31:17.879489+00', '2026-11-28 03:32:25.303162+00', 13);
INSERT INTO sessions VALUES ('01a22036-17ec-7039-8ef8-192fc077b4cf', 'b770dc5eaf3dc015d94fbefe23afccdc2c5c6819e099f6984be4733bbe99e832', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'customer', '2026-11-28 03:32:25.716324+00', '{}', '{"TEA-SENCHA":1}', NULL, '2026-11-28 03:32:25.716324+00', '2026-11-28 03:32:25.739754+00', 1);
INSERT INTO sessions VALUES ('01a22036-1816-748f-b55b-30bd5d2d986c', '1e773a3066e04e3f8ce77eaa73ebf3b4aa5f5a7ff233d72f794c419c1d9522aa', NULL, '', NULL, '{}', '{"GIFT-BOX":3}', NULL, '2026-11-28 03:32:25.750654+00', '2026-11-28 03:32:25.750695+00', 0);
INSERT INTO sessions VALUES ('01a22035-0fec-7222-a228-7f1aec8ab9ce', '1ae191eecc8212ab93153946a87047e2e98036752224c19ba4c68296ab821887', '01a22035-0f80-7727-a43d-9fbcee520df8', 'admin customer', '2026-11-28 03:31:18.127846+00', '{}', '{}', NULL, '2026-11-28 03:31:18.127846+00', '2026-11-28 03:32:25.776253+00', 1);
INSERT INTO sessions VALUES ('01a22036-3cdb-7526-8a2a-64df7131686d', '2b83f0ca602a92feecdf64e0c275b971bc98016ee3b2f33359615c6187e3b583', '01a22035-0e61-74cd-8e6c-7727d45d2a03', 'customer', '2026-11-28 03:32:35.202801+00', '{}', '{}', NULL, '2026-11-28 03:32:35.202801+00', '2026-11-28 03:32:35.373979+00', 2);
INSERT INTO transfers VALUES ('01a22035-0ef7-756e-a5db-18a057e740d2', 'welcome', '7c6a848a-1e44-5478-b79f-ccf2a1e19152', '01a22035-0ee8-7636-95cf-371dd750c4b9', 100000, 'EUR', NULL, 'Welcome', '2026-11-28 03:31:17.729721+00');
INSERT INTO transfers VALUES ('01a22035-0fef-7416-8243-28f5af36272e', 'welcome', '7c6a848a-1e44-5478-b79f-ccf2a1e19152', '01a22035-0feb-776c-89fa-3267265e6874', 100000, 'EUR', NULL, 'Welcome', '2026-11-28 03:31:18.016913+00');
INSERT INTO transfers VALUES ('01a22035-10c0-7542-ac11-f1d0c82c0000', 'welcome', '7c6a848a-1e44-5478-b79f-ccf2a1e19152', '01a22035-10be-70c0-870e-2d6dbe20a531', 100000, 'EUR', NULL, 'Welcome', '2026-11-28 03:31:18.236893+00');
INSERT INTO transfers VALUES ('01a22035-2dc8-7309-a09d-5bf4a1e55c88', 'charge', '01a22035-0ee8-7636-95cf-371dd750c4b9', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 5070, 'EUR', '01a22035-2dc8-7309-a09d-5bf187175594', '', '2026-11-28 03:31:25.76001+00');
INSERT INTO transfers VALUES ('01a22035-2e49-723d-9f9b-4bdd4978cfd3', 'charge', '01a22035-0ee8-7636-95cf-371dd750c4b9', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 3390, 'EUR', '01a22035-2e49-723d-9f9b-4bda922491b3', '', '2026-11-28 03:31:25.896137+00');
INSERT INTO transfers VALUES ('01a22035-2e85-707f-a419-d3f7c578166c', 'charge', '01a22035-0ee8-7636-95cf-371dd750c4b9', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 3780, 'EUR', '01a22035-2e85-707f-a419-d3f5a10e7522', '', '2026-11-28 03:31:25.956115+00');
INSERT INTO transfers VALUES ('01a22035-2ea0-7459-9293-0b34188067ba', 'charge', '01a22035-0ee8-7636-95cf-371dd750c4b9', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 1350, 'EUR', '01a22035-2ea0-7459-9293-0b3224345fa5', '', '2026-11-28 03:31:25.983789+00');
INSERT INTO transfers VALUES ('01a22035-2ee6-718a-a136-5988a4dac3bf', 'return', '9f33248b-1e3a-51a1-b2a8-ba697896d651', '01a22035-0ee8-7636-95cf-371dd750c4b9', 1350, 'EUR', '01a22035-2ea0-7459-9293-0b3224345fa5', '', '2026-11-28 03:31:26.054466+00');
INSERT INTO transfers VALUES ('01a22035-2fec-73cf-9372-f141356b61f8', 'transfer', '01a22035-0ee8-7636-95cf-371dd750c4b9', '01a22035-0feb-776c-89fa-3267265e6874', 40000, 'EUR', NULL, 'For the lamp''s repair', '2026-11-28 03:31:26.316292+00');
INSERT INTO transfers VALUES ('01a22035-30cb-708a-b8ff-d79b47391f47', 'deposit', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '01a22035-0ee8-7636-95cf-371dd750c4b9', 5000, 'EUR', NULL, '', '2026-11-28 03:31:26.692561+00');
INSERT INTO transfers VALUES ('01a22035-3548-7714-ac7f-ac841d2c588f', 'credit', '7c6a848a-1e44-5478-b79f-ccf2a1e19152', '01a22035-0ee8-7636-95cf-371dd750c4b9', 700, 'EUR', NULL, 'A cup arrived broken', '2026-11-28 03:31:27.688681+00');
INSERT INTO transfers VALUES ('01a22035-356f-7266-a957-fafcae754d18', 'credit', '7c6a848a-1e44-5478-b79f-ccf2a1e19152', '01a22035-10be-70c0-870e-2d6dbe20a531', 999999999899000, 'EUR', NULL, 'A test of limits', '2026-11-28 03:31:27.7278+00');
INSERT INTO transfers VALUES ('01a22035-35f4-73eb-849a-cef46a844b4d', 'charge', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 5670, 'EUR', '01a22035-35d3-7014-bc47-e37fbe29b265', '', '2026-11-28 03:31:27.860635+00');
INSERT INTO transfers VALUES ('01a22035-3a8d-73c9-a37e-78a63d84fe5f', 'charge', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 3780, 'EUR', '01a22035-3a63-7114-8fcb-6c0d21ca9e87', '', '2026-11-28 03:31:29.037176+00');
INSERT INTO transfers VALUES ('01a22035-3b17-74c3-9bb3-2da8a98e39e5', 'return', '9f33248b-1e3a-51a1-b2a8-ba697896d651', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', 3780, 'EUR', '01a22035-3a63-7114-8fcb-6c0d21ca9e87', '', '2026-11-28 03:31:29.175969+00');
INSERT INTO transfers VALUES ('01a22035-327b-7454-9a2d-3254074314f2', 'deposit', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '01a22035-0ee8-7636-95cf-371dd750c4b9', 2500, 'EUR', NULL, '', '2026-11-28 03:31:34.120184+00');
INSERT INTO transfers VALUES ('01a22035-4eb1-74e7-9807-da63259fe301', 'charge', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 2250, 'EUR', '01a22035-36fd-7311-9311-30eb3e021a92', '', '2026-11-28 03:31:34.193662+00');
INSERT INTO transfers VALUES ('01a22035-4eb2-74fb-b50c-b17bc1aa14e5', 'charge', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 450, 'EUR', '01a22035-386f-773d-94d4-00c7ec2cd7fe', '', '2026-11-28 03:31:34.193662+00');
INSERT INTO transfers VALUES ('01a22035-531a-73d0-9830-aae43bc18b47', 'return', '9f33248b-1e3a-51a1-b2a8-ba697896d651', '01a22035-0ee8-7636-95cf-371dd750c4b9', 450, 'EUR', '01a22035-2e49-723d-9f9b-4bda922491b3', 'One melted', '2026-11-28 03:31:35.311356+00');
INSERT INTO transfers VALUES ('01a22035-5369-7486-926d-d3e56f830360', 'return', '9f33248b-1e3a-51a1-b2a8-ba697896d651', '01a22035-0ee8-7636-95cf-371dd750c4b9', 5070, 'EUR', '01a22035-2dc8-7309-a09d-5bf187175594', 'Sent back', '2026-11-28 03:31:35.390698+00');
INSERT INTO transfers VALUES ('01a22035-547e-71a2-b0ba-265001e58f28', 'return', '9f33248b-1e3a-51a1-b2a8-ba697896d651', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', 1590, 'EUR', '01a22035-35d3-7014-bc47-e37fbe29b265', 'A torn seam', '2026-11-28 03:31:35.67016+00');
INSERT INTO transfers VALUES ('01a22035-551c-77d2-83ff-0bb6a4827f8b', 'return', '9f33248b-1e3a-51a1-b2a8-ba697896d651', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', 500, 'EUR', '01a22035-35d3-7014-bc47-e37fbe29b265', 'For the trouble', '2026-11-28 03:31:35.817977+00');
INSERT INTO transfers VALUES ('01a22035-5567-73ee-88e2-b3d9bf69a604', 'return', '9f33248b-1e3a-51a1-b2a8-ba697896d651', '01a22035-0ee8-7636-95cf-371dd750c4b9', 300, 'EUR', '01a22035-35d3-7014-bc47-e37fbe29b265', 'As wished', '2026-11-28 03:31:35.899733+00');
INSERT INTO transfers VALUES ('01a22035-562a-7572-95e1-154b165d16a3', 'return', '9f33248b-1e3a-51a1-b2a8-ba697896d651', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', 2250, 'EUR', '01a22035-36fd-7311-9311-30eb3e021a92', 'It came too late', '2026-11-28 03:31:36.093537+00');
INSERT INTO transfers VALUES ('01a22035-5671-7671-bdcf-7cc81932cc08', 'charge', '01a22035-10be-70c0-870e-2d6dbe20a531', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 900, 'EUR', '01a22035-5671-7671-bdcf-7cc6a9d7e7bb', '', '2026-11-28 03:31:36.174216+00');
INSERT INTO transfers VALUES ('01a22035-5692-7342-b8a2-2e8f6a7e480f', 'credit', '7c6a848a-1e44-5478-b79f-ccf2a1e19152', '01a22035-10be-70c0-870e-2d6dbe20a531', 1500, 'EUR', NULL, 'Up to the brim', '2026-11-28 03:31:36.210327+00');
INSERT INTO transfers VALUES ('01a22035-abf4-7562-9c6e-4b42f3021c5d', 'charge', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 3180, 'EUR', '01a22035-ab70-7399-85fd-c7eeeac2a2e1', '', '2026-11-28 03:31:58.068732+00');
INSERT INTO transfers VALUES ('01a22035-accb-7122-8403-40632efb670e', 'charge', '01a22035-0ee8-7636-95cf-371dd750c4b9', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 980, 'EUR', '01a22035-acca-7264-a1d7-ff785bda8ac3', '', '2026-11-28 03:31:58.281076+00');
INSERT INTO transfers VALUES ('01a22035-addd-702c-bc2b-44ab1692d4f9', 'credit', '7c6a848a-1e44-5478-b79f-ccf2a1e19152', '01a22035-0ee8-7636-95cf-371dd750c4b9', 250, 'EUR', NULL, 'Because it''s Friday', '2026-11-28 03:31:58.557532+00');
INSERT INTO transfers VALUES ('01a22035-d708-7131-8410-79f1a0971f27', 'charge', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 450, 'EUR', '01a22035-d6f0-708f-a8a0-47e3ac33df18', '', '2026-11-28 03:32:09.09628+00');
INSERT INTO transfers VALUES ('01a22035-d747-7499-82dc-a3e35c5c14aa', 'charge', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 450, 'EUR', '01a22035-d72e-77ff-9521-c7e90c56ae30', '', '2026-11-28 03:32:09.159393+00');
INSERT INTO transfers VALUES ('01a22035-d77e-720a-8b06-a92529925dd4', 'return', '9f33248b-1e3a-51a1-b2a8-ba697896d651', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', 450, 'EUR', '01a22035-d72e-77ff-9521-c7e90c56ae30', '', '2026-11-28 03:32:09.214726+00');
INSERT INTO transfers VALUES ('01a22035-ff25-73ac-a93c-0c8e5bc85ba4', 'charge', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 450, 'EUR', '01a22035-ff0a-7005-876d-114a396239bd', '', '2026-11-28 03:32:19.365582+00');
INSERT INTO transfers VALUES ('01a22036-11c6-77a1-91f1-6b5c2e752975', 'charge', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 1890, 'EUR', '01a22036-11af-7721-9102-cb6aac158868', '', '2026-11-28 03:32:24.134223+00');
INSERT INTO transfers VALUES ('01a22036-1216-75fe-b8d1-a07e4394a8a9', 'charge', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '9f33248b-1e3a-51a1-b2a8-ba697896d651', 1590, 'EUR', '01a22036-11f9-767c-b97a-62db4a32def3', '', '2026-11-28 03:32:24.213905+00');
INSERT INTO transfers VALUES ('01a22036-1273-71b5-b4ce-0b523484c531', 'return', '9f33248b-1e3a-51a1-b2a8-ba697896d651', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', 1590, 'EUR', '01a22036-11f9-767c-b97a-62db4a32def3', '', '2026-11-28 03:32:24.307614+00');
INSERT INTO transfers VALUES ('01a22036-129c-76ee-9112-df7f94e3dbfc', 'return', '9f33248b-1e3a-51a1-b2a8-ba697896d651', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', 200, 'EUR', '01a22035-ab70-7399-85fd-c7eeeac2a2e1', 'A stain', '2026-11-28 03:32:24.340351+00');
INSERT INTO transfers VALUES ('01a22036-12c4-72da-b1b9-3bf908631195', 'deposit', '517557d4-c3f1-5250-9ebb-3bdbb4e26e6c', '01a22035-10be-70c0-870e-2d6dbe20a531', 300, 'EUR', NULL, '', '2026-11-28 03:32:24.414647+00');
INSERT INTO users VALUES ('01a22035-0e61-74cd-8e6c-7727d45d2a03', 'Ada', 'ada@example.com', '$argon2id$v=19$m=19456,t=2,p=1$PmynoTK+GB339bA2cdlMZg$Vo0yi3s1ADyMuX8AnaU/41Oo45RkUsRvo0eSlXgVtsc', 'customer', true, '2026-11-28 03:31:17.729721+00');
INSERT INTO users VALUES ('01a22035-105c-7146-abbd-35f7dbfa2361', 'Bob', 'bob@example.com', '$argon2id$v=19$m=19456,t=2,p=1$jFF98qvru/4nuwSiVCDf4Q$PEtLsEZzEEvtXf/q4tUo0Y5fyrsdbdDX7RZX7akCNrs', 'customer', true, '2026-11-28 03:31:18.236893+00');
INSERT INTO users VALUES ('01a22035-0f80-7727-a43d-9fbcee520df8', 'Grace', 'grace@example.com', '$argon2id$v=19$m=19456,t=2,p=1$6ZUgOVdsY8CVBUwsTkmpEg$GlnsPl3fSFW9umSPJmPtkmzJQN/TtgHoWuVcsMvuT/o', 'admin customer', true, '2026-11-28 03:31:18.016913+00');
ALTER TABLE ONLY alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT pk_accounts PRIMARY KEY (id);
ALTER TABLE ONLY deposits
    ADD CONSTRAINT pk_deposits PRIMARY KEY (id);
ALTER TABLE ONLY dispatches
    ADD CONSTRAINT pk_dispatches PRIMARY KEY (id);
ALTER TABLE ONLY handover_lines
    ADD CONSTRAINT pk_handover_lines PRIMARY KEY (handover_id, "position");
ALTER TABLE ONLY handovers
    ADD CONSTRAINT pk_handovers PRIMARY KEY (id);
ALTER TABLE ONLY idempotency_keys
    ADD CONSTRAINT pk_idempotency_keys PRIMARY KEY (user_id, key);
ALTER TABLE ONLY inventories
    ADD CONSTRAINT pk_inventories PRIMARY KEY (sku);
ALTER TABLE ONLY jobs
    ADD CONSTRAINT pk_jobs PRIMARY KEY (subject_id, kind);
ALTER TABLE ONLY movements
    ADD CONSTRAINT pk_movements PRIMARY KEY (id);
ALTER TABLE ONLY notices
    ADD CONSTRAINT pk_notices PRIMARY KEY (id);
ALTER TABLE ONLY order_events
    ADD CONSTRAINT pk_order_events PRIMARY KEY (order_id, sequence);
ALTER TABLE ONLY order_lines
    ADD CONSTRAINT pk_order_lines PRIMARY KEY (order_id, "position");
ALTER TABLE ONLY orders
    ADD CONSTRAINT pk_orders PRIMARY KEY (id);
ALTER TABLE ONLY payments
    ADD CONSTRAINT pk_payments PRIMARY KEY (order_id);
ALTER TABLE ONLY products
    ADD CONSTRAINT pk_products PRIMARY KEY (sku);
ALTER TABLE ONLY refund_lines
    ADD CONSTRAINT pk_refund_lines PRIMARY KEY (refund_id, "position");
ALTER TABLE ONLY refunds
    ADD CONSTRAINT pk_refunds PRIMARY KEY (id);
ALTER TABLE ONLY sessions
    ADD CONSTRAINT pk_sessions PRIMARY KEY (id);
ALTER TABLE ONLY transfers
    ADD CONSTRAINT pk_transfers PRIMARY KEY (id);
ALTER TABLE ONLY users
    ADD CONSTRAINT pk_users PRIMARY KEY (id);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT uq_accounts_user_id_currency UNIQUE (user_id, currency);
ALTER TABLE ONLY deposits
    ADD CONSTRAINT uq_deposits_user_id_idempotency_key UNIQUE (user_id, idempotency_key);
ALTER TABLE ONLY orders
    ADD CONSTRAINT uq_orders_number UNIQUE (number);
ALTER TABLE ONLY orders
    ADD CONSTRAINT uq_orders_user_id_idempotency_key UNIQUE (user_id, idempotency_key);
ALTER TABLE ONLY refunds
    ADD CONSTRAINT uq_refunds_order_id_number UNIQUE (order_id, number);
ALTER TABLE ONLY sessions
    ADD CONSTRAINT uq_sessions_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY users
    ADD CONSTRAINT uq_users_email UNIQUE (email);
CREATE INDEX ix_deposits_created_at_id ON deposits USING btree (created_at, id);
CREATE INDEX ix_dispatches_channel_created_at_id ON dispatches USING btree (channel, created_at, id);
CREATE INDEX ix_dispatches_status_created_at ON dispatches USING btree (status, created_at);
CREATE INDEX ix_handovers_order_id ON handovers USING btree (order_id);
CREATE INDEX ix_jobs_kind_is_dead_due_at ON jobs USING btree (kind, is_dead, due_at);
CREATE INDEX ix_movements_sku_created_at ON movements USING btree (sku, created_at);
CREATE INDEX ix_orders_placed_at_id ON orders USING btree (placed_at, id);
CREATE INDEX ix_orders_user_id_placed_at_id ON orders USING btree (user_id, placed_at, id);
CREATE INDEX ix_sessions_user_id_created_at_id ON sessions USING btree (user_id, created_at, id);
CREATE INDEX ix_transfers_credit_account_id_created_at_id ON transfers USING btree (credit_account_id, created_at, id);
CREATE INDEX ix_transfers_debit_account_id_created_at_id ON transfers USING btree (debit_account_id, created_at, id);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT fk_accounts_user_id_users FOREIGN KEY (user_id) REFERENCES users(id);
ALTER TABLE ONLY deposits
    ADD CONSTRAINT fk_deposits_user_id_users FOREIGN KEY (user_id) REFERENCES users(id);
ALTER TABLE ONLY handover_lines
    ADD CONSTRAINT fk_handover_lines_handover_id_handovers FOREIGN KEY (handover_id) REFERENCES handovers(id);
ALTER TABLE ONLY handovers
    ADD CONSTRAINT fk_handovers_order_id_orders FOREIGN KEY (order_id) REFERENCES orders(id);
ALTER TABLE ONLY idempotency_keys
    ADD CONSTRAINT fk_idempotency_keys_user_id_users FOREIGN KEY (user_id) REFERENCES users(id);
ALTER TABLE ONLY inventories
    ADD CONSTRAINT fk_inventories_sku_products FOREIGN KEY (sku) REFERENCES products(sku);
ALTER TABLE ONLY movements
    ADD CONSTRAINT fk_movements_sku_inventories FOREIGN KEY (sku) REFERENCES inventories(sku);
ALTER TABLE ONLY order_events
    ADD CONSTRAINT fk_order_events_order_id_orders FOREIGN KEY (order_id) REFERENCES orders(id);
ALTER TABLE ONLY order_lines
    ADD CONSTRAINT fk_order_lines_order_id_orders FOREIGN KEY (order_id) REFERENCES orders(id);
ALTER TABLE ONLY orders
    ADD CONSTRAINT fk_orders_user_id_users FOREIGN KEY (user_id) REFERENCES users(id);
ALTER TABLE ONLY payments
    ADD CONSTRAINT fk_payments_order_id_orders FOREIGN KEY (order_id) REFERENCES orders(id);
ALTER TABLE ONLY refund_lines
    ADD CONSTRAINT fk_refund_lines_refund_id_refunds FOREIGN KEY (refund_id) REFERENCES refunds(id);
ALTER TABLE ONLY refunds
    ADD CONSTRAINT fk_refunds_order_id_orders FOREIGN KEY (order_id) REFERENCES orders(id);
ALTER TABLE ONLY sessions
    ADD CONSTRAINT fk_sessions_user_id_users FOREIGN KEY (user_id) REFERENCES users(id);
