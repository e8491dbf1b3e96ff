"""What every adapter owes the port to the images of products."""

from dataclasses import replace
from uuid import UUID

import pytest

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.catalogue.product_image import ProductImage
from tests.contract.storage import Storage
from tests.factories import NOW, product

pytestmark = pytest.mark.anyio


def _image(number: int, sku: str = "TEA", position: int = 0) -> ProductImage:
    return ProductImage(
        id=UUID(int=number),
        product=sku,
        position=position,
        alt="A tin of tea",
        key=f"{number:064x}",
        width=1600,
        height=1200,
        sizes=(),
        created_at=NOW,
    )


FRONT, BACK, CUP = _image(2, position=0), _image(1, position=1), _image(3, sku="CUP")


@pytest.fixture
async def gallery(storage: Storage) -> Storage:
    """Return the storage with two images of one product and one of another."""
    await storage.commit(
        *(lambda uow, sku=sku: uow.products.add(product(sku)) for sku in ("TEA", "CUP", "POT"))
    )

    def add(uow: UnitOfWork) -> None:
        for each in (BACK, CUP, FRONT):
            uow.product_images.add(each)

    await storage.commit(add)
    return storage


async def test_images_are_found_by_their_product_in_order(gallery: Storage) -> None:
    found = await gallery.read(
        lambda uow: uow.product_images.of_products(["TEA", "CUP", "POT", "none"])
    )

    assert found == {"TEA": [FRONT, BACK], "CUP": [CUP]}
    assert await gallery.read(lambda uow: uow.product_images.of_products([])) == {}


async def test_images_are_found_by_id_and_by_key(gallery: Storage) -> None:
    ids = [BACK.id, UUID(int=9)]
    keys = [CUP.key, FRONT.key, "0" * 64]

    assert await gallery.read(lambda uow: uow.product_images.get_many(ids)) == {BACK.id: BACK}
    stored = await gallery.read(lambda uow: uow.product_images.stored_keys(keys))
    assert set(stored) == {CUP.key, FRONT.key}


async def test_images_are_saved_and_removed(gallery: Storage) -> None:
    smaller = replace(BACK, position=0, alt="The back", sizes=(320, 640))

    async def change(uow: UnitOfWork) -> None:
        await uow.products.lock(["TEA"])
        uow.product_images.save(smaller)
        uow.product_images.remove(FRONT)

    await gallery.write(change)

    found = await gallery.read(lambda uow: uow.product_images.of_products(["TEA", "CUP"]))
    assert found == {"TEA": [smaller], "CUP": [CUP]}


async def test_snapshot_changes_nothing(gallery: Storage) -> None:
    async with gallery.snapshot() as uow:
        images = uow.product_images
        for change in (images.add, images.save, images.remove):
            with pytest.raises(RuntimeError):
                change(FRONT)

    found = await gallery.read(lambda uow: uow.product_images.of_products(["TEA"]))
    assert found == {"TEA": [FRONT, BACK]}
