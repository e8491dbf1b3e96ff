"""A replay returns the current state, also if it changes while the key is read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from dependency_injector import providers
from pydantic import Secret

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.adapters.sql.repositories.accounts import SqlAccounts
from shop.application.catalogue.product_changes import PutProduct
from shop.application.checkout.complete_orders import CompleteOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.identity.sign_in import SignIn
from shop.application.identity.sign_up import SignUp
from shop.application.inventory.adjustments import AdjustStock
from shop.application.ledger.deposits import MakeDeposit
from shop.application.ports.payment_gateway import Declined
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.cart import Cart
from shop.domain.payment import CardDeclined
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.user import Role
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.clock import FakeClock
from tests.doubles import FakePasswordHasher
from tests.factories import EUR, eur

pytestmark = pytest.mark.anyio

PASSWORD = "what they all use"
DECLINED = Declined(reason="stolen")


@pytest.fixture
async def shop(postgresql_url: str, clock: FakeClock) -> AsyncIterator[Container]:
    """Return an empty shop with a payment gateway in memory."""
    container = Container(
        settings=Settings(
            database_url=postgresql_url,
            database_schema="replays",
            session_secrets=(Secret("a secret for tests alone, of enough characters"),),
            currency=EUR,
        )
    )
    container.clock.override(providers.Object(clock))
    container.payment_gateway.override(providers.Object(MemoryPaymentGateway(clock)))
    container.password_hasher.override(providers.Object(FakePasswordHasher()))
    await container.database().migrate()
    yield container
    await container.transaction_runner().drain()
    await container.database().close()


async def _sign_up(shop: Container, name: str) -> None:
    command = SignUp(session=None, name=name, email=f"{name}@example.com", password=PASSWORD)
    await shop.sign_up_service().sign_up(command)


async def _sign_in(shop: Container, name: str) -> SessionToken:
    command = SignIn(session=None, email=f"{name}@example.com", password=PASSWORD)
    token = (await shop.sign_in_service().sign_in(command)).new_token
    assert token is not None
    return token


async def _stock(shop: Container) -> None:
    await _sign_up(shop, "root")
    await shop.role_service().grant("root@example.com", Role.ADMIN)
    root = await _sign_in(shop, "root")
    await shop.product_service().put(
        PutProduct(
            session=root,
            handle="TEA",
            name="Tea",
            description="",
            price=eur(100),
            active=True,
            image_url=None,
        )
    )
    await shop.inventory_service().adjust(
        AdjustStock(session=root, sku="TEA", delta=5, reason="Delivery")
    )


def _decide_meanwhile(
    monkeypatch: pytest.MonkeyPatch, decide: Callable[[], Awaitable[object]]
) -> None:
    """Have it decided, once, after a key was read and before its user's account is locked."""
    lock = SqlAccounts.lock_for_users

    async def decided_first(self: SqlAccounts, *arguments: object) -> object:
        monkeypatch.setattr(SqlAccounts, "lock_for_users", lock)
        await asyncio.ensure_future(decide())
        return await lock(self, *arguments)  # type: ignore[arg-type]  # What it was asked.

    monkeypatch.setattr(SqlAccounts, "lock_for_users", decided_first)


async def test_concurrently_declined_order_and_deposit_are_never_reported_paid(
    shop: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _stock(shop)
    await _sign_up(shop, "ada")
    order = PlaceOrder(
        session=await _sign_in(shop, "ada"),
        key="key-0001",
        cart=Cart.of([LineQuantity(sku="TEA", quantity=2)]),
        card="tok_timeout_before",
        expected_total=None,
    )
    placed = (await shop.checkout().place(order)).unwrap()
    ending = CompleteOrder(
        order=placed.order,
        payment=placed.payment,
        payment_outcome=DECLINED,
        session=None,
    )
    _decide_meanwhile(monkeypatch, lambda: shop.complete_orders().complete([ending]))
    elsewhere = replace(order, session=await _sign_in(shop, "ada"))
    assert (await shop.checkout().place(elsewhere)).value == CardDeclined(reason="stolen")

    command = MakeDeposit(
        session=elsewhere.session, key="key-0002", amount=eur(200), card="tok_timeout_before"
    )
    deposit = (await shop.deposit_service().make(command)).unwrap()
    _decide_meanwhile(monkeypatch, lambda: shop.deposit_service().complete(deposit.id, DECLINED))
    assert (await shop.deposit_service().make(command)).value == CardDeclined(reason="stolen")
