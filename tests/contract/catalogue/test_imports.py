"""What every adapter owes the port to imports of product files."""

from dataclasses import replace
from uuid import UUID

import pytest

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.catalogue.product_import import (
    ImportInProgress,
    ImportMessage,
    ImportStatus,
    ProductImport,
)
from tests.contract.storage import Storage
from tests.factories import NOW, id_of, user

pytestmark = pytest.mark.anyio

ADA = user("ada@example.com")
IMPORT = ProductImport.new(id_of("import"), ADA.id, dry_run=False, at=NOW)
FAULT = ImportMessage(line=3, column="Variant Price", detail="must be an amount, not 'free'")
ENDED = replace(
    IMPORT,
    status=ImportStatus.FAILED,
    format="shopify",
    encoding="windows-1252",
    rows=2,
    applied=1,
    added=3,
    changed=4,
    unchanged=5,
    errors=(FAULT,),
    remarks=(replace(FAULT, line=2),),
    finished_at=NOW,
)


async def add(storage: Storage, product_import: ProductImport) -> None:
    await storage.commit(lambda uow: uow.imports.add(product_import))


async def stored(storage: Storage, *ids: UUID) -> list[ProductImport]:
    return list((await storage.read(lambda uow: uow.imports.get_many(ids))).values())


async def end(storage: Storage) -> None:
    async def save(uow: UnitOfWork) -> None:
        assert await uow.imports.lock([IMPORT.id]) == {IMPORT.id: IMPORT}
        uow.imports.save(ENDED)

    await storage.write(save)


@pytest.fixture
async def shop(storage: Storage) -> Storage:
    """Return a storage with a running import."""
    await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.imports.add(IMPORT))
    return storage


class TestAnImport:
    async def test_is_found_as_it_was_added(self, shop: Storage) -> None:
        assert await stored(shop, IMPORT.id, id_of("other")) == [IMPORT]

    async def test_is_saved_under_its_lock(self, shop: Storage) -> None:
        await end(shop)

        assert await stored(shop, IMPORT.id) == [ENDED]

    async def test_is_not_saved_without_its_lock(self, shop: Storage) -> None:
        with pytest.raises(RuntimeError, match="locked"):
            await shop.commit(lambda uow: uow.imports.save(ENDED))

        assert await stored(shop, IMPORT.id) == [IMPORT]

    async def test_is_found_while_it_is_running(self, shop: Storage) -> None:
        assert await shop.read(lambda uow: uow.imports.running()) == IMPORT

        await end(shop)

        assert await shop.read(lambda uow: uow.imports.running()) is None

    async def test_runs_alone(self, shop: Storage) -> None:
        second = replace(IMPORT, id=id_of("second"))

        with pytest.raises(ImportInProgress):
            await add(shop, second)

        assert await stored(shop, IMPORT.id, second.id) == [IMPORT]

    async def test_runs_after_another_has_ended(self, shop: Storage) -> None:
        await end(shop)
        second = replace(IMPORT, id=id_of("second"))

        await add(shop, second)

        assert await shop.read(lambda uow: uow.imports.running()) == second
