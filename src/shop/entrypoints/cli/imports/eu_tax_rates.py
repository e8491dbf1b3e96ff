"""The VAT rates of the European Union, from a package that is published every day."""

from collections.abc import Iterator, Mapping, Sequence
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

_PARTS: Sequence[tuple[str, str, str, frozenset[str]]] = (
    ("at-jungholz-mittelberg", "AT", "19.0", frozenset({"6691", "6991", "6992", "6993"})),
    ("pt-azores", "PT", "16.0", frozenset({"95*", "96*", "97*", "98*", "99*"})),
    ("pt-madeira", "PT", "22.0", frozenset({"90*", "91*", "92*", "93*", "94*"})),
)
"""Parts whose standard rate is among those of the whole, with their postal codes.

Their reduced rates are not in the package.
"""

_NORTHERN_IRELAND = "XI"
_OF_NORTHERN_IRELAND = Area(countries=frozenset({"GB"}), postal_codes=frozenset({"BT*"}))
"""For goods it is in the VAT territory of the Union, at the rates of the United Kingdom."""

_THOUSAND = 1_000


def eu_tax_rates() -> PublishedRates:
    """Return the rates of all members and of Northern Ireland, and standard rates of parts."""
    # Only this command waits for its import.
    import eu_vat_rates_data as published  # noqa: PLC0415

    found = published.get_all_rates()
    areas = {
        country: Area(countries=frozenset({country}))
        for country, rates in sorted(found.items())
        if rates["eu_member"]
    } | {_NORTHERN_IRELAND: _OF_NORTHERN_IRELAND}
    of_wholes = [
        _tax_rate(country, found[country]["vat_abbr"], category, rate, area)
        for country, area in areas.items()
        for category, rate in _categories(country, found[country])
    ]
    of_parts = [
        _tax_rate(
            part,
            found[country]["vat_abbr"],
            "standard",
            Decimal(rate),
            Area(countries=frozenset({country}), postal_codes=postal_codes),
        )
        for part, country, rate, postal_codes in _PARTS
        # Without it, the part may have another rate now.
        if float(rate) in found[country]["reduced"]
    ]
    return PublishedRates(
        rates=[*of_wholes, *of_parts],
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


def _tax_rate(part: str, abbreviation: str, category: str, rate: Decimal, area: Area) -> TaxRate:
    return TaxRate(
        slug=f"eu-{part.lower()}-{category}",
        name=f"VAT {rate.normalize():f} % ({abbreviation})",
        category=category,
        area=area,
        rate=int(rate * _THOUSAND),
        valid_from=None,
        valid_until=None,
        reason=None,
    )
