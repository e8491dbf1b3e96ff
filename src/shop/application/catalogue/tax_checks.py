"""Checks that new goods are of tax categories that the shop knows."""

from collections.abc import Iterable

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.catalogue.product import Product
from shop.domain.pricing.rule_document import RuleKind
from shop.domain.pricing.taxes.tax_categories import ANY_TAX_CATEGORY, TaxCategories
from shop.domain.shared.tax_category import is_usual_tax_category


async def require_taxed(uow: UnitOfWork, before: Product | None, after: Product) -> None:
    """Check the categories of variants that are new or have changed theirs.

    A variant whose rate has ended can still be saved. Raise `InvalidValue`.
    """
    known = {} if before is None else {each.sku: each.tax_category for each in before.variants}
    changed = {
        position: each.tax_category
        for position, each in enumerate(after.current_variants)
        if known.get(each.sku) != each.tax_category
    }
    categories = await find_tax_categories(uow, changed.values())
    for position, category in changed.items():
        categories.require(category, f"variants/{position}/tax_category")


async def find_tax_categories(uow: UnitOfWork, asked: Iterable[str]) -> TaxCategories:
    """Return the categories of the shop's rates, which only unusual ones have read."""
    if all(map(is_usual_tax_category, asked)):
        return ANY_TAX_CATEGORY
    rates = await uow.rule_documents.of_kind(RuleKind.TAX_RATE)
    return TaxCategories.of(each.rule for each in rates)
