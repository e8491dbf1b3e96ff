"""Requests of staff that meet in a database: changes of a product, and repeated adjustments."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
from dependency_injector import providers
from pydantic import Secret

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.application.catalogue.categories.service import DeleteCategory, PutCategory
from shop.application.catalogue.preconditions import (
    ANY,
    Precondition,
    PreconditionFailed,
    product_version,
)
from shop.application.catalogue.products import ProductSaved
from shop.application.identity.sign_in import SignIn
from shop.application.identity.sign_up import SignUp
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.catalogue.category import CategoryNotFound, CategoryTree
from shop.domain.user import Role
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.adapters.sql.conftest import SECRETS
from tests.application.memory_shop import add_stock, new_token, put_product
from tests.clock import FakeClock
from tests.doubles import FakePasswordHasher
from tests.factories import EUR, NOW, category, eur

pytestmark = pytest.mark.anyio

PASSWORD = "what they all use"
AT_ONCE = 6


@pytest.fixture(params=["sqlite", "postgresql"])
async def shop(request: pytest.FixtureRequest, clock: FakeClock) -> AsyncIterator[Container]:
    """Yield an empty shop, and audit it after the test."""
    settings = Settings(
        database_url=request.getfixturevalue(f"{request.param}_url"),
        database_schema=f"edits_{uuid4().hex}",
        session_secrets=tuple(map(Secret, SECRETS)),
        currency=EUR,
    )
    container = Container(settings=settings)
    container.clock.override(providers.Object(clock))
    container.password_hasher.override(providers.Object(FakePasswordHasher()))
    container.payment_gateway.override(providers.Object(MemoryPaymentGateway(clock)))
    await container.database().migrate()
    yield container
    findings = await container.audit_shop().run(lambda _: None)
    await container.transaction_runner().drain()
    await container.database().close()
    assert [each for finding in findings for each in finding.violations] == []


@pytest.fixture
async def admin(shop: Container) -> SessionToken:
    email = "root@example.com"
    command = SignUp(session=None, name="Root", email=email, password=PASSWORD)
    await shop.sign_up_service().sign_up(command)
    await shop.role_service().grant(email, Role.ADMIN)
    sign_in = SignIn(session=None, email=email, password=PASSWORD)
    return new_token(await shop.sign_in_service().sign_in(sign_in))


async def _put_at_once(
    shop: Container, admin: SessionToken, precondition: Precondition
) -> list[ProductSaved]:
    """Change the price in several ways at once; return what was saved."""
    put = shop.product_service().put
    results = await asyncio.gather(
        *(
            put(replace(put_product(admin, "TEA", price=200 + n), precondition=precondition))
            for n in range(AT_ONCE)
        ),
        return_exceptions=True,
    )
    saved = [each for each in results if isinstance(each, ProductSaved)]
    failed = [each for each in results if isinstance(each, PreconditionFailed)]
    assert len(saved) + len(failed) == AT_ONCE, results
    return saved


async def test_one_of_several_changes_of_a_version_is_saved(
    shop: Container, admin: SessionToken
) -> None:
    first = await shop.product_service().put(put_product(admin, "TEA"))
    version = product_version(first.available_product.product, ())
    await shop.inventory_service().adjust(add_stock(admin, "TEA", 1))

    (saved,) = await _put_at_once(
        shop, admin, Precondition(if_match=frozenset({version, "another version"}))
    )

    shown = await shop.product_service().show("TEA")
    assert shown == replace(saved.available_product, stock={"TEA": 1})
    assert shown.product.price != eur(100)


async def test_one_of_several_new_products_is_created(shop: Container, admin: SessionToken) -> None:
    (saved,) = await _put_at_once(shop, admin, Precondition(if_none_match=frozenset({ANY})))

    assert saved.is_new
    assert await shop.product_service().show("TEA") == saved.available_product


async def test_first_category_of_a_shop_is_known_to_who_waited_for_it(shop: Container) -> None:
    async def lock_tree() -> CategoryTree:
        async with shop.unit_of_work() as uow:
            return await uow.categories.lock_tree()

    async with shop.unit_of_work() as uow:
        await uow.categories.lock_tree()
        waiting = asyncio.create_task(lock_tree())
        await asyncio.sleep(0.3)
        uow.categories.put(category("tea"), NOW)
        await uow.commit()

    # There is no row yet to wait for; the second one would add the category again.
    assert (await waiting).categories.keys() == {"tea"}


async def test_category_that_gets_a_product_while_it_is_deleted_has_none_or_stays(
    shop: Container, admin: SessionToken
) -> None:
    command = PutCategory(session=admin, slug="tea", name="Tea", parent=None, position=0)
    await shop.category_service().put(command)
    tea = replace(put_product(admin, "TEA"), categories=("tea",))

    deleted, saved = await asyncio.gather(
        shop.category_service().delete(DeleteCategory(session=admin, slug="tea")),
        shop.product_service().put(tea),
        return_exceptions=True,
    )

    assert deleted is None
    shown = await shop.product_service().show("TEA") if isinstance(saved, ProductSaved) else None
    assert shown is None or shown.categories == ()
    assert shown is not None or saved == CategoryNotFound(slug="tea")


async def test_repeated_adjustment_has_one_effect_and_one_result(
    shop: Container, admin: SessionToken
) -> None:
    await shop.product_service().put(put_product(admin, "TEA"))
    command = replace(add_stock(admin, "TEA", 3), key="key-0001")
    adjust = shop.inventory_service().adjust

    results = await asyncio.gather(*(adjust(command) for _ in range(AT_ONCE)))
    await adjust(add_stock(admin, "TEA", 5))
    last = await adjust(command)

    assert sorted(each.replayed for each in results) == [False] + [True] * (AT_ONCE - 1)
    (adjustment,) = {each.unwrap() for each in (*results, last)}
    assert adjustment.inventory.on_hand == 3
    assert (await shop.product_service().show("TEA")).available == 8
