"""The seller's own rate, for small sales to other countries of the European Union."""

from shop.domain.pricing.taxes.configured_rate import find_rate, treatment_of
from shop.domain.pricing.taxes.tax_rule import Sale, TaxRule, TaxTreatment


class HomeRate(TaxRule):
    """Taxes a sale like one at home if the shop has no rate for the destination.

    Directive 2006/112/EC, article 59c: up to 10,000 euros a year, tax is due where the seller is. A
    shop above that has the rates of all countries (`shop seed --tax eu`).
    """

    def treat(self, category: str, sale: Sale) -> TaxTreatment | None:
        """Find the rate of the seller's country."""
        rate = find_rate(category, sale.home, sale)
        return None if rate is None else treatment_of(rate)
