"""Seeds a shop with products, signed-in customers and orders."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from pydantic import Secret

from bench.workloads import COOKIE, PRODUCTS, sku, write_files
from shop.application.catalogue.imports.rows import ImportedProduct
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.identity.customer_import import NewCustomer
from shop.application.maintenance.product_seed import new_product
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.cart import Cart
from shop.domain.inventory import MAX_ON_HAND
from shop.domain.session import Session
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.money import Currency
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from shop.entrypoints.http.requests.cursors import encode_sku_cursor

CUSTOMERS = 1024
"""A multiple of every number of clients, so that each client has customers of its own."""

READERS = 128
ORDERS = 1024
"""The orders to read; each of `READERS` customers has several of them."""

PRICE = 100
WELCOME_CREDIT = 10**12
EUR = Currency("EUR")
SECRET = "a secret for the benchmark only, 0123456789"  # noqa: S105  It protects nothing.

PAGE = 20
GROUP = 128
BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """A stored order and its customer's session token."""

    id: UUID
    token: SessionToken


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixtures:
    """The customers' session tokens, and orders that they can read."""

    tokens: Sequence[SessionToken]
    orders: Sequence[PlacedOrder]

    def write_to(self, folder: Path) -> None:
        """Write the files that the load generator's scripts read."""
        write_files(
            folder,
            customers=[_cookie(token) for token in self.tokens],
            orders=[(str(each.id), _cookie(each.token)) for each in self.orders],
            cursors=[encode_sku_cursor(sku(number)) or "" for number in range(1, PRODUCTS - PAGE)],
        )


def _cookie(token: SessionToken) -> str:
    return f"{COOKIE}={token}"


def settings(database_url: str) -> dict[str, str]:
    """Return the production settings of a shop on this database."""
    return {
        "SHOP_ENVIRONMENT": "production",
        "SHOP_PAYMENT_GATEWAY": "simulated",
        "SHOP_DATABASE_URL": database_url,
        "SHOP_SESSION_SECRETS": f'["{SECRET}"]',
        "SHOP_WELCOME_CREDIT": str(WELCOME_CREDIT),
    }


def card_settings(gateway_url: str) -> dict[str, str]:
    """Return the settings that make a shop use this gateway."""
    return {"SHOP_SIMULATED_GATEWAY_URL": gateway_url}


def seed_database(database_url: str, *, orders: int = ORDERS) -> Fixtures:
    """Seed an empty database through the shop's own use cases."""
    return asyncio.run(_seed_database(database_url, orders))


async def _seed_database(database_url: str, number_of_orders: int) -> Fixtures:
    container = Container(
        settings=Settings(  # type: ignore[call-arg]  # pydantic adds `_env_file`.
            database_url=database_url,
            session_secrets=(Secret(SECRET),),
            welcome_credit=WELCOME_CREDIT,
            _env_file=None,
        )
    )
    try:
        await container.database().migrate()
        await container.product_seed().put([_product(number) for number in range(1, PRODUCTS + 1)])
        # No customer signs in with a password, so none is hashed.
        await container.customer_import().add(
            [_customer(number) for number in range(CUSTOMERS)], password_hash=""
        )
        tokens = await container.transaction_runner().write(
            partial(_sign_in, container), retryable=False
        )
        orders = await _order(container, tokens, number_of_orders)
        await container.database().analyse()
    finally:
        await container.transaction_runner().drain()
        await container.database().close()
    return Fixtures(tokens=tokens, orders=orders)


def _product(number: int) -> ImportedProduct:
    return new_product(
        sku(number),
        name=f"Product no. {number}",
        description=f"One of a numbered series: this is no. {number}.",
        price=PRICE,
        stock=MAX_ON_HAND,
    )


def _email(number: int) -> str:
    return f"customer-{number:06}@example.com"


def _customer(number: int) -> NewCustomer:
    return NewCustomer(name=f"Customer no. {number}", email=_email(number))


async def _sign_in(container: Container, uow: UnitOfWork) -> Sequence[SessionToken]:
    users = await uow.users.with_emails([_email(number) for number in range(CUSTOMERS)])
    now = container.clock().now()
    tokens = [
        uow.sessions.create(
            Session.new(id=container.id_generator().new(), at=now).signed_in_as(
                users[_email(number)], at=now
            )
        )
        for number in range(CUSTOMERS)
    ]
    await uow.commit()
    return tokens


async def _order(
    container: Container, tokens: Sequence[SessionToken], number_of_orders: int
) -> Sequence[PlacedOrder]:
    commands = [
        PlaceOrder(
            session=tokens[number % READERS],
            key=f"seed-{number}",
            cart=Cart.of([LineQuantity(sku=sku(number % PRODUCTS + 1), quantity=1)]),
            card=None,
            expected_total=None,
        )
        for number in range(number_of_orders)
    ]
    orders: list[PlacedOrder] = []
    for begin in range(0, number_of_orders, GROUP):
        group = commands[begin : begin + GROUP]
        for command, result in zip(group, await container.place_orders().place(group), strict=True):
            orders.append(PlacedOrder(id=result.unwrap().order.id, token=command.session or ""))
    return orders
