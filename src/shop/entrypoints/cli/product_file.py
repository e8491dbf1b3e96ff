"""Files of products: comma-separated values, read a row at a time."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shop.application.intake import StockedProduct
from shop.domain.errors import RuleBroken
from shop.domain.money import Currency, Money

REQUIRED = ("sku", "name", "description", "price", "stock")
OPTIONAL = ("active", "image_url")

MAX_DIGITS = 15

_ANSWERS = {"": True, "true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a row says, or the rule that it breaks; lines count from 1, the header's."""

    line: int
    content: StockedProduct | RuleBroken


def read_products(file: Path, currency: Currency) -> Iterator[Row]:
    """Read a file of products with prices in minor units of this currency.

    What cannot be decoded as UTF-8 makes its own row a bad one, no other.
    """
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        yield from _rows(lines, currency)


def _rows(lines: Iterable[str], currency: Currency) -> Iterator[Row]:
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        header = [name.strip() for name in next(reader, [])]
        _require_columns(header)
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                yield Row(line=line, content=_content(header, cells, currency))
            line = reader.line_num + 1
    except csv.Error as error:
        # Where a quotation does not end, nobody knows where the next row begins.
        yield Row(line=line, content=RuleBroken(field="row", rule=str(error)))
    except RuleBroken as broken:
        yield Row(line=line, content=broken)


def _require_columns(header: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in {*REQUIRED, *OPTIONAL}]
    if missing:
        raise RuleBroken(field="header", rule=f"it lacks {', '.join(missing)}")
    if unknown:
        raise RuleBroken(field="header", rule=f"nothing is known of {', '.join(unknown)}")
    if len(set(header)) < len(header):
        raise RuleBroken(field="header", rule="it names each column once")


def _content(
    header: Sequence[str], cells: Sequence[str], currency: Currency
) -> StockedProduct | RuleBroken:
    try:
        return _product(header, cells, currency)
    except RuleBroken as broken:
        return broken


def _product(header: Sequence[str], cells: Sequence[str], currency: Currency) -> StockedProduct:
    if len(cells) != len(header):
        rule = f"{len(header)} columns are named and {len(cells)} are there"
        raise RuleBroken(field="row", rule=rule)
    if not _is_decoded(cells):
        raise RuleBroken(field="row", rule="it is not UTF-8")
    row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    return StockedProduct(
        sku=row["sku"],
        name=row["name"],
        description=row["description"],
        price=Money(amount=_number(row, "price"), currency=currency),
        active=_answer(row),
        image_url=row.get("image_url") or None,
        on_hand=_number(row, "stock"),
        unsaid=frozenset(OPTIONAL) - set(header),
    )


def _is_decoded(cells: Iterable[str]) -> bool:
    return not any("\ud800" <= each <= "\udfff" for cell in cells for each in cell)


def _number(row: Mapping[str, str], name: str) -> int:
    text = row[name]
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise RuleBroken(field=name, rule="it is a whole number, such as 1990")
    return int(text)


def _answer(row: Mapping[str, str]) -> bool:
    answer = _ANSWERS.get(row.get("active", "").lower())
    if answer is None:
        raise RuleBroken(field="active", rule="it is true or false")
    return answer
