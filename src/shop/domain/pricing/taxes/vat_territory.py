"""The VAT territory of the European Union.

Directive 2006/112/EC, articles 5 to 7, and the protocol on Northern Ireland.
"""

from collections.abc import Mapping

from shop.domain.pricing.places import Destination
from shop.domain.pricing.postal_patterns import compact_postal_code

MEMBERS = frozenset(
    """
    AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK
    """.split()
)

NORTHERN_IRELAND = "XI"
"""The prefix of its VAT numbers; for goods it is in the territory (protocol, article 8)."""

_PARTS_OUTSIDE: Mapping[str, tuple[str, ...]] = {
    "DE": ("27498", "78266"),  # Heligoland, Büsingen.
    "ES": ("35", "38", "51", "52"),  # The Canary Islands, Ceuta, Melilla.
    "FI": ("22",),  # Åland.
    "FR": ("97", "986", "987", "988"),  # Overseas; Monaco is 98000.
    "GR": ("63086",),  # Mount Athos.
    "IT": ("22061", "23041"),  # Campione, Livigno.
}
"""The beginnings of the postal codes of parts of members that are outside."""

_TREATED_AS = {"IM": "GB", "MC": "FR"}
"""Countries that are in the VAT territory of another one (article 7)."""

_PREFIXES = {"EL": "GR"}
"""Prefixes of VAT numbers that are not the code of the country."""


def is_excluded_part(destination: Destination) -> bool:
    """Check for a part of a member that is outside the territory."""
    code = compact_postal_code(destination.postal_code or "")
    return code.startswith(_PARTS_OUTSIDE.get(destination.country, ()))


def vat_country_of(country: str) -> str:
    """Return the country whose VAT a country has: for Monaco France, for most itself."""
    return _TREATED_AS.get(country, country)


def member_of(destination: Destination) -> str | None:
    """Return the member whose VAT territory has the destination, None if none has."""
    country = vat_country_of(destination.country)
    if country == "GB":
        code = compact_postal_code(destination.postal_code or "")
        return NORTHERN_IRELAND if code.startswith("BT") else None
    return country if country in MEMBERS and not is_excluded_part(destination) else None


def member_of_prefix(prefix: str) -> str | None:
    """Return the member that gives out VAT numbers with a prefix."""
    country = _PREFIXES.get(prefix, prefix)
    return country if country in MEMBERS or country == NORTHERN_IRELAND else None
