"""Export: goods that leave the seller's tax territory are not taxed there."""

from shop.domain.pricing.taxes.tax_rule import Sale, TaxRule, TaxTreatment

EXPORT = TaxTreatment(name="Export", rate=0, reason="export")


class Export(TaxRule):
    """Taxes nothing outside the Union, or outside the country of a seller elsewhere.

    Directive 2006/112/EC, article 146.
    """

    def treat(self, category: str, sale: Sale) -> TaxTreatment | None:
        """Compare the territories of seller and destination."""
        del category
        if sale.seller_member is None:
            return EXPORT if sale.destination.country != sale.home.country else None
        return EXPORT if sale.destination_member is None else None
