"""The number of an order, and how people write it."""

import re

_GAP = re.compile(r"[\s\u2010-\u2015\u2212-]+")
"""Spaces, hyphens, and the dashes that word processors put in the place of hyphens."""

_NUMBER = re.compile(r"([0-9A-Z]{4})([0-9A-Z]{4})([0-9A-Z]{4})")


def to_order_number(text: str) -> str:
    """Return the number that a text means: its case, hyphens and spaces are of no matter.

    A text that cannot be a number is returned in upper case.
    """
    upper = text.upper()
    match = _NUMBER.fullmatch(_GAP.sub("", upper))
    return "-".join(match.groups()) if match else upper
