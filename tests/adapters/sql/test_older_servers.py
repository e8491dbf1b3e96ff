"""Servers of an older release leave new columns unset; `shop migrate` fills them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Select, bindparam, insert, select, text, update

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.column_types import UtcDateTime
from shop.adapters.sql.schema.tables import (
    orders,
    price_changes,
    products,
    shipment_events,
    users,
    variants,
)
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.catalogue.product_searches import (
    ProductSort,
    SearchFilter,
    SearchQuestion,
)
from shop.application.ports.repositories.products import ProductListing
from shop.domain.catalogue.category import CategoryTree
from shop.domain.catalogue.search_terms import SaleState, SearchQuery
from shop.domain.orders.order import Actor
from tests.adapters.sql.conftest import NewDatabase
from tests.adapters.sql.stored_users import ADA, BOB, writing_unit
from tests.factories import NOW, account, eur, order, payment

pytestmark = pytest.mark.anyio

SHIPPED, UNSHIPPED = order(ADA, "1"), order(ADA, "2")


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, new_database: NewDatabase) -> SqlDatabase:
    """Return a database with two users and two orders; one order has a shipment."""
    url = request.getfixturevalue(f"{request.param}_url")
    database = new_database(url, f"older_{uuid4().hex}")
    await database.migrate()
    async with writing_unit(database) as uow:
        for each in (ADA, BOB):
            uow.users.add(each)
            uow.accounts.add(account(each))
        for placed in (SHIPPED, UNSHIPPED):
            uow.orders.add(placed, placed.initial_status_change(actor=Actor.CUSTOMER))
            uow.payments.add(payment(placed))
        await uow.commit()
    async with database.writer.begin() as connection:
        event = {"order_id": SHIPPED.id, "kind": "shipped", "actor": "admin", "created_at": NOW}
        await connection.execute(insert(shipment_events).values(id=uuid4(), **event))
        unset = update(users).where(users.c.id == ADA.id).values(search_text="")
        await connection.execute(unset)
    return database


async def test_migrating_again_marks_orders_that_an_older_server_has_shipped(
    database: SqlDatabase,
) -> None:
    await database.migrate()

    async with database.reader.connect() as connection:
        rows = await connection.execute(select(orders.c.id, orders.c.has_fulfilment))
        marked = {row.id: row.has_fulfilment for row in rows}
    assert marked == {SHIPPED.id: True, UNSHIPPED.id: False}


async def test_migrating_again_makes_users_of_an_older_server_searchable(
    database: SqlDatabase,
) -> None:
    await database.migrate()

    async with SqlUnitOfWork(database, writing=False) as uow:
        found = await uow.users.search("ada@", PageRequest(limit=9, after=None))
    assert found.items == [ADA]


async def test_product_of_an_older_server_can_be_saved_before_it_is_migrated(
    database: SqlDatabase,
) -> None:
    await _write_as_an_older_server(database, _ADD, {"sku": "TEA", "created_at": NOW})

    async with writing_unit(database) as uow:
        tea = (await uow.products.lock(["TEA"]))["TEA"]
        uow.products.save(replace(tea, name="Green tea"))
        await uow.commit()

    assert await _rows(database, _VARIANTS) == [
        ("TEA", "TEA", 0, 1999, None, "EUR", "Green tea", None, True, True, NOW)
    ]


async def test_product_of_an_older_server_is_listed_and_sold_before_it_is_migrated(
    new_database: NewDatabase, postgresql_url: str
) -> None:
    # A server of an older release runs beside PostgreSQL only.
    database = new_database(postgresql_url, f"older_{uuid4().hex}")
    await database.migrate()
    await _write_as_an_older_server(database, _ADD, {"sku": "TEA", "created_at": NOW})
    stock = "INSERT INTO inventories (sku, on_hand, reserved) VALUES ('TEA', 3, 0)"
    await _write_as_an_older_server(database, stock, {})

    async with SqlUnitOfWork(database, writing=False) as uow:
        listing = ProductListing(page=PageRequest(limit=9, after=None))
        (shown,) = (await uow.products.pages([listing]))[listing].items
        sold = (await uow.variants.get_many(["TEA"]))["TEA"]
    assert (shown.product.handle, shown.available, shown.product.price) == ("TEA", 3, eur(1999))
    assert (sold.product, sold.name, sold.is_for_sale) == ("TEA", "Tea", True)


class TestAProductOfAnOlderServer:
    """It is written to the table `products` alone."""

    @pytest.fixture
    async def database(self, database: SqlDatabase) -> SqlDatabase:
        await _write_as_an_older_server(database, _ADD, {"sku": "TEA", "created_at": NOW})
        await database.migrate()
        return database

    async def test_gets_its_variant_its_first_price_and_its_number(
        self, database: SqlDatabase
    ) -> None:
        assert await _rows(database, _VARIANTS) == [
            ("TEA", "TEA", 0, 1999, None, "EUR", "Tea", None, True, True, NOW)
        ]
        assert await _rows(database, _PRICES) == [("TEA", 1999, NOW)]
        assert await _rows(database, _NUMBERS) == [("TEA", 1999, 1)]

    async def test_passes_its_changes_on_to_its_only_variant(self, database: SqlDatabase) -> None:
        tomorrow = NOW + timedelta(days=1)
        await _write_as_an_older_server(
            database,
            "UPDATE products SET price = 1500, name = 'Green tea', active = false,"
            " image_url = 'https://shop.test/tea.jpg', updated_at = :created_at",
            {"created_at": tomorrow},
        )
        await _write_as_an_older_server(database, _ADD, {"sku": "OIL", "created_at": tomorrow})

        await database.migrate()

        assert (await _rows(database, _VARIANTS))[1] == (
            *("TEA", "TEA", 0, 1500, None, "EUR", "Green tea", "https://shop.test/tea.jpg"),
            *(False, True, tomorrow),
        )
        assert await _rows(database, _PRICES) == [
            ("OIL", 1999, tomorrow),
            ("TEA", 1999, NOW),
            ("TEA", 1500, tomorrow),
        ]
        assert await _rows(database, _NUMBERS) == [("OIL", 1999, 2), ("TEA", 1500, 1)]

    async def test_keeps_the_image_of_the_shop(self, database: SqlDatabase) -> None:
        own = "/media/9f/9f86-40.webp"
        await _write_as_an_older_server(
            database, "UPDATE variants SET image_url = :own", {"own": own}
        )
        await _write_as_an_older_server(
            database,
            "UPDATE products SET name = 'Green tea', image_url = 'https://shop.test/tea.jpg'",
            {},
        )
        await _write_as_an_older_server(database, _ADD, {"sku": "OIL", "created_at": NOW})

        await database.migrate()

        (_, tea) = await _rows(database, _VARIANTS)
        assert (tea[6], tea[7]) == ("Green tea", own)

    async def test_is_found_by_its_new_name_and_only_by_staff_when_it_is_off_sale(
        self, database: SqlDatabase
    ) -> None:
        await _write_as_an_older_server(database, _ADD_SECOND_VARIANT)
        await _write_as_an_older_server(database, _ADD, {"sku": "OIL", "created_at": NOW})
        await _write_as_an_older_server(
            database, "UPDATE products SET name = 'Recalled', active = false WHERE sku = 'TEA'"
        )

        await database.migrate()

        assert await _found(database, "recalled", SaleState.OFF_SALE) == ["TEA"]
        assert await _found(database, "tea100", SaleState.OFF_SALE) == ["TEA"]
        assert await _found(database, "tea", SaleState.ON_SALE) == ["OIL"]
        assert await _found(database, "recalled", SaleState.ON_SALE) == []

    async def test_loses_a_former_price_that_is_not_higher_than_its_new_one(
        self, database: SqlDatabase
    ) -> None:
        await _write_as_an_older_server(database, "UPDATE variants SET compare_at_price = 2500")
        await _write_as_an_older_server(database, "UPDATE products SET price = 2600")
        await _write_as_an_older_server(database, _ADD, {"sku": "OIL", "created_at": NOW})

        await database.migrate()

        assert [row[3:5] for row in await _rows(database, _VARIANTS)] == [
            (1999, None),
            (2600, None),
        ]

    async def test_with_several_variants_keeps_their_prices(self, database: SqlDatabase) -> None:
        await _write_as_an_older_server(database, _ADD_SECOND_VARIANT)
        await _write_as_an_older_server(database, "UPDATE products SET price = 1, active = false")
        await _write_as_an_older_server(database, _ADD, {"sku": "OIL", "created_at": NOW})

        await database.migrate()

        rows = await _rows(database, _VARIANTS)
        assert [(row[0], row[3], row[8]) for row in rows] == [
            ("OIL", 1999, True),
            ("TEA", 1999, False),
            ("TEA-100", 900, False),
        ]
        assert (await _rows(database, _NUMBERS))[1] == ("TEA", 900, 1)


_ADD = (
    "INSERT INTO products (sku, name, description, price, currency, active, search_text,"
    " created_at, updated_at)"
    " VALUES (:sku, 'Tea', '', 1999, 'EUR', true, 'tea', :created_at, :created_at)"
)
_ADD_SECOND_VARIANT = (
    "INSERT INTO variants (sku, product_handle, position, price, currency, product_name, for_sale,"
    " created_at, updated_at)"
    " SELECT 'TEA-100', sku, 1, 900, 'EUR', name, true, created_at, updated_at FROM products"
)
_VARIANTS = select(
    variants.c.sku,
    variants.c.product_handle,
    variants.c.position,
    variants.c.price,
    variants.c.compare_at_price,
    variants.c.currency,
    variants.c.product_name,
    variants.c.image_url,
    variants.c.for_sale,
    variants.c.active,
    variants.c.updated_at,
).order_by(variants.c.sku)
_PRICES = select(price_changes.c.sku, price_changes.c.price, price_changes.c.created_at).order_by(
    price_changes.c.sku, price_changes.c.created_at
)
_NUMBERS = select(products.c.sku, products.c.min_price, products.c.search_id).order_by(
    products.c.sku
)


async def _write_as_an_older_server(
    database: SqlDatabase, statement: str, values: Mapping[str, object] | None = None
) -> None:
    typed = text(statement)
    if values and "created_at" in values:
        typed = typed.bindparams(bindparam("created_at", type_=UtcDateTime))
    async with database.writer.begin() as connection:
        await connection.execute(typed, values or {})


async def _rows(database: SqlDatabase, query: Select[Any]) -> list[tuple[object, ...]]:
    async with database.reader.connect() as connection:
        return [tuple(row) for row in await connection.execute(query)]


async def _found(database: SqlDatabase, words: str, state: SaleState) -> Sequence[str]:
    question = SearchQuestion(
        query=SearchQuery.of(words, CategoryTree.of([])),
        filter=SearchFilter(state=state),
        sort=ProductSort.NEWEST,
        page=PageRequest(limit=9, after=None),
    )
    async with SqlUnitOfWork(database, writing=False) as uow:
        return (await uow.product_searches.find(question)).items
