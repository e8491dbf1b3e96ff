"""How a sale is taxed; each kind of tax rule is a module of this package."""

from abc import ABC, abstractmethod
from datetime import datetime

from shop.domain.pricing.places import Destination
from shop.domain.pricing.taxes.tax_table import TaxTable
from shop.domain.pricing.taxes.vat_territory import member_of, member_of_prefix
from shop.domain.shared.value import value


@value
class TaxTreatment:
    """What a sale is taxed, and why it is not if the rate is 0."""

    name: str
    rate: int
    reason: str | None


@value
class Sale:
    """What decides on the tax of a sale besides the category of the goods.

    `home` is where the seller is. `vat_country` is the prefix of the buyer's well-formed VAT
    number. Members are those of the European Union, by their VAT territory.
    """

    home: Destination
    destination: Destination
    vat_country: str | None
    at: datetime
    table: TaxTable

    @property
    def seller_member(self) -> str | None:
        """The member that the seller is in."""
        return member_of(self.home)

    @property
    def destination_member(self) -> str | None:
        """The member that the destination is in."""
        return member_of(self.destination)

    @property
    def buyer_member(self) -> str | None:
        """The member that has given out the buyer's VAT number."""
        return None if self.vat_country is None else member_of_prefix(self.vat_country)


class TaxRule(ABC):
    """One kind of reason for a rate."""

    @abstractmethod
    def treat(self, category: str, sale: Sale) -> TaxTreatment | None:
        """Return how goods of a category are taxed; None leaves it to the next rule."""
