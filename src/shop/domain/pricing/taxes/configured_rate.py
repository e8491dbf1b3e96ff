"""The rate that the shop has for the destination."""

from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.pricing.taxes.tax_rule import Sale, TaxRule, TaxTreatment
from shop.domain.pricing.taxes.vat_territory import is_excluded_part

ZERO = "zero"
"""The reason of a rate of 0 without one of its own."""


class ConfiguredRate(TaxRule):
    """Taxes a sale by the most precise rate of its destination.

    The rate of a whole country is not for the parts of it outside its VAT territory.
    """

    def treat(self, category: str, sale: Sale) -> TaxTreatment | None:
        """Find the rate."""
        destination = sale.destination
        only_parts = is_excluded_part(destination)
        rate = sale.table.find(category, destination, sale.at, only_parts=only_parts)
        return None if rate is None else treatment_of(rate)


def treatment_of(rate: TaxRate) -> TaxTreatment:
    """Return how a rate taxes."""
    reason = None if rate.rate else rate.reason or ZERO
    return TaxTreatment(name=rate.name, rate=rate.rate, reason=reason)
