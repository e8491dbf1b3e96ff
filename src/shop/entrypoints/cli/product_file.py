"""Files of products: comma-separated values, read a row at a time."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shop.application.intake import StockedProduct
from shop.domain.errors import RuleBroken
from shop.domain.money import Currency, Money

REQUIRED = ("sku", "name", "description", "price", "stock")
OPTIONAL = ("active", "image_url")

MAX_DIGITS = 15

_WHOLE_NUMBER = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}")
_ANSWERS = {"": True, "true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


_SOUND_ROW = {"sku": "A", "name": "A", "description": "", "price": "1", "stock": "0"}
"""A row that breaks no rule, in whose place each cell of another can be tried by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a row says, or every rule that it breaks; lines count from 1, the header's."""

    line: int
    content: StockedProduct | Sequence[RuleBroken]


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
        yield Row(line=line, content=[RuleBroken(field="row", rule=str(error))])
    except RuleBroken as broken:
        yield Row(line=line, content=[broken])


def _require_columns(header: Sequence[str]) -> None:
    if len(header) == 1 and ";" in header[0]:
        raise RuleBroken(field="header", rule="columns are separated by ',' here, not by ';'")
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
) -> StockedProduct | Sequence[RuleBroken]:
    if len(cells) != len(header):
        rule = f"{len(header)} columns are named and {len(cells)} are there"
        return [RuleBroken(field="row", rule=rule)]
    if not _is_decoded(cells):
        return [RuleBroken(field="row", rule="it is not UTF-8")]
    row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    try:
        return _product(row, currency)
    except RuleBroken:
        return list(_faults(row, currency))


def _faults(row: Mapping[str, str], currency: Currency) -> Iterator[RuleBroken]:
    for name, cell in row.items():
        try:
            _product({**_SOUND_ROW, name: cell}, currency)
        except RuleBroken as broken:
            yield broken


def _product(row: Mapping[str, str], currency: Currency) -> StockedProduct:
    return StockedProduct(
        sku=row["sku"],
        name=row["name"],
        description=row["description"],
        price=Money(amount=_number(row, "price"), currency=currency),
        active=_answer(row),
        image_url=row.get("image_url") or None,
        on_hand=_number(row, "stock"),
        unsaid=frozenset(OPTIONAL) - row.keys(),
    )


def _is_decoded(cells: Iterable[str]) -> bool:
    return not any("\ud800" <= each <= "\udfff" for cell in cells for each in cell)


def _number(row: Mapping[str, str], name: str) -> int:
    text = row[name]
    if not _WHOLE_NUMBER.fullmatch(text):
        rule = f"it is a whole number of at most {MAX_DIGITS} digits, such as 1990"
        raise RuleBroken(field=name, rule=rule)
    return int(text)


def _answer(row: Mapping[str, str]) -> bool:
    answer = _ANSWERS.get(row.get("active", "").lower())
    if answer is None:
        raise RuleBroken(field="active", rule="it is true or false")
    return answer
