"""Keeps what is searched of products as the products are."""

from collections.abc import Collection, Mapping, Sequence

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.catalogue.product import Product
from shop.domain.catalogue.search_terms import SearchedProduct, search_tokens


async def stage_search_rows(uow: UnitOfWork, products: Collection[Product]) -> None:
    """Stage the search rows of products that are added or locked, in the categories they are in."""
    if products:
        slugs = await uow.categories.slugs_of([each.handle for each in products])
        stage_search_rows_in(uow, products, slugs)


def stage_search_rows_in(
    uow: UnitOfWork, products: Collection[Product], slugs: Mapping[str, Sequence[str]]
) -> None:
    """Stage the search rows of products that are added or locked, in these categories."""
    for product in products:
        searched = SearchedProduct.of(product, tuple(slugs[product.handle]))
        uow.product_searches.put(product.handle, search_tokens(searched))
