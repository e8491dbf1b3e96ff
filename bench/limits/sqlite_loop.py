"""The limit on SQLite: orders of two lines in one loop, in groups of 64 a commit.

`python -m bench.limits.sqlite_loop lean|full FILE PRODUCTS SECONDS` prints statistics as JSON. The
lean loop runs the ten statements of `sql/lean_order.sql`. The full loop writes all rows of the shop
into a shop's database.
"""

import json
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any
from uuid import UUID, uuid4

GROUP = 64
ROWS = 10_000
HOT = 2

PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")

LEAN_SCHEMA = """
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT UNIQUE NOT NULL);
CREATE TABLE accounts (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users,
    balance INTEGER NOT NULL CHECK (balance >= 0)
);
CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT NOT NULL, price INTEGER NOT NULL);
CREATE TABLE stock (
    sku TEXT PRIMARY KEY REFERENCES products, on_hand INTEGER NOT NULL CHECK (on_hand >= 0)
);
CREATE TABLE sessions (
    id BLOB PRIMARY KEY, user_id TEXT, data TEXT NOT NULL, expires_at TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE orders (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, status TEXT NOT NULL,
    total INTEGER NOT NULL, created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ix_orders ON orders (user_id, created_at DESC);
CREATE TABLE order_lines (
    order_id TEXT NOT NULL REFERENCES orders, position INTEGER NOT NULL, sku TEXT NOT NULL,
    quantity INTEGER NOT NULL, unit_price INTEGER NOT NULL, PRIMARY KEY (order_id, position)
);
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY, account_id TEXT NOT NULL, order_id TEXT, amount INTEGER NOT NULL,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE idempotency_keys (
    user_id TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, order_id TEXT,
    PRIMARY KEY (user_id, key)
);
CREATE TABLE jobs (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, payload TEXT NOT NULL);
"""

Place = Callable[[], None]


def lean(connection: sqlite3.Connection, products: int) -> Place:
    """Fill an empty database; return the function that places one lean order."""
    connection.executescript(LEAN_SCHEMA)
    users = [UUID(int=number).hex for number in range(1, ROWS + 1)]
    fill: Mapping[str, Sequence[tuple[str | bytes, ...]]] = {
        "products VALUES (?, 'A product', 100)": [(f"sku{n}",) for n in range(ROWS)],
        "stock VALUES (?, 100000000)": [(f"sku{n}",) for n in range(ROWS)],
        "users VALUES (?, ? || '@example.com')": [(user, user) for user in users],
        "accounts VALUES (?, ?, 1000000000000)": [(user, user) for user in users],
        "sessions (id, user_id, data, expires_at) VALUES (?, ?, '{}', '2999-01-01')": [
            (user.encode(), user) for user in users
        ],
    }
    connection.execute("BEGIN")
    for what, rows in fill.items():
        connection.executemany(f"INSERT INTO {what}", rows)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    run = connection.execute

    def place() -> None:
        user, order = random.choice(users), uuid4().hex
        first, second = (0, 1) if products == HOT else _two_of(ROWS)
        session = user.encode()
        run(
            "SELECT user_id, data FROM sessions WHERE id = ? AND expires_at > CURRENT_TIMESTAMP",
            (session,),
        ).fetchone()
        run(
            "INSERT INTO idempotency_keys (user_id, key, fingerprint) VALUES (?, ?, x'00')"
            " ON CONFLICT DO NOTHING",
            (user, order),
        )
        for number, quantity in ((first, 1), (second, 2)):
            run(
                "UPDATE stock SET on_hand = on_hand - ? WHERE sku = ? AND on_hand >= ?",
                (quantity, f"sku{number}", quantity),
            )
        run("UPDATE accounts SET balance = balance - 300 WHERE id = ? AND balance >= 300", (user,))
        run(
            "INSERT INTO orders (id, user_id, status, total) VALUES (?, ?, 'paid', 300)",
            (order, user),
        )
        connection.executemany(
            "INSERT INTO order_lines VALUES (?, ?, ?, ?, 100)",
            ((order, 1, f"sku{first}", 1), (order, 2, f"sku{second}", 2)),
        )
        connection.executemany(
            "INSERT INTO ledger (account_id, order_id, amount) VALUES (?, ?, ?)",
            ((user, order, -300), ("shop", order, 300)),
        )
        run("INSERT INTO jobs (kind, payload) VALUES ('order.placed', '{}')")
        run(
            "UPDATE sessions SET data = ?, version = version + 1 WHERE id = ?",
            ('{"order_id":"x"}', session),
        )

    return place


