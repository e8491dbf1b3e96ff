"""Percentages in thousandths of a per cent: rates of tax, and discounts."""

import re

from shop.domain.pricing.arithmetic import divide_half_up
from shop.domain.shared.errors import InvalidValue

WHOLE = 100_000
"""100 %, in thousandths of a per cent."""

PERCENTAGE_PATTERN = r"^[0-9]{1,3}(?:\.[0-9]{1,3})?$"

_PERCENTAGE = re.compile(PERCENTAGE_PATTERN.removesuffix("$"))
_DECIMALS = 3


def parse_percentage(text: str, field: str) -> int:
    """Parse "19", "7.5" or "19.000"; raise `InvalidValue` unless it is 0 to 100."""
    if not _PERCENTAGE.fullmatch(text):
        raise InvalidValue(field=field, rule='must be per cent such as "19" or "7.125"')
    whole, _, decimals = text.partition(".")
    thousandths = int(whole + decimals.ljust(_DECIMALS, "0"))
    require_percentage(thousandths, field)
    return thousandths


def format_percentage(thousandths: int) -> str:
    """Return 19000 as "19.000"."""
    return f"{thousandths // 1000}.{thousandths % 1000:03}"


def require_percentage(thousandths: int, field: str, *, minimum: int = 0) -> None:
    """Raise `InvalidValue` unless a percentage is `minimum` to 100 %."""
    if not minimum <= thousandths <= WHOLE:
        rule = f"must be {format_percentage(minimum)} to {format_percentage(WHOLE)}"
        raise InvalidValue(field=field, rule=rule)


def percentage_of(amount: int, thousandths: int) -> int:
    """Return a percentage of an amount, rounded half up."""
    return divide_half_up(amount * thousandths, WHOLE)
