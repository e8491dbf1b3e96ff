"""Products are added in batches with their stock, in the way of an import."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.catalogue.imports.plan import ImportPlan, UnitResult
from shop.application.catalogue.imports.rows import ImportedProduct
from shop.application.maintenance.product_seed import ProductSeed, new_product
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.inventory import Inventory, StockMovement, StockMovementKind
from shop.domain.shared.errors import InvalidValue
from tests.application.lost_commit import LostCommitResponse, assert_audit_is_clean
from tests.clock import FakeClock
from tests.doubles import SequentialIds
from tests.factories import EUR, NOW, USD, eur, inventory, product, stock_movement

pytestmark = pytest.mark.anyio


LATER = timedelta(hours=1)


def seed_of(runner: TransactionRunner, clock: FakeClock) -> ProductSeed:
    return ProductSeed(runner, ImportPlan(runner, clock, SequentialIds(), EUR))


@pytest.fixture
def seed(runner: TransactionRunner, clock: FakeClock) -> ProductSeed:
    return seed_of(runner, clock)


def row(sku: str = "TEA", stock: int = 5, **fields: object) -> ImportedProduct:
    described = product(sku)
    found = new_product(
        sku,
        name=described.name,
        description=described.description,
        price=described.price.amount,
        stock=stock,
    )
    return replace(found, fields={**found.fields, **fields})


def variant_row(**fields: object) -> ImportedProduct:
    """Return a product whose variant has these fields."""
    found = row()
    (variant,) = found.variants
    return replace(found, variants=[replace(variant, fields={**variant.fields, **fields})])


def result(added: int = 0, changed: int = 0, unchanged: int = 0) -> UnitResult:
    return UnitResult(added=added, changed=changed, unchanged=unchanged, messages=[])


def movements(database: MemoryDatabase) -> Mapping[UUID, StockMovement]:
    return database.state.stock_movements.rows


async def reserve(database: MemoryDatabase, sku: str, quantity: int) -> None:
    before = database.state.inventories.rows[sku]
    after = before.reserve(quantity)
    async with MemoryUnitOfWork(database, writing=True) as uow:
        await uow.inventories.lock([sku])
        uow.inventories.save(
            after, stock_movement(before, after, kind=StockMovementKind.RESERVATION)
        )
        await uow.commit()


async def test_new_product_is_imported_with_stock_and_movement(
    seed: ProductSeed, database: MemoryDatabase, runner: TransactionRunner
) -> None:
    assert await seed.put([row(stock=5)]) == result(added=1)

    assert database.state.products.rows == {"TEA": product("TEA")}
    assert database.state.inventories.rows == {"TEA": inventory("TEA", 5)}
    (movement,) = movements(database).values()
    assert movement == StockMovement(
        id=movement.id,
        sku="TEA",
        kind=StockMovementKind.ADJUSTMENT,
        on_hand_delta=5,
        reserved_delta=0,
        order_id=None,
        reason="Import",
        created_at=NOW,
    )
    await assert_audit_is_clean(runner)


async def test_product_without_stock_has_no_movement(
    seed: ProductSeed, database: MemoryDatabase
) -> None:
    assert await seed.put([row(stock=0)]) == result(added=1)

    assert database.state.inventories.rows == {"TEA": inventory("TEA")}
    assert movements(database) == {}


async def test_repeated_import_changes_nothing(
    seed: ProductSeed, database: MemoryDatabase, clock: FakeClock
) -> None:
    batch = [row("TEA", 5), row("CAKE", 0)]
    await seed.put(batch)
    before = database.state
    clock.advance(LATER)

    assert await seed.put(batch) == result(unchanged=2)

    assert database.state == before


@pytest.mark.parametrize("wanted", [0, 4, 9])
async def test_stock_is_set_to_the_imported_quantity(
    wanted: int, seed: ProductSeed, database: MemoryDatabase, runner: TransactionRunner
) -> None:
    await seed.put([row(stock=5)])

    assert await seed.put([row(stock=wanted)]) == result(changed=1)

    assert database.state.inventories.rows == {"TEA": inventory("TEA", wanted)}
    assert sorted(each.on_hand_delta for each in movements(database).values()) == sorted(
        [5, wanted - 5]
    )
    await assert_audit_is_clean(runner)


async def test_product_is_updated_and_keeps_its_age_and_stock(
    seed: ProductSeed, database: MemoryDatabase, clock: FakeClock
) -> None:
    await seed.put([row()])
    clock.advance(LATER)
    described = replace(
        variant_row(price=700),
        fields={
            "name": "Better tea",
            "description": "",
            "active": False,
            "image_url": "https://example.com/tea.png",
        },
    )

    assert await seed.put([described]) == result(changed=1)

    assert database.state.products.rows == {
        "TEA": product(
            "TEA",
            name="Better tea",
            description="",
            price=eur(700),
            active=False,
            image_url="https://example.com/tea.png",
            updated_at=NOW + LATER,
        )
    }
    assert database.state.inventories.rows == {"TEA": inventory("TEA", 5)}
    assert len(movements(database)) == 1


async def test_product_and_stock_are_updated_together(
    seed: ProductSeed, database: MemoryDatabase
) -> None:
    await seed.put([row(stock=5)])

    assert await seed.put([row(stock=7, name="Better")]) == result(changed=1)

    assert database.state.products.rows["TEA"].name == "Better"
    assert database.state.inventories.rows == {"TEA": inventory("TEA", 7)}


async def test_batch_is_one_unit_of_work(database: MemoryDatabase, clock: FakeClock) -> None:
    entered: list[UnitOfWork] = []

    def new_unit_of_work() -> UnitOfWork:
        entered.append(MemoryUnitOfWork(database, writing=True))
        return entered[-1]

    snapshot = partial(MemoryUnitOfWork, database, writing=False)
    runner = TransactionRunner(new_unit_of_work, snapshot, clock)
    seed = seed_of(runner, clock)

    await seed.put([row("TEA", 1)])
    await seed.put([row("TEA", 2), row("CAKE", 3)])

    assert len(entered) == 2


async def test_result_counts_added_changed_and_unchanged_products(seed: ProductSeed) -> None:
    await seed.put([row("TEA", 1), row("CAKE", 1)])

    loaded = await seed.put([row("TEA", 1), row("CAKE", 2), row("JAM", 3)])

    assert loaded == result(added=1, changed=1, unchanged=1)
    assert loaded + loaded == result(added=2, changed=2, unchanged=2)


async def test_missing_products_are_added_and_existing_ones_kept(
    seed: ProductSeed, database: MemoryDatabase, runner: TransactionRunner
) -> None:
    await seed.add_missing([row("TEA", 5)])
    state = database.state

    assert await seed.add_missing([row("TEA", 7, name="Better")]) == result(unchanged=1)
    assert database.state is state
    again = [row("TEA", 7, name="Better"), row("CAKE", 2)]
    assert await seed.add_missing(again) == result(added=1, unchanged=1)

    assert database.state.products.rows["TEA"] == state.products.rows["TEA"]
    assert database.state.inventories.rows == {
        "TEA": inventory("TEA", 5),
        "CAKE": inventory("CAKE", 2),
    }
    await assert_audit_is_clean(runner)


async def test_stock_below_the_reserved_quantity_rejects_the_whole_batch(
    seed: ProductSeed, database: MemoryDatabase
) -> None:
    await seed.put([row("TEA", 5)])
    await reserve(database, "TEA", 3)
    before = database.state
    batch = [row("CAKE", 1), row("TEA", 2)]

    with pytest.raises(InvalidValue, match="TEA: 5 on hand, 3 of them reserved") as raised:
        await seed.put(batch)

    assert raised.value.field == "stock"
    assert database.state == before


async def test_stock_may_be_set_to_the_reserved_quantity(
    seed: ProductSeed, database: MemoryDatabase
) -> None:
    await seed.put([row("TEA", 5)])
    await reserve(database, "TEA", 3)

    await seed.put([row("TEA", 3)])

    assert database.state.inventories.rows["TEA"] == Inventory(sku="TEA", on_hand=3, reserved=3)


async def test_batch_names_a_product_once(seed: ProductSeed, database: MemoryDatabase) -> None:
    before = database.state

    with pytest.raises(InvalidValue) as raised:
        await seed.put([row(stock=1), row(stock=2)])

    assert raised.value == InvalidValue(field="handle", rule="must be unique in a batch")
    assert database.state == before


async def test_prices_are_in_the_currency_of_the_shop(
    seed: ProductSeed, database: MemoryDatabase
) -> None:
    before = database.state

    with pytest.raises(InvalidValue) as raised:
        await seed.put([variant_row(currency=USD)])

    assert raised.value.field == "currency"
    assert seed.currency == EUR
    assert database.state == before


@pytest.mark.parametrize(
    ("field", "invalid"),
    [
        ("name", row(name="")),
        ("name", row(name="x" * 201)),
        ("name", row(name="two\nlines")),
        ("description", row(description="x" * 4001)),
        ("price", variant_row(price=0)),
        ("price", variant_row(price=10**9 + 1)),
        ("stock", row(stock=-1)),
        ("image_url", row(image_url="ftp://example.com/tea.png")),
        ("image_url", row(image_url="https://" + "x" * 2000)),
    ],
)
async def test_invalid_product_is_rejected(
    seed: ProductSeed, database: MemoryDatabase, field: str, invalid: ImportedProduct
) -> None:
    before = database.state

    with pytest.raises(InvalidValue) as raised:
        await seed.put([row("CAKE"), invalid])

    assert raised.value.field == field
    assert database.state == before


async def test_import_with_a_lost_commit_response_is_completed_by_the_retry(
    database: MemoryDatabase, clock: FakeClock
) -> None:
    snapshot = partial(MemoryUnitOfWork, database, writing=False)
    runner = TransactionRunner(LostCommitResponse(database).new_unit_of_work, snapshot, clock)
    seed = seed_of(runner, clock)

    await seed.put([row(stock=5)])

    assert database.state.inventories.rows == {"TEA": inventory("TEA", 5)}
    assert len(movements(database)) == 1


async def test_shop_is_empty_until_it_has_a_product(seed: ProductSeed) -> None:
    assert not await seed.has_products()

    await seed.put([row()])

    assert await seed.has_products()
