"""Finds how each category of a sale is taxed, by the first rule that applies."""

from collections.abc import Sequence

from shop.domain.pricing.taxes.configured_rate import ConfiguredRate
from shop.domain.pricing.taxes.export import Export
from shop.domain.pricing.taxes.home_rate import HomeRate
from shop.domain.pricing.taxes.reverse_charge import ReverseCharge
from shop.domain.pricing.taxes.tax_rule import Sale, TaxRule, TaxTreatment

TAX_RULES: Sequence[TaxRule] = (ReverseCharge(), ConfiguredRate(), Export(), HomeRate())

NO_RATE = TaxTreatment(name="No tax", rate=0, reason="no-rate")
"""For a category without any rate, so that a row says so."""


class TaxTreatments:
    """The treatment of each category of one sale; each is found once."""

    def __init__(self, sale: Sale) -> None:
        self._sale = sale
        self._known: dict[str, TaxTreatment] = {}

    def of(self, category: str) -> TaxTreatment:
        """Return how a category is taxed."""
        known = self._known.get(category)
        if known is None:
            known = self._known[category] = self._find(category)
        return known

    def _find(self, category: str) -> TaxTreatment:
        for rule in TAX_RULES:
            treatment = rule.treat(category, self._sale)
            if treatment is not None:
                return treatment
        return NO_RATE
