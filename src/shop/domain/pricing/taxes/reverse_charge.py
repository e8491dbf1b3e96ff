"""Reverse charge: a business in another country of the European Union pays the tax itself."""

from shop.domain.pricing.taxes.tax_rule import Sale, TaxRule, TaxTreatment

REVERSE_CHARGE = TaxTreatment(name="Reverse charge", rate=0, reason="reverse-charge")


class ReverseCharge(TaxRule):
    """Taxes nothing if the destination and the VAT number are of members other than the seller's.

    Directive 2006/112/EC, articles 138 and 196.
    """

    def treat(self, category: str, sale: Sale) -> TaxTreatment | None:
        """Compare the members of seller, destination and VAT number."""
        del category
        seller, others = sale.seller_member, (sale.destination_member, sale.buyer_member)
        if seller is None or None in others or seller in others:
            return None
        return REVERSE_CHARGE
