"""Finds the true reason why a cell of an import file is invalid.

Nothing is guessed about money: a price that could mean two amounts is an error, with the reason.
"""

import re
import unicodedata
from reprlib import repr as shorten

from shop.domain.shared.hidden_characters import describe_character
from shop.domain.shared.money import Currency

_UNDECODED = re.compile("[\ud800-\udfff]")
_CONTROL_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters except tabs and line ends, and the separators of lines and paragraphs."""

_GROUPING = "[.,' \u00a0\u2019\u202f]"
_GROUPED = re.compile(rf"-?[0-9]{{1,3}}(?:{_GROUPING}[0-9]{{3}})+")
_DECIMAL = re.compile(r"(-?[0-9]+)[.,]([0-9]{1,2})")
_GROUPED_DECIMAL = re.compile(rf"-?[0-9]{{1,3}}(?:{_GROUPING}[0-9]{{3}})+[.,][0-9]{{1,2}}")
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
_LONGEST_AMOUNT = 64
_CURRENCY_CODE = re.compile(r"[A-Z]{3}\b.*[0-9]|[0-9].*\b[A-Z]{3}")


def has_control_character(text: str) -> bool:
    """Check for a character that only faulty cells have."""
    return _CONTROL_CHARACTER.search(text) is not None


def text_fault(cell: str, *, is_cleaned: bool = False) -> str | None:
    """Return the rule that the characters of a cell break, if they break one.

    A cell that is cleaned loses its control characters, except NUL, which no text has.
    """
    if _UNDECODED.search(cell):
        windows = cell.encode(errors="surrogateescape").decode("cp1252", errors="replace")
        return (
            f"must be text in UTF-8; in Windows-1252 it would be {shorten(windows)}: save the file "
            'as "CSV UTF-8"'
        )
    if (found := _CONTROL_CHARACTER.search(cell)) and (not is_cleaned or "\0" in cell):
        return f"must not contain {describe_character(found[0])}"
    return None


def windows_fault(cell: str) -> str | None:
    """Return the rule that a cell of a file in Windows-1252 breaks, if it is in UTF-8."""
    if cell.isascii():
        return None
    try:
        text = cell.encode("cp1252").decode()
    except UnicodeError:
        return None
    return (
        f"must be text in Windows-1252 like the rest of the file, not {shorten(text)} in UTF-8: "
        'save the whole file as "CSV UTF-8"'
    )


def price_hint(cell: str, currency: Currency) -> str:
    """Return what is wrong with a price in minor units, or nothing if that is plain."""
    if (decimal := _DECIMAL.fullmatch(cell)) and len(cell) <= _LONGEST_AMOUNT:
        whole, fraction = decimal.groups()
        if currency.decimals == 2:  # noqa: PLR2004  The fraction has one or two digits.
            return f"; write {int(whole + fraction.ljust(2, '0'))} for {cell}"
        return "; write it without decimals"
    if _GROUPED.fullmatch(cell):
        return (
            "; it is ambiguous, because the separator can mark thousands or decimals: write the "
            "minor units in digits alone"
        )
    if _GROUPED_DECIMAL.fullmatch(cell):
        return "; write it without separators and decimals"
    if any(unicodedata.category(each) == "Sc" for each in cell) or _CURRENCY_CODE.search(
        cell[:_LONGEST_AMOUNT]
    ):
        return "; write it without a currency"
    return notation_hint(cell)


def quantity_hint(cell: str) -> str:
    """Return what is wrong with a quantity, or nothing if that is plain."""
    if _GROUPED.fullmatch(cell):
        return "; write it without separators, because they could be decimals"
    if _DECIMAL.fullmatch(cell) or _GROUPED_DECIMAL.fullmatch(cell):
        return "; write it without decimals"
    return notation_hint(cell)


def notation_hint(cell: str) -> str:
    """Return what is wrong with a number in scientific notation, or nothing."""
    if _SCIENTIFIC.fullmatch(cell):
        return "; digits are lost in this notation: format the column as a whole number"
    return ""
