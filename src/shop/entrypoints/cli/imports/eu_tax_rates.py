"""The VAT rates of the European Union, from a package that is published every day."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shop.application.pricing.tax_rate_seed import PublishedRates
from shop.domain.pricing.places import Area
from shop.domain.pricing.taxes.tax_rate import TaxRate

_OF_PARTS: Mapping[str, frozenset[str]] = {
    "AT": frozenset({"19.0"}),  # Jungholz and Mittelberg.
    "FR": frozenset({"0.9", "1.05", "8.5", "13.0"}),  # Corsica and overseas.
    "GR": frozenset({"4.0", "17.0"}),  # Some islands.
    "PT": frozenset({"16.0", "22.0"}),  # The Azores and Madeira.
}
"""Rates of parts of a member, which the package has among those of the whole."""

_THOUSAND = 1_000


def eu_tax_rates() -> PublishedRates:
    """Return the rates of all members: standard, reduced and super-reduced ones."""
    # Only this command waits for its import.
    import eu_vat_rates_data as published  # noqa: PLC0415

    members = {
        country: rates for country, rates in published.get_all_rates().items() if rates["eu_member"]
    }
    return PublishedRates(
        rates=[
            _tax_rate(country, rates["vat_abbr"], category, rate)
            for country, rates in sorted(members.items())
            for category, rate in _categories(country, rates)
        ],
        at=datetime.fromisoformat(published.data_version).replace(tzinfo=UTC),
    )


def _categories(country: str, rates: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Yield the rates of a member; the highest reduced one is `reduced`, the next `reduced-2`."""
    of_parts = _OF_PARTS.get(country, frozenset())
    reduced = sorted(
        {Decimal(str(rate)) for rate in rates["reduced"] if str(rate) not in of_parts},
        reverse=True,
    )
    yield "standard", Decimal(str(rates["standard"]))
    for number, rate in enumerate(reduced, start=1):
        yield "reduced" if number == 1 else f"reduced-{number}", rate
    lowest = rates["super_reduced"]
    if lowest is not None and str(lowest) not in of_parts:
        rate = Decimal(str(lowest))
        # The package repeats the lowest reduced rate of some members here.
        if not reduced or rate < reduced[-1]:
            yield "super-reduced", rate


def _tax_rate(country: str, abbreviation: str, category: str, rate: Decimal) -> TaxRate:
    return TaxRate(
        slug=f"eu-{country.lower()}-{category}",
        name=f"VAT {rate.normalize():f} % ({abbreviation})",
        category=category,
        area=Area(countries=frozenset({country})),
        rate=int(rate * _THOUSAND),
        valid_from=None,
        valid_until=None,
        reason=None,
    )
