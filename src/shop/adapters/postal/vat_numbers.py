"""Checks the form of VAT numbers, without asking whether they are registered."""

import re
from functools import cache

from shop.domain.address import MAX_MEMBER_CHARACTERS

_NUMBER = re.compile(r"[0-9A-Z+*]{2,30}")
_SEPARATORS = re.compile(r"[ \-./]")

_GREECE, _PREFIX_OF_GREECE = "GR", "EL"
_UNITED_KINGDOM = "GB"


def normalise_vat_number(text: str, country: str) -> str | None:
    """Return a VAT number with the prefix of its country; None if no number has this form.

    One that begins with the prefix of a European country is of that country, any other one of the
    address's; Northern Ireland's is XI. Forms of other countries are not known: their numbers
    always get a prefix, or one of Mexico could look like one of Spain.
    """
    number = _SEPARATORS.sub("", text.upper())
    if not _NUMBER.fullmatch(number):
        return None
    number = _with_prefix_of_greece(number)
    own = _with_prefix_of_greece(country)
    for candidate in (number, own + number):
        if candidate[:2] in _known_prefixes() and (valid := _validated(candidate)):
            return valid
    if own in _known_prefixes():
        return None
    prefixed = number if number.startswith(own) else own + number
    return prefixed if len(prefixed) <= MAX_MEMBER_CHARACTERS["vat_number"] else None


def _with_prefix_of_greece(number: str) -> str:
    rest = number.removeprefix(_GREECE)
    return number if rest == number else _PREFIX_OF_GREECE + rest


@cache
def _known_prefixes() -> frozenset[str]:
    from stdnum.eu.vat import MEMBER_STATES  # noqa: PLC0415  On demand (decision 30).

    states = {each.upper() for each in MEMBER_STATES}
    return frozenset((states - {_GREECE}) | {_PREFIX_OF_GREECE, _UNITED_KINGDOM})


def _validated(number: str) -> str | None:
    from stdnum.eu import vat as european  # noqa: PLC0415  On demand (decision 30).
    from stdnum.exceptions import ValidationError  # noqa: PLC0415
    from stdnum.gb import vat as british  # noqa: PLC0415

    try:
        if number.startswith(_UNITED_KINGDOM):
            return _UNITED_KINGDOM + british.validate(number)
        return european.validate(number)
    except ValidationError:
        return None
