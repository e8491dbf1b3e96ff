"""PostgreSQL's plans stay look-ups by key while the tables of a young shop grow (decision 29)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from uuid import uuid4

import asyncpg
import pytest
from dependency_injector import providers
from pydantic import Secret
from sqlalchemy import make_url, text

from shop.adapters.sql.audit.audit import SqlAudit
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.engines import postgresql
from shop.adapters.sql.engines.plans import KEYED_PLANS
from shop.adapters.sql.schema.tables import metadata
from shop.adapters.sql.statements.connection import SqlConnection
from shop.application.checkout.complete_orders import CompleteOrder
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.identity.sign_up import SignUp
from shop.application.orders.cancel import CancelOrder
from shop.application.ports.payment_gateway import Approved
from shop.application.ports.repositories.audit import INVARIANTS
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.cart import Cart
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.user import User
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.adapters.sql.conftest import SECRETS, NewDatabase
from tests.clock import FakeClock
from tests.doubles import FakePasswordHasher
from tests.factories import EUR, inventory, product
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

CUSTOMERS = 16
GROUPS = 8
SINGLE_ORDERS = 12
"""More than the five runs after which PostgreSQL keeps a statement's plan."""

MAX_ROWS_PER_ORDER = 15
"""An order and what follows it look up fewer rows of each table; scans read twice as many."""


@pytest.fixture(params=["connection", "role"])
def source_of_settings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Say where the settings come from; a pooler's connections have those of the role alone."""
    source: str = request.param
    if source == "role":
        monkeypatch.setattr(postgresql, "SET_KEYED_PLANS", "SELECT 1")
    return source


