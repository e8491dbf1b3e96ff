BEGIN TRANSACTION;
CREATE TABLE accounts (
	id CHAR(32) NOT NULL, 
	kind TEXT NOT NULL, 
	user_id CHAR(32), 
	currency TEXT NOT NULL, 
	balance BIGINT, 
	balance_limit BIGINT, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_accounts PRIMARY KEY (id), 
	CONSTRAINT ck_accounts_customers_have_balances CHECK ((kind = 'customer') = (user_id IS NOT NULL) AND (kind = 'customer') = (balance IS NOT NULL) AND (kind = 'customer') = (balance_limit IS NOT NULL)), 
	CONSTRAINT ck_accounts_balance_not_below_limit CHECK (balance >= balance_limit), 
	CONSTRAINT fk_accounts_user_id_users FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_accounts_user_id_currency UNIQUE (user_id, currency)
);
INSERT INTO "accounts" VALUES('9f33248b1e3a51a1b2a8ba697896d651','sales',NULL,'EUR',NULL,NULL,'2026-11-28 03:27:28.762170');
INSERT INTO "accounts" VALUES('517557d4c3f152509ebb3bdbb4e26e6c','card_clearing',NULL,'EUR',NULL,NULL,'2026-11-28 03:27:28.762184');
INSERT INTO "accounts" VALUES('7c6a848a1e445478b79fccf2a1e19152','adjustments',NULL,'EUR',NULL,NULL,'2026-11-28 03:27:28.762189');
INSERT INTO "accounts" VALUES('01a22031bf5776bfac741c0f87ca6dc5','customer','01a22031bf0c717c80e8fc030f387929','EUR',61050,0,'2026-11-28 03:27:40.812885');
INSERT INTO "accounts" VALUES('01a22031bffb77fa9e0e3d5f12de0898','customer','01a22031bfb970adafd5b7ac79a997f1','EUR',140000,0,'2026-11-28 03:27:40.985854');
INSERT INTO "accounts" VALUES('01a22031c0ac7194866d299c0375e5ac','customer','01a22031c05b705ab45e74aaf5016bc0','EUR',999999999999900,0,'2026-11-28 03:27:41.147816');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE deposits (
	id CHAR(32) NOT NULL, 
	user_id CHAR(32) NOT NULL, 
	account_id CHAR(32) NOT NULL, 
	idempotency_key TEXT NOT NULL, 
	amount BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	status TEXT NOT NULL, 
	card_token TEXT NOT NULL, 
	gateway_id TEXT, 
	expires_at TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_deposits PRIMARY KEY (id), 
	CONSTRAINT fk_deposits_user_id_users FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_deposits_user_id_idempotency_key UNIQUE (user_id, idempotency_key), 
	CONSTRAINT ck_deposits_amount_positive CHECK (amount > 0)
);
INSERT INTO "deposits" VALUES('01a22031d196770b9d6f7bd7a0fffbfe','01a22031bf0c717c80e8fc030f387929','01a22031bf5776bfac741c0f87ca6dc5','ada:deposit',5000,'EUR','captured','tok_visa','pay_39e1dcc4e85545c4b0c36209e63af914','2026-11-28 03:27:46.558550','2026-11-28 03:27:45.558550');
INSERT INTO "deposits" VALUES('01a22031d22d77ccb8d27ba2e046f7b4','01a22031bf0c717c80e8fc030f387929','01a22031bf5776bfac741c0f87ca6dc5','ada:deposit-declined',5000,'EUR','declined','tok_declined',NULL,'2026-11-28 03:27:46.709734','2026-11-28 03:27:45.709734');
INSERT INTO "deposits" VALUES('01a22031d270775aa83b901923ffcc80','01a22031bf0c717c80e8fc030f387929','01a22031bf5776bfac741c0f87ca6dc5','ada:deposit-late',2500,'EUR','captured','tok_timeout_after','pay_88e463c348ba419e9b1cdba143e57fa4','2026-11-28 03:27:46.776382','2026-11-28 03:27:45.776382');
INSERT INTO "deposits" VALUES('01a22031d3db71af88947f3e150ecb85','01a22031bf0c717c80e8fc030f387929','01a22031bf5776bfac741c0f87ca6dc5','ada:deposit-expired',1500,'EUR','voided','tok_timeout_before',NULL,'2026-11-28 03:27:47.139346','2026-11-28 03:27:46.139346');
INSERT INTO "deposits" VALUES('01a22032b1eb76a1b060305aa075bba0','01a22031c05b705ab45e74aaf5016bc0','01a22031c0ac7194866d299c0375e5ac','bob:fresh-deposit',300,'EUR','authorised','tok_visa','pay_1ac5bb78ca6d4d0cbd560fc58cc24efa','2026-12-05 03:28:42.987927','2026-11-28 03:28:42.987927');
INSERT INTO "deposits" VALUES('01a22032b21575cebb515a12fdf3984d','01a22031bf0c717c80e8fc030f387929','01a22031bf5776bfac741c0f87ca6dc5','ada:pending-deposit',4200,'EUR','pending','tok_timeout_before',NULL,'2026-12-05 03:28:43.029498','2026-11-28 03:28:43.029498');
CREATE TABLE dispatches (
	id CHAR(32) NOT NULL, 
	topic TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	addressee TEXT NOT NULL, 
	payload TEXT NOT NULL, 
	status TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	last_status_code INTEGER, 
	last_error TEXT, 
	created_at TEXT NOT NULL, 
	delivered_at TEXT, 
	CONSTRAINT pk_dispatches PRIMARY KEY (id), 
	CONSTRAINT ck_dispatches_delivered_has_a_time CHECK ((status = 'delivered') = (delivered_at IS NOT NULL))
);
INSERT INTO "dispatches" VALUES('01a22032448373dc91c8bca9a198d8c8','order.paid','webhook','http://127.0.0.1:39471/a','{"type":"order.paid","timestamp":"2026-11-28T03:28:14.979861Z","data":{"id":"01a22032-442b-7725-8621-bf7e554dfef2","number":"KDQ3-QW8Q-JDXM","user_id":"01a22031-c05b-705a-b45e-74aaf5016bc0","status":"paid","total":{"amount":3180,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":2,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":3180,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:28:14.868626Z"}}','delivered',1,204,NULL,'2026-11-28 03:28:14.979861','2026-11-28 03:28:18.938179');
INSERT INTO "dispatches" VALUES('01a22032448373dc91c8bcaa3ff95507','order.paid','mail','01a22031-c05b-705a-b45e-74aaf5016bc0','{"type":"order.paid","timestamp":"2026-11-28T03:28:14.979861Z","data":{"id":"01a22032-442b-7725-8621-bf7e554dfef2","number":"KDQ3-QW8Q-JDXM","user_id":"01a22031-c05b-705a-b45e-74aaf5016bc0","status":"paid","total":{"amount":3180,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":2,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":3180,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:28:14.868626Z"}}','delivered',1,250,NULL,'2026-11-28 03:28:14.979861','2026-11-28 03:28:19.079945');
INSERT INTO "dispatches" VALUES('01a2203244eb774fbd3a4708167aa604','stock.low','webhook','http://127.0.0.1:39471/a','{"type":"stock.low","timestamp":"2026-11-28T03:28:15.083283Z","data":{"sku":"GIFT-BOX","on_hand":5,"reserved":0,"available":5,"threshold":5}}','delivered',1,204,NULL,'2026-11-28 03:28:15.083283','2026-11-28 03:28:18.948266');
INSERT INTO "dispatches" VALUES('01a2203244eb774fbd3a470acd51090b','order.paid','webhook','http://127.0.0.1:39471/a','{"type":"order.paid","timestamp":"2026-11-28T03:28:15.083515Z","data":{"id":"01a22032-44eb-774f-bd3a-4706b7a8d80d","number":"ND21-8DF2-P4HW","user_id":"01a22031-bf0c-717c-80e8-fc030f387929","status":"paid","total":{"amount":980,"currency":"EUR"},"lines":[{"sku":"GIFT-BOX","name":"Gift box with ribbon","quantity":2,"unit_price":{"amount":490,"currency":"EUR"},"amount":{"amount":980,"currency":"EUR"}}],"payment":{"method":"account","status":"captured"},"placed_at":"2026-11-28T03:28:15.081787Z"}}','delivered',1,204,NULL,'2026-11-28 03:28:15.083515','2026-11-28 03:28:18.948266');
INSERT INTO "dispatches" VALUES('01a2203244eb774fbd3a470b99e1ec7f','order.paid','mail','01a22031-bf0c-717c-80e8-fc030f387929','{"type":"order.paid","timestamp":"2026-11-28T03:28:15.083515Z","data":{"id":"01a22032-44eb-774f-bd3a-4706b7a8d80d","number":"ND21-8DF2-P4HW","user_id":"01a22031-bf0c-717c-80e8-fc030f387929","status":"paid","total":{"amount":980,"currency":"EUR"},"lines":[{"sku":"GIFT-BOX","name":"Gift box with ribbon","quantity":2,"unit_price":{"amount":490,"currency":"EUR"},"amount":{"amount":980,"currency":"EUR"}}],"payment":{"method":"account","status":"captured"},"placed_at":"2026-11-28T03:28:15.081787Z"}}','delivered',1,250,NULL,'2026-11-28 03:28:15.083515','2026-11-28 03:28:19.092565');
INSERT INTO "dispatches" VALUES('01a22032459a73268889e3bbb690458c','account.credited','webhook','http://127.0.0.1:39471/a','{"type":"account.credited","timestamp":"2026-11-28T03:28:15.258607Z","data":{"id":"01a22032-459a-7326-8889-e3ba2bb10f3a","account_id":"01a22031-bf57-76bf-ac74-1c0f87ca6dc5","kind":"credit","amount":{"amount":250,"currency":"EUR"},"created_at":"2026-11-28T03:28:15.258461Z"}}','delivered',1,204,NULL,'2026-11-28 03:28:15.258607','2026-11-28 03:28:18.948266');
INSERT INTO "dispatches" VALUES('01a2203245b072889470f7fd52d4eaa0','order.shipped','webhook','http://127.0.0.1:39471/b','{"type":"order.shipped","timestamp":"2026-11-28T03:28:15.280536Z","data":{"id":"01a22032-44eb-774f-bd3a-4706b7a8d80d","number":"ND21-8DF2-P4HW","user_id":"01a22031-bf0c-717c-80e8-fc030f387929","status":"shipped","total":{"amount":980,"currency":"EUR"},"lines":[{"sku":"GIFT-BOX","name":"Gift box with ribbon","quantity":2,"unit_price":{"amount":490,"currency":"EUR"},"amount":{"amount":980,"currency":"EUR"}}],"payment":{"method":"account","status":"captured"},"placed_at":"2026-11-28T03:28:15.081787Z"}}','delivered',1,204,NULL,'2026-11-28 03:28:15.280536','2026-11-28 03:28:18.948266');
INSERT INTO "dispatches" VALUES('01a2203245b072889470f7fe80e4012c','order.shipped','mail','01a22031-bf0c-717c-80e8-fc030f387929','{"type":"order.shipped","timestamp":"2026-11-28T03:28:15.280536Z","data":{"id":"01a22032-44eb-774f-bd3a-4706b7a8d80d","number":"ND21-8DF2-P4HW","user_id":"01a22031-bf0c-717c-80e8-fc030f387929","status":"shipped","total":{"amount":980,"currency":"EUR"},"lines":[{"sku":"GIFT-BOX","name":"Gift box with ribbon","quantity":2,"unit_price":{"amount":490,"currency":"EUR"},"amount":{"amount":980,"currency":"EUR"}}],"payment":{"method":"account","status":"captured"},"placed_at":"2026-11-28T03:28:15.081787Z"}}','delivered',1,250,NULL,'2026-11-28 03:28:15.280536','2026-11-28 03:28:19.092565');
INSERT INTO "dispatches" VALUES('01a22032708d725894d6be695352d236','order.paid','webhook','http://127.0.0.1:39471/a','{"type":"order.paid","timestamp":"2026-11-28T03:28:26.253733Z","data":{"id":"01a22032-7074-71cd-9081-eafc0666c8b9","number":"6TVX-9PQC-ST5Y","user_id":"01a22031-c05b-705a-b45e-74aaf5016bc0","status":"paid","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:28:26.224280Z"}}','delivered',1,204,NULL,'2026-11-28 03:28:26.253733','2026-11-28 03:28:33.216890');
INSERT INTO "dispatches" VALUES('01a22032708d725894d6be6a76193afa','order.paid','mail','01a22031-c05b-705a-b45e-74aaf5016bc0','{"type":"order.paid","timestamp":"2026-11-28T03:28:26.253733Z","data":{"id":"01a22032-7074-71cd-9081-eafc0666c8b9","number":"6TVX-9PQC-ST5Y","user_id":"01a22031-c05b-705a-b45e-74aaf5016bc0","status":"paid","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:28:26.224280Z"}}','failed',1,550,'the mailbox was refused with 550','2026-11-28 03:28:26.253733',NULL);
INSERT INTO "dispatches" VALUES('01a2203270a27478abb5c699b518164a','order.paid','webhook','http://127.0.0.1:39471/a','{"type":"order.paid","timestamp":"2026-11-28T03:28:26.274801Z","data":{"id":"01a22032-7096-71f9-866d-6ef7666409a0","number":"2CY0-R4DM-R79A","user_id":"01a22031-c05b-705a-b45e-74aaf5016bc0","status":"paid","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:28:26.262093Z"}}','delivered',1,204,NULL,'2026-11-28 03:28:26.274801','2026-11-28 03:28:33.216890');
INSERT INTO "dispatches" VALUES('01a2203270a27478abb5c69ae5994ce3','order.paid','mail','01a22031-c05b-705a-b45e-74aaf5016bc0','{"type":"order.paid","timestamp":"2026-11-28T03:28:26.274801Z","data":{"id":"01a22032-7096-71f9-866d-6ef7666409a0","number":"2CY0-R4DM-R79A","user_id":"01a22031-c05b-705a-b45e-74aaf5016bc0","status":"paid","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:28:26.262093Z"}}','failed',1,550,'the mailbox was refused with 550','2026-11-28 03:28:26.274801',NULL);
INSERT INTO "dispatches" VALUES('01a2203270b075eaafdfd20fb54888e3','order.cancelled','webhook','http://127.0.0.1:39471/b','{"type":"order.cancelled","timestamp":"2026-11-28T03:28:26.288683Z","data":{"id":"01a22032-7096-71f9-866d-6ef7666409a0","number":"2CY0-R4DM-R79A","user_id":"01a22031-c05b-705a-b45e-74aaf5016bc0","status":"cancelled","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"voided"},"placed_at":"2026-11-28T03:28:26.262093Z"}}','failed',50,500,'answered 500','2026-11-28 03:28:26.288683',NULL);
INSERT INTO "dispatches" VALUES('01a2203270b075eaafdfd210582ffb8b','order.cancelled','mail','01a22031-c05b-705a-b45e-74aaf5016bc0','{"type":"order.cancelled","timestamp":"2026-11-28T03:28:26.288683Z","data":{"id":"01a22032-7096-71f9-866d-6ef7666409a0","number":"2CY0-R4DM-R79A","user_id":"01a22031-c05b-705a-b45e-74aaf5016bc0","status":"cancelled","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"voided"},"placed_at":"2026-11-28T03:28:26.262093Z"}}','failed',1,550,'the mailbox was refused with 550','2026-11-28 03:28:26.288683',NULL);
INSERT INTO "dispatches" VALUES('01a22032973b7330b2b457bff7bf7613','order.paid','webhook','http://127.0.0.1:39471/a','{"type":"order.paid","timestamp":"2026-11-28T03:28:36.155157Z","data":{"id":"01a22032-9711-758e-b236-971fc93cfe3d","number":"EJM4-7MXY-2DA9","user_id":"01a22031-bf0c-717c-80e8-fc030f387929","status":"paid","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:28:36.112343Z"}}','pending',1,500,'answered 500','2026-11-28 03:28:36.155157',NULL);
INSERT INTO "dispatches" VALUES('01a22032973b7330b2b457c0bbca8f64','order.paid','mail','01a22031-bf0c-717c-80e8-fc030f387929','{"type":"order.paid","timestamp":"2026-11-28T03:28:36.155157Z","data":{"id":"01a22032-9711-758e-b236-971fc93cfe3d","number":"EJM4-7MXY-2DA9","user_id":"01a22031-bf0c-717c-80e8-fc030f387929","status":"paid","total":{"amount":450,"currency":"EUR"},"lines":[{"sku":"CHOC-DARK-72","name":"Dark chocolate 72 %, 100 g","quantity":1,"unit_price":{"amount":450,"currency":"EUR"},"amount":{"amount":450,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:28:36.112343Z"}}','pending',1,451,'the mailbox was refused with 451','2026-11-28 03:28:36.155157',NULL);
INSERT INTO "dispatches" VALUES('01a22032b1b67054a7691c1178defdf9','order.paid','webhook','http://127.0.0.1:39471/a','{"type":"order.paid","timestamp":"2026-11-28T03:28:42.934152Z","data":{"id":"01a22032-b177-732a-a7c0-de3602c2c14a","number":"JWNF-EE86-3ETH","user_id":"01a22031-bf0c-717c-80e8-fc030f387929","status":"paid","total":{"amount":1890,"currency":"EUR"},"lines":[{"sku":"MUG-BLUE","name":"Stoneware mug, blue","quantity":1,"unit_price":{"amount":1890,"currency":"EUR"},"amount":{"amount":1890,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:28:42.859319Z"}}','pending',0,NULL,NULL,'2026-11-28 03:28:42.934152',NULL);
INSERT INTO "dispatches" VALUES('01a22032b1b67054a7691c129e191d54','order.paid','mail','01a22031-bf0c-717c-80e8-fc030f387929','{"type":"order.paid","timestamp":"2026-11-28T03:28:42.934152Z","data":{"id":"01a22032-b177-732a-a7c0-de3602c2c14a","number":"JWNF-EE86-3ETH","user_id":"01a22031-bf0c-717c-80e8-fc030f387929","status":"paid","total":{"amount":1890,"currency":"EUR"},"lines":[{"sku":"MUG-BLUE","name":"Stoneware mug, blue","quantity":1,"unit_price":{"amount":1890,"currency":"EUR"},"amount":{"amount":1890,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:28:42.859319Z"}}','pending',0,NULL,NULL,'2026-11-28 03:28:42.934152',NULL);
INSERT INTO "dispatches" VALUES('01a22032b1ca729f98ad642d44597c5d','order.paid','webhook','http://127.0.0.1:39471/a','{"type":"order.paid","timestamp":"2026-11-28T03:28:42.954869Z","data":{"id":"01a22032-b1c1-7523-b298-55844cbc0e34","number":"2ZW2-VAT5-F9NJ","user_id":"01a22031-bf0c-717c-80e8-fc030f387929","status":"paid","total":{"amount":1590,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":1,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":1590,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:28:42.945262Z"}}','pending',0,NULL,NULL,'2026-11-28 03:28:42.954869',NULL);
INSERT INTO "dispatches" VALUES('01a22032b1ca729f98ad642e7301baf2','order.paid','mail','01a22031-bf0c-717c-80e8-fc030f387929','{"type":"order.paid","timestamp":"2026-11-28T03:28:42.954869Z","data":{"id":"01a22032-b1c1-7523-b298-55844cbc0e34","number":"2ZW2-VAT5-F9NJ","user_id":"01a22031-bf0c-717c-80e8-fc030f387929","status":"paid","total":{"amount":1590,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":1,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":1590,"currency":"EUR"}}],"payment":{"method":"card","status":"authorised"},"placed_at":"2026-11-28T03:28:42.945262Z"}}','pending',0,NULL,NULL,'2026-11-28 03:28:42.954869',NULL);
INSERT INTO "dispatches" VALUES('01a22032b1d57323b85b7cd2be42c9fb','order.cancelled','webhook','http://127.0.0.1:39471/b','{"type":"order.cancelled","timestamp":"2026-11-28T03:28:42.965501Z","data":{"id":"01a22032-b1c1-7523-b298-55844cbc0e34","number":"2ZW2-VAT5-F9NJ","user_id":"01a22031-bf0c-717c-80e8-fc030f387929","status":"cancelled","total":{"amount":1590,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":1,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":1590,"currency":"EUR"}}],"payment":{"method":"card","status":"voided"},"placed_at":"2026-11-28T03:28:42.945262Z"}}','pending',0,NULL,NULL,'2026-11-28 03:28:42.965501',NULL);
INSERT INTO "dispatches" VALUES('01a22032b1d57323b85b7cd3ca0a7a95','order.cancelled','mail','01a22031-bf0c-717c-80e8-fc030f387929','{"type":"order.cancelled","timestamp":"2026-11-28T03:28:42.965501Z","data":{"id":"01a22032-b1c1-7523-b298-55844cbc0e34","number":"2ZW2-VAT5-F9NJ","user_id":"01a22031-bf0c-717c-80e8-fc030f387929","status":"cancelled","total":{"amount":1590,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":1,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":1590,"currency":"EUR"}}],"payment":{"method":"card","status":"voided"},"placed_at":"2026-11-28T03:28:42.945262Z"}}','pending',0,NULL,NULL,'2026-11-28 03:28:42.965501',NULL);
INSERT INTO "dispatches" VALUES('01a22032b1e17144969541b3c26c6947','order.refunded','webhook','http://127.0.0.1:39471/b','{"type":"order.refunded","timestamp":"2026-11-28T03:28:42.976980Z","data":{"id":"01a22032-442b-7725-8621-bf7e554dfef2","number":"KDQ3-QW8Q-JDXM","user_id":"01a22031-c05b-705a-b45e-74aaf5016bc0","status":"paid","total":{"amount":3180,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":2,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":3180,"currency":"EUR"}}],"payment":{"method":"card","status":"captured"},"placed_at":"2026-11-28T03:28:14.868626Z","refund":{"id":"01a22032-b1e0-7347-a68a-494ba1256524","amount":{"amount":200,"currency":"EUR"},"to":"card","lines":[],"restocked":false}}}','pending',0,NULL,NULL,'2026-11-28 03:28:42.976980',NULL);
INSERT INTO "dispatches" VALUES('01a22032b1e17144969541b40c30cabd','order.refunded','mail','01a22031-c05b-705a-b45e-74aaf5016bc0','{"type":"order.refunded","timestamp":"2026-11-28T03:28:42.976980Z","data":{"id":"01a22032-442b-7725-8621-bf7e554dfef2","number":"KDQ3-QW8Q-JDXM","user_id":"01a22031-c05b-705a-b45e-74aaf5016bc0","status":"paid","total":{"amount":3180,"currency":"EUR"},"lines":[{"sku":"BAG-CANVAS","name":"Canvas bag, natural","quantity":2,"unit_price":{"amount":1590,"currency":"EUR"},"amount":{"amount":3180,"currency":"EUR"}}],"payment":{"method":"card","status":"captured"},"placed_at":"2026-11-28T03:28:14.868626Z","refund":{"id":"01a22032-b1e0-7347-a68a-494ba1256524","amount":{"amount":200,"currency":"EUR"},"to":"card","lines":[],"restocked":false}}}','pending',0,NULL,NULL,'2026-11-28 03:28:42.976980',NULL);
INSERT INTO "dispatches" VALUES('01a22032b20677a395542013649e6144','account.credited','webhook','http://127.0.0.1:39471/a','{"type":"account.credited","timestamp":"2026-11-28T03:28:43.014603Z","data":{"id":"01a22032-b1eb-76a1-b060-305aa075bba0","account_id":"01a22031-c0ac-7194-866d-299c0375e5ac","kind":"deposit","amount":{"amount":300,"currency":"EUR"},"created_at":"2026-11-28T03:28:43.014548Z"}}','pending',0,NULL,NULL,'2026-11-28 03:28:43.014603',NULL);
CREATE TABLE handover_lines (
	handover_id CHAR(32) NOT NULL, 
	position INTEGER NOT NULL, 
	sku TEXT NOT NULL, 
	quantity INTEGER NOT NULL, 
	CONSTRAINT pk_handover_lines PRIMARY KEY (handover_id, position), 
	CONSTRAINT ck_handover_lines_quantity_positive CHECK (quantity > 0), 
	CONSTRAINT fk_handover_lines_handover_id_handovers FOREIGN KEY(handover_id) REFERENCES handovers (id)
);
INSERT INTO "handover_lines" VALUES('01a22031f33a75d5b84ed7fac09c191f',0,'CHOC-DARK-72',2);
INSERT INTO "handover_lines" VALUES('01a22031f3577114a9c0ae6d30606cbd',0,'CHOC-DARK-72',1);
INSERT INTO "handover_lines" VALUES('01a22031f366764a9aebcfbc305acf21',0,'MUG-BLUE',2);
INSERT INTO "handover_lines" VALUES('01a22031f383758db68c3e5edca7e8cd',0,'MUG-BLUE',2);
INSERT INTO "handover_lines" VALUES('01a22031f39671e6ac254169cf04d022',0,'BAG-CANVAS',2);
INSERT INTO "handover_lines" VALUES('01a22031f39671e6ac254169cf04d022',1,'CHOC-DARK-72',2);
INSERT INTO "handover_lines" VALUES('01a22031f5cb72b59f845fe29505353f',0,'BAG-CANVAS',1);
INSERT INTO "handover_lines" VALUES('01a2203245ab767f85479cda0d0d58c6',0,'GIFT-BOX',2);
CREATE TABLE handovers (
	id CHAR(32) NOT NULL, 
	order_id CHAR(32) NOT NULL, 
	kind TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_handovers PRIMARY KEY (id), 
	CONSTRAINT fk_handovers_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id)
);
INSERT INTO "handovers" VALUES('01a22031f33a75d5b84ed7fac09c191f','01a22031cfdf7103a28d5390d631300b','shipment','admin','2026-11-28 03:27:54.173714');
INSERT INTO "handovers" VALUES('01a22031f3577114a9c0ae6d30606cbd','01a22031cfdf7103a28d5390d631300b','delivery','admin','2026-11-28 03:27:54.205269');
INSERT INTO "handovers" VALUES('01a22031f366764a9aebcfbc305acf21','01a22031d00b7705b0b1775839f5cadf','shipment','admin','2026-11-28 03:27:54.228696');
INSERT INTO "handovers" VALUES('01a22031f383758db68c3e5edca7e8cd','01a22031d00b7705b0b1775839f5cadf','delivery','admin','2026-11-28 03:27:54.252946');
INSERT INTO "handovers" VALUES('01a22031f39671e6ac254169cf04d022','01a22031d6977652ad61f27ffd169bcb','shipment','admin','2026-11-28 03:27:54.272578');
INSERT INTO "handovers" VALUES('01a22031f5cb72b59f845fe29505353f','01a22031cfdf7103a28d5390d631300b','shipment','admin','2026-11-28 03:27:54.833396');
INSERT INTO "handovers" VALUES('01a2203245ab767f85479cda0d0d58c6','01a2203244eb774fbd3a4706b7a8d80d','shipment','admin','2026-11-28 03:28:15.280273');
CREATE TABLE idempotency_keys (
	user_id CHAR(32) NOT NULL, 
	"key" TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	reference CHAR(32), 
	refusal TEXT, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_idempotency_keys PRIMARY KEY (user_id, "key"), 
	CONSTRAINT ck_idempotency_keys_one_outcome CHECK (reference IS NULL OR refusal IS NULL), 
	CONSTRAINT fk_idempotency_keys_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:order-by-account','9099fd684042db6c6489294b3a00e072c6c990f663dca6bea977a540ffbc38bc','01a22031cf8e779d8684eee33d35605b',NULL,'2026-11-28 03:27:45.033514');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:order-of-the-cart','841f80d14afc7688893b57ea87cc2f6113298cf0da632751762529b96cfcc922','01a22031cfdf7103a28d5390d631300b',NULL,'2026-11-28 03:27:45.113026');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:empty-cart','e3d6f271909a71333de1d98a60a219eaf2dfd391fbef3503ab2b1dfe2872c8b5',NULL,'{"error":"EmptyCart","facts":{}}','2026-11-28 03:27:45.139377');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:order-to-deliver','9bd3a671e9b5512b0e12f875f2f3cf8efbb4dd02c53d55903357ef60decb75be','01a22031d00b7705b0b1775839f5cadf',NULL,'2026-11-28 03:27:45.160979');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:order-to-cancel','8c97a5d8c097240ccd5afdf020b638f5dcc178a8e58deed81b0c1c8f64c189cc','01a22031d02b729aa17225caad5623c3',NULL,'2026-11-28 03:27:45.191360');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:out-of-stock','63621ceb68ac9a2895eb81a5f4105a293c9280c01f718b8d1f91fa6fec772ee6',NULL,'{"error":"OutOfStock","facts":{"lines":[{"sku":"TEA-SENCHA","wanted":99,"available":2},{"sku":"GIFT-BOX","wanted":50,"available":7}]}}','2026-11-28 03:27:45.301617');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:price-changed','4e7bfc3c16c784d768b42f797432dd7ddaf793cdbea0e39c52ecd12078cdbb9a',NULL,'{"error":"PriceChanged","facts":{"expected":{"amount":1790,"currency":"EUR"},"total":{"amount":1890,"currency":"EUR"}}}','2026-11-28 03:27:45.323910');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:product-unknown','b5743efbe7ff02b1d11dd9b127708ceb23db9857549aca9781f7d489457687d7',NULL,'{"error":"ProductNotFound","facts":{"sku":"TEA-UNKNOWN"}}','2026-11-28 03:27:45.345102');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:product-inactive','d0b677aec2271f9de961e9f773deb16bdedeed53f987ecb17194c653a5236978',NULL,'{"error":"ProductNotFound","facts":{"sku":"TEA-TIN"}}','2026-11-28 03:27:45.371710');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:transfer','f2b05c82df7879fed64f5ac4677336e745d2dc81ef7837625692047d34d557ab','01a22031d10f72788d67daea35d1baec',NULL,'2026-11-28 03:27:45.420112');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:transfer-insufficient','75fa0f7e6fc5493f3c82aa4d5b9fdea1165e9b845c6100d3dd66e86b08acab1b',NULL,'{"error":"InsufficientFunds","facts":{"balance":{"amount":47760,"currency":"EUR"},"required":{"amount":900000,"currency":"EUR"}}}','2026-11-28 03:27:45.453363');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:transfer-to-nobody','304eb5e61a1998f7ac63e27cdbab1bb9e2b2d8549693efe7d8de43e8e77af156',NULL,'{"error":"RecipientNotFound","facts":{"email":"carol@example.com"}}','2026-11-28 03:27:45.481596');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:insufficient-funds','99f05ab0fc74f74cd3db01000335856beb048327cb56dc1c31df57956acba191',NULL,'{"error":"InsufficientFunds","facts":{"balance":{"amount":47760,"currency":"EUR"},"required":{"amount":107100,"currency":"EUR"}}}','2026-11-28 03:27:45.533414');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:deposit','07ae2d55df48c66fcd892b811b62dc3b7097d074f4f579001af117b451e40bd3','01a22031d196770b9d6f7bd7a0fffbfe',NULL,'2026-11-28 03:27:45.558074');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:deposit-declined','2d41b09b08267cf91a69dad22c63c2981e0ecf3f8b6fa006cb37331a2401a7eb',NULL,'{"error":"CardDeclined","facts":{"reason":"declined"}}','2026-11-28 03:27:45.707618');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:deposit-late','a74a77e48d891c7a865c68535470f9312a249bccdc80d63c9d810f93cfef643d','01a22031d270775aa83b901923ffcc80',NULL,'2026-11-28 03:27:45.775883');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:deposit-expired','e5bd06a82fcd353827d2902e08f3ce79e2668e0c74969384d2c7e6b77b22ab98',NULL,'{"error":"PaymentExpired","facts":{}}','2026-11-28 03:27:46.133333');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:credit','47169316f88b74633a60f6cdf6ccc610d3d1a82a503a1fcc28788e59edad91e9','01a22031d54474b5903b61ef0a4d59ad',NULL,'2026-11-28 03:27:46.498834');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:credit-to-nobody','0761075cb96bcbf45fe68c1fe3fbf259a05bf9f0b0f867feadf334029e20c9e1',NULL,'{"error":"AccountNotFound","facts":{}}','2026-11-28 03:27:46.547349');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:credit-large','43f6f2c609015fa14173698e8ca4954970be637b2d017c1096df3ad344d0ad5b','01a22031d5957735959f0db6e179be92',NULL,'2026-11-28 03:27:46.579861');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:credit-too-large','5f46f692412df15928cf3ec8e67a63bb328b8421a0aef8983cc6756fb444d155',NULL,'{"error":"BalanceTooLarge","facts":{}}','2026-11-28 03:27:46.635515');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:transfer-too-large','b1d7d320921bec964616593858c82cdcf03e868e4bd7b29bfc8937db4dc5b1d4',NULL,'{"error":"BalanceTooLarge","facts":{}}','2026-11-28 03:27:46.691883');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:deposit-too-large','cacc9ea0de5044eabbd4d9e07c5bbe7fc8cc1cc7067f9ce01dd2fb3c4383baa4',NULL,'{"error":"BalanceTooLarge","facts":{}}','2026-11-28 03:27:46.771542');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:card-paid','17cd5e3a7ef597cbec14699c462228ff503d2234f82a5458647959c2c57c0b72','01a22031d6977652ad61f27ffd169bcb',NULL,'2026-11-28 03:27:46.822849');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:card-declined','3f1208a36d931177c26ca7fb1b2f50f1342680aa75c03609be05b07c7ad78e64',NULL,'{"error":"CardDeclined","facts":{"reason":"declined"}}','2026-11-28 03:27:46.947310');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:card-insufficient','5bbd1685ede0afca1fe1892d18e6995e4eee3384455c2efcbb52f21b92f73515',NULL,'{"error":"CardDeclined","facts":{"reason":"insufficient_funds"}}','2026-11-28 03:27:47.064322');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:card-unknown','329c23eafc2a6f50d89256860975555802b6a7c2ea76a23f450532e520573f10',NULL,'{"error":"CardDeclined","facts":{"reason":"unknown_token"}}','2026-11-28 03:27:47.143474');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:card-out-of-stock','dd8ff28d0f89c14066665749a49eb14f230228c3485adda5a0a05de5de548e39',NULL,'{"error":"OutOfStock","facts":{"lines":[{"sku":"TEA-SENCHA","wanted":3,"available":2}]}}','2026-11-28 03:27:47.201911');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:card-late','8d3eaeb34a47ee33e4680d436eeab2636155b4e62e946bcb305185c1ede81561','01a22031d808740587b993a158bb8d5f',NULL,'2026-11-28 03:27:47.207422');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:card-faulty','d7abf1714f98261330d79d37db53271594d30bf4541d09866f8234ab01cf5731','01a22031d93e772e925775b957b6346d',NULL,'2026-11-28 03:27:47.517522');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:card-cancelled-pending','4c86fadf320941aeef9fb6d0097ea43fd8240f947fc49dea9b6c7e6ae0e50aef',NULL,'{"error":"PaymentCancelled","facts":{}}','2026-11-28 03:27:47.560764');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:card-paid-cancelled','adebee7c83505918df5e79594ce710d3654cb76376ed63a3e722c159c664f132','01a22031db61720fb70e3df56fa7677c',NULL,'2026-11-28 03:27:48.003586');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:card-expired','28dd08699b62ead2c5ce310d782b2c5331ea60b0b68e6d4582c3c7db28537ffc',NULL,'{"error":"PaymentExpired","facts":{}}','2026-11-28 03:27:48.303406');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-to-no-card','093d0410bb6be83f3cfcb93e8788450906fac47130946610e02019e8f583c671',NULL,'{"error":"NotPaidByCard","facts":{}}','2026-11-28 03:27:54.290210');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-lines-account','611a29dab2ff27794b7d0b58bbf7d9dca806dc54e58553d080573023b4a6fd3d','01a22031f3e1707fbf80fe6b60e90f4f',NULL,'2026-11-28 03:27:54.327858');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-whole-account','d78875e97f1094717b8aa5216e5e9238038fe807cca7ea1ff98cbf3e4ad40440','01a22031f42c7100b2e9f655345a1564',NULL,'2026-11-28 03:27:54.391281');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-again','3922d3891e6303538a0643ffa722c0fda6e6a334bb64dd4d9e37709bc441c57b',NULL,'{"error":"IllegalTransition","facts":{"before":"refunded","after":"refunded"}}','2026-11-28 03:27:54.435172');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-of-declined','5dc9d9a4ba86a23f07b7e4029c5e425245253f09d0c3113cf99f35bcfef5136d',NULL,'{"error":"IllegalTransition","facts":{"before":"cancelled","after":"refunded"}}','2026-11-28 03:27:54.461142');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-of-nothing','73ef327233c30c6047b82d57df2cb88d88a8d54ac4b30ee6d1975c645e4cc1ae',NULL,'{"error":"OrderNotFound","facts":{}}','2026-11-28 03:27:54.481288');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-lines-card','04f8cd33fcf1b5dfe3e0d216113d1bf8a1ca377fb6082a6f21fbc704402b87af','01a22031f49877d2ba2c2d659215a1f4',NULL,'2026-11-28 03:27:54.502704');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-amount-card','9ce44621cfa187f66bc1c469d79e8566d4f18e47ee124efe3b548dcdbac3818c','01a22031f4b876e4be6069fa1e786828',NULL,'2026-11-28 03:27:54.543653');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-amount-to-account','9035c123b8e8cc7b2130c1bae821b0dce327114917cc0e708badbefa9a56a623','01a22031f4da71c88b4860157b6a142a',NULL,'2026-11-28 03:27:54.584148');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-too-many','318c714326395da31ccfa4faec0119f4e660b85d2aefa418ed9d4d7f99efb863',NULL,'{"error":"NotSoManyLeft","facts":{"lines":[{"sku":"BAG-CANVAS","wanted":3,"left":2},{"sku":"CHOC-DARK-72","wanted":9,"left":2}]}}','2026-11-28 03:27:54.604186');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-too-large','f48da26d4a68876229283a02deb4cd39678c2908867e63579dbd03436527a049',NULL,'{"error":"RefundTooLarge","facts":{"wanted":{"amount":99999,"currency":"EUR"},"left":{"amount":3280,"currency":"EUR"}}}','2026-11-28 03:27:54.632135');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-whole-card','20dfd12e8a7f3e23f84f793962a983ce6a63ae74cfb413ceb3f90e44b1c07062','01a22031f52c7082a6375f38fa7544c0',NULL,'2026-11-28 03:27:54.660008');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:order-of-the-rich','e910c58fc3d007e40bbd1c6d89a22e84f2b055d88c1d4b0e06e92b7e0093dc4e','01a22031f569762980ea1ae157003217',NULL,'2026-11-28 03:27:54.715209');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:credit-up-to-the-brim','b9a503f5d45ff0f275ebb4c980c712969d7eac1f4149bf45a6124ba6e9c95585','01a22031f59a75678f886c9652edc501',NULL,'2026-11-28 03:27:54.778234');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:refund-balance-too-large','72b80d376c8ac0179b5c52079f9cf160b6a63639e788a67132d95959f845c799',NULL,'{"error":"BalanceTooLarge","facts":{}}','2026-11-28 03:27:54.804056');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:told-card','00340708cfae4f3bc4dc708efd5d6d646fc30f256c5dfc7760ac8b6d0036adac','01a22032442b77258621bf7e554dfef2',NULL,'2026-11-28 03:28:14.859405');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:told-account','935da8cad4deeaa0c838f42ea5e47a0163ffab760f58dd1bac68e6b9e430536b','01a2203244eb774fbd3a4706b7a8d80d',NULL,'2026-11-28 03:28:15.079601');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:told-credit','8ffa7547975b93273122774a0e984409522f436b74e32354742b473cc36dfd8e','01a22032459a73268889e3ba2bb10f3a',NULL,'2026-11-28 03:28:15.256965');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:dead-capture','c004fc8396801c78b1f489b11f5246042e889a68a9f4b35573c4d2e249d5d6fc','01a22032707471cd9081eafc0666c8b9',NULL,'2026-11-28 03:28:26.223724');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:dead-delivery','c004fc8396801c78b1f489b11f5246042e889a68a9f4b35573c4d2e249d5d6fc','01a22032709671f9866d6ef7666409a0',NULL,'2026-11-28 03:28:26.261829');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:tried-once','c004fc8396801c78b1f489b11f5246042e889a68a9f4b35573c4d2e249d5d6fc','01a220329711758eb236971fc93cfe3d',NULL,'2026-11-28 03:28:36.112007');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:fresh-capture','8d95d4a99f6d6b78cef197b09c23cd6cc62d943e0e8f0aa7bfcf31c4b8dc43ce','01a22032b177732aa7c0de3602c2c14a',NULL,'2026-11-28 03:28:42.857203');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:fresh-undo','916f6302637526bda21fddf5f2bd659601cc6f0e754b83b0a989439a36b0fc39','01a22032b1c17523b29855844cbc0e34',NULL,'2026-11-28 03:28:42.944980');
