"""How a sale is taxed; each kind of tax rule is a module of this package."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Self

from shop.domain.pricing.places import Destination
from shop.domain.pricing.taxes.tax_table import TaxTable
from shop.domain.pricing.taxes.vat_territory import is_excluded_part, member_of, member_of_prefix
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

    The members are those of the European Union whose VAT territory has the seller, the destination,
    and the buyer's VAT number. `is_in_excluded_part` says that the destination's country is a
    member, and this part of it is outside.
    """

    home: Destination
    destination: Destination
    seller_member: str | None
    destination_member: str | None
    buyer_member: str | None
    is_in_excluded_part: bool
    at: datetime
    table: TaxTable

    @classmethod
    def of(
        cls,
        *,
        home: Destination,
        destination: Destination,
        vat_country: str | None,
        at: datetime,
        table: TaxTable,
    ) -> Self:
        """Find the members; `vat_country` is the prefix of a well-formed VAT number."""
        return cls(
            home=home,
            destination=destination,
            seller_member=member_of(home),
            destination_member=member_of(destination),
            buyer_member=None if vat_country is None else member_of_prefix(vat_country),
            is_in_excluded_part=is_excluded_part(destination),
            at=at,
            table=table,
        )


class TaxRule(ABC):
    """One kind of reason for a rate."""

    @abstractmethod
    def treat(self, category: str, sale: Sale) -> TaxTreatment | None:
        """Return how goods of a category are taxed; None leaves it to the next rule."""
