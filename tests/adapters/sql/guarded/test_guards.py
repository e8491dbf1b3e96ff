"""Orders are decided without locks; a guard that fails writes nothing."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from dependency_injector import providers
from sqlalchemy import func, select

from shop.adapters.sql.guarded import connection
from shop.adapters.sql.schema.tables import accounts, sessions
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.idempotency.results import CommandResult
from shop.application.notifications.events import NotificationPolicy, Notifications, WebhookEndpoint
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.domain.account import InsufficientFunds
from shop.domain.inventory import OutOfStock
from shop.domain.notification import EventType
from shop.domain.orders.order import OrderStatus
from shop.domain.session import NotSignedIn
from shop.entrypoints.configuration.sessions import SessionStoreKind
from tests.adapters.sql.guarded.guarded_shop import (
    CREDIT,
    PRICE,
    SKUS,
    STOCK,
    GuardedShop,
    order,
)
from tests.adapters.sql.guarded.statements import (
    RULES,
    assert_read_and_written,
    plan_nodes,
    statements,
)
from tests.clock import FakeClock

pytestmark = pytest.mark.anyio


GROWN = """
INSERT INTO products
    (sku, name, description, price, currency, active, search_text, created_at, updated_at)
SELECT number, '', '', 1, 'EUR', true, '', now(), now() FROM generate_series(1, 3000) AS number;
INSERT INTO inventories SELECT sku, 1, 0 FROM products WHERE price = 1;
INSERT INTO users (id, name, email, password_hash, roles, enabled, created_at)
SELECT gen_random_uuid(), '', number, '', '', true, now() FROM generate_series(1, 3000) AS number;
INSERT INTO accounts (id, kind, user_id, currency, balance, minimum_balance, created_at)
SELECT id, 'customer', id, 'EUR', 0, 0, now() FROM users WHERE name = '';
INSERT INTO sessions
    (id, token_hash, user_id, roles, preferences, cart, created_at, last_seen_at, version)
