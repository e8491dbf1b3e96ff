"""What every adapter owes the port to variants: they are what their products make of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.ports.unit_of_work import TransientFailure, UnitOfWork
from shop.domain.catalogue.options import ProductOption
from shop.domain.catalogue.product import Product
from shop.domain.catalogue.variant import ChosenOption, SoldVariant, Variant
from tests.contract.storage import Storage
from tests.factories import NOW, eur, inventory, product, sold_variant, variant

pytestmark = pytest.mark.anyio

SIZES = ProductOption(name="Size", values=("S", "M", "L"))
LATER = NOW + timedelta(days=1)


def _shirt(size: str, price: int, **changes: object) -> Variant:
    options = (ChosenOption(name="Size", value=size),)
    return variant(f"SHIRT-{size}", price, options=options, **changes)


SMALL = _shirt("S", 1900)
MEDIUM = _shirt(
    "M", 2000, compare_at_price=eur(2500), weight_grams=180, barcode="4006381333931", ships=False
)
SHIRT = product(
    "SHIRT",
    name="Shirt",
    image_url="https://example.com/shirt.jpg",
    options=(SIZES,),
    variants=(SMALL, MEDIUM),
)


async def _add(storage: Storage, *products: Product) -> None:
    skus = [variant.sku for each in products for variant in each.variants]
    await storage.commit(
        *(lambda uow, each=each: uow.products.add(each) for each in products),
        *(lambda uow, sku=sku: uow.inventories.add(inventory(sku)) for sku in skus),
    )


async def _save(storage: Storage, changed: Product) -> None:
    async def save(uow: UnitOfWork) -> None:
        await uow.products.lock([changed.handle])
        uow.products.save(changed)

    await storage.write(save)


async def _sold(storage: Storage, *skus: str) -> dict[str, SoldVariant]:
    return dict(await storage.read(lambda uow: uow.variants.get_many(skus)))


async def _stored(storage: Storage, handle: str) -> Product:
    return (await storage.read(lambda uow: uow.products.get_many([handle])))[handle]


async def test_variants_are_found_by_sku_with_what_orders_need(storage: Storage) -> None:
    await _add(storage, SHIRT, product("TEA"))

    found = await _sold(storage, "SHIRT-M", "TEA", "SHIRT", "NONE")

    assert found == {
        "TEA": sold_variant("TEA"),
        "SHIRT-M": SoldVariant(
            sku="SHIRT-M",
            product="SHIRT",
            name="Shirt",
            options=(ChosenOption(name="Size", value="M"),),
            image_url="https://example.com/shirt.jpg",
            price=eur(2000),
            weight_grams=180,
            tax_category="standard",
            ships=False,
            is_for_sale=True,
        ),
    }
    assert await _sold(storage) == {}


async def test_product_is_stored_with_its_variants_in_their_order(storage: Storage) -> None:
    backwards = replace(SHIRT, variants=(MEDIUM, SMALL))
    await _add(storage, backwards)

    assert await _stored(storage, "SHIRT") == backwards


async def test_variants_carry_the_changed_name_image_and_state_of_their_product(
    storage: Storage,
) -> None:
    await _add(storage, SHIRT)

    await _save(storage, replace(SHIRT, name="Tee", image_url=None, active=False))

    for each in (await _sold(storage, "SHIRT-S", "SHIRT-M")).values():
        assert (each.name, each.image_url, each.is_for_sale) == ("Tee", None, False)


async def test_variants_carry_the_own_image_of_their_product(storage: Storage) -> None:
    await _add(storage, SHIRT)
    with_image = replace(SHIRT, own_image="/media/9f/9f86-40.webp")

    await _save(storage, with_image)

    assert await _stored(storage, "SHIRT") == with_image
    sold = await _sold(storage, "SHIRT-S", "SHIRT-M")
    assert {each.image_url for each in sold.values()} == {"/media/9f/9f86-40.webp"}

    await _save(storage, SHIRT)
    assert await _stored(storage, "SHIRT") == SHIRT
    assert (await _sold(storage, "SHIRT-S"))["SHIRT-S"].image_url == SHIRT.image_url


@pytest.mark.parametrize(
    "withdrawn",
    [replace(MEDIUM, active=False), replace(MEDIUM, archived_at=LATER)],
    ids=["inactive", "archived"],
)
async def test_variant_that_is_not_sold_is_found_and_not_for_sale(
    storage: Storage, withdrawn: Variant
) -> None:
    await _add(storage, SHIRT)

    await _save(storage, replace(SHIRT, variants=(SMALL, withdrawn)))

    found = await _sold(storage, "SHIRT-S", "SHIRT-M")
    assert {sku: each.is_for_sale for sku, each in found.items()} == {
        "SHIRT-S": True,
        "SHIRT-M": False,
    }


async def test_variants_of_an_archived_product_are_not_for_sale(storage: Storage) -> None:
    await _add(storage, SHIRT)

    await _save(storage, replace(SHIRT, archived_at=LATER))

    found = await _sold(storage, "SHIRT-S", "SHIRT-M")
    assert [each.is_for_sale for each in found.values()] == [False, False]
    assert await _stored(storage, "SHIRT") == replace(SHIRT, archived_at=LATER)


async def test_variants_are_changed_added_and_kept_when_their_product_is_saved(
    storage: Storage,
) -> None:
    await _add(storage, SHIRT)
    large = _shirt("L", 2100)
    changed = replace(
        SHIRT,
        variants=(large, replace(MEDIUM, price=eur(1800)), replace(SMALL, archived_at=LATER)),
        updated_at=LATER,
    )

    await _save(storage, changed)

    assert await _stored(storage, "SHIRT") == changed
    prices = {sku: each.price for sku, each in (await _sold(storage, "SHIRT-L", "SHIRT-M")).items()}
    assert prices == {"SHIRT-L": eur(2100), "SHIRT-M": eur(1800)}


async def test_shown_product_has_the_stock_of_each_variant_but_not_the_archived_ones(
    storage: Storage,
) -> None:
    old = _shirt("L", 100, archived_at=NOW)
    await storage.commit(
        lambda uow: uow.products.add(replace(SHIRT, variants=(SMALL, MEDIUM, old))),
        lambda uow: uow.inventories.add(inventory("SHIRT-S", 7, reserved=2)),
        lambda uow: uow.inventories.add(inventory("SHIRT-M", 3)),
        lambda uow: uow.inventories.add(inventory("SHIRT-L", 9)),
    )

    shown = (await storage.read(lambda uow: uow.products.available(["SHIRT"])))["SHIRT"]

    assert shown.product == SHIRT
    assert (shown.stock, shown.available) == ({"SHIRT-S": 5, "SHIRT-M": 3}, 8)


async def test_sku_of_another_product_cannot_be_added(storage: Storage) -> None:
    await _add(storage, SHIRT)
    tee = product("TEE", variants=(variant("SHIRT-S"),))

    with pytest.raises(TransientFailure):
        await _add(storage, tee)

    assert await storage.read(lambda uow: uow.products.get_many(["TEE"])) == {}
    assert (await _sold(storage, "SHIRT-S"))["SHIRT-S"].product == "SHIRT"


async def test_sku_of_another_product_cannot_be_saved(storage: Storage) -> None:
    await _add(storage, SHIRT, product("TEA"))
    both = replace(product("TEA"), variants=(variant("TEA"), variant("SHIRT-S")))

    with pytest.raises(TransientFailure):
        await _save(storage, both)

    assert await _stored(storage, "TEA") == product("TEA")
