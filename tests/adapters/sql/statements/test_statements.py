"""What the engines are asked, and how they are set up."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from uuid import uuid4

import pytest
from dependency_injector import providers
from pydantic import Secret
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import DBAPIError

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import metadata
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.checkout.complete_orders import CompleteOrder
from shop.application.checkout.place_orders import PlaceOrders
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.identity.sign_up import SignUp
from shop.application.notifications.events import NotificationPolicy, Notifications, WebhookEndpoint
from shop.application.ports.payment_gateway import Approved
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.cart import Cart
from shop.domain.notification import EventType
from shop.domain.orders.order import OrderStatus
from shop.domain.shared.line_quantity import LineQuantity
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.adapters.sql.conftest import SECRETS, NewDatabase
from tests.clock import FakeClock
from tests.doubles import FakePasswordHasher
from tests.factories import EUR, inventory, product

pytestmark = pytest.mark.anyio

CUSTOMERS = 50


@pytest.fixture(params=["sqlite", "postgresql"])
async def shop(request: pytest.FixtureRequest, clock: FakeClock) -> AsyncIterator[Container]:
    settings = Settings(
        database_url=request.getfixturevalue(f"{request.param}_url"),
        database_schema=f"statements_{uuid4().hex}",
        session_secrets=tuple(map(Secret, SECRETS)),
        currency=EUR,
        welcome_credit=10_000,
    )
    container = Container(settings=settings)
    container.clock.override(providers.Object(clock))
    container.password_hasher.override(providers.Object(FakePasswordHasher()))
    await container.database().migrate()
    yield container
    await container.database().close()


async def test_fifty_orders_take_the_statements_of_one(shop: Container) -> None:
    customers = await _customers(shop, CUSTOMERS)
    # Whatever is prepared on first use has been.
    await _place(shop, customers[:1], "key-first")
    with _statements(shop) as of_one:
        await _place(shop, customers[:1], "key-of-one")
    with _statements(shop) as of_fifty:
        await _place(shop, customers, "key-of-fifty")
    assert of_one == of_fifty
    assert len(of_one) > 0


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
async def test_fifty_orders_take_two_visits_to_sqlite(
    shop: Container, visits: list[object]
) -> None:
    customers = await _customers(shop, CUSTOMERS)
    await _place(shop, customers[:1], "key-first")
    visits.clear()
    await _place(shop, customers, "key-of-fifty")
    assert len(visits) == 2


async def test_fifty_card_orders_take_the_statements_of_one(shop: Container) -> None:
    customers = await _customers(shop, CUSTOMERS)
    await _place_by_card(shop, customers[:1], "key-first")
    with _statements(shop) as of_one:
        await _place_by_card(shop, customers[:1], "key-of-one")
    with _statements(shop) as of_fifty:
        await _place_by_card(shop, customers, "key-of-fifty")
    assert of_one == of_fifty
    assert len(of_one) > 0


async def test_orders_from_the_account_ask_for_no_limits(shop: Container) -> None:
    customers = await _customers(shop, 2)
    await _place(shop, customers, "key-first")
    with _statements(shop) as from_accounts:
        await _place(shop, customers, "key-account")
    with _statements(shop) as by_card:
        await _place_by_card(shop, customers, "key-by-card")
    assert not any("rate_limits" in each for each in (*from_accounts, *by_card))
    assert not any("'declined'" in each for each in from_accounts)
    assert sum("'declined'" in each for each in by_card) == 1


async def test_notifications_add_only_statements_on_their_own_tables(
    shop: Container,
) -> None:
    customers = await _customers(shop, CUSTOMERS)
    await _place(shop, customers[:1], "key-first")
    with _statements(shop) as untold:
        await _place(shop, customers, "key-untold")
    _enable_notifications(shop)
    with _statements(shop) as notified:
        await _place(shop, customers, "key-notified")
    writes_together = _database(shop).row_parameters.combines_writes
    assert len(notified) == len(untold) + (0 if writes_together else 2)
    assert not any("notification_deliveries" in each for each in untold)
    assert any("notification_deliveries" in each for each in notified)


async def test_no_session_token_is_stored(shop: Container) -> None:
    (token,) = await _customers(shop, 1)
    await _place(shop, [token], "key-first")
    database = _database(shop)
    async with database.reader.connect() as connection:
        rows = [
            str(tuple(row))
            for table in metadata.sorted_tables
            for row in await connection.execute(select(table))
        ]
    dump = "\n".join(rows)
    assert "user0@example.com" in dump
    assert token not in dump


async def test_sqlite_commits_are_durable(new_database: NewDatabase, sqlite_url: str) -> None:
    database = new_database(sqlite_url)
    await database.migrate()
    for engine, query_only in ((database.writer, 0), (database.reader, 1)):
        async with engine.connect() as connection:
            found = [
                (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "query_only")
            ]
        assert found == ["wal", 2, 1, query_only]


async def test_sqlite_writers_lock_at_begin_and_readers_do_not(
    new_database: NewDatabase, sqlite_url: str
) -> None:
    database = new_database(sqlite_url)
    await database.migrate()
    statements: dict[str, list[str]] = {"writer": [], "reader": []}
    for name, engine in (("writer", database.writer), ("reader", database.reader)):

        def note(*event: object, into: list[str] = statements[name]) -> None:
            into.append(str(event[2]))

        with _recording(engine.sync_engine, note):
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
    assert statements == {
        "writer": ["BEGIN IMMEDIATE", "SELECT 1"],
        "reader": ["BEGIN", "SELECT 1"],
    }


async def test_sqlite_readers_cannot_write(new_database: NewDatabase, sqlite_url: str) -> None:
    database = new_database(sqlite_url)
    await database.migrate()
    async with database.reader.connect() as connection:
        with pytest.raises(DBAPIError, match="readonly"):
            await connection.execute(text("DELETE FROM accounts"))


async def _customers(shop: Container, number: int) -> list[SessionToken]:
    async with SqlUnitOfWork(_database(shop), writing=True) as uow:
        uow.products.add(product())
        uow.inventories.add(inventory("TEA", 10 * number))
        await uow.commit()
    tokens = []
    for index in range(number):
        name = f"user{index}"
        command = SignUp(
            session=None, name=name, email=f"{name}@example.com", password="a long phrase"
        )
        signed_up = await shop.sign_up_service().sign_up(command)
        assert signed_up.current_session.new_token is not None
        tokens.append(signed_up.current_session.new_token)
    return tokens


async def _place(shop: Container, tokens: Sequence[SessionToken], key: str) -> None:
    order = partial(PlaceOrder, key=key, card=None, expected_total=None)
    cart = Cart.of([LineQuantity(sku="TEA", quantity=1)])
    replies = await shop.place_orders().place([order(session=each, cart=cart) for each in tokens])
    assert len(replies) == len(tokens)
    for reply in replies:
        reply.unwrap()


async def _place_by_card(shop: Container, tokens: Sequence[SessionToken], key: str) -> None:
    order = partial(PlaceOrder, key=key, card="tok_visa", expected_total=None)
    cart = Cart.of([LineQuantity(sku="TEA", quantity=1)])
    replies = await shop.place_orders().place([order(session=each, cart=cart) for each in tokens])
    placed = [reply.unwrap() for reply in replies]
    finished = await shop.complete_orders().complete(
        [
            CompleteOrder(
                order=each.order,
                payment=each.payment,
                payment_outcome=Approved(payment_id=f"pay_{each.order.id}"),
                session=token,
            )
            for each, token in zip(placed, tokens, strict=True)
        ]
    )
    paid = [each for each in finished if isinstance(each, PlacedOrder)]
    assert [each.order.status for each in paid] == [OrderStatus.PAID] * len(tokens)


def _enable_notifications(shop: Container) -> None:
    """Notify two endpoints and the customers of every event from now on."""
    endpoints = tuple(
        WebhookEndpoint(
            url=f"https://{each}.example.com", secret="whsec_", event_types=frozenset(EventType)
        )
        for each in "ab"
    )
    terms = NotificationPolicy(endpoints=endpoints, emails_customers=True, low_stock_threshold=0)
    notifications = Notifications(terms, shop.clock(), shop.id_generator())
    placing = PlaceOrders(
        shop.transaction_runner(),
        shop.session_authenticator(),
        shop.clock(),
        shop.id_generator(),
        notifications,
        shop.policies().payment,
        shop.card_payments(),
        shop.order_pricer(),
    )
    shop.place_orders.override(providers.Object(placing))


def _database(shop: Container) -> SqlDatabase:
    database = shop.database()
    assert isinstance(database, SqlDatabase)
    return database


@contextlib.contextmanager
def _statements(shop: Container) -> Iterator[list[str]]:
    texts: list[str] = []
    with _recording(
        _database(shop).writer.sync_engine, lambda *arguments: texts.append(str(arguments[2]))
    ):
        yield texts


@contextlib.contextmanager
def _recording(engine: Engine, record: Callable[..., None]) -> Iterator[None]:
    event.listen(engine, "before_cursor_execute", record)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", record)
