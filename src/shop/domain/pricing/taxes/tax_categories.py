"""The tax categories of which a shop has rates."""

from collections.abc import Iterable
from typing import Self

from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.tax_category import is_usual_tax_category
from shop.domain.shared.value import value

_MAX_NAMED = 10


@value
class TaxCategories:
    """The categories that the rates of a shop are for."""

    of_rates: frozenset[str]

    @classmethod
    def of(cls, rates: Iterable[object]) -> Self:
        """Return the categories of those rules that are tax rates."""
        return cls(of_rates=frozenset(each.category for each in rates if isinstance(each, TaxRate)))

    def has(self, category: str) -> bool:
        """Check whether goods may be of a category: of any, if the shop has no rates."""
        return not self.of_rates or category in self.of_rates or is_usual_tax_category(category)

    def require(self, category: str, field: str) -> None:
        """Raise `InvalidValue` for a category of which nothing would be taxed, by mistake."""
        if self.has(category):
            return
        known = sorted(self.of_rates)
        named = ", ".join(known[:_MAX_NAMED]) + (", …" if len(known) > _MAX_NAMED else "")
        rule = f"must be a category of the shop's tax rates ({named}), not {category}"
        raise InvalidValue(field=field, rule=f"{rule}; to add it, save a tax rate of it first")


ANY_TAX_CATEGORY = TaxCategories(of_rates=frozenset())
"""Of a shop without rates, or where nothing is checked."""
