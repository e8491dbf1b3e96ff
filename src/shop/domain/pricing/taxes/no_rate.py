"""No rate: the shop has none for a category, and says so in a row."""

from shop.domain.pricing.taxes.tax_rule import Sale, TaxRule, TaxTreatment

NO_RATE = TaxTreatment(name="No tax", rate=0, reason="no-rate")


class NoRate(TaxRule):
    """Taxes nothing, as the last of all rules."""

    def treat(self, category: str, sale: Sale) -> TaxTreatment:
        """Treat any sale."""
        del category, sale
        return NO_RATE
