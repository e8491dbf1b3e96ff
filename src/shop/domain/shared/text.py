"""Checks of text written by people: any script, but no characters that no one sees."""

import re

from shop.domain.shared.card_numbers import MIN_DIGITS, contains_card_number
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.hidden_characters import (
    describe_character,
    find_hidden_character,
    has_visible_character,
    is_plain,
)

_BEYOND_ASCII = r"\x7f-\x9f\u2028\u2029\ud800-\udfff"
_CONTROL = re.compile(rf"[\x00-\x1f{_BEYOND_ASCII}]")
"""Control characters, lone surrogates, line and paragraph separators (Unicode, table 4-4).

As a pattern, because each product that is read is checked; these categories never grow.
"""

_CONTROL_WITHIN_LINES = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f{_BEYOND_ASCII}]")
"""The same without tabs, line feeds and carriage returns."""

MAX_BARCODE_DIGITS = 15
"""GTINs have 8 to 14 digits, serial numbers of telephones 15; they can look like card numbers."""


def is_single_line(text: str) -> bool:
    """Check for one line without control characters that is not just spaces."""
    return not text.isspace() and (is_plain(text) or _CONTROL.search(text) is None)


def is_multiline_text(text: str) -> bool:
    """Check that line breaks and tabs are the only control characters."""
    return is_plain(text) or _CONTROL_WITHIN_LINES.search(text) is None


def require_text(
    text: str, field: str, *, is_multiline: bool = False, is_about_goods: bool = False
) -> None:
    """Check a new text that people read; raise `InvalidValue` that names the character.

    Stored texts are not checked again, because earlier releases accepted more.
    """
    if hidden := find_hidden_character(text, is_multiline=is_multiline):
        raise InvalidValue(field=field, rule=f"must not contain {describe_character(hidden)}")
    if text and not is_multiline and not has_visible_character(text):
        raise InvalidValue(field=field, rule="must have a visible character")
    min_digits = MAX_BARCODE_DIGITS + 1 if is_about_goods else MIN_DIGITS
    if contains_card_number(text, min_digits):
        raise InvalidValue(field=field, rule="must not contain a card number")
