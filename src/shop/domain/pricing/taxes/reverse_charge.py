"""Reverse charge: a business in another member of the Union pays the tax itself."""

from shop.domain.pricing.taxes.tax_rule import Sale, TaxRule, TaxTreatment

REVERSE_CHARGE = TaxTreatment(name="Reverse charge", rate=0, reason="reverse-charge")


class ReverseCharge(TaxRule):
    """Taxes nothing if destination and VAT number are of members other than the seller's.

    Directive 2006/112/EC, articles 138 and 196.
    """

    def treat(self, category: str, sale: Sale) -> TaxTreatment | None:
        """Compare the members of buyer, seller and destination."""
        del category
        buyer = sale.buyer_member
        if buyer is None:  # Most are consumers.
            return None
        seller, destination = sale.seller_member, sale.destination_member
        if seller is None or destination is None or seller in (buyer, destination):
            return None
        return REVERSE_CHARGE
