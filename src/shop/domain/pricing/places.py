"""Places: where an order goes, and areas of countries, regions and postal codes."""

import re
from dataclasses import field

from shop.domain.pricing.postal_patterns import PostalPatterns, compact_postal_code
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.value import value

COUNTRY_PATTERN = r"^[A-Z]{2}$"
POSTAL_CODE_PATTERN = r"^[A-Za-z0-9](?:[A-Za-z0-9 -]*[A-Za-z0-9])?\*?$"
"""A postal code, or with "*" all postal codes with this beginning."""

_COUNTRY = re.compile(COUNTRY_PATTERN.removesuffix("$"))
_POSTAL_CODE = re.compile(POSTAL_CODE_PATTERN.removesuffix("$"))


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
    # As they are compared: a quote asks of every area whether its destination is there.
    caseless_regions: frozenset[str] = field(init=False, repr=False, compare=False)
    patterns: PostalPatterns = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.countries:
            raise InvalidValue(field="countries", rule="must name at least one country")
        if not all(map(_COUNTRY.fullmatch, self.countries)):
            raise InvalidValue(field="countries", rule='must be two capital letters such as "DE"')
        if not all(map(_POSTAL_CODE.fullmatch, self.postal_codes)):
            rule = 'must be postal codes or beginnings of them such as "10*"'
            raise InvalidValue(field="postal_codes", rule=rule)
        # The type checker rejects an assignment to a field.
        regions = frozenset(map(str.casefold, self.regions))
        object.__setattr__(self, "caseless_regions", regions)
        object.__setattr__(self, "patterns", PostalPatterns.of(self.postal_codes))

    def contains(self, destination: Destination) -> bool:
        """Check whether a destination is in the area, by what is known of it."""
        if destination.country not in self.countries:
            return False
        if self.regions and (destination.region or "").casefold() not in self.caseless_regions:
            return False
        if not self.postal_codes:
            return True
        code = compact_postal_code(destination.postal_code or "")
        return bool(code) and self.patterns.match(code)

    @property
    def precision(self) -> tuple[bool, bool]:
        """How precisely the area is described; the greater one is the more precise."""
        return bool(self.postal_codes), bool(self.regions)

    def overlaps(self, other: "Area") -> bool:
        """Check for a destination in both areas, if neither is the more precise one."""
        if self.precision != other.precision or self.countries.isdisjoint(other.countries):
            return False
        if self.regions and self.caseless_regions.isdisjoint(other.caseless_regions):
            return False
        return not self.postal_codes or self.patterns.overlap(other.patterns)
