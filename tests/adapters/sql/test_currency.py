"""The currency of an empty shop can change; that of a shop with money cannot."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import insert, text

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import accounts
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.database import CurrencyMismatch
from shop.domain.account import ShopAccount
from shop.domain.shared.money import Currency
from tests.adapters.sql.conftest import NewDatabase
from tests.factories import EUR, NOW, account, eur, product, user
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

CHF = Currency("CHF")
ADA = user("ada")


@pytest.fixture(params=["sqlite", "postgresql"])
async def shops(
    request: pytest.FixtureRequest, new_database: NewDatabase
) -> tuple[SqlDatabase, SqlDatabase]:
    """Return a migrated shop in euros, and the same database opened with francs."""
    url, schema = request.getfixturevalue(f"{request.param}_url"), f"currency_{uuid4().hex}"
    in_euros = new_database(url, schema, EUR)
    await in_euros.migrate()
    return in_euros, new_database(url, schema, CHF)


async def test_empty_shop_changes_its_currency_with_its_unused_accounts(
    shops: tuple[SqlDatabase, SqlDatabase],
) -> None:
    in_euros, in_francs = shops
    await _add(in_euros, balance=0)
    with pytest.raises(CurrencyMismatch) as mismatch:
        await in_francs.check()
    assert str(mismatch.value) == (
        "the shop sells in EUR, not in CHF; it is still empty, so run `shop migrate` to change"
        " that, or set SHOP_CURRENCY=EUR"
    )

    await in_francs.migrate()

    await in_francs.check()
    assert await _rows(in_francs, "SELECT DISTINCT currency FROM accounts") == [("CHF",)]
    assert await _rows(in_francs, "SELECT count(*) FROM accounts") == [(1 + len(ShopAccount),)]
    with pytest.raises(CurrencyMismatch, match="sells in CHF, not in EUR; it is still empty"):
        await in_euros.check()


@pytest.mark.parametrize(
    ("product_added", "balance", "reason"),
    [
        (True, 0, "products"),
        (False, 500, "customers' money"),
        (True, 500, "products and customers' money"),
    ],
)
async def test_shop_with_money_keeps_its_currency_and_says_why(
    shops: tuple[SqlDatabase, SqlDatabase],
    product_added: bool,  # noqa: FBT001  A row of the table.
    balance: int,
    reason: str,
) -> None:
    in_euros, in_francs = shops
    await _add(in_euros, balance=balance)
    if product_added:
        await _add_product(in_euros)
    before = await _rows(in_euros, "SELECT id, currency FROM accounts ORDER BY id")

    for act in (in_francs.check, in_francs.migrate):
        with pytest.raises(CurrencyMismatch) as mismatch:
            await act()
        assert str(mismatch.value) == (
            f"the shop sells in EUR, not in CHF, and cannot change because it has {reason};"
            " set SHOP_CURRENCY=EUR"
        )

    assert await _rows(in_euros, "SELECT id, currency FROM accounts ORDER BY id") == before
    await in_euros.check()


_CHANGE_PRODUCTS = "UPDATE products SET currency = 'CHF'"
_CHANGE_VARIANTS = "UPDATE variants SET currency = 'CHF'"
_ADD_RULE = (
    "INSERT INTO pricing_rules (kind, slug, document, version, created_at, updated_at)"
    " SELECT 'promotion', 'spring', '{}', 1, created_at, updated_at FROM products"
)


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ([_CHANGE_PRODUCTS], "products"),
        ([_CHANGE_PRODUCTS, _CHANGE_VARIANTS, _ADD_RULE], "pricing rules"),
    ],
    ids=["variants", "pricing rules"],
)
async def test_shop_with_prices_beside_those_of_products_keeps_its_currency(
    shops: tuple[SqlDatabase, SqlDatabase], statements: list[str], reason: str
) -> None:
    in_euros, in_francs = shops
    await _add_product(in_euros)
    async with in_euros.writer.begin() as connection:
        for each in statements:
            await connection.execute(text(each))

    with pytest.raises(CurrencyMismatch, match=f"cannot change because it has {reason}; set"):
        await in_francs.migrate()

    assert await _rows(in_euros, "SELECT DISTINCT currency FROM accounts") == [("EUR",)]


async def test_running_shop_adds_nothing_in_a_currency_that_was_changed(
    shops: tuple[SqlDatabase, SqlDatabase],
) -> None:
    in_euros, in_francs = shops
    await in_francs.migrate()

    with pytest.raises(CurrencyMismatch, match="does not sell in EUR any more"):
        await _add_product(in_euros)
    with pytest.raises(CurrencyMismatch, match="does not sell in EUR any more"):
        await _add(in_euros, balance=0)

    assert await _rows(in_francs, "SELECT sku FROM products") == []
    assert await _rows(in_francs, "SELECT id FROM users") == []


async def test_change_waits_for_a_product_that_is_being_added(
    new_database: NewDatabase, postgresql_url: str
) -> None:
    schema = f"currency_{uuid4().hex}"
    in_euros = new_database(postgresql_url, schema, EUR)
    in_francs = new_database(postgresql_url, schema, CHF)
    await in_euros.migrate()
    async with in_euros.writer.begin() as connection:
        await in_euros.require_currency(connection)
        changing = asyncio.create_task(in_francs.migrate())
        await asyncio.sleep(0.5)
        assert not changing.done()
        await connection.execute(
            text(
                "INSERT INTO products (sku, name, description, price, currency, active,"
                " search_text, created_at, updated_at)"
                " VALUES ('TEA', 'Tea', '', 1, 'EUR', true, 'tea', now(), now())"
            )
        )

    with pytest.raises(CurrencyMismatch, match="cannot change because it has products"):
        await asyncio.wait_for(changing, TEST_TIMEOUT_SECONDS)
    await in_euros.check()


async def test_accounts_of_two_currencies_are_reduced_to_that_of_the_money(
    shops: tuple[SqlDatabase, SqlDatabase],
) -> None:
    # Two processes with different settings could both add the shop's accounts once.
    in_euros, in_francs = shops
    await _add(in_euros, balance=500)
    async with in_euros.writer.begin() as connection:
        await connection.execute(
            insert(accounts).values(
                id=ShopAccount.SALES.account_id(CHF), kind="sales", currency=CHF, created_at=NOW
            )
        )

    with pytest.raises(CurrencyMismatch):
        await in_francs.migrate()
    await in_euros.migrate()

    await in_euros.check()
    assert await _rows(in_euros, "SELECT DISTINCT currency FROM accounts") == [("EUR",)]


async def _add_product(database: SqlDatabase) -> None:
    async with SqlUnitOfWork(database, writing=True) as uow:
        uow.products.add(product())
        await uow.commit()


async def _add(database: SqlDatabase, *, balance: int) -> None:
    """Add a customer with this balance in euros."""
    async with SqlUnitOfWork(database, writing=True) as uow:
        uow.users.add(ADA)
        uow.accounts.add(account(ADA, balance=eur(balance)))
        await uow.commit()


async def _rows(database: SqlDatabase, query: str) -> list[tuple[object, ...]]:
    async with database.reader.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]
