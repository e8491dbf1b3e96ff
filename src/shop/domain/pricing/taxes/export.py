"""Export: goods that leave the seller's tax territory are not taxed there."""

from shop.domain.pricing.taxes.tax_rule import Sale, TaxRule, TaxTreatment
from shop.domain.pricing.taxes.vat_territory import vat_country_of

EXPORT = TaxTreatment(name="Export", rate=0, reason="export")


class Export(TaxRule):
    """Taxes nothing outside the Union, or outside the country of a seller elsewhere.

    Directive 2006/112/EC, article 146.
    """

    def treat(self, category: str, sale: Sale) -> TaxTreatment | None:
        """Compare the territories of seller and destination."""
        del category
        if sale.seller_member is None:
            home, destination = sale.home.country, sale.destination.country
            return EXPORT if vat_country_of(home) != vat_country_of(destination) else None
        return EXPORT if sale.destination_member is None else None
