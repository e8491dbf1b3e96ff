"""Imports check the whole file, then always end."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers

from shop.adapters.files.import_spool import SqliteImportSpool
from shop.adapters.files.import_spools import FolderImportSpools
from shop.application.catalogue.imports import check as import_check
from shop.application.catalogue.imports import jobs as import_jobs
from shop.application.jobs import runner
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import DatabaseUnavailable
from shop.domain.catalogue.product_import import (
    ImportMessage,
    ImportStatus,
    ProductImport,
)
from tests.application.catalogue.running_imports import (
    HEADER,
    JAM,
    TEA,
    begin,
    files_in,
    run,
    stock_of,
)
from tests.application.memory_shop import MemoryShop
from tests.doubles import SequentialIds

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def spools(shop: MemoryShop, tmp_path: Path) -> FolderImportSpools:
    """Let the shop's imports wait in a folder that the test sees."""
    spools = FolderImportSpools(tmp_path)
    shop.container.import_spools.override(providers.Object(spools))
    return spools


@pytest.fixture
def tiny_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every slice end after one row or one product."""
    monkeypatch.setattr(import_check, "BATCH_ROWS", 1)
    for module in (import_check, import_jobs):
        monkeypatch.setattr(module, "UNIT_PRODUCTS", 1)
    monkeypatch.setattr(import_jobs, "MAX_SLICE", import_jobs.MAX_SLICE * 0)


def catalogue(shop: MemoryShop) -> Mapping[str, Any]:
    """Return all rows that an import could change."""
    state = shop.database.state
    return {"products": state.products.rows, "stock": state.inventories.rows} | {
        "movements": state.stock_movements.rows
    }


class TestAValidFile:
    async def test_is_applied_and_counted(
        self, shop: MemoryShop, admin: SessionToken, tmp_path: Path
    ) -> None:
        ended = await run(shop, admin, HEADER + TEA + JAM)

        assert ended.status is ImportStatus.DONE
        assert (ended.format, ended.encoding) == ("shop", "utf-8")
        assert (ended.rows, ended.applied) == (2, 2)
        assert (ended.added, ended.changed, ended.unchanged) == (1, 1, 0)
        assert (ended.errors, ended.remarks) == ((), ())
        assert ended.finished_at == shop.clock.now()
        assert stock_of(shop) == {"TEA": 9, "COFFEE": 2, "JAM": 7}
        assert shop.database.state.jobs.rows == {}
        assert files_in(tmp_path) == []

    async def test_changes_nothing_if_it_was_applied_before(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await run(shop, admin, HEADER + TEA + JAM)
        before = catalogue(shop)

        ended = await run(shop, admin, HEADER + TEA + JAM)

        assert (ended.added, ended.changed, ended.unchanged) == (0, 0, 2)
        assert catalogue(shop) == before

    async def test_is_only_checked_by_a_dry_run(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        before = catalogue(shop)
        begun = await begin(shop, admin, HEADER + TEA + JAM, dry_run=True)

        await shop.container.worker().drain()

        ended = await shop.container.import_service().show(admin, begun.id)
        assert ended.status is ImportStatus.DONE
        assert (ended.rows, ended.applied) == (2, 0)
        assert (ended.added, ended.changed, ended.unchanged) == (1, 1, 0)
        assert catalogue(shop) == before


class TestAnInvalidFile:
    @pytest.mark.parametrize(
        ("text", "line", "column", "detail"),
        [
            (
                HEADER + TEA + "JAM,Jam,,free,7\n",
                3,
                "price",
                "must be 1 to 1000000000 minor units, such as 1990, not 'free'",
            ),
            (HEADER + TEA + TEA, 3, "sku", "duplicate SKU TEA, first used on line 2"),
            (HEADER, 1, "file", "has a header but no rows; add a row for each product"),
            ("", 1, "file", "is empty; begin it with a header: sku,name,description,price,stock"),
            ("sku,name\n", 1, "header", "missing columns: description, price, stock"),
            (
                HEADER.replace("\n", ",currency\n") + JAM.replace("\n", ",USD\n"),
                2,
                "currency",
                "must be EUR, the currency of the shop, not USD",
            ),
        ],
    )
    async def test_changes_nothing(
        self,
        shop: MemoryShop,
        admin: SessionToken,
        text: str,
        line: int,
        column: str,
        detail: str,
    ) -> None:
        before = catalogue(shop)

        ended = await run(shop, admin, text)

        assert ended.status is ImportStatus.FAILED
        assert ended.errors == (ImportMessage(line=line, column=column, detail=detail),)
        assert (ended.applied, ended.added, ended.changed) == (0, 0, 0)
        assert ended.finished_at == shop.clock.now()
        assert catalogue(shop) == before

    async def test_has_its_first_errors_reported_and_the_others_counted(
        self, shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(import_jobs, "MAX_MESSAGES", 2)

        ended = await run(shop, admin, HEADER + "a b,Tea,,1,1\n" * 5)

        assert [(each.line, each.column) for each in ended.errors] == [
            (2, "sku"),
            (3, "sku"),
            (3, "file"),
        ]
        assert ended.errors[-1].detail == "has 3 more errors"


class TestAMadeSku:
    HEADER = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\n"

    @pytest.mark.parametrize(
        ("rows", "sku"),
        [
            ("bag,Bag,Size,M/L,,10.00\nbag,,,M-L,,11.00\n", "bag-M-L"),
            ("foo,Foo,Size,bar-baz,,10.00\nfoo-bar,Foobar,Size,baz,,11.00\n", "foo-bar-baz"),
            ("cup,Cup,Size,XL,cup-L,10.00\ncup,,,L,,11.00\n", "cup-L"),
        ],
    )
    @pytest.mark.parametrize("products_at_once", [1, 500])
    async def test_is_a_fault_if_another_row_has_it(
        self,
        shop: MemoryShop,
        admin: SessionToken,
        monkeypatch: pytest.MonkeyPatch,
        rows: str,
        sku: str,
        products_at_once: int,
    ) -> None:
        monkeypatch.setattr(import_check, "UNIT_PRODUCTS", products_at_once)
        before = catalogue(shop)

        ended = await run(shop, admin, self.HEADER + rows)

        detail = f"is empty, and {sku}, made from the handle, is the SKU of line 2"
        assert ended.status is ImportStatus.FAILED
        assert ended.errors == (ImportMessage(line=3, column="Variant SKU", detail=detail),)
        assert catalogue(shop) == before


@pytest.mark.usefixtures("tiny_slices")
class TestAnInterruptedImport:
    @pytest.mark.parametrize("slices", range(9))
    async def test_goes_on_where_it_ended(
        self, shop: MemoryShop, admin: SessionToken, slices: int
    ) -> None:
        text = HEADER + TEA + JAM + "CUP,Cup,,900,1\n"
        begun = await begin(shop, admin, text)
        for _ in range(slices):
            await shop.container.import_job_runner().run_due()

        restarted = MemoryShop(shop.clock, shop.database, SequentialIds())
        restarted.container.import_spools.override(shop.container.import_spools)
        await restarted.container.worker().drain()

        ended = await restarted.container.import_service().show(admin, begun.id)
        assert ended.status is ImportStatus.DONE
        assert (ended.rows, ended.applied) == (3, 3)
        assert (ended.added, ended.changed, ended.unchanged) == (2, 1, 0)
        assert stock_of(restarted) == {"TEA": 9, "COFFEE": 2, "JAM": 7, "CUP": 1}

    async def test_leaves_stock_alone_that_orders_have_reserved_since_the_check(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        begun = await begin(shop, admin, HEADER + JAM + "COFFEE,Coffee,,100,0\n")
        await _until(shop, lambda each: each.status is ImportStatus.IMPORTING, begun)
        await _reserve(shop, "COFFEE", 2)

        await shop.container.worker().drain()

        ended = await shop.container.import_service().show(admin, begun.id)
        assert ended.status is ImportStatus.DONE
        assert ended.remarks == (
            ImportMessage(
                line=3,
                column="stock",
                detail=(
                    "COFFEE: 2 on hand, 2 of them reserved; stock cannot fall below the reserved"
                    " quantity"
                ),
            ),
        )
        assert stock_of(shop) == {"TEA": 5, "COFFEE": 2, "JAM": 7}

    async def test_has_failed_if_its_file_is_gone(
        self, shop: MemoryShop, admin: SessionToken, spools: FolderImportSpools
    ) -> None:
        begun = await begin(shop, admin, HEADER + TEA)
        await spools.remove(begun.id)

        await shop.container.worker().drain()

        ended = await shop.container.import_service().show(admin, begun.id)
        assert ended.status is ImportStatus.FAILED
        assert [each.detail for each in ended.errors] == [
            "is no longer where the import has stored it"
        ]


class TestAnImportThatTheShopFails:
    @pytest.fixture
    def broken_spool(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
        def fail(*_: object, **__: object) -> None:
            raise OSError("no space left on device")

        return lambda method: monkeypatch.setattr(SqliteImportSpool, method, fail)

    @pytest.mark.parametrize(
        ("method", "detail"),
        [
            ("__init__", import_jobs.NOT_CHECKED),
            ("add_rows", import_jobs.NOT_CHECKED),
            ("products", import_jobs.NOT_CHECKED),
            ("products_after_rows", import_jobs.NOT_APPLIED.format(applied=0)),
        ],
    )
    async def test_has_failed_so_that_the_next_one_can_run(
        self,
        shop: MemoryShop,
        admin: SessionToken,
        tmp_path: Path,
        broken_spool: Callable[[str], None],
        method: str,
        detail: str,
    ) -> None:
        broken_spool(method)
        before = catalogue(shop)

        ended = await run(shop, admin, HEADER + JAM)

        assert ended.status is ImportStatus.FAILED
        assert ended.errors == (ImportMessage(line=1, column="file", detail=detail),)
        assert ended.finished_at == shop.clock.now()
        assert catalogue(shop) == before
        assert shop.database.state.jobs.rows == {}
        assert files_in(tmp_path) == []
        assert (await begin(shop, admin, HEADER + TEA)).is_running

    async def test_goes_on_for_a_day_if_the_database_fails_and_then_ends(
        self, shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(*_: object) -> None:
            raise DatabaseUnavailable("the last of 16 attempts failed")

        begun = await begin(shop, admin, HEADER + JAM)
        monkeypatch.setattr(import_check.FileCheck, "run", fail)

        await shop.container.import_job_runner().run_due()
        assert shop.database.state.imports.rows[begun.id].is_running
        shop.clock.advance(timedelta(days=1))
        await shop.container.import_job_runner().run_due()

        ended = shop.database.state.imports.rows[begun.id]
        assert ended.status is ImportStatus.FAILED
        assert [each.detail for each in ended.errors] == [import_jobs.NOT_CHECKED]
        assert shop.database.state.jobs.rows == {}

    async def test_has_failed_once_its_job_is_dead(
        self, shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def time_out(*_: object) -> None:
            raise TimeoutError

        begun = await begin(shop, admin, HEADER + JAM)
        monkeypatch.setattr(import_jobs.ImportJobs, "run", time_out)
        monkeypatch.setattr(runner, "retries_exhausted", lambda _: True)

        await shop.container.import_job_runner().run_due()

        ended = await shop.container.import_service().show(admin, begun.id)
        assert [each.is_dead for each in shop.database.state.jobs.rows.values()] == [True]
        assert ended.status is ImportStatus.FAILED
        assert [each.detail for each in ended.errors] == [import_jobs.NOT_CHECKED]
        assert (await begin(shop, admin, HEADER + TEA)).is_running


async def _until(
    shop: MemoryShop, is_so: Callable[[ProductImport], bool], begun: ProductImport
) -> None:
    while not is_so(shop.database.state.imports.rows[begun.id]):
        assert await shop.container.import_job_runner().run_due()


async def _reserve(shop: MemoryShop, sku: str, quantity: int) -> None:
    state = shop.database.state
    inventory = replace(state.inventories.rows[sku], reserved=quantity)
    shop.database.state = replace(
        state, inventories=state.inventories.with_changes(saved=[inventory])
    )
