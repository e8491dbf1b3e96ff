"""Bulk import of products with their stock."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.catalogue.bulk_import import BulkImport, ImportResult, ProductRow
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.inventory import Inventory, StockBelowReserved, StockMovement, StockMovementKind
from shop.domain.shared.errors import InvalidValue
from tests.application.catalogue.bulk_imports import LostCommitResponse, assert_audit_is_clean
from tests.clock import FakeClock
from tests.doubles import SequentialIds
from tests.factories import EUR, NOW, USD, eur, inventory, product, stock_movement

pytestmark = pytest.mark.anyio


LATER = timedelta(hours=1)


def product_row(sku: str = "TEA", on_hand: int = 5) -> ProductRow:
    imported = product(sku)
    return ProductRow(
        sku=sku,
        name=imported.name,
        description=imported.description,
        price=imported.price,
        active=imported.active,
        image_url=imported.image_url,
        on_hand=on_hand,
    )


def result(added: int = 0, changed: int = 0, unchanged: int = 0) -> ImportResult:
    return ImportResult(added=added, changed=changed, unchanged=unchanged)


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
    bulk_import: BulkImport, database: MemoryDatabase, runner: TransactionRunner
) -> None:
    assert await bulk_import.upsert([product_row(on_hand=5)]) == result(added=1)

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
    bulk_import: BulkImport, database: MemoryDatabase
) -> None:
    assert await bulk_import.upsert([product_row(on_hand=0)]) == result(added=1)

    assert database.state.inventories.rows == {"TEA": inventory("TEA")}
    assert movements(database) == {}


async def test_repeated_import_changes_nothing(
    bulk_import: BulkImport, database: MemoryDatabase, clock: FakeClock
) -> None:
    batch = [product_row("TEA", 5), product_row("CAKE", 0)]
    await bulk_import.upsert(batch)
    before = database.state
    clock.advance(LATER)

    assert await bulk_import.upsert(batch) == result(unchanged=2)

    assert database.state == before


@pytest.mark.parametrize("wanted", [0, 4, 9])
async def test_stock_is_set_to_the_imported_quantity(
    wanted: int, bulk_import: BulkImport, database: MemoryDatabase, runner: TransactionRunner
) -> None:
    await bulk_import.upsert([product_row(on_hand=5)])

    assert await bulk_import.upsert([product_row(on_hand=wanted)]) == result(changed=1)

    assert database.state.inventories.rows == {"TEA": inventory("TEA", wanted)}
    assert sorted(each.on_hand_delta for each in movements(database).values()) == sorted(
        [5, wanted - 5]
    )
    await assert_audit_is_clean(runner)


async def test_product_is_updated_and_keeps_its_age_and_stock(
    bulk_import: BulkImport, database: MemoryDatabase, clock: FakeClock
) -> None:
    await bulk_import.upsert([product_row()])
    clock.advance(LATER)
    described = replace(
        product_row(),
        name="Better tea",
        description="",
        price=eur(700),
        active=False,
        image_url="https://example.com/tea.png",
    )

    assert await bulk_import.upsert([described]) == result(changed=1)

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
    bulk_import: BulkImport, database: MemoryDatabase
) -> None:
    await bulk_import.upsert([product_row(on_hand=5)])

    assert await bulk_import.upsert([replace(product_row(on_hand=7), name="Better")]) == result(
        changed=1
    )

    assert database.state.products.rows["TEA"].name == "Better"
    assert database.state.inventories.rows == {"TEA": inventory("TEA", 7)}


async def test_batch_is_one_unit_of_work(database: MemoryDatabase, clock: FakeClock) -> None:
    entered: list[UnitOfWork] = []

    def new_unit_of_work() -> UnitOfWork:
        entered.append(MemoryUnitOfWork(database, writing=True))
        return entered[-1]

    snapshot = partial(MemoryUnitOfWork, database, writing=False)
    runner = TransactionRunner(new_unit_of_work, snapshot, clock)
    bulk_import = BulkImport(runner, clock, SequentialIds(), welcome_credit=eur(0))

    await bulk_import.upsert([product_row("TEA", 1)])
    await bulk_import.upsert([product_row("TEA", 2), product_row("CAKE", 3)])

    assert len(entered) == 2


async def test_result_counts_added_changed_and_unchanged_products(bulk_import: BulkImport) -> None:
    await bulk_import.upsert([product_row("TEA", 1), product_row("CAKE", 1)])

    loaded = await bulk_import.upsert(
        [product_row("TEA", 1), product_row("CAKE", 2), product_row("JAM", 3)]
    )

    assert loaded == result(added=1, changed=1, unchanged=1)
    assert loaded + loaded == result(added=2, changed=2, unchanged=2)


async def test_missing_products_are_added_and_existing_ones_kept(
    bulk_import: BulkImport, database: MemoryDatabase, runner: TransactionRunner
) -> None:
    await bulk_import.add_missing([product_row("TEA", 5)])
    state = database.state

    assert await bulk_import.add_missing([replace(product_row("TEA", 7), name="Better")]) == result(
        unchanged=1
    )
    assert database.state is state
    again = [replace(product_row("TEA", 7), name="Better"), product_row("CAKE", 2)]
    assert await bulk_import.add_missing(again) == result(added=1, unchanged=1)

    assert database.state.products.rows["TEA"] == state.products.rows["TEA"]
    assert database.state.inventories.rows == {
        "TEA": inventory("TEA", 5),
        "CAKE": inventory("CAKE", 2),
    }
    await assert_audit_is_clean(runner)


async def test_stock_below_the_reserved_quantity_rejects_the_whole_batch(
    bulk_import: BulkImport, database: MemoryDatabase
) -> None:
    await bulk_import.upsert([product_row("TEA", 5)])
    await reserve(database, "TEA", 3)
    before = database.state
    batch = [product_row("CAKE", 1), product_row("TEA", 2)]
    rejection = StockBelowReserved(sku="TEA", on_hand=5, reserved=3)

    assert await bulk_import.validate(batch) == {"TEA": rejection}
    with pytest.raises(StockBelowReserved) as raised:
        await bulk_import.upsert(batch)

    assert raised.value == rejection
    assert "TEA" in str(raised.value)
    assert database.state == before


async def test_stock_may_be_set_to_the_reserved_quantity(
    bulk_import: BulkImport, database: MemoryDatabase
) -> None:
    await bulk_import.upsert([product_row("TEA", 5)])
    await reserve(database, "TEA", 3)

    assert await bulk_import.validate([product_row("TEA", 3)]) == {}
    await bulk_import.upsert([product_row("TEA", 3)])

    assert database.state.inventories.rows["TEA"] == Inventory(sku="TEA", on_hand=3, reserved=3)


async def test_batch_names_a_product_once(
    bulk_import: BulkImport, database: MemoryDatabase
) -> None:
    before = database.state

    with pytest.raises(InvalidValue) as raised:
        await bulk_import.upsert([product_row(on_hand=1), product_row(on_hand=2)])

    assert raised.value == InvalidValue(field="sku", rule="must be unique in a batch")
    assert database.state == before


async def test_prices_are_in_the_currency_of_the_shop(
    bulk_import: BulkImport, database: MemoryDatabase
) -> None:
    before = database.state
    foreign = replace(product_row(), price=replace(eur(500), currency=USD))

    with pytest.raises(InvalidValue) as raised:
        await bulk_import.upsert([foreign])

    assert raised.value.field == "currency"
    assert bulk_import.currency == EUR
    assert database.state == before


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("sku", {"sku": "no spaces"}),
        ("name", {"name": ""}),
        ("name", {"name": "x" * 201}),
        ("name", {"name": "two\nlines"}),
        ("description", {"description": "x" * 4001}),
        ("description", {"description": "NUL \0"}),
        ("price", {"price": eur(0)}),
        ("price", {"price": eur(10**9 + 1)}),
        ("stock", {"on_hand": -1}),
        ("stock", {"on_hand": 10**9 + 1}),
        ("image_url", {"image_url": "ftp://example.com/tea.png"}),
        ("image_url", {"image_url": "https://example.com/a b"}),
        ("image_url", {"image_url": "https://" + "x" * 2000}),
    ],
)
async def test_invalid_product_is_rejected(field: str, change: Mapping[str, object]) -> None:
    with pytest.raises(InvalidValue) as raised:
        replace(product_row(), **change)  # type: ignore[arg-type]

    assert raised.value.field == field


async def test_import_with_a_lost_commit_response_is_completed_by_the_retry(
    database: MemoryDatabase, clock: FakeClock
) -> None:
    snapshot = partial(MemoryUnitOfWork, database, writing=False)
    runner = TransactionRunner(LostCommitResponse(database).new_unit_of_work, snapshot, clock)
    bulk_import = BulkImport(runner, clock, SequentialIds(), welcome_credit=eur(0))

    await bulk_import.upsert([product_row(on_hand=5)])

    assert database.state.inventories.rows == {"TEA": inventory("TEA", 5)}
    assert len(movements(database)) == 1


async def test_shop_is_empty_until_it_has_a_product(bulk_import: BulkImport) -> None:
    assert not await bulk_import.has_products()

    await bulk_import.upsert([product_row()])

    assert await bulk_import.has_products()
