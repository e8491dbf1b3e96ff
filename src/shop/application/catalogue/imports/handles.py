"""Finds products of files without handles by their SKUs: their names may have changed."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from shop.application.catalogue.imports.rows import ImportedProduct
from shop.application.ports.unit_of_work import UnitOfWork


async def owners_of(uow: UnitOfWork, skus: Collection[str]) -> Mapping[str, str]:
    """Return the handle of the product that each existing SKU belongs to."""
    found = await uow.variants.get_many(skus)
    return {sku: each.product for sku, each in found.items()}


async def with_known_handles(
    uow: UnitOfWork, products: Sequence[ImportedProduct]
) -> Sequence[ImportedProduct]:
    """Give a product without a handle that of the shop's product with the same SKUs.

    That is the one whose variants the file's product has, all of them and perhaps more.
    """
    made = [each for each in products if each.is_handle_made]
    if not made:
        return products
    owners = await owners_of(uow, [row.sku for each in made for row in each.variants])
    existing = await uow.products.get_many(set(owners.values()))
    current = {
        handle: {each.sku for each in product.current_variants}
        for handle, product in existing.items()
    }
    taken = Counter(each.handle for each in products)
    known: list[ImportedProduct] = []
    for each in products:
        handle = _known_handle(each, owners, current) if each.is_handle_made else None
        if handle is not None and not taken[handle]:
            taken[handle] += 1
            known.append(replace(each, handle=handle))
        else:
            known.append(each)
    return known


def _known_handle(
    product: ImportedProduct,
    owners: Mapping[str, str],
    current: Mapping[str, Collection[str]],
) -> str | None:
    skus = {row.sku for row in product.variants}
    handles = {owners[sku] for sku in skus if sku in owners}
    found = next(iter(handles), None) if len(handles) == 1 else None
    return found if found is not None and skus.issuperset(current.get(found, ())) else None
