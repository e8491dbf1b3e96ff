"""Keeps the history of prices as products change."""

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.catalogue.price_history import PriceChange
from shop.domain.catalogue.product import Product


def stage_price_changes(uow: UnitOfWork, before: Product | None, after: Product) -> None:
    """Stage the price of each variant that is new or has another price than before."""
    known = {each.sku: each.price for each in before.variants} if before else {}
    for each in after.current_variants:
        if known.get(each.sku) != each.price:
            uow.price_changes.add(PriceChange(sku=each.sku, price=each.price, at=after.updated_at))