SELECT id, id, id, '', '{}', '{}', now(), now(), 1 FROM users WHERE name = '';
INSERT INTO idempotency_keys (user_id, key, fingerprint, created_at)
SELECT id, 'key', '', now() FROM users WHERE name = '';
"""


class TestStatements:
    @pytest.mark.parametrize("size", [1, 50])
    async def test_group_is_read_and_written_with_one_statement_each(
        self, shop: GuardedShop, size: int
    ) -> None:
        customers = [await shop.sign_up() for _ in range(size)]

        with statements(shop) as sent:
            results = await shop.place(*(order(each, "TEA") for each in customers))

        assert [each.unwrap().order.total.amount for each in results] == [PRICE] * size
        assert_read_and_written(sent)

    async def test_no_table_is_scanned(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()
        for statement in GROWN.split(";\n")[:-1]:
            await shop.execute(statement)

        with statements(shop) as sent:
            await shop.place(order(customer, *SKUS))

        nodes = await plan_nodes(shop, sent)
        # There are few rules, and a process reads them when they have changed.
        scans = [
            each
            for each in nodes
            if "Scan" in each["Node Type"]
            and "Alias" in each
            and each.get("Relation Name") not in RULES
        ]
        read = {each["Relation Name"] for each in scans if "Relation Name" in each}
        assert read == {
            "sessions",
            "users",
            "customer_carts",
            "rule_versions",
            "accounts",
            "idempotency_keys",
            "variants",
            "inventories",
        }
        by_index = [each for each in nodes if "Index Name" in each]
        assert [each for each in by_index if "Index Cond" not in each] == []
        assert [each for each in scans if each["Node Type"] == "Seq Scan"] == []

    async def test_cart_of_the_session_is_ordered_and_emptied(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()
        for sku in SKUS:
            await shop.put_in_cart(customer, sku, 2)

        (result,) = await shop.place(order(customer))

        assert [(each.sku, each.quantity) for each in result.unwrap().order.lines] == [
            (sku, 2) for sku in SKUS
        ]
        assert (await shop.place(order(customer)))[0].value != result.value
        assert [await shop.stock(sku) for sku in SKUS] == [STOCK - 2, STOCK - 2]
        assert shop.attempts == ["committed"] * 4

    async def test_two_orders_of_one_session_are_written_together(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()

        first, second = await shop.place(order(customer, "TEA"), order(customer, "TEA"))

        assert first.unwrap().id != second.unwrap().id
        assert shop.attempts == ["committed"]
        assert await shop.stock("TEA") == STOCK - 2

    async def test_statement_that_comes_too_late_writes_nothing(
        self, shop: GuardedShop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        customer = await shop.sign_up()
        monkeypatch.setattr(connection, "GUARDED_SECONDS", 0)

        (result,) = await shop.place(order(customer, "TEA"))

        assert result.unwrap().order.total.amount == PRICE
        assert shop.attempts == ["TransactionConflict"]
        assert (await shop.counts())["orders"] == 1

    async def test_statements_are_read_committed_on_a_server_that_isolates_more(
        self, shop: GuardedShop
    ) -> None:
        alter = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {}', current_database()); END $$"
        await shop.execute(alter.format("SET default_transaction_isolation = serializable"))
        try:
            await shop.database.writer.dispose()
            async with shop.database.guarded.connect() as raw:
                isolation = await raw.exec_driver_sql("SHOW transaction_isolation")
        finally:
            # Other tests share the database.
            await shop.execute(alter.format("RESET default_transaction_isolation"))

        assert isolation.scalar_one() == "read committed"

    async def test_unit_of_work_that_needs_a_transaction_fails_loudly(
        self, shop: GuardedShop
    ) -> None:
        async with shop.container.guarded_unit_of_work() as uow:
            with pytest.raises(RuntimeError, match="changes nothing before its end"):
                await uow.sessions.revoke_all(uuid4(), except_session_id=None)
            await uow.read_ahead([])
            now = shop.container.clock().now()
            job = Job.new(JobKind.SEND_EMAIL, uuid4(), at=now, due_at=now)
            uow.jobs.reschedule(job, now, "later")
            with pytest.raises(RuntimeError, match="UpdateRows of jobs needs a lock"):
                await uow.commit()

    async def test_replay_writes_nothing(self, shop: GuardedShop) -> None:
        command = order(await shop.sign_up(), "TEA")
        (placed,) = await shop.place(command)
        before = await shop.counts()

        (again,) = await shop.place(command)

        assert (again.replayed, again.unwrap().id) == (True, placed.unwrap().id)
        assert await shop.counts() == before

    async def test_rejection_stores_its_outcome_alone(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()
        await shop.execute("UPDATE inventories SET on_hand = 0")
        command = order(customer, "TEA")

        first, again = [(await shop.place(command))[0] for _ in range(2)]

        assert isinstance(first.value, OutOfStock)
        assert (again.replayed, again.value) == (True, first.value)
        assert shop.attempts == ["committed"] * 2
        assert await shop.counts() == {
            "orders": 0,
            "stock_movements": 0,
            "transfers": 1,
            "idempotency_keys": 1,
        }


class TestGuards:
    """What a guard finds writes nothing; then the group is decided with locks."""

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ("UPDATE inventories SET on_hand = 0", OutOfStock),
            (
                "UPDATE accounts SET balance = 1 WHERE user_id IS NOT NULL",
                InsufficientFunds,
            ),
            ("DELETE FROM sessions", NotSignedIn),
        ],
        ids=["stock", "balance", "revoked session"],
    )
    async def test_what_was_taken_meanwhile_is_not_sold(
        self, shop: GuardedShop, change: str, error: type[Exception]
    ) -> None:
        customer = await shop.sign_up()
        shop.before_writing.append(partial(shop.execute, change))

        (result,) = await shop.place(order(customer, "TEA"))

        assert isinstance(result.value, error)
        assert shop.attempts == ["TransactionConflict"]
        counts = await shop.counts()
        assert (counts["orders"], counts["stock_movements"], counts["transfers"]) == (0, 0, 1)

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE inventories SET on_hand = on_hand - 999",
            "UPDATE accounts SET balance = balance - 9500 WHERE user_id IS NOT NULL",
            "UPDATE sessions SET last_seen_at = last_seen_at + interval '1 second'",
        ],
        ids=["stock", "balance", "session in use"],
    )
    async def test_change_that_leaves_enough_is_kept(self, shop: GuardedShop, change: str) -> None:
        customer = await shop.sign_up()
        shop.before_writing.append(partial(shop.execute, change))

        (result,) = await shop.place(order(customer, "TEA"))

        assert result.unwrap().order.total.amount == PRICE
        assert shop.attempts == ["committed"]
        async with shop.database.reader.connect() as connection:
            balance = (await connection.execute(select(func.min(accounts.c.balance)))).scalar_one()
        taken = ("on_hand" in change, "balance" in change)
        assert (await shop.stock("TEA"), balance) == {
            (True, False): (0, CREDIT - PRICE),
            (False, True): (STOCK - 1, 0),
            (False, False): (STOCK - 1, CREDIT - PRICE),
        }[taken]

    async def test_last_use_of_a_session_never_goes_back(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()
        ahead = "UPDATE sessions SET last_seen_at = last_seen_at + interval '1 minute'"
        shop.before_writing.append(partial(shop.execute, ahead))

        await shop.place(order(customer, "TEA"))

        (session,) = await shop.rows(sessions)
        assert session.last_seen_at - shop.container.clock().now() == timedelta(minutes=1)
        assert shop.attempts == ["committed"]

    async def test_changed_session_keeps_its_change(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()
        shop.before_writing.append(partial(shop.prefer, customer, theme="dark"))

        (result,) = await shop.place(order(customer, "TEA"))

        assert result.unwrap().order.total.amount == PRICE
        assert shop.attempts == ["TransactionConflict"]
        (row,) = await shop.rows(sessions)
        assert (row.preferences, row.last_order_id) == ({"theme": "dark"}, result.unwrap().id)

    async def test_cart_that_changes_does_not_stop_an_order_of_other_lines(
        self, shop: GuardedShop
    ) -> None:
        customer = await shop.sign_up()
        shop.before_writing.append(partial(shop.put_in_cart, customer, "COFFEE", 3))

        (result,) = await shop.place(order(customer, "TEA"))

        assert result.unwrap().order.total.amount == PRICE
        assert shop.attempts == ["committed", "committed"]
        assert await shop.carts() == [{"COFFEE": 3}]

    async def test_key_that_was_used_meanwhile_is_replayed(self, shop: GuardedShop) -> None:
        command = order(await shop.sign_up(), "TEA")
        neighbour = order(await shop.sign_up(), "TEA")
        earlier: list[CommandResult[PlacedOrder]] = []

        async def place_first() -> None:
            earlier.extend(await shop.place(command))

        shop.before_writing.append(place_first)

        result, other = await shop.place(command, neighbour)

        assert (result.replayed, result.unwrap().id) == (True, earlier[0].unwrap().id)
        assert (other.replayed, other.unwrap().order.total.amount) == (False, PRICE)
        assert shop.attempts == ["committed", "TransactionConflict"]
        assert (await shop.counts())["orders"] == 2

    async def test_used_key_of_a_rejection_is_found_by_its_primary_key(
        self, shop: GuardedShop
    ) -> None:
        await shop.execute("UPDATE inventories SET on_hand = 0")
        command = order(await shop.sign_up(), "TEA")

        async def place_first() -> None:
            await shop.place(command)

        shop.before_writing.append(place_first)

        (result,) = await shop.place(command)

        assert (result.replayed, type(result.value)) == (True, OutOfStock)
        assert shop.attempts == ["committed", "TransactionConflict"]
        assert (await shop.counts())["idempotency_keys"] == 1


class TestOtherOrders:
    async def test_card_orders_are_placed_without_locks(self, shop: GuardedShop) -> None:
        customers = [await shop.sign_up() for _ in range(2)]
        by_card = replace(order(customers[0], "TEA"), card="tok_visa")

        with statements(shop) as sent:
            results = await shop.place(by_card, order(customers[1], "TEA"))

        assert_read_and_written(sent)
        statuses = [each.unwrap().order.status for each in results]
        assert statuses == [OrderStatus.PENDING, OrderStatus.PAID]
        assert shop.attempts == ["committed"]

    async def test_card_order_of_a_session_that_was_revoked_is_rejected(
        self, shop: GuardedShop
    ) -> None:
        customer = await shop.sign_up()
        shop.before_writing.append(partial(shop.execute, "DELETE FROM sessions"))

        (result,) = await shop.place(replace(order(customer, "TEA"), card="tok_visa"))

        assert isinstance(result.value, NotSignedIn)
        assert shop.attempts == ["TransactionConflict"]
        assert (await shop.counts())["orders"] == 0

    async def test_shop_that_reports_low_stock_takes_locks(self, shop: GuardedShop) -> None:
        endpoint = WebhookEndpoint(
            url="https://example.com", secret="whsec_", event_types=frozenset(EventType)
        )
        policy = NotificationPolicy(
            endpoints=(endpoint,), emails_customers=False, low_stock_threshold=STOCK - 1
        )
        notifications = Notifications(policy, shop.container.clock(), shop.container.id_generator())
        shop.container.notifications.override(providers.Object(notifications))

        (result,) = await shop.place(order(await shop.sign_up(), "TEA"))

        assert result.unwrap().order.status is OrderStatus.PAID
        assert shop.attempts == []

    async def test_cart_in_the_cookie_is_ordered_without_locks(
        self, shop: GuardedShop, clock: FakeClock
    ) -> None:
        cookies = SessionStoreKind.COOKIE
        shop = shop.opened_by(shop.database_url, clock, session_store=cookies)
        customer = await shop.put_in_cart(await shop.sign_up(), "TEA", 2)

        (result,) = await shop.place(order(customer))

        assert [(each.sku, each.quantity) for each in result.unwrap().order.lines] == [("TEA", 2)]
        assert result.unwrap().new_token is not None
        assert shop.attempts == ["committed"] * 2
        assert await shop.stock("TEA") == STOCK - 2
        await shop.database.close()