INSERT INTO "idempotency_keys" VALUES('01a22031bfb970adafd5b7ac79a997f1','grace:fresh-refund','8ce3baae8fbbe811ba0ed18cdd684956bca36ff2b998e1f57d3c971b8cab89e7','01a22032b1e07347a68a494ba1256524',NULL,'2026-11-28 03:28:42.974819');
INSERT INTO "idempotency_keys" VALUES('01a22031c05b705ab45e74aaf5016bc0','bob:fresh-deposit','38024a8e10073de80a2ad982d42f7891a42f6de9950019d702a0b29da7a9c6ac','01a22032b1eb76a1b060305aa075bba0',NULL,'2026-11-28 03:28:42.987441');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:pending-deposit','8e2ae982c8a51895054efb2eeb13da312427f8d11eb6ead61211a7c4788ca547',NULL,NULL,'2026-11-28 03:28:43.028759');
INSERT INTO "idempotency_keys" VALUES('01a22031bf0c717c80e8fc030f387929','ada:pending-order','4c86fadf320941aeef9fb6d0097ea43fd8240f947fc49dea9b6c7e6ae0e50aef',NULL,NULL,'2026-11-28 03:28:43.376695');
CREATE TABLE inventories (
	sku TEXT NOT NULL, 
	on_hand BIGINT NOT NULL, 
	reserved BIGINT NOT NULL, 
	CONSTRAINT pk_inventories PRIMARY KEY (sku), 
	CONSTRAINT ck_inventories_reserved_on_hand CHECK (0 <= reserved AND reserved <= on_hand), 
	CONSTRAINT fk_inventories_sku_products FOREIGN KEY(sku) REFERENCES products (sku)
);
INSERT INTO "inventories" VALUES('BAG-CANVAS',55,1);
INSERT INTO "inventories" VALUES('CHOC-DARK-72',284,0);
INSERT INTO "inventories" VALUES('GIFT-BOX',5,0);
INSERT INTO "inventories" VALUES('MUG-BLUE',21,0);
INSERT INTO "inventories" VALUES('TEA-SENCHA',2,0);
INSERT INTO "inventories" VALUES('LAMP-DESK',9,0);
INSERT INTO "inventories" VALUES('TEA-TIN',0,0);
CREATE TABLE jobs (
	subject_id CHAR(32) NOT NULL, 
	kind TEXT NOT NULL, 
	due_at TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	failures INTEGER NOT NULL, 
	is_dead BOOLEAN NOT NULL, 
	failure TEXT, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_jobs PRIMARY KEY (subject_id, kind)
);
INSERT INTO "jobs" VALUES('01a22032707471cd9081eafc0666c8b9','capture','2026-11-29 03:28:33.197005',50,50,1,'GatewaySilent: Cannot connect to host 127.0.0.1:9 ssl:default [Connect call failed (''127.0.0.1'', 9)]','2026-11-28 03:28:26.253476');
INSERT INTO "jobs" VALUES('01a22032709671f9866d6ef7666409a0','undo','2026-11-29 03:28:33.197005',50,50,1,'GatewaySilent: Cannot connect to host 127.0.0.1:9 ssl:default [Connect call failed (''127.0.0.1'', 9)]','2026-11-28 03:28:26.287478');
INSERT INTO "jobs" VALUES('01a2203270b075eaafdfd20fb54888e3','deliver','2026-11-29 03:28:33.601363',50,50,1,'NotDelivered: answered 500','2026-11-28 03:28:26.288683');
INSERT INTO "jobs" VALUES('01a220329711758eb236971fc93cfe3d','capture','2026-11-28 03:37:07.002390',1,1,0,'GatewaySilent: Cannot connect to host 127.0.0.1:9 ssl:default [Connect call failed (''127.0.0.1'', 9)]','2026-11-28 03:28:36.154816');
INSERT INTO "jobs" VALUES('01a22032973b7330b2b457bff7bf7613','deliver','2026-11-28 03:34:38.588813',1,1,0,'NotDelivered: answered 500','2026-11-28 03:28:36.155157');
INSERT INTO "jobs" VALUES('01a22032973b7330b2b457c0bbca8f64','mail','2026-11-28 03:36:18.868080',1,1,0,'NotDelivered: the mailbox was refused with 451','2026-11-28 03:28:36.155157');
INSERT INTO "jobs" VALUES('01a22032b177732aa7c0de3602c2c14a','capture','2026-11-28 03:28:42.933888',0,0,0,NULL,'2026-11-28 03:28:42.933888');
INSERT INTO "jobs" VALUES('01a22032b1b67054a7691c1178defdf9','deliver','2026-11-28 03:28:42.934152',0,0,0,NULL,'2026-11-28 03:28:42.934152');
INSERT INTO "jobs" VALUES('01a22032b1b67054a7691c129e191d54','mail','2026-11-28 03:28:42.934152',0,0,0,NULL,'2026-11-28 03:28:42.934152');
INSERT INTO "jobs" VALUES('01a22032b1ca729f98ad642d44597c5d','deliver','2026-11-28 03:28:42.954869',0,0,0,NULL,'2026-11-28 03:28:42.954869');
INSERT INTO "jobs" VALUES('01a22032b1ca729f98ad642e7301baf2','mail','2026-11-28 03:28:42.954869',0,0,0,NULL,'2026-11-28 03:28:42.954869');
INSERT INTO "jobs" VALUES('01a22032b1c17523b29855844cbc0e34','undo','2026-11-28 03:28:42.964333',0,0,0,NULL,'2026-11-28 03:28:42.964333');
INSERT INTO "jobs" VALUES('01a22032b1d57323b85b7cd2be42c9fb','deliver','2026-11-28 03:28:42.965501',0,0,0,NULL,'2026-11-28 03:28:42.965501');
INSERT INTO "jobs" VALUES('01a22032b1d57323b85b7cd3ca0a7a95','mail','2026-11-28 03:28:42.965501',0,0,0,NULL,'2026-11-28 03:28:42.965501');
INSERT INTO "jobs" VALUES('01a22032b1e07347a68a494ba1256524','refund','2026-11-28 03:28:42.975469',0,0,0,NULL,'2026-11-28 03:28:42.975469');
INSERT INTO "jobs" VALUES('01a22032b1e17144969541b3c26c6947','deliver','2026-11-28 03:28:42.976980',0,0,0,NULL,'2026-11-28 03:28:42.976980');
INSERT INTO "jobs" VALUES('01a22032b1e17144969541b40c30cabd','mail','2026-11-28 03:28:42.976980',0,0,0,NULL,'2026-11-28 03:28:42.976980');
INSERT INTO "jobs" VALUES('01a22032b20677a395542013649e6144','deliver','2026-11-28 03:28:43.014603',0,0,0,NULL,'2026-11-28 03:28:43.014603');
INSERT INTO "jobs" VALUES('01a22032b1eb76a1b060305aa075bba0','capture_deposit','2026-11-28 03:28:43.014548',0,0,0,NULL,'2026-11-28 03:28:43.014548');
INSERT INTO "jobs" VALUES('01a22032b21575cebb515a12fdf3984d','resolve_deposit','2026-11-28 03:28:43.529498',0,0,0,NULL,'2026-11-28 03:28:43.029498');
INSERT INTO "jobs" VALUES('01a22032b3717573aada42764df2aec1','resolve','2026-11-28 03:28:43.877012',0,0,0,NULL,'2026-11-28 03:28:43.377012');
CREATE TABLE movements (
	id CHAR(32) NOT NULL, 
	sku TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	on_hand_delta BIGINT NOT NULL, 
	reserved_delta BIGINT NOT NULL, 
	order_id CHAR(32), 
	reason TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_movements PRIMARY KEY (id), 
	CONSTRAINT fk_movements_sku_inventories FOREIGN KEY(sku) REFERENCES inventories (sku)
);
INSERT INTO "movements" VALUES('01a22031a25777689b95f6332838d45e','BAG-CANVAS','adjustment',60,0,NULL,'Intake','2026-11-28 03:27:33.463891');
INSERT INTO "movements" VALUES('01a22031a25777689b95f634b9d51568','CHOC-DARK-72','adjustment',300,0,NULL,'Intake','2026-11-28 03:27:33.463932');
INSERT INTO "movements" VALUES('01a22031a25777689b95f635adabdc40','GIFT-BOX','adjustment',7,0,NULL,'Intake','2026-11-28 03:27:33.463948');
INSERT INTO "movements" VALUES('01a22031a25777689b95f636c29cac0b','MUG-BLUE','adjustment',24,0,NULL,'Intake','2026-11-28 03:27:33.463975');
INSERT INTO "movements" VALUES('01a22031a25777689b95f6373fea17c0','TEA-SENCHA','adjustment',3,0,NULL,'Intake','2026-11-28 03:27:33.463995');
INSERT INTO "movements" VALUES('01a22031cf727326977be16c4338808d','LAMP-DESK','adjustment',9,0,NULL,'Delivery','2026-11-28 03:27:45.010366');
INSERT INTO "movements" VALUES('01a22031cf7b73d08a9ff3a55d46725c','TEA-SENCHA','adjustment',-1,0,NULL,'Fell apart','2026-11-28 03:27:45.019161');
INSERT INTO "movements" VALUES('01a22031cf8e779d8684eee495e0abd8','BAG-CANVAS','sale',-2,0,'01a22031cf8e779d8684eee33d35605b','','2026-11-28 03:27:45.035602');
INSERT INTO "movements" VALUES('01a22031cf8e779d8684eee59b774157','MUG-BLUE','sale',-1,0,'01a22031cf8e779d8684eee33d35605b','','2026-11-28 03:27:45.035602');
INSERT INTO "movements" VALUES('01a22031cfe076a3973c099c4e41c278','BAG-CANVAS','sale',-1,0,'01a22031cfdf7103a28d5390d631300b','','2026-11-28 03:27:45.115152');
INSERT INTO "movements" VALUES('01a22031cfe076a3973c099d173f5c44','CHOC-DARK-72','sale',-4,0,'01a22031cfdf7103a28d5390d631300b','','2026-11-28 03:27:45.115152');
INSERT INTO "movements" VALUES('01a22031d00b7705b0b17759a547a7c7','MUG-BLUE','sale',-2,0,'01a22031d00b7705b0b1775839f5cadf','','2026-11-28 03:27:45.161254');
INSERT INTO "movements" VALUES('01a22031d02b729aa17225cb50873d44','CHOC-DARK-72','sale',-3,0,'01a22031d02b729aa17225caad5623c3','','2026-11-28 03:27:45.191687');
INSERT INTO "movements" VALUES('01a22031d06c708a9a92acf9bfd06378','CHOC-DARK-72','sale_undone',3,0,'01a22031d02b729aa17225caad5623c3','','2026-11-28 03:27:45.235725');
INSERT INTO "movements" VALUES('01a22031d6977652ad61f2805e7555ee','BAG-CANVAS','reservation',0,3,'01a22031d6977652ad61f27ffd169bcb','','2026-11-28 03:27:46.832990');
INSERT INTO "movements" VALUES('01a22031d6977652ad61f281ef203e17','CHOC-DARK-72','reservation',0,2,'01a22031d6977652ad61f27ffd169bcb','','2026-11-28 03:27:46.832990');
INSERT INTO "movements" VALUES('01a22031d6c776658f2e11fa1f44455e','BAG-CANVAS','confirmation',-3,-3,'01a22031d6977652ad61f27ffd169bcb','','2026-11-28 03:27:46.887590');
INSERT INTO "movements" VALUES('01a22031d6c776658f2e11fb5e0dc799','CHOC-DARK-72','confirmation',-2,-2,'01a22031d6977652ad61f27ffd169bcb','','2026-11-28 03:27:46.887590');
INSERT INTO "movements" VALUES('01a22031d70a742b89349e871c29e975','MUG-BLUE','reservation',0,1,'01a22031d70a742b89349e86db58eeaa','','2026-11-28 03:27:46.951683');
INSERT INTO "movements" VALUES('01a22031d7487763af4c173d14be316d','MUG-BLUE','release',0,-1,'01a22031d70a742b89349e86db58eeaa','','2026-11-28 03:27:47.016857');
INSERT INTO "movements" VALUES('01a22031d78774129d20366a3c3022ee','MUG-BLUE','reservation',0,1,'01a22031d78774129d203669ef6b1852','','2026-11-28 03:27:47.065139');
INSERT INTO "movements" VALUES('01a22031d7a673bb93b8e7d78bc413e2','MUG-BLUE','release',0,-1,'01a22031d78774129d203669ef6b1852','','2026-11-28 03:27:47.110051');
INSERT INTO "movements" VALUES('01a22031d7d371ea906f9519c428c1a8','MUG-BLUE','reservation',0,1,'01a22031d7d371ea906f951812587bfa','','2026-11-28 03:27:47.144317');
INSERT INTO "movements" VALUES('01a22031d7fb71c1987295d0fb97f2d1','MUG-BLUE','release',0,-1,'01a22031d7d371ea906f951812587bfa','','2026-11-28 03:27:47.195829');
INSERT INTO "movements" VALUES('01a22031d808740587b993a2f6cf5b60','CHOC-DARK-72','reservation',0,5,'01a22031d808740587b993a158bb8d5f','','2026-11-28 03:27:47.207682');
INSERT INTO "movements" VALUES('01a22031d93e772e925775ba692a1da0','CHOC-DARK-72','reservation',0,1,'01a22031d93e772e925775b957b6346d','','2026-11-28 03:27:47.517837');
INSERT INTO "movements" VALUES('01a22031d96977debefe8b324c877505','BAG-CANVAS','reservation',0,1,'01a22031d96977debefe8b317edd5eb6','','2026-11-28 03:27:47.561057');
INSERT INTO "movements" VALUES('01a22031dad376738463310b670eea30','BAG-CANVAS','release',0,-1,'01a22031d96977debefe8b317edd5eb6','','2026-11-28 03:27:47.912219');
INSERT INTO "movements" VALUES('01a22031db61720fb70e3df68bc4237c','MUG-BLUE','reservation',0,2,'01a22031db61720fb70e3df56fa7677c','','2026-11-28 03:27:48.057283');
INSERT INTO "movements" VALUES('01a22031dbb777a5857e2fd91c7bd8d4','MUG-BLUE','confirmation',-2,-2,'01a22031db61720fb70e3df56fa7677c','','2026-11-28 03:27:48.150803');
INSERT INTO "movements" VALUES('01a22031dc2271049792effd92255df5','MUG-BLUE','sale_undone',2,0,'01a22031db61720fb70e3df56fa7677c','','2026-11-28 03:27:48.239022');
INSERT INTO "movements" VALUES('01a22031dc597416b20ca1237e44e3f7','CHOC-DARK-72','reservation',0,2,'01a22031dc597416b20ca12272686142','','2026-11-28 03:27:48.307423');
INSERT INTO "movements" VALUES('01a22031ef4377588e23248e5f7ea812','CHOC-DARK-72','confirmation',-5,-5,'01a22031d808740587b993a158bb8d5f','','2026-11-28 03:27:53.155367');
INSERT INTO "movements" VALUES('01a22031ef4377588e23249061a1341b','CHOC-DARK-72','release',0,-2,'01a22031dc597416b20ca12272686142','','2026-11-28 03:27:53.155367');
INSERT INTO "movements" VALUES('01a22031ef4377588e23249104e78f11','CHOC-DARK-72','confirmation',-1,-1,'01a22031d93e772e925775b957b6346d','','2026-11-28 03:27:53.155367');
INSERT INTO "movements" VALUES('01a22031f42c7100b2e9f656bf044c77','BAG-CANVAS','sale_undone',2,0,'01a22031cf8e779d8684eee33d35605b','','2026-11-28 03:27:54.399410');
INSERT INTO "movements" VALUES('01a22031f42c7100b2e9f657511d8a2d','MUG-BLUE','sale_undone',1,0,'01a22031cf8e779d8684eee33d35605b','','2026-11-28 03:27:54.399410');
INSERT INTO "movements" VALUES('01a22031f49877d2ba2c2d665c068797','BAG-CANVAS','sale_undone',1,0,'01a22031d6977652ad61f27ffd169bcb','','2026-11-28 03:27:54.506163');
INSERT INTO "movements" VALUES('01a22031f569762980ea1ae23f122416','CHOC-DARK-72','sale',-2,0,'01a22031f569762980ea1ae157003217','','2026-11-28 03:27:54.719430');
INSERT INTO "movements" VALUES('01a22032442b77258621bf7f2e0cff3f','BAG-CANVAS','reservation',0,2,'01a22032442b77258621bf7e554dfef2','','2026-11-28 03:28:14.868626');
INSERT INTO "movements" VALUES('01a22032448373dc91c8bca74c6dc9dc','BAG-CANVAS','confirmation',-2,-2,'01a22032442b77258621bf7e554dfef2','','2026-11-28 03:28:14.979557');
INSERT INTO "movements" VALUES('01a2203244eb774fbd3a4707561edc3e','GIFT-BOX','sale',-2,0,'01a2203244eb774fbd3a4706b7a8d80d','','2026-11-28 03:28:15.081787');
INSERT INTO "movements" VALUES('01a22032707471cd9081eafd650e8417','CHOC-DARK-72','reservation',0,1,'01a22032707471cd9081eafc0666c8b9','','2026-11-28 03:28:26.224280');
INSERT INTO "movements" VALUES('01a22032708d725894d6be673ff8b021','CHOC-DARK-72','confirmation',-1,-1,'01a22032707471cd9081eafc0666c8b9','','2026-11-28 03:28:26.253476');
INSERT INTO "movements" VALUES('01a22032709671f9866d6ef8694d2b04','CHOC-DARK-72','reservation',0,1,'01a22032709671f9866d6ef7666409a0','','2026-11-28 03:28:26.262093');
INSERT INTO "movements" VALUES('01a2203270a27478abb5c69773696c85','CHOC-DARK-72','confirmation',-1,-1,'01a22032709671f9866d6ef7666409a0','','2026-11-28 03:28:26.274496');
INSERT INTO "movements" VALUES('01a2203270b075eaafdfd20d50ffb2c7','CHOC-DARK-72','sale_undone',1,0,'01a22032709671f9866d6ef7666409a0','','2026-11-28 03:28:26.287478');
INSERT INTO "movements" VALUES('01a220329711758eb23697205ece79ba','CHOC-DARK-72','reservation',0,1,'01a220329711758eb236971fc93cfe3d','','2026-11-28 03:28:36.112343');
INSERT INTO "movements" VALUES('01a22032973a73099b10555ac998ba45','CHOC-DARK-72','confirmation',-1,-1,'01a220329711758eb236971fc93cfe3d','','2026-11-28 03:28:36.154816');
INSERT INTO "movements" VALUES('01a22032b177732aa7c0de379ad14bf3','MUG-BLUE','reservation',0,1,'01a22032b177732aa7c0de3602c2c14a','','2026-11-28 03:28:42.859319');
INSERT INTO "movements" VALUES('01a22032b1b67054a7691c0fa2b3f823','MUG-BLUE','confirmation',-1,-1,'01a22032b177732aa7c0de3602c2c14a','','2026-11-28 03:28:42.933888');
INSERT INTO "movements" VALUES('01a22032b1c17523b29855852e0d117a','BAG-CANVAS','reservation',0,1,'01a22032b1c17523b29855844cbc0e34','','2026-11-28 03:28:42.945262');
INSERT INTO "movements" VALUES('01a22032b1ca729f98ad642b4c188aaf','BAG-CANVAS','confirmation',-1,-1,'01a22032b1c17523b29855844cbc0e34','','2026-11-28 03:28:42.954665');
INSERT INTO "movements" VALUES('01a22032b1d57323b85b7cd0244f4f64','BAG-CANVAS','sale_undone',1,0,'01a22032b1c17523b29855844cbc0e34','','2026-11-28 03:28:42.964333');
INSERT INTO "movements" VALUES('01a22032b3717573aada427787733351','BAG-CANVAS','reservation',0,1,'01a22032b3717573aada42764df2aec1','','2026-11-28 03:28:43.377012');
CREATE TABLE notices (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	reference CHAR(32), 
	received_at TEXT NOT NULL, 
	CONSTRAINT pk_notices PRIMARY KEY (id)
);
INSERT INTO "notices" VALUES('evt_0004_payout','payout.paid',NULL,'2026-11-28 03:28:54.851644');
INSERT INTO "notices" VALUES('evt_0004_refund','refund.failed',NULL,'2026-11-28 03:28:54.971433');
INSERT INTO "notices" VALUES('evt_0004_order','payment_intent.amount_capturable_updated','01a22031d6977652ad61f27ffd169bcb','2026-11-28 03:27:46.832990');
CREATE TABLE order_events (
	order_id CHAR(32) NOT NULL, 
	sequence INTEGER NOT NULL, 
	status_before TEXT, 
	status_after TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_order_events PRIMARY KEY (order_id, sequence), 
	CONSTRAINT fk_order_events_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id)
);
INSERT INTO "order_events" VALUES('01a22031cf8e779d8684eee33d35605b',1,NULL,'paid','customer','2026-11-28 03:27:45.035602');
INSERT INTO "order_events" VALUES('01a22031cfdf7103a28d5390d631300b',1,NULL,'paid','customer','2026-11-28 03:27:45.115152');
INSERT INTO "order_events" VALUES('01a22031d00b7705b0b1775839f5cadf',1,NULL,'paid','customer','2026-11-28 03:27:45.161254');
INSERT INTO "order_events" VALUES('01a22031d02b729aa17225caad5623c3',1,NULL,'paid','customer','2026-11-28 03:27:45.191687');
INSERT INTO "order_events" VALUES('01a22031d02b729aa17225caad5623c3',2,'paid','cancelled','customer','2026-11-28 03:27:45.235725');
INSERT INTO "order_events" VALUES('01a22031d6977652ad61f27ffd169bcb',1,NULL,'pending','customer','2026-11-28 03:27:46.832990');
INSERT INTO "order_events" VALUES('01a22031d6977652ad61f27ffd169bcb',2,'pending','paid','gateway','2026-11-28 03:27:46.887590');
INSERT INTO "order_events" VALUES('01a22031d70a742b89349e86db58eeaa',1,NULL,'pending','customer','2026-11-28 03:27:46.951683');
INSERT INTO "order_events" VALUES('01a22031d70a742b89349e86db58eeaa',2,'pending','declined','gateway','2026-11-28 03:27:47.016857');
INSERT INTO "order_events" VALUES('01a22031d78774129d203669ef6b1852',1,NULL,'pending','customer','2026-11-28 03:27:47.065139');
INSERT INTO "order_events" VALUES('01a22031d78774129d203669ef6b1852',2,'pending','declined','gateway','2026-11-28 03:27:47.110051');
INSERT INTO "order_events" VALUES('01a22031d7d371ea906f951812587bfa',1,NULL,'pending','customer','2026-11-28 03:27:47.144317');
INSERT INTO "order_events" VALUES('01a22031d7d371ea906f951812587bfa',2,'pending','declined','gateway','2026-11-28 03:27:47.195829');
INSERT INTO "order_events" VALUES('01a22031d808740587b993a158bb8d5f',1,NULL,'pending','customer','2026-11-28 03:27:47.207682');
INSERT INTO "order_events" VALUES('01a22031d93e772e925775b957b6346d',1,NULL,'pending','customer','2026-11-28 03:27:47.517837');
INSERT INTO "order_events" VALUES('01a22031d96977debefe8b317edd5eb6',1,NULL,'pending','customer','2026-11-28 03:27:47.561057');
INSERT INTO "order_events" VALUES('01a22031d96977debefe8b317edd5eb6',2,'pending','cancelled','customer','2026-11-28 03:27:47.912219');
INSERT INTO "order_events" VALUES('01a22031db61720fb70e3df56fa7677c',1,NULL,'pending','customer','2026-11-28 03:27:48.057283');
INSERT INTO "order_events" VALUES('01a22031db61720fb70e3df56fa7677c',2,'pending','paid','gateway','2026-11-28 03:27:48.150803');
INSERT INTO "order_events" VALUES('01a22031db61720fb70e3df56fa7677c',3,'paid','cancelled','customer','2026-11-28 03:27:48.239022');
INSERT INTO "order_events" VALUES('01a22031dc597416b20ca12272686142',1,NULL,'pending','customer','2026-11-28 03:27:48.307423');
INSERT INTO "order_events" VALUES('01a22031d808740587b993a158bb8d5f',2,'pending','paid','gateway','2026-11-28 03:27:53.155367');
INSERT INTO "order_events" VALUES('01a22031dc597416b20ca12272686142',2,'pending','expired','shop','2026-11-28 03:27:53.155367');
INSERT INTO "order_events" VALUES('01a22031d93e772e925775b957b6346d',2,'pending','paid','gateway','2026-11-28 03:27:53.155367');
INSERT INTO "order_events" VALUES('01a22031d00b7705b0b1775839f5cadf',2,'paid','shipped','admin','2026-11-28 03:27:54.228696');
INSERT INTO "order_events" VALUES('01a22031d00b7705b0b1775839f5cadf',3,'shipped','delivered','admin','2026-11-28 03:27:54.252946');
INSERT INTO "order_events" VALUES('01a22031cf8e779d8684eee33d35605b',2,'paid','refunded','admin','2026-11-28 03:27:54.399410');
INSERT INTO "order_events" VALUES('01a22031d6977652ad61f27ffd169bcb',3,'paid','shipped','admin','2026-11-28 03:27:54.506163');
INSERT INTO "order_events" VALUES('01a22031d808740587b993a158bb8d5f',3,'paid','refunded','admin','2026-11-28 03:27:54.666456');
INSERT INTO "order_events" VALUES('01a22031f569762980ea1ae157003217',1,NULL,'paid','customer','2026-11-28 03:27:54.719430');
INSERT INTO "order_events" VALUES('01a22032442b77258621bf7e554dfef2',1,NULL,'pending','customer','2026-11-28 03:28:14.868626');
INSERT INTO "order_events" VALUES('01a22032442b77258621bf7e554dfef2',2,'pending','paid','gateway','2026-11-28 03:28:14.979557');
INSERT INTO "order_events" VALUES('01a2203244eb774fbd3a4706b7a8d80d',1,NULL,'paid','customer','2026-11-28 03:28:15.081787');
INSERT INTO "order_events" VALUES('01a2203244eb774fbd3a4706b7a8d80d',2,'paid','shipped','admin','2026-11-28 03:28:15.280273');
INSERT INTO "order_events" VALUES('01a22032707471cd9081eafc0666c8b9',1,NULL,'pending','customer','2026-11-28 03:28:26.224280');
INSERT INTO "order_events" VALUES('01a22032707471cd9081eafc0666c8b9',2,'pending','paid','gateway','2026-11-28 03:28:26.253476');
INSERT INTO "order_events" VALUES('01a22032709671f9866d6ef7666409a0',1,NULL,'pending','customer','2026-11-28 03:28:26.262093');
INSERT INTO "order_events" VALUES('01a22032709671f9866d6ef7666409a0',2,'pending','paid','gateway','2026-11-28 03:28:26.274496');
INSERT INTO "order_events" VALUES('01a22032709671f9866d6ef7666409a0',3,'paid','cancelled','customer','2026-11-28 03:28:26.287478');
INSERT INTO "order_events" VALUES('01a220329711758eb236971fc93cfe3d',1,NULL,'pending','customer','2026-11-28 03:28:36.112343');
INSERT INTO "order_events" VALUES('01a220329711758eb236971fc93cfe3d',2,'pending','paid','gateway','2026-11-28 03:28:36.154816');
INSERT INTO "order_events" VALUES('01a22032b177732aa7c0de3602c2c14a',1,NULL,'pending','customer','2026-11-28 03:28:42.859319');
INSERT INTO "order_events" VALUES('01a22032b177732aa7c0de3602c2c14a',2,'pending','paid','gateway','2026-11-28 03:28:42.933888');
INSERT INTO "order_events" VALUES('01a22032b1c17523b29855844cbc0e34',1,NULL,'pending','customer','2026-11-28 03:28:42.945262');
INSERT INTO "order_events" VALUES('01a22032b1c17523b29855844cbc0e34',2,'pending','paid','gateway','2026-11-28 03:28:42.954665');
INSERT INTO "order_events" VALUES('01a22032b1c17523b29855844cbc0e34',3,'paid','cancelled','customer','2026-11-28 03:28:42.964333');
INSERT INTO "order_events" VALUES('01a22032b3717573aada42764df2aec1',1,NULL,'pending','customer','2026-11-28 03:28:43.377012');
CREATE TABLE order_lines (
	order_id CHAR(32) NOT NULL, 
	position INTEGER NOT NULL, 
	sku TEXT NOT NULL, 
	name TEXT NOT NULL, 
	quantity INTEGER NOT NULL, 
	unit_price BIGINT NOT NULL, 
	CONSTRAINT pk_order_lines PRIMARY KEY (order_id, position), 
	CONSTRAINT ck_order_lines_quantity_positive CHECK (quantity > 0), 
	CONSTRAINT fk_order_lines_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id)
);
INSERT INTO "order_lines" VALUES('01a22031cf8e779d8684eee33d35605b',0,'BAG-CANVAS','Canvas bag, natural',2,1590);
INSERT INTO "order_lines" VALUES('01a22031cf8e779d8684eee33d35605b',1,'MUG-BLUE','Stoneware mug, blue',1,1890);
INSERT INTO "order_lines" VALUES('01a22031cfdf7103a28d5390d631300b',0,'BAG-CANVAS','Canvas bag, natural',1,1590);
INSERT INTO "order_lines" VALUES('01a22031cfdf7103a28d5390d631300b',1,'CHOC-DARK-72','Dark chocolate 72 %, 100 g',4,450);
INSERT INTO "order_lines" VALUES('01a22031d00b7705b0b1775839f5cadf',0,'MUG-BLUE','Stoneware mug, blue',2,1890);
INSERT INTO "order_lines" VALUES('01a22031d02b729aa17225caad5623c3',0,'CHOC-DARK-72','Dark chocolate 72 %, 100 g',3,450);
INSERT INTO "order_lines" VALUES('01a22031d6977652ad61f27ffd169bcb',0,'BAG-CANVAS','Canvas bag, natural',3,1590);
INSERT INTO "order_lines" VALUES('01a22031d6977652ad61f27ffd169bcb',1,'CHOC-DARK-72','Dark chocolate 72 %, 100 g',2,450);
INSERT INTO "order_lines" VALUES('01a22031d70a742b89349e86db58eeaa',0,'MUG-BLUE','Stoneware mug, blue',1,1890);
INSERT INTO "order_lines" VALUES('01a22031d78774129d203669ef6b1852',0,'MUG-BLUE','Stoneware mug, blue',1,1890);
INSERT INTO "order_lines" VALUES('01a22031d7d371ea906f951812587bfa',0,'MUG-BLUE','Stoneware mug, blue',1,1890);
INSERT INTO "order_lines" VALUES('01a22031d808740587b993a158bb8d5f',0,'CHOC-DARK-72','Dark chocolate 72 %, 100 g',5,450);
INSERT INTO "order_lines" VALUES('01a22031d93e772e925775b957b6346d',0,'CHOC-DARK-72','Dark chocolate 72 %, 100 g',1,450);
INSERT INTO "order_lines" VALUES('01a22031d96977debefe8b317edd5eb6',0,'BAG-CANVAS','Canvas bag, natural',1,1590);
INSERT INTO "order_lines" VALUES('01a22031db61720fb70e3df56fa7677c',0,'MUG-BLUE','Stoneware mug, blue',2,1890);
INSERT INTO "order_lines" VALUES('01a22031dc597416b20ca12272686142',0,'CHOC-DARK-72','Dark chocolate 72 %, 100 g',2,450);
INSERT INTO "order_lines" VALUES('01a22031f569762980ea1ae157003217',0,'CHOC-DARK-72','Dark chocolate 72 %, 100 g',2,450);
INSERT INTO "order_lines" VALUES('01a22032442b77258621bf7e554dfef2',0,'BAG-CANVAS','Canvas bag, natural',2,1590);
INSERT INTO "order_lines" VALUES('01a2203244eb774fbd3a4706b7a8d80d',0,'GIFT-BOX','Gift box with ribbon',2,490);
INSERT INTO "order_lines" VALUES('01a22032707471cd9081eafc0666c8b9',0,'CHOC-DARK-72','Dark chocolate 72 %, 100 g',1,450);
INSERT INTO "order_lines" VALUES('01a22032709671f9866d6ef7666409a0',0,'CHOC-DARK-72','Dark chocolate 72 %, 100 g',1,450);
INSERT INTO "order_lines" VALUES('01a220329711758eb236971fc93cfe3d',0,'CHOC-DARK-72','Dark chocolate 72 %, 100 g',1,450);
INSERT INTO "order_lines" VALUES('01a22032b177732aa7c0de3602c2c14a',0,'MUG-BLUE','Stoneware mug, blue',1,1890);
INSERT INTO "order_lines" VALUES('01a22032b1c17523b29855844cbc0e34',0,'BAG-CANVAS','Canvas bag, natural',1,1590);
INSERT INTO "order_lines" VALUES('01a22032b3717573aada42764df2aec1',0,'BAG-CANVAS','Canvas bag, natural',1,1590);
CREATE TABLE orders (
	id CHAR(32) NOT NULL, 
	number TEXT NOT NULL, 
	user_id CHAR(32) NOT NULL, 
	idempotency_key TEXT NOT NULL, 
	status TEXT NOT NULL, 
	total BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	method TEXT NOT NULL, 
	placed_at TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_orders PRIMARY KEY (id), 
	CONSTRAINT fk_orders_user_id_users FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_orders_number UNIQUE (number), 
	CONSTRAINT uq_orders_user_id_idempotency_key UNIQUE (user_id, idempotency_key)
);
INSERT INTO "orders" VALUES('01a22031cf8e779d8684eee33d35605b','38KX-PZ6Q-KFNG','01a22031bf0c717c80e8fc030f387929','ada:order-by-account','refunded',5070,'EUR','account','2026-11-28 03:27:45.035602',2);
INSERT INTO "orders" VALUES('01a22031cfdf7103a28d5390d631300b','H0JX-66SS-0X8K','01a22031bf0c717c80e8fc030f387929','ada:order-of-the-cart','paid',3390,'EUR','account','2026-11-28 03:27:45.115152',1);
INSERT INTO "orders" VALUES('01a22031d00b7705b0b1775839f5cadf','SYDT-Z1JG-FVAJ','01a22031bf0c717c80e8fc030f387929','ada:order-to-deliver','delivered',3780,'EUR','account','2026-11-28 03:27:45.161254',3);
INSERT INTO "orders" VALUES('01a22031d02b729aa17225caad5623c3','X9W6-N3W3-6TZK','01a22031bf0c717c80e8fc030f387929','ada:order-to-cancel','cancelled',1350,'EUR','account','2026-11-28 03:27:45.191687',2);
INSERT INTO "orders" VALUES('01a22031d6977652ad61f27ffd169bcb','1GQB-7B2N-2GYP','01a22031bf0c717c80e8fc030f387929','ada:card-paid','shipped',5670,'EUR','card','2026-11-28 03:27:46.832990',3);
INSERT INTO "orders" VALUES('01a22031d70a742b89349e86db58eeaa','EJSZ-G3Z6-E2WY','01a22031bf0c717c80e8fc030f387929','ada:card-declined','declined',1890,'EUR','card','2026-11-28 03:27:46.951683',2);
INSERT INTO "orders" VALUES('01a22031d78774129d203669ef6b1852','ZV1Z-MVWE-8GP3','01a22031c05b705ab45e74aaf5016bc0','bob:card-insufficient','declined',1890,'EUR','card','2026-11-28 03:27:47.065139',2);
INSERT INTO "orders" VALUES('01a22031d7d371ea906f951812587bfa','VRA2-3VCZ-1EP2','01a22031c05b705ab45e74aaf5016bc0','bob:card-unknown','declined',1890,'EUR','card','2026-11-28 03:27:47.144317',2);
INSERT INTO "orders" VALUES('01a22031d808740587b993a158bb8d5f','24EZ-AX91-CKBJ','01a22031c05b705ab45e74aaf5016bc0','bob:card-late','refunded',2250,'EUR','card','2026-11-28 03:27:47.207682',3);
INSERT INTO "orders" VALUES('01a22031d93e772e925775b957b6346d','VHP0-SX8C-84K5','01a22031c05b705ab45e74aaf5016bc0','bob:card-faulty','paid',450,'EUR','card','2026-11-28 03:27:47.517837',2);
INSERT INTO "orders" VALUES('01a22031d96977debefe8b317edd5eb6','PCTD-41A7-8BA6','01a22031c05b705ab45e74aaf5016bc0','bob:card-cancelled-pending','cancelled',1590,'EUR','card','2026-11-28 03:27:47.561057',2);
INSERT INTO "orders" VALUES('01a22031db61720fb70e3df56fa7677c','H8XS-HSDW-0YF7','01a22031c05b705ab45e74aaf5016bc0','bob:card-paid-cancelled','cancelled',3780,'EUR','card','2026-11-28 03:27:48.057283',3);
INSERT INTO "orders" VALUES('01a22031dc597416b20ca12272686142','1N1A-8YRC-J187','01a22031c05b705ab45e74aaf5016bc0','bob:card-expired','expired',900,'EUR','card','2026-11-28 03:27:48.307423',2);
INSERT INTO "orders" VALUES('01a22031f569762980ea1ae157003217','CGNF-91CZ-APE5','01a22031c05b705ab45e74aaf5016bc0','bob:order-of-the-rich','paid',900,'EUR','account','2026-11-28 03:27:54.719430',1);
INSERT INTO "orders" VALUES('01a22032442b77258621bf7e554dfef2','KDQ3-QW8Q-JDXM','01a22031c05b705ab45e74aaf5016bc0','bob:told-card','paid',3180,'EUR','card','2026-11-28 03:28:14.868626',2);
INSERT INTO "orders" VALUES('01a2203244eb774fbd3a4706b7a8d80d','ND21-8DF2-P4HW','01a22031bf0c717c80e8fc030f387929','ada:told-account','shipped',980,'EUR','account','2026-11-28 03:28:15.081787',2);
INSERT INTO "orders" VALUES('01a22032707471cd9081eafc0666c8b9','6TVX-9PQC-ST5Y','01a22031c05b705ab45e74aaf5016bc0','bob:dead-capture','paid',450,'EUR','card','2026-11-28 03:28:26.224280',2);
INSERT INTO "orders" VALUES('01a22032709671f9866d6ef7666409a0','2CY0-R4DM-R79A','01a22031c05b705ab45e74aaf5016bc0','bob:dead-delivery','cancelled',450,'EUR','card','2026-11-28 03:28:26.262093',3);
INSERT INTO "orders" VALUES('01a220329711758eb236971fc93cfe3d','EJM4-7MXY-2DA9','01a22031bf0c717c80e8fc030f387929','ada:tried-once','paid',450,'EUR','card','2026-11-28 03:28:36.112343',2);
INSERT INTO "orders" VALUES('01a22032b177732aa7c0de3602c2c14a','JWNF-EE86-3ETH','01a22031bf0c717c80e8fc030f387929','ada:fresh-capture','paid',1890,'EUR','card','2026-11-28 03:28:42.859319',2);
INSERT INTO "orders" VALUES('01a22032b1c17523b29855844cbc0e34','2ZW2-VAT5-F9NJ','01a22031bf0c717c80e8fc030f387929','ada:fresh-undo','cancelled',1590,'EUR','card','2026-11-28 03:28:42.945262',3);
INSERT INTO "orders" VALUES('01a22032b3717573aada42764df2aec1','T733-58KR-P2CZ','01a22031bf0c717c80e8fc030f387929','ada:pending-order','pending',1590,'EUR','card','2026-11-28 03:28:43.377012',1);
CREATE TABLE payments (
	order_id CHAR(32) NOT NULL, 
	method TEXT NOT NULL, 
	status TEXT NOT NULL, 
	amount BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	created_at TEXT NOT NULL, card_token TEXT, gateway_id TEXT, expires_at TEXT, session_id CHAR(32), empties_cart BOOLEAN, 
	CONSTRAINT pk_payments PRIMARY KEY (order_id), 
	CONSTRAINT fk_payments_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id)
);
INSERT INTO "payments" VALUES('01a22031cf8e779d8684eee33d35605b','account','refunded',5070,'EUR','2026-11-28 03:27:45.035602',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "payments" VALUES('01a22031cfdf7103a28d5390d631300b','account','captured',3390,'EUR','2026-11-28 03:27:45.115152',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "payments" VALUES('01a22031d00b7705b0b1775839f5cadf','account','captured',3780,'EUR','2026-11-28 03:27:45.161254',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "payments" VALUES('01a22031d02b729aa17225caad5623c3','account','refunded',1350,'EUR','2026-11-28 03:27:45.191687',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "payments" VALUES('01a22031d6977652ad61f27ffd169bcb','card','captured',5670,'EUR','2026-11-28 03:27:46.832990','tok_visa','pay_4a2d09b093524d198c2a008cd33bdbc3','2026-11-28 03:27:47.832990','01a22031bf5b71e180df93242b3fcdb6',0);
INSERT INTO "payments" VALUES('01a22031d70a742b89349e86db58eeaa','card','declined',1890,'EUR','2026-11-28 03:27:46.951683','tok_declined',NULL,'2026-11-28 03:27:47.951683','01a22031bf5b71e180df93242b3fcdb6',0);
INSERT INTO "payments" VALUES('01a22031d78774129d203669ef6b1852','card','declined',1890,'EUR','2026-11-28 03:27:47.065139','tok_insufficient',NULL,'2026-11-28 03:27:48.065139','01a22031c0ac7194866d299dea273316',0);
INSERT INTO "payments" VALUES('01a22031d7d371ea906f951812587bfa','card','declined',1890,'EUR','2026-11-28 03:27:47.144317','tok_nobody_knows',NULL,'2026-11-28 03:27:48.144317','01a22031c0ac7194866d299dea273316',0);
INSERT INTO "payments" VALUES('01a22031d808740587b993a158bb8d5f','card','refunded',2250,'EUR','2026-11-28 03:27:47.207682','tok_timeout_after','pay_b465ed37f7a4411ca767020e630564ca','2026-11-28 03:27:48.207682','01a22031c0ac7194866d299dea273316',0);
INSERT INTO "payments" VALUES('01a22031d93e772e925775b957b6346d','card','captured',450,'EUR','2026-11-28 03:27:47.517837','tok_error','pay_eaa2ef7b89eb4900a50e85ddceaea9bf','2026-11-28 03:27:48.517837','01a22031c0ac7194866d299dea273316',0);
INSERT INTO "payments" VALUES('01a22031d96977debefe8b317edd5eb6','card','voided',1590,'EUR','2026-11-28 03:27:47.561057','tok_timeout_before',NULL,'2026-11-28 03:27:48.561057','01a22031c0ac7194866d299dea273316',0);
INSERT INTO "payments" VALUES('01a22031db61720fb70e3df56fa7677c','card','voided',3780,'EUR','2026-11-28 03:27:48.057283','tok_visa','pay_0d2363a007ac4762946a509e56703d66','2026-11-28 03:27:49.057283','01a22031c0ac7194866d299dea273316',0);
INSERT INTO "payments" VALUES('01a22031dc597416b20ca12272686142','card','voided',900,'EUR','2026-11-28 03:27:48.307423','tok_timeout_before',NULL,'2026-11-28 03:27:49.307423','01a22031c0ac7194866d299dea273316',0);
INSERT INTO "payments" VALUES('01a22031f569762980ea1ae157003217','account','captured',900,'EUR','2026-11-28 03:27:54.719430',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "payments" VALUES('01a22032442b77258621bf7e554dfef2','card','captured',3180,'EUR','2026-11-28 03:28:14.868626','tok_visa','pay_e4644a019d244cdcbac00ed0d0ad8285','2026-12-05 03:28:14.868626','01a22031c0ac7194866d299dea273316',0);
INSERT INTO "payments" VALUES('01a2203244eb774fbd3a4706b7a8d80d','account','captured',980,'EUR','2026-11-28 03:28:15.081787',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "payments" VALUES('01a22032707471cd9081eafc0666c8b9','card','authorised',450,'EUR','2026-11-28 03:28:26.224280','tok_visa','pay_1cdff50214be4d6091de895c89c33faa','2026-12-05 03:28:26.224280','01a22031c0ac7194866d299dea273316',0);
INSERT INTO "payments" VALUES('01a22032709671f9866d6ef7666409a0','card','voided',450,'EUR','2026-11-28 03:28:26.262093','tok_visa','pay_a2c1d1b80c1b40918763691f81bf1135','2026-12-05 03:28:26.262093','01a22031c0ac7194866d299dea273316',0);
INSERT INTO "payments" VALUES('01a220329711758eb236971fc93cfe3d','card','authorised',450,'EUR','2026-11-28 03:28:36.112343','tok_visa','pay_2f0b16ae01f64613be230552cee05de3','2026-12-05 03:28:36.112343','01a22031bf5b71e180df93242b3fcdb6',0);
INSERT INTO "payments" VALUES('01a22032b177732aa7c0de3602c2c14a','card','authorised',1890,'EUR','2026-11-28 03:28:42.859319','tok_visa','pay_7908dcc7c1cd4a03a00677a17a15ae25','2026-12-05 03:28:42.859319','01a22031bf5b71e180df93242b3fcdb6',0);
INSERT INTO "payments" VALUES('01a22032b1c17523b29855844cbc0e34','card','voided',1590,'EUR','2026-11-28 03:28:42.945262','tok_visa','pay_374db80319a14728942e6e89431e629c','2026-12-05 03:28:42.945262','01a22031bf5b71e180df93242b3fcdb6',0);
INSERT INTO "payments" VALUES('01a22032b3717573aada42764df2aec1','card','pending',1590,'EUR','2026-11-28 03:28:43.377012','tok_timeout_before',NULL,'2026-12-05 03:28:43.377012','01a22031bf5b71e180df93242b3fcdb6',0);
CREATE TABLE products (
	sku TEXT NOT NULL, 
	name TEXT NOT NULL, 
	description TEXT NOT NULL, 
	price BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	active BOOLEAN NOT NULL, 
	image_url TEXT, 
	search_text TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	CONSTRAINT pk_products PRIMARY KEY (sku), 
	CONSTRAINT ck_products_price_positive CHECK (price > 0)
);
INSERT INTO "products" VALUES('BAG-CANVAS','Canvas bag, natural','Heavy organic cotton.',1590,'EUR',1,NULL,'bag-canvas
canvas bag, natural','2026-11-28 03:27:33.463593','2026-11-28 03:27:33.463593');
INSERT INTO "products" VALUES('CHOC-DARK-72','Dark chocolate 72 %, 100 g','Stone-ground; it''s good.',450,'EUR',1,NULL,'choc-dark-72
dark chocolate 72 %, 100 g','2026-11-28 03:27:33.463913','2026-11-28 03:27:33.463913');
INSERT INTO "products" VALUES('GIFT-BOX','Gift box with ribbon','Grey board.',490,'EUR',1,NULL,'gift-box
gift box with ribbon','2026-11-28 03:27:33.463936','2026-11-28 03:27:33.463936');
INSERT INTO "products" VALUES('MUG-BLUE','Stoneware mug, blue','Thrown by hand, 300 ml. Größe: groß – ✓',1890,'EUR',1,NULL,'mug-blue
stoneware mug, blue','2026-11-28 03:27:33.463951','2026-11-28 03:27:33.463951');
INSERT INTO "products" VALUES('TEA-SENCHA','Sencha Kagoshima, 100 g','First flush.',1450,'EUR',1,NULL,'tea-sencha
sencha kagoshima, 100 g','2026-11-28 03:27:33.463981','2026-11-28 03:27:33.463981');
INSERT INTO "products" VALUES('LAMP-DESK','Desk lamp, 2700 K','Dimmed by touch.',11900,'EUR',1,'https://shop.example.com/lamp.png','lamp-desk
desk lamp, 2700 k','2026-11-28 03:27:44.991145','2026-11-28 03:27:44.991145');
INSERT INTO "products" VALUES('TEA-TIN','Tea tin','',890,'EUR',0,NULL,'tea-tin
tea tin','2026-11-28 03:27:45.002730','2026-11-28 03:27:45.002730');
CREATE TABLE refund_lines (
	refund_id CHAR(32) NOT NULL, 
	position INTEGER NOT NULL, 
	sku TEXT NOT NULL, 
	quantity INTEGER NOT NULL, 
	kept_back INTEGER NOT NULL, 
	CONSTRAINT pk_refund_lines PRIMARY KEY (refund_id, position), 
	CONSTRAINT ck_refund_lines_quantity_positive CHECK (quantity > 0), 
	CONSTRAINT ck_refund_lines_kept_back_of_them CHECK (kept_back BETWEEN 0 AND quantity), 
	CONSTRAINT fk_refund_lines_refund_id_refunds FOREIGN KEY(refund_id) REFERENCES refunds (id)
);
INSERT INTO "refund_lines" VALUES('01a22031f3e1707fbf80fe6b60e90f4f',0,'CHOC-DARK-72',1,1);
INSERT INTO "refund_lines" VALUES('01a22031f42c7100b2e9f655345a1564',0,'BAG-CANVAS',2,2);
INSERT INTO "refund_lines" VALUES('01a22031f42c7100b2e9f655345a1564',1,'MUG-BLUE',1,1);
INSERT INTO "refund_lines" VALUES('01a22031f49877d2ba2c2d659215a1f4',0,'BAG-CANVAS',1,1);
INSERT INTO "refund_lines" VALUES('01a22031f52c7082a6375f38fa7544c0',0,'CHOC-DARK-72',5,5);
CREATE TABLE refunds (
	id CHAR(32) NOT NULL, 
	order_id CHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	amount BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	method TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	restocked BOOLEAN NOT NULL, 
	status TEXT NOT NULL, 
	outcome TEXT, 
	actor TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_refunds PRIMARY KEY (id), 
	CONSTRAINT ck_refunds_amount_positive CHECK (amount > 0), 
	CONSTRAINT fk_refunds_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id), 
	CONSTRAINT uq_refunds_order_id_number UNIQUE (order_id, number)
);
INSERT INTO "refunds" VALUES('01a22031f3e1707fbf80fe6b60e90f4f','01a22031cfdf7103a28d5390d631300b',1,450,'EUR','account','One melted',0,'done',NULL,'admin','2026-11-28 03:27:54.328715');
INSERT INTO "refunds" VALUES('01a22031f42c7100b2e9f655345a1564','01a22031cf8e779d8684eee33d35605b',1,5070,'EUR','account','Sent back',1,'done',NULL,'admin','2026-11-28 03:27:54.399410');
INSERT INTO "refunds" VALUES('01a22031f49877d2ba2c2d659215a1f4','01a22031d6977652ad61f27ffd169bcb',1,1590,'EUR','card','A torn seam',1,'done','refunded','admin','2026-11-28 03:27:54.506163');
INSERT INTO "refunds" VALUES('01a22031f4b876e4be6069fa1e786828','01a22031d6977652ad61f27ffd169bcb',2,500,'EUR','card','For the trouble',0,'done','refunded','admin','2026-11-28 03:27:54.551319');
INSERT INTO "refunds" VALUES('01a22031f4da71c88b4860157b6a142a','01a22031d6977652ad61f27ffd169bcb',3,300,'EUR','account','As wished',0,'done',NULL,'admin','2026-11-28 03:27:54.584787');
INSERT INTO "refunds" VALUES('01a22031f52c7082a6375f38fa7544c0','01a22031d808740587b993a158bb8d5f',1,2250,'EUR','card','It came too late',0,'done','refunded','admin','2026-11-28 03:27:54.666456');
INSERT INTO "refunds" VALUES('01a22032b1e07347a68a494ba1256524','01a22032442b77258621bf7e554dfef2',1,200,'EUR','card','A stain',0,'pending',NULL,'admin','2026-11-28 03:28:42.975469');
CREATE TABLE sessions (
	id CHAR(32) NOT NULL, 
	token_hash TEXT NOT NULL, 
	user_id CHAR(32), 
	roles TEXT NOT NULL, 
	signed_in_at TEXT, 
	preferences TEXT NOT NULL, 
	cart TEXT NOT NULL, 
	order_id CHAR(32), 
	created_at TEXT NOT NULL, 
	last_seen_at TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id), 
	CONSTRAINT fk_sessions_user_id_users FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_sessions_token_hash UNIQUE (token_hash)
);
INSERT INTO "sessions" VALUES('01a22031bf5b71e180df93242b3fcdb6','f54cb629ab1bbf8bb613817b84e7e59ca054e358bf198ddee90ea821b5a3812c','01a22031bf0c717c80e8fc030f387929','customer','2026-11-28 03:27:40.895690','{"language":"de","theme":{"dark":true}}','{"MUG-BLUE":2}','01a22032b1c17523b29855844cbc0e34','2026-11-28 03:27:40.895690','2026-11-28 03:28:43.734304',13);
INSERT INTO "sessions" VALUES('01a22031bffc751385efd527ce98f61c','da4871830363ca802df3901d58bf5feea42abf56b47a279e456bbba9ba7e1acf','01a22031bfb970adafd5b7ac79a997f1','admin customer','2026-11-28 03:27:41.053113','{}','{}',NULL,'2026-11-28 03:27:41.053113','2026-11-28 03:28:44.988290',1);
INSERT INTO "sessions" VALUES('01a22031c0ac7194866d299dea273316','8dfe95fb873f7001a2cdb81eb4f5f6a0258b47c0c5f6a66f46d01581b236c190','01a22031c05b705ab45e74aaf5016bc0','customer','2026-11-28 03:27:41.229528','{}','{}','01a22032709671f9866d6ef7666409a0','2026-11-28 03:27:41.229528','2026-11-28 03:28:26.274919',6);
INSERT INTO "sessions" VALUES('01a22032b640760abdf447ca845e98ed','62cdb3b54828ca10a7d447c16468404170cf235be883368cc97c56a9451c9cb3','01a22031bf0c717c80e8fc030f387929','customer','2026-11-28 03:28:44.099148','{}','{"TEA-SENCHA":1}',NULL,'2026-11-28 03:28:44.099148','2026-11-28 03:28:44.136785',1);
INSERT INTO "sessions" VALUES('01a22032b67f774b95fcfe8c71a4f0e2','2f8cdca8d2a89a958948fd872b62bd1ef76a8e3c9a9b3a8b043350589dec269f',NULL,'',NULL,'{}','{"GIFT-BOX":3}',NULL,'2026-11-28 03:28:44.159840','2026-11-28 03:28:44.159888',0);
INSERT INTO "sessions" VALUES('01a22032df30723db931bc59e213882e','b2a0c23da15f9ef383b80552e194a21e67c98d284d3ef5ca1bc2359b0738b6dc','01a22031bf0c717c80e8fc030f387929','customer','2026-11-28 03:28:54.587925','{}','{}',NULL,'2026-11-28 03:28:54.587925','2026-11-28 03:28:54.749293',2);
CREATE TABLE transfers (
	id CHAR(32) NOT NULL, 
	kind TEXT NOT NULL, 
	debit_account_id CHAR(32) NOT NULL, 
	credit_account_id CHAR(32) NOT NULL, 
	amount BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	order_id CHAR(32), 
	note TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_transfers PRIMARY KEY (id), 
	CONSTRAINT ck_transfers_amount_positive CHECK (amount > 0), 
	CONSTRAINT ck_transfers_two_accounts CHECK (debit_account_id <> credit_account_id)
);
INSERT INTO "transfers" VALUES('01a22031bf5f7485a6f6cd6166d7aa0b','welcome','7c6a848a1e445478b79fccf2a1e19152','01a22031bf5776bfac741c0f87ca6dc5',100000,'EUR',NULL,'Welcome','2026-11-28 03:27:40.812885');
INSERT INTO "transfers" VALUES('01a22031bffd705fa8db689a73e24166','welcome','7c6a848a1e445478b79fccf2a1e19152','01a22031bffb77fa9e0e3d5f12de0898',100000,'EUR',NULL,'Welcome','2026-11-28 03:27:40.985854');
INSERT INTO "transfers" VALUES('01a22031c0ad712ab724886bcd2abc2d','welcome','7c6a848a1e445478b79fccf2a1e19152','01a22031c0ac7194866d299c0375e5ac',100000,'EUR',NULL,'Welcome','2026-11-28 03:27:41.147816');
INSERT INTO "transfers" VALUES('01a22031cf8e779d8684eee63f31898f','charge','01a22031bf5776bfac741c0f87ca6dc5','9f33248b1e3a51a1b2a8ba697896d651',5070,'EUR','01a22031cf8e779d8684eee33d35605b','','2026-11-28 03:27:45.035602');
INSERT INTO "transfers" VALUES('01a22031cfe076a3973c099e0ebdf7cf','charge','01a22031bf5776bfac741c0f87ca6dc5','9f33248b1e3a51a1b2a8ba697896d651',3390,'EUR','01a22031cfdf7103a28d5390d631300b','','2026-11-28 03:27:45.115152');
INSERT INTO "transfers" VALUES('01a22031d00b7705b0b1775a968ea96a','charge','01a22031bf5776bfac741c0f87ca6dc5','9f33248b1e3a51a1b2a8ba697896d651',3780,'EUR','01a22031d00b7705b0b1775839f5cadf','','2026-11-28 03:27:45.161254');
INSERT INTO "transfers" VALUES('01a22031d02b729aa17225cc8fc66f83','charge','01a22031bf5776bfac741c0f87ca6dc5','9f33248b1e3a51a1b2a8ba697896d651',1350,'EUR','01a22031d02b729aa17225caad5623c3','','2026-11-28 03:27:45.191687');
INSERT INTO "transfers" VALUES('01a22031d06c708a9a92acfa984a0507','return','9f33248b1e3a51a1b2a8ba697896d651','01a22031bf5776bfac741c0f87ca6dc5',1350,'EUR','01a22031d02b729aa17225caad5623c3','','2026-11-28 03:27:45.260076');
INSERT INTO "transfers" VALUES('01a22031d10f72788d67daea35d1baec','transfer','01a22031bf5776bfac741c0f87ca6dc5','01a22031bffb77fa9e0e3d5f12de0898',40000,'EUR',NULL,'For the lamp''s repair','2026-11-28 03:27:45.423401');
INSERT INTO "transfers" VALUES('01a22031d196770b9d6f7bd7a0fffbfe','deposit','517557d4c3f152509ebb3bdbb4e26e6c','01a22031bf5776bfac741c0f87ca6dc5',5000,'EUR',NULL,'','2026-11-28 03:27:45.658712');
INSERT INTO "transfers" VALUES('01a22031d54474b5903b61ef0a4d59ad','credit','7c6a848a1e445478b79fccf2a1e19152','01a22031bf5776bfac741c0f87ca6dc5',700,'EUR',NULL,'A cup arrived broken','2026-11-28 03:27:46.500298');
INSERT INTO "transfers" VALUES('01a22031d5957735959f0db6e179be92','credit','7c6a848a1e445478b79fccf2a1e19152','01a22031c0ac7194866d299c0375e5ac',999999999899000,'EUR',NULL,'A test of limits','2026-11-28 03:27:46.581422');
INSERT INTO "transfers" VALUES('01a22031d6c776658f2e11fcbf9c8d97','charge','517557d4c3f152509ebb3bdbb4e26e6c','9f33248b1e3a51a1b2a8ba697896d651',5670,'EUR','01a22031d6977652ad61f27ffd169bcb','','2026-11-28 03:27:46.887590');
INSERT INTO "transfers" VALUES('01a22031dbb777a5857e2fdababa5c49','charge','517557d4c3f152509ebb3bdbb4e26e6c','9f33248b1e3a51a1b2a8ba697896d651',3780,'EUR','01a22031db61720fb70e3df56fa7677c','','2026-11-28 03:27:48.150803');
INSERT INTO "transfers" VALUES('01a22031dc2271049792effee6197e58','return','9f33248b1e3a51a1b2a8ba697896d651','517557d4c3f152509ebb3bdbb4e26e6c',3780,'EUR','01a22031db61720fb70e3df56fa7677c','','2026-11-28 03:27:48.258367');
INSERT INTO "transfers" VALUES('01a22031d270775aa83b901923ffcc80','deposit','517557d4c3f152509ebb3bdbb4e26e6c','01a22031bf5776bfac741c0f87ca6dc5',2500,'EUR',NULL,'','2026-11-28 03:27:53.106331');
INSERT INTO "transfers" VALUES('01a22031ef4377588e23248f38830759','charge','517557d4c3f152509ebb3bdbb4e26e6c','9f33248b1e3a51a1b2a8ba697896d651',2250,'EUR','01a22031d808740587b993a158bb8d5f','','2026-11-28 03:27:53.155367');
INSERT INTO "transfers" VALUES('01a22031ef4377588e2324929c71b28d','charge','517557d4c3f152509ebb3bdbb4e26e6c','9f33248b1e3a51a1b2a8ba697896d651',450,'EUR','01a22031d93e772e925775b957b6346d','','2026-11-28 03:27:53.155367');
INSERT INTO "transfers" VALUES('01a22031f3e1707fbf80fe6b60e90f4f','return','9f33248b1e3a51a1b2a8ba697896d651','01a22031bf5776bfac741c0f87ca6dc5',450,'EUR','01a22031cfdf7103a28d5390d631300b','One melted','2026-11-28 03:27:54.328715');
INSERT INTO "transfers" VALUES('01a22031f42c7100b2e9f655345a1564','return','9f33248b1e3a51a1b2a8ba697896d651','01a22031bf5776bfac741c0f87ca6dc5',5070,'EUR','01a22031cf8e779d8684eee33d35605b','Sent back','2026-11-28 03:27:54.399410');
INSERT INTO "transfers" VALUES('01a22031f49877d2ba2c2d659215a1f4','return','9f33248b1e3a51a1b2a8ba697896d651','517557d4c3f152509ebb3bdbb4e26e6c',1590,'EUR','01a22031d6977652ad61f27ffd169bcb','A torn seam','2026-11-28 03:27:54.506163');
INSERT INTO "transfers" VALUES('01a22031f4b876e4be6069fa1e786828','return','9f33248b1e3a51a1b2a8ba697896d651','517557d4c3f152509ebb3bdbb4e26e6c',500,'EUR','01a22031d6977652ad61f27ffd169bcb','For the trouble','2026-11-28 03:27:54.551319');
INSERT INTO "transfers" VALUES('01a22031f4da71c88b4860157b6a142a','return','9f33248b1e3a51a1b2a8ba697896d651','01a22031bf5776bfac741c0f87ca6dc5',300,'EUR','01a22031d6977652ad61f27ffd169bcb','As wished','2026-11-28 03:27:54.584787');
INSERT INTO "transfers" VALUES('01a22031f52c7082a6375f38fa7544c0','return','9f33248b1e3a51a1b2a8ba697896d651','517557d4c3f152509ebb3bdbb4e26e6c',2250,'EUR','01a22031d808740587b993a158bb8d5f','It came too late','2026-11-28 03:27:54.666456');
INSERT INTO "transfers" VALUES('01a22031f569762980ea1ae3bbc1f5eb','charge','01a22031c0ac7194866d299c0375e5ac','9f33248b1e3a51a1b2a8ba697896d651',900,'EUR','01a22031f569762980ea1ae157003217','','2026-11-28 03:27:54.719430');
INSERT INTO "transfers" VALUES('01a22031f59a75678f886c9652edc501','credit','7c6a848a1e445478b79fccf2a1e19152','01a22031c0ac7194866d299c0375e5ac',1500,'EUR',NULL,'Up to the brim','2026-11-28 03:27:54.778887');
INSERT INTO "transfers" VALUES('01a22032448373dc91c8bca819b7e9d0','charge','517557d4c3f152509ebb3bdbb4e26e6c','9f33248b1e3a51a1b2a8ba697896d651',3180,'EUR','01a22032442b77258621bf7e554dfef2','','2026-11-28 03:28:14.979557');
INSERT INTO "transfers" VALUES('01a2203244eb774fbd3a4709a9a52d6a','charge','01a22031bf5776bfac741c0f87ca6dc5','9f33248b1e3a51a1b2a8ba697896d651',980,'EUR','01a2203244eb774fbd3a4706b7a8d80d','','2026-11-28 03:28:15.081787');
INSERT INTO "transfers" VALUES('01a22032459a73268889e3ba2bb10f3a','credit','7c6a848a1e445478b79fccf2a1e19152','01a22031bf5776bfac741c0f87ca6dc5',250,'EUR',NULL,'Because it''s Friday','2026-11-28 03:28:15.258461');
INSERT INTO "transfers" VALUES('01a22032708d725894d6be68bf7c63f2','charge','517557d4c3f152509ebb3bdbb4e26e6c','9f33248b1e3a51a1b2a8ba697896d651',450,'EUR','01a22032707471cd9081eafc0666c8b9','','2026-11-28 03:28:26.253476');
INSERT INTO "transfers" VALUES('01a2203270a27478abb5c69813f0f352','charge','517557d4c3f152509ebb3bdbb4e26e6c','9f33248b1e3a51a1b2a8ba697896d651',450,'EUR','01a22032709671f9866d6ef7666409a0','','2026-11-28 03:28:26.274496');
INSERT INTO "transfers" VALUES('01a2203270b075eaafdfd20e6306fabc','return','9f33248b1e3a51a1b2a8ba697896d651','517557d4c3f152509ebb3bdbb4e26e6c',450,'EUR','01a22032709671f9866d6ef7666409a0','','2026-11-28 03:28:26.288594');
INSERT INTO "transfers" VALUES('01a22032973b7330b2b457bea9866719','charge','517557d4c3f152509ebb3bdbb4e26e6c','9f33248b1e3a51a1b2a8ba697896d651',450,'EUR','01a220329711758eb236971fc93cfe3d','','2026-11-28 03:28:36.154816');
INSERT INTO "transfers" VALUES('01a22032b1b67054a7691c10e6186ccb','charge','517557d4c3f152509ebb3bdbb4e26e6c','9f33248b1e3a51a1b2a8ba697896d651',1890,'EUR','01a22032b177732aa7c0de3602c2c14a','','2026-11-28 03:28:42.933888');
INSERT INTO "transfers" VALUES('01a22032b1ca729f98ad642ce9e7d2a9','charge','517557d4c3f152509ebb3bdbb4e26e6c','9f33248b1e3a51a1b2a8ba697896d651',1590,'EUR','01a22032b1c17523b29855844cbc0e34','','2026-11-28 03:28:42.954665');
INSERT INTO "transfers" VALUES('01a22032b1d57323b85b7cd1e02a876e','return','9f33248b1e3a51a1b2a8ba697896d651','517557d4c3f152509ebb3bdbb4e26e6c',1590,'EUR','01a22032b1c17523b29855844cbc0e34','','2026-11-28 03:28:42.965420');
INSERT INTO "transfers" VALUES('01a22032b1e07347a68a494ba1256524','return','9f33248b1e3a51a1b2a8ba697896d651','517557d4c3f152509ebb3bdbb4e26e6c',200,'EUR','01a22032442b77258621bf7e554dfef2','A stain','2026-11-28 03:28:42.975469');
INSERT INTO "transfers" VALUES('01a22032b1eb76a1b060305aa075bba0','deposit','517557d4c3f152509ebb3bdbb4e26e6c','01a22031c0ac7194866d299c0375e5ac',300,'EUR',NULL,'','2026-11-28 03:28:43.014548');
CREATE TABLE users (
	id CHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	roles TEXT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT uq_users_email UNIQUE (email)
);
INSERT INTO "users" VALUES('01a22031bf0c717c80e8fc030f387929','Ada','ada@example.com','$argon2id$v=19$m=19456,t=2,p=1$PRx6DR/okpqlpCzWSUOTHw$BnlBAi88H01tSu/NfY762DMlpcXAwx1I9AxeKxHr4mM','customer',1,'2026-11-28 03:27:40.812885');
INSERT INTO "users" VALUES('01a22031bfb970adafd5b7ac79a997f1','Grace','grace@example.com','$argon2id$v=19$m=19456,t=2,p=1$MLiLpm8HRvN/5mvcLwyJ1A$W9hckrpHt67twjftQ53RUfxFxUb2dVS7rtRYizN82Bo','admin customer',1,'2026-11-28 03:27:40.985854');
INSERT INTO "users" VALUES('01a22031c05b705ab45e74aaf5016bc0','Bob','bob@example.com','$argon2id$v=19$m=19456,t=2,p=1$amNXxFt08YMU+TLxQpJy2g$ViPU3lAskP4dWyRbMlZQJ+WvrIi8kkgHU2TtVXSZsYU','customer',1,'2026-11-28 03:27:41.147816');
CREATE INDEX ix_transfers_credit_account_id_created_at_id ON transfers (credit_account_id, created_at, id);
CREATE INDEX ix_transfers_debit_account_id_created_at_id ON transfers (debit_account_id, created_at, id);
CREATE INDEX ix_movements_sku_created_at ON movements (sku, created_at);
CREATE INDEX ix_orders_placed_at_id ON orders (placed_at, id);
CREATE INDEX ix_orders_user_id_placed_at_id ON orders (user_id, placed_at, id);
CREATE INDEX ix_sessions_user_id_created_at_id ON sessions (user_id, created_at, id);
CREATE INDEX ix_deposits_created_at_id ON deposits (created_at, id);
CREATE INDEX ix_jobs_kind_is_dead_due_at ON jobs (kind, is_dead, due_at);
CREATE INDEX ix_handovers_order_id ON handovers (order_id);
CREATE INDEX ix_dispatches_channel_created_at_id ON dispatches (channel, created_at, id);
CREATE INDEX ix_dispatches_status_created_at ON dispatches (status, created_at);
COMMIT;
