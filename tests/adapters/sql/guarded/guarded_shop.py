"""A shop on PostgreSQL whose orders another request can come between."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, cast

from dependency_injector import providers
from pydantic import Secret
from sqlalchemy import Row, Table, func, select, text

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.guarded.unit_of_work import GuardedSqlUnitOfWork
from shop.adapters.sql.schema.tables import (
    customer_carts,
    idempotency_keys,
    inventories,
    orders,
    stock_movements,
    transfers,
)
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.checkout.cart import PutCartLine
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.idempotency.results import CommandResult
from shop.application.identity.sessions import ChangePreferences
from shop.application.identity.sign_up import SignedUp, SignUp
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.cart import Cart
from shop.domain.shared.line_quantity import LineQuantity
from shop.entrypoints.configuration.sessions import SessionStoreKind
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.adapters.sql.conftest import SECRETS
from tests.clock import FakeClock
from tests.doubles import FakePasswordHasher
from tests.factories import EUR, product

CREDIT = 10_000
PRICE = product().price.amount
STOCK = 1_000
SKUS = ("COFFEE", "TEA")

_NUMBERS = count()

Interference = Callable[[], Awaitable[object]]


class GuardedShop:
    """A shop on PostgreSQL; another request can come between its reading and its writing."""

    def __init__(self, container: Container, database: SqlDatabase) -> None:
        self.container = container
        self.database = database
        self.before_writing: list[Interference] = []
        self.attempts: list[str] = []
        """What became of each guarded attempt."""
        container.guarded_unit_of_work.override(providers.Callable(self._new_unit_of_work))

    @property
    def database_url(self) -> str:
        return self.container.settings().database_url

    def opened_by(
        self,
        url: str,
        clock: FakeClock,
        session_store: SessionStoreKind = SessionStoreKind.DATABASE,
    ) -> "GuardedShop":
        """Open the same shop again, perhaps with another session store."""
        schema = self.container.settings().database_schema
        container = new_container(url, schema, clock, session_store)
        return GuardedShop(container, database_of(container))

    def _new_unit_of_work(self) -> SqlUnitOfWork:
        return _Interrupted(self)

    async def sign_up(self) -> SessionToken:
        signed_up = await self.new_customer()
        assert signed_up.current_session.new_token is not None
        return signed_up.current_session.new_token

    async def new_customer(self) -> SignedUp:
        name = f"customer {next(_NUMBERS)}"
        command = SignUp(
            session=None,
            name=name,
            email=f"{name.replace(' ', '-')}@example.com",
            password="a long phrase",
        )
        return await self.container.sign_up_service().sign_up(command)

    async def place(self, *commands: PlaceOrder) -> Sequence[CommandResult[PlacedOrder]]:
        return await self.container.place_orders().place(commands)

    async def place_by_card(self, *commands: PlaceOrder) -> Sequence[PlacedOrder]:
        """Place these orders by card; they stay pending."""
        results = await self.place(*(by_card(each) for each in commands))
        self.attempts.clear()
        return [each.unwrap() for each in results]

    async def put_in_cart(self, session: SessionToken, sku: str, quantity: int) -> SessionToken:
        """Put this into the cart; return the session's token, which may be a new one."""
        command = PutCartLine(session=session, sku=sku, quantity=quantity)
        changed = await self.container.cart_service().put(command)
        return (changed.current_session and changed.current_session.new_token) or session

    async def prefer(self, session: SessionToken, **preferences: object) -> None:
        """Change the preferences of a session."""
        command = ChangePreferences(session=session, patch=preferences)
        await self.container.session_service().change_preferences(command)

    async def carts(self) -> Sequence[Mapping[str, int]]:
        """Return what is in the carts of customers."""
        return [each.lines for each in await self.rows(customer_carts)]

    async def execute(self, statement: str) -> None:
        async with self.database.writer.begin() as connection:
            await connection.execute(text(statement))

    async def rows(self, table: Table) -> Sequence[Row[Any]]:
        async with self.database.reader.connect() as connection:
            return (await connection.execute(select(table))).all()

    async def counts(self) -> dict[str, int]:
        tables = (orders, stock_movements, transfers, idempotency_keys)
        async with self.database.reader.connect() as connection:
            return {
                each.name: (
                    await connection.execute(select(func.count()).select_from(each))
                ).scalar_one()
                for each in tables
            }

    async def stock(self, sku: str) -> int:
        async with self.database.reader.connect() as connection:
            found = select(inventories.c.on_hand).where(inventories.c.sku == sku)
            return cast("int", (await connection.execute(found)).scalar_one())


class _Interrupted(GuardedSqlUnitOfWork):
    def __init__(self, shop: GuardedShop) -> None:
        super().__init__(shop.database, writing=True, sessions=shop.container.session_store())
        self._shop = shop

    async def commit(self) -> None:
        if self._shop.before_writing:
            await self._shop.before_writing.pop()()
        try:
            await super().commit()
        except Exception as error:
            self._shop.attempts.append(type(error).__name__)
            raise
        self._shop.attempts.append("committed")


def new_container(
    url: str,
    schema: str,
    clock: FakeClock,
    session_store: SessionStoreKind = SessionStoreKind.DATABASE,
) -> Container:
    container = Container(
        settings=Settings(
            database_url=url,
            database_schema=schema,
            session_secrets=tuple(map(Secret, SECRETS)),
            currency=EUR,
            welcome_credit=CREDIT,
            session_store=session_store,
            guest_checkout=True,
        )
    )
    container.clock.override(providers.Object(clock))
    container.password_hasher.override(providers.Object(FakePasswordHasher()))
    return container


def database_of(container: Container) -> SqlDatabase:
    database = container.database()
    assert isinstance(database, SqlDatabase)
    return database


def order(session: SessionToken, *skus: str, key: str | None = None) -> PlaceOrder:
    """Order one of each of these, or what is in the session's cart."""
    cart = Cart.of([LineQuantity(sku=sku, quantity=1) for sku in skus]) if skus else None
    key = key or f"key-{next(_NUMBERS)}"
    return PlaceOrder(session=session, key=key, cart=cart, card=None, expected_total=None)


def by_card(command: PlaceOrder) -> PlaceOrder:
    return replace(command, card="tok_visa")


async def until_one_waits(shop: GuardedShop) -> None:
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with shop.database.reader.connect() as connection:
        while (await connection.execute(waiting)).scalar_one() == 0:
            await connection.rollback()
            await asyncio.sleep(0.01)
