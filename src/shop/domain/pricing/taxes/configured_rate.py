"""The rate that the shop has for the destination."""

from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.pricing.taxes.tax_rule import Sale, TaxRule, TaxTreatment

ZERO = "zero"
"""The reason of a rate of 0 without one of its own."""


class ConfiguredRate(TaxRule):
    """Taxes a sale by the most precise rate of its destination."""

    def treat(self, category: str, sale: Sale) -> TaxTreatment | None:
        """Find the rate; that of a country does not count in a part outside its territory."""
        rate = sale.table.find(
            category, sale.destination, sale.at, only_parts=sale.is_in_excluded_part
        )
        return None if rate is None else treatment_of(rate)


def treatment_of(rate: TaxRate) -> TaxTreatment:
    """Return how a rate taxes."""
    reason = None if rate.rate else rate.reason or ZERO
    return TaxTreatment(name=rate.name, rate=rate.rate, reason=reason)
