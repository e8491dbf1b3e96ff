"""Reads CSV files of products, a row at a time."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as shorten
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails

from shop.application.catalogue.bulk_import import ProductRow
from shop.domain.inventory import MAX_ON_HAND
from shop.domain.product import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_IMAGE_URL_CHARACTERS,
    MAX_PRICE,
    MAX_PRODUCT_NAME_CHARACTERS,
)
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.line_quantity import MAX_SKU_CHARACTERS
from shop.domain.shared.money import Currency, Money
from shop.entrypoints.http.api.catalogue.schemas import (
    NewDescription,
    NewImageUrl,
    NewProductName,
)
from shop.entrypoints.http.schemas import Sku

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,15}")
_BOOLEANS = {
    "": True,
    "true": True,
    "yes": True,
    "1": True,
    "false": False,
    "no": False,
    "0": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCsvRow:
    """The product of a row, or every rule that the row breaks; the header is line 1."""

    line: int
    content: ProductRow | Sequence[InvalidValue]


def read_products(file: Path, currency: Currency) -> Iterator[ProductCsvRow]:
    """Read a file of products with prices in minor units of this currency.

    Bytes that are not UTF-8 make only their own row invalid.
    """
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        yield from _rows(lines, currency)


def _whole_number(cell: str) -> int:
    if not _WHOLE_NUMBER.fullmatch(cell):
        raise ValueError
    return int(cell)


_Integer = Annotated[int, BeforeValidator(_whole_number)]
_Boolean = Annotated[bool, BeforeValidator(lambda cell: _BOOLEANS.get(cell.lower()))]
_OptionalUrl = Annotated[NewImageUrl, BeforeValidator(lambda cell: cell or None)]


class _Columns(BaseModel):
    """The columns of a file; each description completes "must be …"."""

    sku: Sku = Field(description=f"1 to {MAX_SKU_CHARACTERS} letters, digits, '.', '-' or '_'")
    name: NewProductName = Field(
        description=f"1 to {MAX_PRODUCT_NAME_CHARACTERS} characters on one line"
    )
    description: NewDescription = Field(
        description=f"at most {MAX_DESCRIPTION_CHARACTERS} characters of text"
    )
    price: _Integer = Field(
        ge=1, le=MAX_PRICE, description=f"1 to {MAX_PRICE} minor units, such as 1990"
    )
    stock: _Integer = Field(ge=0, le=MAX_ON_HAND, description=f"a number from 0 to {MAX_ON_HAND}")
    active: _Boolean = Field(default=True, description="true or false")
    image_url: _OptionalUrl = Field(
        default=None,
        description=f"an http or https URL of at most {MAX_IMAGE_URL_CHARACTERS} characters",
    )


def _rows(lines: Iterable[str], currency: Currency) -> Iterator[ProductCsvRow]:
    # Not `csv.DictReader`: its line numbers skip empty lines, and it pads rows that are too short.
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
        # The end of an open quotation is unknown, and so is where the next row begins.
        yield ProductCsvRow(line=line, content=[InvalidValue(field="row", rule=str(error))])
    except InvalidValue as error:
        yield ProductCsvRow(line=line, content=[error])


def _require_columns(header: Sequence[str]) -> None:
    if len(header) == 1 and ";" in header[0]:
        raise InvalidValue(field="header", rule="columns must be separated by ',', not by ';'")
    columns = _Columns.model_fields
    problems = {
        "missing": [each for each in columns if columns[each].is_required() and each not in header],
        "unknown": [each for each in header if each not in columns],
        "repeated": [each for each in columns if header.count(each) > 1],
    }
    for problem, names in problems.items():
        if names:
            raise InvalidValue(field="header", rule=f"{problem} columns: {', '.join(names)}")


def _parse_row(
    header: Sequence[str], cells: Sequence[str], currency: Currency
) -> ProductRow | Sequence[InvalidValue]:
    if len(cells) != len(header):
        rule = f"must have {len(header)} cells as the header has, not {len(cells)}"
        return [InvalidValue(field="row", rule=rule)]
    if any("\ud800" <= each <= "\udfff" for cell in cells for each in cell):
        return [InvalidValue(field="row", rule="must be text in UTF-8")]
    row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    try:
        return _to_product(_Columns.model_validate(row), currency)
    except ValidationError as error:
        return [_invalid_cell(each, row) for each in error.errors()]
    except InvalidValue as error:
        return [error]


def _invalid_cell(error: ErrorDetails, row: Mapping[str, str]) -> InvalidValue:
    column = str(error["loc"][0])
    if str(error.get("ctx", {}).get("error", "")).startswith("must "):
        # The shop's own rule is more exact: it names the character.
        return InvalidValue(field=column, rule=str(error["ctx"]["error"]))
    rule = f"must be {_Columns.model_fields[column].description}, not {shorten(row[column])}"
    return InvalidValue(field=column, rule=rule)


def _to_product(columns: _Columns, currency: Currency) -> ProductRow:
    return ProductRow(
        sku=columns.sku,
        name=columns.name,
        description=columns.description,
        price=Money(amount=columns.price, currency=currency),
        active=columns.active,
        image_url=columns.image_url,
        on_hand=columns.stock,
        omitted_fields=frozenset(_Columns.model_fields.keys() - columns.model_fields_set),
    )
