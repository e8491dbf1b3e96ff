"""Places: where an order goes, and areas of countries, regions and postal codes."""

import re
from itertools import product

from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.value import value

COUNTRY_PATTERN = r"^[A-Z]{2}$"
POSTAL_CODE_PATTERN = r"^[A-Za-z0-9](?:[A-Za-z0-9 -]*[A-Za-z0-9])?\*?$"
"""A postal code, or with "*" all postal codes with this beginning."""

_COUNTRY = re.compile(COUNTRY_PATTERN.removesuffix("$"))
_POSTAL_CODE = re.compile(POSTAL_CODE_PATTERN.removesuffix("$"))
_ANY_REST = "*"


@value
class Destination:
    """The country of an address, with its region and postal code if they are known."""

    country: str
    region: str | None = None
    postal_code: str | None = None


@value
class Area:
    """Countries, or the parts of them with certain regions or postal codes.

    A postal code is complete or the beginning of others, such as "10*".
    """

    countries: frozenset[str]
    regions: frozenset[str] = frozenset()
    postal_codes: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.countries:
            raise InvalidValue(field="countries", rule="must name at least one country")
        if not all(map(_COUNTRY.fullmatch, self.countries)):
            raise InvalidValue(field="countries", rule='must be two capital letters such as "DE"')
        if not all(map(_POSTAL_CODE.fullmatch, self.postal_codes)):
            rule = 'must be postal codes or beginnings of them such as "10*"'
            raise InvalidValue(field="postal_codes", rule=rule)

    def contains(self, destination: Destination) -> bool:
        """Check whether a destination is in the area, by what is known of it."""
        if destination.country not in self.countries:
            return False
        if self.regions and not _is_in_regions(destination.region, self.regions):
            return False
        if not self.postal_codes:
            return True
        code = compact_postal_code(destination.postal_code or "")
        return bool(code) and any(_matches(pattern, code) for pattern in self.postal_codes)

    @property
    def precision(self) -> tuple[bool, bool]:
        """How precisely the area is described; the greater one is the more precise."""
        return bool(self.postal_codes), bool(self.regions)

    def overlaps(self, other: "Area") -> bool:
        """Check for a destination in both areas, if neither is the more precise one."""
        if self.precision != other.precision or self.countries.isdisjoint(other.countries):
            return False
        if self.regions and not _share_a_region(self.regions, other.regions):
            return False
        patterns = product(self.postal_codes, other.postal_codes)
        return not self.postal_codes or any(_match_both(*each) for each in patterns)


def compact_postal_code(text: str) -> str:
    """Return a postal code as it is compared: capitals, without spaces and hyphens."""
    return text.replace(" ", "").replace("-", "").upper()


def _is_in_regions(region: str | None, regions: frozenset[str]) -> bool:
    return region is not None and _share_a_region(frozenset({region}), regions)


def _share_a_region(some: frozenset[str], others: frozenset[str]) -> bool:
    return not {each.casefold() for each in some}.isdisjoint(each.casefold() for each in others)


def _matches(pattern: str, code: str) -> bool:
    beginning = _beginning(pattern)
    return code.startswith(beginning) if pattern.endswith(_ANY_REST) else code == beginning


def _match_both(mine: str, theirs: str) -> bool:
    """Check whether a postal code can match both patterns."""
    return _matches(mine, _beginning(theirs)) or _matches(theirs, _beginning(mine))


def _beginning(pattern: str) -> str:
    return compact_postal_code(pattern.removesuffix(_ANY_REST))
