"""Priced orders end alike on every storage, in one unit of work and one after the other."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from shop.application.catalogue.product_changes import PutProduct
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.identity.sign_in import SignIn
from shop.application.identity.sign_up import SignUp
from shop.application.inventory.adjustments import AdjustStock
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.pricing.rule_documents import PutRule
from shop.domain.orders.order import Order
from shop.domain.payment import Payment
from shop.domain.pricing.promotions.free_shipping import FreeShipping
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions
from shop.domain.pricing.promotions.promotion_uses import code_key, counter_key
from shop.domain.pricing.quote_errors import CodeUsedUp
from shop.domain.pricing.shipping.shared_tax import SharedTax
from shop.domain.shared.errors import ShopError
from shop.domain.user import Role
from shop.entrypoints.container import Container
from tests.application.checkout.priced_orders import BY_PARCEL
from tests.application.memory_shop import cart_of
from tests.domain.pricing.examples import GERMANY, VAT_19, method, promotion
from tests.factories import eur, id_of
from tests.property.differential import DifferentialRunner
from tests.property.initial_states import GROUPED, ONE_BY_ONE
from tests.property.system.backends import ShopFactory
from tests.property.system.system_under_test import ShopUnderTest

STORAGES = ("memory", "sqlite", "postgresql")
PASSWORD = "correct horse battery staple"
RULES = (
    VAT_19,
    GERMANY,
    method(49, tax=SharedTax()),
    promotion(Percentage(percentage=7_000), "automatic"),
    promotion(Percentage(percentage=10_000), "few", code="FEW", requires_code=True, limit=2),
    promotion(FreeShipping(), "once", code="ONCE", requires_code=True, limit_per_customer=1),
    promotion(
        Percentage(percentage=50_000),
        "first",
        conditions=Conditions(is_for_first_order=True),
    ),
)

Result = tuple[Order, Payment] | ShopError


@pytest.fixture(scope="module")
def shops(new_shop: ShopFactory) -> Iterator[DifferentialRunner]:
    """Return two shops on each storage."""
    with asyncio.Runner() as runner:
        of_all = DifferentialRunner(runner)
        for storage in STORAGES:
            for name in (GROUPED, ONE_BY_ONE):
                shop = runner.run(new_shop(storage, f"priced_{name}"))
                of_all.open(f"{storage} {name}", shop)
        yield of_all
        of_all.close()


async def _sign_up(container: Container, name: str) -> SessionToken:
    command = SignUp(session=None, name=name, email=f"{name}@example.com", password=PASSWORD)
    signed_up = await container.sign_up_service().sign_up(command)
    assert signed_up.current_session.new_token is not None
    return signed_up.current_session.new_token


async def _open(container: Container) -> list[SessionToken]:
    """Sell goods by rules; return the tokens of two customers."""
    await _sign_up(container, "root")
    await container.role_service().grant("root@example.com", Role.ADMIN)
    sign_in = SignIn(session=None, email="root@example.com", password=PASSWORD)
    admin = (await container.sign_in_service().sign_in(sign_in)).new_token
    for sku, price in (("TEA", 33), ("POT", 10)):
        product = PutProduct(
            session=admin,
            handle=sku,
            name=sku,
            description="",
            price=eur(price),
            active=True,
            image_url=None,
        )
        await container.product_service().put(product)
        stock = AdjustStock(session=admin, sku=sku, delta=50, reason="Delivery")
        await container.inventory_service().adjust(stock)
    for rule in RULES:
        await container.rule_service().put(PutRule(session=admin, rule=rule))
    return [await _sign_up(container, name) for name in ("ada", "bob")]


def _commands(ada: SessionToken, bob: SessionToken) -> list[PlaceOrder]:
    orders = [
        (ada, ("FEW",), None),
        (ada, ("ONCE", "FEW"), None),
        (bob, ("FEW",), None),
        (bob, ("ONCE",), "tok_visa"),
        (bob, ("ONCE",), None),
        (ada, (), None),
        (ada, ("NIL",), None),
    ]
    return [
        PlaceOrder(
            session=token,
            key=f"key-{number:05}",
            cart=cart_of(("TEA", 1), ("POT", 2)),
            card=card,
            expected_total=None,
            details=replace(BY_PARCEL, codes=codes),
        )
        for number, (token, codes, card) in enumerate(orders)
    ]


async def _place(shop: ShopUnderTest, *, at_once: bool) -> tuple[list[Result], list[object]]:
    """Place the orders; return what became of each, and what is stored."""
    container = shop.container
    commands = _commands(*await _open(container))
    groups = [commands] if at_once else [[each] for each in commands]
    replies = [reply for group in groups for reply in await container.place_orders().place(group)]
    values = [each.value for each in replies]
    placed = {each.id: each.order for each in values if isinstance(each, PlacedOrder)}
    names = {each.id: id_of(each.idempotency_key.value) for each in placed.values()}
    keys = [counter_key("few"), counter_key("once"), counter_key("first"), code_key("FEW")]
    async with container.snapshot() as uow:
        counters = await uow.promotion_counters.get_many(keys)
        orders = await uow.orders.get_many(list(names))
        payments = await uow.payments.for_orders(list(names))
        stored: list[object] = [
            await uow.promotion_counters.used(["automatic", "few", "once", "first"]),
            {key: each.uses_left for key, each in counters.items()},
            dict(await uow.inventories.get_many(["TEA", "POT"])),
        ]
    assert orders == placed
    findings = await container.audit_shop().run(lambda _: None)
    assert [violation for each in findings for violation in each.violations] == []
    results: list[Result] = []
    for value in values:
        if isinstance(value, CodeUsedUp) and value.order_id is not None:
            results.append(replace(value, order_id=names[value.order_id]))
        elif isinstance(value, ShopError):
            results.append(value)
        else:
            # Attempts that are repeated with locks take other ids.
            name = names[value.id]
            order = replace(value.order, id=name, number="")
            payment = replace(payments[value.id], order_id=name, card=None)
            results.append((order, payment))
    return results, stored


def test_priced_orders_end_alike_everywhere(shops: DifferentialRunner) -> None:
    shops.reset()
    ended = {
        name: shops.run_in(name, partial(_place, at_once=GROUPED in name)) for name in shops.shops
    }

    results, stored = ended[f"memory {ONE_BY_ONE}"]
    assert {name: each for name, each in ended.items() if each != (results, stored)} == {}
    assert [type(each) for each in results].count(CodeUsedUp) == 2
    placed = [each[0] for each in results if isinstance(each, tuple)]
    assert all(each.pricing is not None and each.pricing.taxes for each in placed)
    assert stored[0] == {"automatic": 4, "few": 2, "once": 2, "first": 2}
