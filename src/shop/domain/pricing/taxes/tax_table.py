"""The rates of a shop, by category and country."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Self

from shop.domain.pricing.places import Destination
from shop.domain.pricing.taxes.overlaps import find_overlap
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.value import value


@value
class TaxTable:
    """Rates that do not overlap: of those that apply, one is the most precise."""

    rates: Mapping[tuple[str, str], tuple[TaxRate, ...]]

    @classmethod
    def of(cls, rates: Iterable[TaxRate]) -> Self:
        """Arrange rates; raise `InvalidValue` if two of them overlap."""
        rates = list(rates)
        if (found := find_overlap(rates)) is not None:
            other, rate = found
            rule = f"must not overlap with {other.slug}"
            raise InvalidValue(field=f"tax_rates/{rate.slug}", rule=rule)
        arranged: dict[tuple[str, str], list[TaxRate]] = {}
        for rate in rates:
            for country in rate.area.countries:
                arranged.setdefault((rate.category, country), []).append(rate)
        return cls(rates={key: tuple(each) for key, each in arranged.items()})

    @property
    def is_empty(self) -> bool:
        """Whether the shop has no rates: it does not deal with tax."""
        return not self.rates

    def find(
        self, category: str, destination: Destination, at: datetime, *, only_parts: bool = False
    ) -> TaxRate | None:
        """Return the most precise rate; with `only_parts`, none of a whole country."""
        found = [
            rate
            for rate in self.rates.get((category, destination.country), ())
            if rate.is_valid_at(at) and rate.area.contains(destination)
        ]
        if only_parts:
            found = [rate for rate in found if any(rate.area.precision)]
        return max(found, key=lambda rate: rate.area.precision, default=None)
