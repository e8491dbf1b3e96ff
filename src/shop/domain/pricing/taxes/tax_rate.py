"""Rates of tax: for a category of goods, in an area, for a time."""

from datetime import datetime

from shop.domain.pricing.percentages import require_percentage
from shop.domain.pricing.places import Area
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.tax_category import require_no_shipping_tax
from shop.domain.shared.value import value


@value
class TaxRate:
    """A rate in thousandths of a per cent, for a category of goods in an area.

    It is valid from `valid_from` until just before `valid_until`. `reason` says why nothing is
    taxed; a rate above 0 has none.
    """

    slug: str
    name: str
    category: str
    area: Area
    rate: int
    valid_from: datetime | None
    valid_until: datetime | None
    reason: str | None

    def __post_init__(self) -> None:
        require_percentage(self.rate, "rate")
        require_no_shipping_tax(self.category, "category")
        if self.rate and self.reason is not None:
            raise InvalidValue(field="reason", rule="must be omitted unless the rate is 0")
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise InvalidValue(field="valid_until", rule="must be later than valid_from")

    def is_valid_at(self, at: datetime) -> bool:
        """Check whether the rate applies at a time."""
        is_begun = self.valid_from is None or self.valid_from <= at
        return is_begun and (self.valid_until is None or at < self.valid_until)

    def overlaps(self, other: "TaxRate") -> bool:
        """Check whether both could apply to one sale, and neither is more precise."""
        return (
            self.category == other.category
            and _begins_before_end(self, other)
            and _begins_before_end(other, self)
            and self.area.overlaps(other.area)
        )


def _begins_before_end(one: TaxRate, other: TaxRate) -> bool:
    return one.valid_from is None or other.valid_until is None or one.valid_from < other.valid_until
