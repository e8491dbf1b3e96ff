"""Reads CSV files of products, a row at a time."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path
from reprlib import repr as shorten
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from shop.application.catalogue.bulk_import import ProductRow
from shop.domain.catalogue.product import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_IMAGE_URL_CHARACTERS,
    MAX_PRODUCT_NAME_CHARACTERS,
)
from shop.domain.catalogue.variant import MAX_PRICE
from shop.domain.inventory import MAX_ON_HAND
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.line_quantity import MAX_SKU_CHARACTERS
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value
from shop.entrypoints.cli.imports.cell_faults import price_hint, quantity_hint, text_fault
from shop.entrypoints.cli.imports.csv_rows import (
    CsvDialect,
    CsvFault,
    CsvRow,
    normalise_column,
    read_csv_rows,
)
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


@value
class ProductCsvRow:
    """The product of a row, or every rule that the row or the header breaks.

    `sku` is the SKU of an invalid row, if that is valid. `is_missing` is the header of a file
    without one.
    """

    line: int
    content: ProductRow | Sequence[InvalidValue]
    sku: str | None = field(default=None, compare=False)
    is_header: bool = field(default=False, compare=False)
    is_missing: bool = field(default=False, compare=False)


def read_products(file: Path, currency: Currency) -> Iterator[ProductCsvRow]:
    """Read a file of products with prices in minor units of this currency.

    Bytes that are not UTF-8 make only their own cell invalid.
    """
    yield from _parse_rows(read_csv_rows(file, _Columns.model_fields), currency)


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


def _parse_rows(rows: Iterator[CsvDialect | CsvRow], currency: Currency) -> Iterator[ProductCsvRow]:
    separator, header = ",", None
    for row in rows:
        if isinstance(row, CsvDialect):
            separator = row.separator
        elif isinstance(row.content, CsvFault):
            fault = _row_fault(row.content, header)
            yield ProductCsvRow(line=row.line, content=[fault], is_header=header is None)
            if header is None:
                return
        elif header is None:
            header = _without_empty_end(row.content, at_least=0)
            if not header and next(rows, None) is None:
                yield _empty_file()
                return
            if faults := _header_faults(header):
                yield ProductCsvRow(line=row.line, content=faults, is_header=True)
                return
            header = [normalise_column(name) for name in header]
        else:
            yield _parse_row(row.line, header, row.content, separator, currency)
    if header is None:
        yield _empty_file()


def _empty_file() -> ProductCsvRow:
    columns = ",".join(name for name, each in _Columns.model_fields.items() if each.is_required())
    fault = InvalidValue(field="file", rule=f"is empty; begin it with a header: {columns}")
    return ProductCsvRow(line=1, content=[fault], is_header=True, is_missing=True)


def _row_fault(fault: CsvFault, header: Sequence[str] | None) -> InvalidValue:
    field = fault.place
    if header is None:
        field = "header" if fault.place == "row" else fault.place
    elif fault.cell is not None and fault.cell < len(header):
        field = header[fault.cell]
    return InvalidValue(field=field, rule=fault.rule)


def _without_empty_end(cells: Sequence[str], *, at_least: int) -> Sequence[str]:
    """Return the cells without the empty ones that spreadsheets write after the last column."""
    count = len(cells)
    while count > at_least and not cells[count - 1].strip():
        count -= 1
    return cells[:count]


def _header_faults(header: Sequence[str]) -> Sequence[InvalidValue]:
    columns = _Columns.model_fields
    names = [normalise_column(name) for name in header]
    if len(names) == 1 and len(columns.keys() & set(re.split("[,;\t]", names[0]))) > 1:
        rule = "each row is one cell in quotes; export the columns as cells of their own"
        return [InvalidValue(field="header", rule=rule)]
    unknown = [
        shorten(name.strip())[1:-1] or f"(column {position} has no name)"
        for position, name in enumerate(header, start=1)
        if normalise_column(name) not in columns and not text_fault(name)
    ]
    problems = {
        "missing": [each for each in columns if columns[each].is_required() and each not in names],
        "unknown": unknown,
        "repeated": [each for each in columns if names.count(each) > 1],
    }
    faults = [
        InvalidValue(field="header", rule=f"{problem} columns: {', '.join(found)}")
        for problem, found in problems.items()
        if found
    ]
    broken = [text_rule for name in header if (text_rule := text_fault(name))]
    return faults + [InvalidValue(field="header", rule=text_rule) for text_rule in broken]


def _parse_row(
    line: int, header: Sequence[str], cells: Sequence[str], separator: str, currency: Currency
) -> ProductCsvRow:
    cells = _without_empty_end(cells, at_least=len(header))
    if len(cells) != len(header):
        hint = f"; put a cell that contains {separator!r} in quotes" * (len(cells) > len(header))
        rule = f"must have {len(header)} cells as the header has, not {len(cells)}{hint}"
        return ProductCsvRow(line=line, content=[InvalidValue(field="row", rule=rule)])
    row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    faults = {column: text_rule for column, cell in row.items() if (text_rule := text_fault(cell))}
    try:
        product = _to_product(_Columns.model_validate(row), currency)
    except ValidationError as error:
        for each in error.errors():
            column = str(each["loc"][0])
            # The shop's own rule is more exact: it names the character.
            rule = str(each.get("ctx", {}).get("error", ""))
            if not rule.startswith("must "):
                rule = _cell_rule(column, row[column], currency)
            faults.setdefault(column, rule)
    except InvalidValue as error:
        faults.setdefault(error.field, error.rule)
    else:
        if not faults:
            return ProductCsvRow(line=line, content=product)
    content = [
        InvalidValue(field=each, rule=faults[each])
        for each in sorted(faults, key=[*header, *faults].index)
    ]
    return ProductCsvRow(line=line, content=content, sku=None if "sku" in faults else row["sku"])


def _cell_rule(column: str, cell: str, currency: Currency) -> str:
    rule = f"must be {_Columns.model_fields[column].description}, not {shorten(cell)}"
    match column:
        case "price":
            return rule + price_hint(cell, currency)
        case "stock":
            return rule + quantity_hint(cell)
        case _:
            return rule


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