@pytest.fixture
async def admin(postgresql_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection that has no settings of the shop's."""
    connection = await asyncpg.connect(_driver_url(postgresql_url))
    yield connection
    await connection.close()


@pytest.fixture
async def shop(
    source_of_settings: str, postgresql_url: str, clock: FakeClock
) -> AsyncIterator[Container]:
    del source_of_settings
    settings = Settings(
        database_url=postgresql_url,
        database_schema=f"young_{uuid4().hex}",
        session_secrets=tuple(map(Secret, SECRETS)),
        currency=EUR,
        welcome_credit=100_000,
    )
    container = Container(settings=settings)
    container.clock.override(providers.Object(clock))
    container.password_hasher.override(providers.Object(FakePasswordHasher()))
    await container.database().migrate()
    yield container
    await container.transaction_runner().drain()
    await container.database().close()


class TestAYoungShop:
    """Its empty tables were analysed while its connections were open, and then the rush came."""

    async def test_finds_every_row_by_key_however_many_orders_come(
        self, shop: Container, admin: asyncpg.Connection
    ) -> None:
        schema = shop.settings().database_schema
        tokens = await _customers(shop)
        for table in metadata.tables:
            await admin.execute(f"VACUUM (ANALYZE) {schema}.{table}")
        before = await _rows_read(admin, schema)

        orders = [
            order
            for number in range(GROUPS)
            for order in await _place(shop, tokens, f"group-{number}")
        ]
        for number in range(SINGLE_ORDERS):
            (order,) = await _place(shop, tokens[:1], f"single-{number}")
            paid = await _place_by_card(shop, tokens[0], f"by-card-{number}")
            cancel = CancelOrder(session=tokens[0], order_id=order.order.id)
            (await shop.cancel_orders().cancel(cancel)).unwrap()
            orders += [order, paid]
            await _read(shop, tokens[0], order)
        number_of_orders = len(orders)
        # The server counts what a connection has read when the connection ends.
        await shop.database().close()
        after = await _rows_read_with(admin, schema, orders=number_of_orders)

        read = {table: (after[table][0] - seq, after[table][1] - keyed)
                for table, (seq, keyed) in before.items()}  # fmt: skip
        assert {table: seq for table, (seq, _) in read.items() if seq} == {}
        assert number_of_orders == GROUPS * CUSTOMERS + 2 * SINGLE_ORDERS
        assert {
            table: keyed
            for table, (_, keyed) in read.items()
            if keyed > MAX_ROWS_PER_ORDER * number_of_orders
        } == {}


class TestARole:
    async def test_begins_every_connection_with_keyed_plans_once_the_database_is_migrated(
        self, new_database: NewDatabase, admin: asyncpg.Connection, postgresql_url: str
    ) -> None:
        name = f'young: "{uuid4().hex}'
        quoted = name.replace('"', '""')
        await admin.execute(f'CREATE DATABASE "{quoted}"')
        url = make_url(postgresql_url).set(database=name)
        database = new_database(url.render_as_string())

        assert await _plan_settings(url.render_as_string()) == dict.fromkeys(KEYED_PLANS, "on")
        await database.migrate()
        assert await _plan_settings(url.render_as_string()) == KEYED_PLANS

    async def test_that_may_not_be_altered_hinders_no_migration(
        self,
        new_database: NewDatabase,
        postgresql_url: str,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        monkeypatch.setattr("shop.adapters.sql.database.KEYED_PLANS", {"no_such_setting": "off"})
        database = new_database(postgresql_url, f"young_{uuid4().hex}")

        await database.migrate()

        assert [each.message for each in caplog.records] == ["role_defaults_not_set"]
        await database.check()


class TestAnAudit:
    async def test_chooses_among_all_plans_in_its_transaction_alone(self, shop: Container) -> None:
        database = shop.database()
        assert isinstance(database, SqlDatabase)
        seen: list[Mapping[str, str]] = []
        for _ in range(2):
            async with database.reader.connect() as connection:
                statements = SqlConnection(connection, database.row_parameters, writing=False)
                seen.append(await _settings_of(statements))
                await SqlAudit(statements).violations(INVARIANTS[0], shop.clock().now())
                seen.append(await _settings_of(statements))
        assert seen == 2 * [KEYED_PLANS, dict.fromkeys(KEYED_PLANS, "on")]


async def _customers(shop: Container) -> Sequence[SessionToken]:
    async with shop.unit_of_work() as uow:
        uow.products.add(product())
        uow.inventories.add(inventory("TEA", 10_000))
        await uow.commit()
    tokens = []
    for number in range(CUSTOMERS):
        command = SignUp(
            session=None,
            name=f"Customer {number}",
            email=f"customer-{number}@example.com",
            password="a long phrase",
        )
        signed_up = await shop.sign_up_service().sign_up(command)
        tokens.append(signed_up.current_session.new_token or "")
    return tokens


async def _place(
    shop: Container, tokens: Sequence[SessionToken], key: str, card: str | None = None
) -> Sequence[PlacedOrder]:
    cart = Cart.of([LineQuantity(sku="TEA", quantity=1)])
    order = partial(PlaceOrder, key=key, cart=cart, card=card, expected_total=None)
    replies = await shop.place_orders().place([order(session=each) for each in tokens])
    return [each.unwrap() for each in replies]


async def _place_by_card(shop: Container, token: SessionToken, key: str) -> PlacedOrder:
    (placed,) = await _place(shop, [token], key, card="tok_visa")
    (paid,) = await shop.complete_orders().complete(
        [
            CompleteOrder(
                order=placed.order,
                payment=placed.payment,
                payment_outcome=Approved(payment_id=f"pay_{placed.id}"),
                session=token,
            )
        ]
    )
    assert isinstance(paid, PlacedOrder)
    return paid


async def _read(shop: Container, token: SessionToken, order: PlacedOrder) -> None:
    async def read(uow: UnitOfWork) -> User:
        users = await uow.users.get_many([order.order.user_id])
        return users[order.order.user_id]

    customer = await shop.transaction_runner().read(read)
    found = await shop.order_queries().look_up(token, order.id)
    assert found.view.order.id == order.id
    assert (await shop.order_queries().show(customer, order.id)).order.id == order.id
    history = await shop.order_queries().history(customer, order.id)
    assert len(history.status_changes) == 2


async def _settings_of(statements: SqlConnection) -> Mapping[str, str]:
    return {name: (await statements.fetch_all(text(f"SHOW {name}")))[0][0] for name in KEYED_PLANS}


async def _plan_settings(url: str) -> Mapping[str, str]:
    connection = await asyncpg.connect(_driver_url(url))
    try:
        return {name: await connection.fetchval(f"SHOW {name}") for name in KEYED_PLANS}
    finally:
        await connection.close()


def _driver_url(url: str) -> str:
    return url.replace("postgresql+asyncpg:", "postgresql:")


async def _rows_read(admin: asyncpg.Connection, schema: str) -> Mapping[str, tuple[int, int]]:
    """Return how many rows of each table were read by scanning it, and by its indexes."""
    rows = await admin.fetch(
        "SELECT relname, seq_tup_read, coalesce(idx_tup_fetch, 0) AS by_index"
        " FROM pg_stat_user_tables WHERE schemaname = $1",
        schema,
    )
    return {row["relname"]: (row["seq_tup_read"], row["by_index"]) for row in rows}


async def _rows_read_with(
    admin: asyncpg.Connection, schema: str, *, orders: int
) -> Mapping[str, tuple[int, int]]:
    """Return the same as soon as the server has counted these orders."""
    inserted = "SELECT n_tup_ins FROM pg_stat_user_tables WHERE schemaname = $1 AND relname = $2"
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        while await admin.fetchval(inserted, schema, "orders") < orders:  # noqa: ASYNC110  No event.
            await asyncio.sleep(0.01)
    return await _rows_read(admin, schema)