def full(connection: sqlite3.Connection, products: int) -> Place:
    """Return the function that writes the rows of one order into a seeded shop's database."""
    query = "SELECT token_hash FROM sessions WHERE user_id IS NOT NULL ORDER BY token_hash"
    tokens = [token for (token,) in connection.execute(query)]
    (sales,) = connection.execute("SELECT id FROM accounts WHERE kind = 'sales'").fetchone()
    run, many = connection.execute, connection.executemany

    def place() -> None:
        order, key = uuid4().hex, uuid4().hex
        skus = [f"BENCH-{number + 1:07}" for number in _two_of(products)]
        (now,) = run("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'").fetchone()
        session, user, version = run(
            "SELECT id, user_id, version FROM sessions WHERE token_hash = ?",
            (random.choice(tokens),),
        ).fetchone()
        run("SELECT roles, enabled FROM users WHERE id = ?", (user,)).fetchone()
        run(
            "INSERT INTO idempotency_keys (user_id, key, fingerprint, created_at)"
            " VALUES (?, ?, '', ?) ON CONFLICT DO NOTHING",
            (user, key, now),
        )
        account, _ = run(
            "SELECT id, balance FROM accounts WHERE user_id = ? AND currency = 'EUR'", (user,)
        ).fetchone()
        bought = [
            (
                *run(
                    "SELECT sku, product_name, price FROM variants WHERE sku = ?", (sku,)
                ).fetchone(),
                quantity,
            )
            for sku, quantity in zip(skus, (1, 2), strict=True)
        ]
        total = sum(price * quantity for _, _, price, quantity in bought)
        run("UPDATE accounts SET balance = balance - ? WHERE id = ?", (total, account))
        many(
            "UPDATE inventories SET on_hand = on_hand - ?"
            " WHERE sku = ? AND on_hand - reserved >= ?",
            [(quantity, sku, quantity) for sku, _, _, quantity in bought],
        )
        many(
            "INSERT INTO stock_movements (id, sku, kind, on_hand_delta, reserved_delta, order_id,"
            " reason, created_at) VALUES (?, ?, 'sale', ?, 0, ?, '', ?)",
            [(uuid4().hex, sku, -quantity, order, now) for sku, _, _, quantity in bought],
        )
        run(
            "INSERT INTO orders (id, number, user_id, idempotency_key, status, total, currency,"
            " payment_method, placed_at, version)"
            " VALUES (?, ?, ?, ?, 'paid', ?, 'EUR', 'account', ?, 1)",
            (order, order[:15].upper(), user, key, total, now),
        )
        many(
            "INSERT INTO order_lines (order_id, position, sku, name, quantity, unit_price, product,"
            " options) VALUES (?, ?, ?, ?, ?, ?, ?, '{}')",
            [
                (order, position, sku, name, quantity, price, sku)
                for position, (sku, name, price, quantity) in enumerate(bought)
            ],
        )
        run(
            "INSERT INTO order_events (order_id, sequence, to_status, actor, created_at)"
            " VALUES (?, 1, 'paid', 'customer', ?)",
            (order, now),
        )
        run(
            "INSERT INTO payments (order_id, method, status, amount, currency, created_at)"
            " VALUES (?, 'account', 'captured', ?, 'EUR', ?)",
            (order, total, now),
        )
        run(
            "INSERT INTO transfers (id, kind, debit_account_id, credit_account_id, amount,"
            " currency, order_id, note, created_at) VALUES (?, 'charge', ?, ?, ?, 'EUR', ?, '', ?)",
            (uuid4().hex, account, sales, total, order, now),
        )
        run(
            "UPDATE idempotency_keys SET reference = ? WHERE user_id = ? AND key = ?",
            (order, user, key),
        )
        run(
            "UPDATE sessions SET last_order_id = ?, last_seen_at = ?, version = ? + 1 WHERE id = ?",
            (order, now, version, session),
        )

    return place


LOOPS = {"lean": lean, "full": full}


def run(kind: str, file: str, products: int, seconds: float) -> dict[str, Any]:
    """Place orders for some seconds; return their number and the latencies of the groups."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        place = LOOPS[kind](connection, products)
        milliseconds: list[float] = []
        began = time.perf_counter()
        while not milliseconds or time.perf_counter() - began < seconds:
            group_began = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            for _ in range(GROUP):
                place()
            connection.execute("COMMIT")
            milliseconds.append((time.perf_counter() - group_began) * 1000)
        elapsed = time.perf_counter() - began
    groups = len(milliseconds)
    milliseconds.sort()
    return {
        "seconds": elapsed,
        "orders": groups * GROUP,
        "p50_ms": milliseconds[groups // 2],
        "p99_ms": milliseconds[groups * 99 // 100],
    }


def _two_of(number: int) -> Sequence[int]:
    return sorted(random.sample(range(number), 2))


if __name__ == "__main__":
    kind, file, products, seconds = sys.argv[1:]
    print(json.dumps(run(kind, file, int(products), float(seconds))))  # noqa: T201
