"""Orders of guests on both engines, in groups with customers' and with the two statements."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from uuid import uuid4

import pytest
from dependency_injector import providers
from pydantic import Secret
from sqlalchemy import func, select

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.guarded import connection as guarded_connection
from shop.adapters.sql.schema.tables import idempotency_keys, orders, sessions, users
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.identity.sessions import ChangePreferences
from shop.application.identity.sign_up import SignUp
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.cart import Cart
from shop.domain.orders.order import OrderStatus
from shop.domain.orders.order_details import OrderDetails
from shop.domain.shared.errors import ShopError
from shop.domain.shared.line_quantity import LineQuantity
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.adapters.sql.conftest import SECRETS
from tests.clock import FakeClock
from tests.contract.storage import Storage
from tests.doubles import FakePasswordHasher
from tests.factories import EUR, product

pytestmark = pytest.mark.anyio

TEA = Cart.of([LineQuantity(sku="TEA", quantity=1)])


@pytest.fixture(params=["sqlite", "postgresql"])
async def shop(
    request: pytest.FixtureRequest, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Container]:
    """Yield a shop that allows guests and has ten of tea, and audit it after the test."""
    monkeypatch.setattr(guarded_connection, "GUARDED_SECONDS", 60)
    settings = Settings(
        database_url=request.getfixturevalue(f"{request.param}_url"),
        database_schema=f"guests_{uuid4().hex}",
        session_secrets=tuple(map(Secret, SECRETS)),
        currency=EUR,
        welcome_credit=10_000,
        guest_checkout=True,
    )
    container = Container(settings=settings)
    container.clock.override(providers.Object(clock))
    container.password_hasher.override(providers.Object(FakePasswordHasher()))
    await container.database().migrate()
    storage = Storage(unit_of_work=container.unit_of_work, snapshot=container.snapshot)
    await storage.add_product(product(), 10)
    yield container
    findings = await container.audit_shop().run(lambda _: None)
    assert [each for finding in findings for each in finding.violations] == []
    await container.database().close()


def _database(shop: Container) -> SqlDatabase:
    database = shop.database()
    assert isinstance(database, SqlDatabase)
    return database


async def _visitor(shop: Container) -> SessionToken:
    command = ChangePreferences(session=None, patch={"theme": "dark"})
    token = (await shop.session_service().change_preferences(command)).new_token
    assert token is not None
    return token


async def _customer(shop: Container) -> SessionToken:
    command = SignUp(session=None, name="Ada", email="ada@example.com", password="a long phrase")
    token = (await shop.sign_up_service().sign_up(command)).current_session.new_token
    assert token is not None
    return token


def _tea(token: SessionToken, key: str = "key-0001", card: str | None = "tok_visa") -> PlaceOrder:
    return PlaceOrder(
        session=token,
        key=key,
        cart=TEA,
        card=card,
        expected_total=None,
        details=OrderDetails(email="mira@example.com"),
    )


async def _counts(shop: Container) -> dict[str, int]:
    """Return how many guests, bound sessions, keys and orders are stored."""
    number = select(func.count())
    counted = {
        "guests": number.select_from(users).where(users.c.is_guest),
        "sessions": number.select_from(sessions).where(sessions.c.guest_id.is_not(None)),
        "keys": number.select_from(idempotency_keys),
        "orders": number.select_from(orders),
    }
    async with _database(shop).reader.connect() as connection:
        return {
            name: (await connection.execute(statement)).scalar_one()
            for name, statement in counted.items()
        }


async def test_guest_orders_pays_and_orders_again(shop: Container) -> None:
    visitor = await _visitor(shop)
    first = (await shop.checkout().place(_tea(visitor))).unwrap().order
    replayed = await shop.checkout().place(_tea(visitor))
    second = (await shop.checkout().place(_tea(visitor, "key-0002"))).unwrap().order
    assert (replayed.replayed, replayed.unwrap().order.id) == (True, first.id)
    assert (first.status, second.status) == (OrderStatus.PAID, OrderStatus.PAID)
    assert first.user_id == second.user_id
    assert await _counts(shop) == {"guests": 1, "sessions": 1, "keys": 2, "orders": 2}
    found = await shop.order_queries().look_up(visitor, first.id)
    assert found.view.order.id == first.id


async def test_guests_and_customers_are_placed_in_one_group(shop: Container) -> None:
    visitor, known, customer = await _visitor(shop), await _visitor(shop), await _customer(shop)
    await shop.checkout().place(_tea(known))
    commands = [
        _tea(customer, card=None),
        _tea(visitor),
        _tea(known, "key-0002"),
        _tea(visitor, "key-0002"),
        _tea(visitor),
        _tea(await _visitor(shop), card=None),
    ]
    results = await shop.place_orders().place(commands)
    placed = [each.value for each in results]
    assert [isinstance(each, ShopError) for each in placed] == [False] * 5 + [True]
    assert results[4].unwrap().order.id == results[1].unwrap().order.id
    owners = [each.unwrap().order.user_id for each in results[:5]]
    assert len(set(owners)) == 3
    assert await _counts(shop) == {"guests": 2, "sessions": 2, "keys": 5, "orders": 5}


async def test_first_orders_at_once_make_one_guest(shop: Container) -> None:
    visitor = await _visitor(shop)
    place = shop.place_orders().place
    both = await asyncio.gather(*(place([_tea(visitor, f"key-000{each}")]) for each in range(4)))
    placed = [each.unwrap().order for (each,) in both]
    assert len({each.user_id for each in placed}) == 1
    assert await _counts(shop) == {"guests": 1, "sessions": 1, "keys": 4, "orders": 4}


async def test_rejected_first_order_keeps_its_key_or_nothing(shop: Container) -> None:
    visitor = await _visitor(shop)
    place = shop.place_orders().place
    without_email = PlaceOrder(
        session=visitor, key="key-0001", cart=TEA, card="tok_visa", expected_total=None
    )
    (invalid,) = await place([without_email])
    assert await _counts(shop) == dict.fromkeys(("guests", "sessions", "keys", "orders"), 0)
    many = Cart.of([LineQuantity(sku="TEA", quantity=11)])
    too_many = partial(PlaceOrder, session=visitor, key="key-0001", cart=many, card="tok_visa")
    command = too_many(expected_total=None, details=OrderDetails(email="mira@example.com"))
    (first,), (again,) = await place([command]), await place([command])
    assert [each.replayed for each in (invalid, first, again)] == [False, False, True]
    assert again.value == first.value
    assert await _counts(shop) == {"guests": 1, "sessions": 1, "keys": 1, "orders": 0}
