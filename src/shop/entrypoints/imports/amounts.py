"""Reads amounts as people and other shops write them: "19.90", "19,90", "1.234,56".

Nothing is guessed about money: an amount that could mean two is an error, with the reason.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from shop.domain.shared.money import Currency
from shop.entrypoints.imports.cell_faults import notation_hint

MAX_DIGITS = 15

_SPACES = re.compile("[\u00a0\u202f]")
_GROUP = "[.,' \u2019]"
_PLAIN = re.compile(rf"(-?)([0-9]{{1,{MAX_DIGITS}}})(?:[.,]([0-9]{{1,{MAX_DIGITS}}}))?")
_GROUPED = re.compile(
    # The separator of the groups is the same everywhere, and the decimal separator another one.
    rf"(-?)([0-9]{{1,3}}(?P<group>{_GROUP})[0-9]{{3}}(?:(?P=group)[0-9]{{3}}){{0,3}})"
    r"(?:(?!(?P=group))[.,]([0-9]{1,4}))?"
)
_GRAMS = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "lbs": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}
"""Units of weight that other shops use (international avoirdupois)."""


class InvalidCell(Exception):
    """A cell breaks a rule, which completes the sentence "<column> …"."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def read_amount(cell: str, currency: Currency) -> int:
    """Return the minor units of an amount; raise `InvalidCell` if it is none, or could be two."""
    text = _SPACES.sub(" ", cell)
    decimals = currency.decimals
    if plain := _PLAIN.fullmatch(text):
        sign, whole, fraction = plain.group(1, 2, 3)
        if _could_be_thousands(whole, fraction, decimals):
            separator = text[len(sign) + len(whole)]
            raise InvalidCell(
                f"must be an amount, not {cell!r}; it is ambiguous, because {separator!r} can mark "
                f"thousands or decimals: write {whole}{fraction} for thousands, else at most "
                f"{decimals} decimals"
            )
    elif grouped := _GROUPED.fullmatch(text):
        sign, whole, fraction = grouped.group(1, 2, 4)
        if fraction is None and len(whole) <= len("123.456"):
            raise InvalidCell(
                f"must be an amount, not {cell!r}; it is ambiguous, because the separator can mark "
                "thousands or decimals: write it without"
            )
        whole = re.sub("[^0-9]", "", whole)
    else:
        raise InvalidCell(f"must be an amount such as {_example(currency)}, not {_cut(cell)}")
    return (-1 if sign else 1) * _minor_units(whole, fraction or "", currency, cell)


@lru_cache(maxsize=1024)
def read_grams(cell: str, unit: str) -> int:
    """Return the grams of a weight, rounded half up; raise `InvalidCell` if it is none.

    The rows of a file have few different weights.
    """
    plain = _PLAIN.fullmatch(cell)
    if plain is None or plain[1]:
        hint = notation_hint(cell)
        raise InvalidCell(f"must be a weight in {unit}, such as 0.25, not {_cut(cell)}{hint}")
    weight = Decimal(f"{plain[2]}.{plain[3] or 0}") * _GRAMS[unit]
    return int(weight.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _could_be_thousands(whole: str, fraction: str | None, decimals: int) -> bool:
    """Check for three digits that a currency has no place for, after what could be a group."""
    thousand = 3
    return (
        fraction is not None
        and len(fraction) == thousand
        and decimals != thousand
        and len(whole) <= thousand
        and not whole.startswith("0")
    )


def _minor_units(whole: str, fraction: str, currency: Currency, cell: str) -> int:
    decimals = currency.decimals
    if fraction[decimals:].strip("0"):
        raise InvalidCell(f"must have at most {decimals} decimals in {currency}, not {_cut(cell)}")
    return int(whole + fraction[:decimals].ljust(decimals, "0"))


def _example(currency: Currency) -> str:
    return format(Decimal(1990).scaleb(-currency.decimals), "f")


def _cut(cell: str) -> str:
    longest = 30
    return repr(cell if len(cell) <= longest else f"{cell[:longest]}...")
