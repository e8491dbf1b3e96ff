"""The rate that the shop has for the destination."""

from shop.domain.pricing.places import Destination
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.pricing.taxes.tax_rule import Sale, TaxRule, TaxTreatment
from shop.domain.pricing.taxes.vat_territory import is_excluded_part, vat_country_of

ZERO = "zero"
"""The reason of a rate of 0 without one of its own."""


class ConfiguredRate(TaxRule):
    """Taxes a sale by the most precise rate of its destination.

    The rate of a whole country is not for the parts of it outside its VAT territory. It is for
    Monaco, if the country is France.
    """

    def treat(self, category: str, sale: Sale) -> TaxTreatment | None:
        """Find the rate."""
        rate = find_rate(category, sale.destination, sale)
        return None if rate is None else treatment_of(rate)


def find_rate(category: str, place: Destination, sale: Sale) -> TaxRate | None:
    """Return the rate of a place, or of the country in whose VAT territory it is."""
    only_parts = is_excluded_part(place)
    rate = sale.table.find(category, place, sale.at, only_parts=only_parts)
    if rate is None and (country := vat_country_of(place.country)) != place.country:
        rate = sale.table.find(category, Destination(country=country), sale.at)
    return rate


def treatment_of(rate: TaxRate) -> TaxTreatment:
    """Return how a rate taxes."""
    reason = None if rate.rate else rate.reason or ZERO
    return TaxTreatment(name=rate.name, rate=rate.rate, reason=reason)
