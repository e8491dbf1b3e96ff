"""Files of products: comma-separated values, read a row at a time."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shop.application.catalogue.bulk_import import ProductRow
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Currency, Money

REQUIRED = ("sku", "name", "description", "price", "stock")
OPTIONAL = ("active", "image_url")

MAX_DIGITS = 15

_WHOLE_NUMBER = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}")
_BOOLEANS = {
    "": True,
    "true": True,
    "yes": True,
    "1": True,
    "false": False,
    "no": False,
    "0": False,
}


_VALID_ROW = {"sku": "A", "name": "A", "description": "", "price": "1", "stock": "0"}
"""A row that breaks no rule, in whose place each cell of another can be tried by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCsvRow:
    """What a row says, or every rule that it breaks; lines count from 1, the header's."""

    line: int
    content: ProductRow | Sequence[InvalidValue]


def read_products(file: Path, currency: Currency) -> Iterator[ProductCsvRow]:
    """Read a file of products with prices in minor units of this currency.

    What cannot be decoded as UTF-8 makes its own row a bad one, no other.
    """
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        yield from _rows(lines, currency)


def _rows(lines: Iterable[str], currency: Currency) -> Iterator[ProductCsvRow]:
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        header = [name.strip() for name in next(reader, [])]
        _require_columns(header)
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                yield ProductCsvRow(line=line, content=_parse_row(header, cells, currency))
            line = reader.line_num + 1
    except csv.Error as error:
        # Where a quotation does not end, nobody knows where the next row begins.
        yield ProductCsvRow(line=line, content=[InvalidValue(field="row", rule=str(error))])
    except InvalidValue as error:
        yield ProductCsvRow(line=line, content=[error])


def _require_columns(header: Sequence[str]) -> None:
    if len(header) == 1 and ";" in header[0]:
        raise InvalidValue(field="header", rule="columns are separated by ',' here, not by ';'")
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in {*REQUIRED, *OPTIONAL}]
    if missing:
        raise InvalidValue(field="header", rule=f"it lacks {', '.join(missing)}")
    if unknown:
        raise InvalidValue(field="header", rule=f"nothing is known of {', '.join(unknown)}")
    if len(set(header)) < len(header):
        raise InvalidValue(field="header", rule="it names each column once")


def _parse_row(
    header: Sequence[str], cells: Sequence[str], currency: Currency
) -> ProductRow | Sequence[InvalidValue]:
    if len(cells) != len(header):
        rule = f"{len(header)} columns are named and {len(cells)} are there"
        return [InvalidValue(field="row", rule=rule)]
    if not _is_decoded(cells):
        return [InvalidValue(field="row", rule="it is not UTF-8")]
    row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    try:
        return _product(row, currency)
    except InvalidValue:
        return list(_errors_in(row, currency))


def _errors_in(row: Mapping[str, str], currency: Currency) -> Iterator[InvalidValue]:
    for name, cell in row.items():
        try:
            _product({**_VALID_ROW, name: cell}, currency)
        except InvalidValue as error:
            yield error


def _product(row: Mapping[str, str], currency: Currency) -> ProductRow:
    return ProductRow(
        sku=row["sku"],
        name=row["name"],
        description=row["description"],
        price=Money(amount=_number(row, "price"), currency=currency),
        active=_boolean(row),
        image_url=row.get("image_url") or None,
        on_hand=_number(row, "stock"),
        omitted_fields=frozenset(OPTIONAL) - row.keys(),
    )


def _is_decoded(cells: Iterable[str]) -> bool:
    return not any("\ud800" <= each <= "\udfff" for cell in cells for each in cell)


def _number(row: Mapping[str, str], name: str) -> int:
    text = row[name]
    if not _WHOLE_NUMBER.fullmatch(text):
        rule = f"it is a whole number of at most {MAX_DIGITS} digits, such as 1990"
        raise InvalidValue(field=name, rule=rule)
    return int(text)


def _boolean(row: Mapping[str, str]) -> bool:
    value = _BOOLEANS.get(row.get("active", "").lower())
    if value is None:
        raise InvalidValue(field="active", rule="it is true or false")
    return value
