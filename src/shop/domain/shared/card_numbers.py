"""Finds card numbers in texts, so that none is stored (PCI DSS 4.0, 3.3)."""

import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator

MIN_DIGITS = 13
MAX_DIGITS = 19
"""ISO/IEC 7812-1 allows up to 19 digits; the shortest cards in use have 13."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+(?:[ ._-]{1,3}[0-9]+)*")
_GROUP = re.compile(r"[0-9]+")


def contains_card_number(text: str, min_digits: int = MIN_DIGITS) -> bool:
    """Check for `min_digits` to 19 digits with a correct check digit, in one piece or in groups.

    The digits may be of any script. Groups are separated by spaces, dashes, dots or underscores.
    """
    # Few texts have as many digits, and those that have not need no more work.
    if sum(map(str.isdigit, text)) < min_digits:
        return False
    plain = "".join(map(_plain, unicodedata.normalize("NFKC", text)))
    return any(
        _has_valid_check_digit(digits)
        for number in _NUMBER.findall(_UUID.sub("", plain))
        for digits in joined_groups(each[0] for each in _GROUP.finditer(number))
        if len(digits) >= min_digits
    )


def joined_groups(groups: Iterable[str]) -> Iterator[str]:
    """Yield what neighbouring groups are together, up to the digits of the longest number.

    Each group is read once. Each has a digit at least, so a number has 19 groups at most.
    """
    recent: deque[str] = deque(maxlen=MAX_DIGITS)
    for group in groups:
        recent.append(group)
        digits = ""
        for each in reversed(recent):
            digits = each + digits
            if len(digits) > MAX_DIGITS:
                break
            yield digits


def _plain(character: str) -> str:
    """Return digits as ASCII, dashes as "-" and spaces as " "."""
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    if character.isspace():
        return " "
    # What cannot be seen does not separate digits.
    return "" if category in {"Cf", "Cc", "Mn"} else character


def _has_valid_check_digit(digits: str) -> bool:
    """Check the last digit by Luhn's algorithm (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + position % 2)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004  The sum of two digits.
    return total % 10 == 0
