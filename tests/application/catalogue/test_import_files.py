"""Files that are hard to import: large products, repeated names, and exports after a change."""

from collections.abc import Sequence

import pytest

from shop.application.catalogue.imports import check as import_check
from shop.application.catalogue.imports import jobs as import_jobs
from shop.application.catalogue.imports.rows import Assembled, assemble
from shop.application.ports.imports.import_spool import SpooledProduct
from shop.application.ports.imports.product_file_reader import FileDescription
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.catalogue.category import MAX_CATEGORIES, Category, EndedCategory
from shop.domain.catalogue.product_import import ImportMessage, ImportStatus
from tests.application.catalogue.running_imports import begin, run, stock_of
from tests.application.memory_shop import MemoryShop
from tests.factories import id_of

pytestmark = pytest.mark.anyio

SHOPIFY = "Handle,Title,Type,Option1 Name,Option1 Value,Variant SKU,Variant Price\n"
WOO = (
    "ID,Type,SKU,Name,Regular price,Stock,Parent,Attribute 1 name,Attribute 1 value(s)\n"
    "1,variable,,{name},,,,Size,\n"
    "2,variation,SHIRT-S,,20.00,3,id:1,Size,S\n"
    "3,variation,SHIRT-M,,20.00,4,id:1,Size,M\n"
)


def handles(shop: MemoryShop) -> list[str]:
    return list(shop.database.state.products.rows)


async def test_product_with_too_many_rows_is_a_fault_and_is_not_loaded(
    shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.adapters.files.import_spool.MAX_PRODUCT_ROWS", 2)
    loaded: list[int] = []

    def count(spooled: SpooledProduct, file: FileDescription) -> Assembled:
        loaded.append(len(spooled.rows))
        return assemble(spooled, file)

    monkeypatch.setattr(import_check, "assemble", count)
    rows = "cup,Cup,,,,CUP,1.00\n" + "tea,Tea,,Size,S,TEA-S,1.00\n"
    rows += "".join(f"tea,,,,{size},TEA-{size},1.00\n" for size in "ML")

    ended = await run(shop, admin, SHOPIFY + rows)

    detail = "has 3 rows; a product can have at most 2"
    assert ended.status is ImportStatus.FAILED
    assert ended.errors == (ImportMessage(line=3, column="Handle", detail=detail),)
    assert loaded == [1]


class TestANewCategory:
    """A file names it, and the import makes it."""

    @pytest.fixture(autouse=True)
    def one_product_at_a_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (import_check, import_jobs):
            monkeypatch.setattr(module, "UNIT_PRODUCTS", 1)

    @pytest.mark.parametrize("slices", [1, 9])
    async def test_is_a_fault_if_there_are_too_many_in_the_whole_file(
        self,
        shop: MemoryShop,
        admin: SessionToken,
        monkeypatch: pytest.MonkeyPatch,
        slices: int,
    ) -> None:
        if slices > 1:
            monkeypatch.setattr(import_jobs, "MAX_SLICE", import_jobs.MAX_SLICE * 0)
        await _add_categories(shop, MAX_CATEGORIES - 1)
        before = handles(shop)

        ended = await run(shop, admin, SHOPIFY + "cup,Cup,Mugs,,,CUP,1.00\njam,Jam,Food,,,J,1.00\n")

        assert ended.status is ImportStatus.FAILED
        assert [(each.line, each.column) for each in ended.errors] == [(3, "Type")]
        assert handles(shop) == before

    async def test_is_counted_once_for_the_whole_file(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await _add_categories(shop, MAX_CATEGORIES - 1)

        ended = await run(shop, admin, SHOPIFY + "cup,Cup,Mugs,,,CUP,1.00\njam,Jam,Mugs,,,J,1.00\n")

        assert ended.status is ImportStatus.DONE
        assert len(shop.database.state.categories.rows) == MAX_CATEGORIES

    async def test_gets_another_slug_than_one_that_products_have_yet_to_leave(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        """Twice: the second one would have the slug of the first one that had another."""
        for handle in ("cup", "jug"):
            await run(shop, admin, f"{SHOPIFY}{handle},Name,Mugs,,,{handle},1.00\n")
            await _end_categories(shop)
        await run(shop, admin, f"{SHOPIFY}pot,Pot,Mugs,,,POT,1.00\n")

        ended = shop.database.state.ended_categories.rows
        (pot,) = shop.database.state.categories.rows.values()
        assert (len(ended), pot.name, pot.slug in ended) == (2, "Mugs", False)
        async with shop.container.snapshot() as uow:
            slugs = await uow.categories.slugs_of(["cup", "jug", "pot"])
        assert slugs == {"cup": [], "jug": [], "pot": [pot.slug]}


class TestAnExportOfWooCommerce:
    """It has no handles, so they are made of the names."""

    async def test_changes_its_products_after_they_were_renamed(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await run(shop, admin, WOO.format(name="Linen shirt"))
        before = handles(shop)

        ended = await run(shop, admin, WOO.format(name="Shirt of linen"))

        assert (ended.status, ended.errors) == (ImportStatus.DONE, ())
        assert (ended.added, ended.changed) == (0, 1)
        assert handles(shop) == before
        assert shop.database.state.products.rows["linen-shirt"].name == "Shirt of linen"
        assert stock_of(shop)["SHIRT-M"] == 4

    async def test_takes_no_variant_away_from_a_product_that_has_others(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await run(shop, admin, WOO.format(name="Linen shirt"))
        one_alone = "\n".join(WOO.format(name="Another").splitlines()[:3]) + "\n"

        ended = await run(shop, admin, one_alone)

        assert [each.detail for each in ended.errors] == [
            "SHIRT-S belongs to the product linen-shirt"
        ]


async def test_rows_of_a_check_are_read_once_although_it_has_many_slices(
    shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_check, "BATCH_ROWS", 1)
    monkeypatch.setattr(import_jobs, "MAX_SLICE", import_jobs.MAX_SLICE * 0)
    begun = await begin(shop, admin, SHOPIFY + "cup,Cup,,,,CUP,1.00\njam,Jam,,,,J,1.00\n")

    await shop.container.worker().drain()

    ended = await shop.container.import_service().show(admin, begun.id)
    assert (ended.status, ended.rows, ended.added) == (ImportStatus.DONE, 2, 2)


async def _add_categories(shop: MemoryShop, number: int) -> None:
    async with shop.container.unit_of_work() as uow:
        await uow.categories.lock_tree()
        for each in _categories(number):
            uow.categories.put(each, shop.clock.now())
        await uow.commit()


async def _end_categories(shop: MemoryShop) -> None:
    async with shop.container.unit_of_work() as uow:
        for slug in (await uow.categories.lock_tree()).categories:
            uow.categories.end(EndedCategory(id=id_of(slug), slug=slug), shop.clock.now())
        await uow.commit()


def _categories(number: int) -> Sequence[Category]:
    return [
        Category(slug=f"c-{each}", name=f"No. {each}", parent=None, position=0)
        for each in range(number)
    ]
