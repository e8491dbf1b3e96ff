"""Places: where an order goes, and areas of countries, regions and postal codes."""

from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.value import value

ANY_REST = "*"
"""Ends a pattern that stands for all postal codes with this beginning."""


@value
class Destination:
    """The country, region and postal code of an address, as far as they are known."""

    country: str
    region: str | None = None
    postal_code: str | None = None


@value
class Area:
    """Countries, or parts of them; without regions or postal codes, every one of them.

    A postal code is complete or the beginning of others, such as "10*".
    """

    countries: frozenset[str]
    regions: frozenset[str] = frozenset()
    postal_codes: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.countries:
            raise InvalidValue(field="countries", rule="must name at least one country")

    def contains(self, destination: Destination) -> bool:
        """Check whether a destination is in the area; an unknown part of it never is."""
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
        """Check whether a destination can be in both, and neither is the more precise one."""
        return (
            self.precision == other.precision
            and not self.countries.isdisjoint(other.countries)
            and (not self.regions or _share_a_region(self.regions, other.regions))
            and (
                not self.postal_codes
                or any(
                    _match_both(mine, theirs)
                    for mine in self.postal_codes
                    for theirs in other.postal_codes
                )
            )
        )


def compact_postal_code(text: str) -> str:
    """Return a postal code as it is compared: capitals, without spaces and hyphens."""
    return text.replace(" ", "").replace("-", "").upper()


def _is_in_regions(region: str | None, regions: frozenset[str]) -> bool:
    return region is not None and _share_a_region(frozenset({region}), regions)


def _share_a_region(some: frozenset[str], others: frozenset[str]) -> bool:
    return not {each.casefold() for each in some}.isdisjoint(each.casefold() for each in others)


def _matches(pattern: str, code: str) -> bool:
    beginning = _beginning(pattern)
    return code.startswith(beginning) if pattern.endswith(ANY_REST) else code == beginning


def _match_both(mine: str, theirs: str) -> bool:
    """Check whether a postal code can match both patterns."""
    return _matches(mine, _beginning(theirs)) or _matches(theirs, _beginning(mine))


def _beginning(pattern: str) -> str:
    return compact_postal_code(pattern.removesuffix(ANY_REST))
