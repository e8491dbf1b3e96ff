"""Reads files of products in any of the formats, a row at a time.

The format is found by the header, so that no user has to name it.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from reprlib import repr as shorten

from shop.application.ports.imports.product_file_reader import (
    FileDescription,
    FileRow,
    ProductFileReader,
    UnreadableFile,
)
from shop.domain.catalogue.product_import import ImportMessage
from shop.domain.shared.money import Currency
from shop.domain.shared.value import value
from shop.entrypoints.imports import own_format, shopify_format, woocommerce_format
from shop.entrypoints.imports.cell_faults import text_fault
from shop.entrypoints.imports.csv_rows import read_csv_rows
from shop.entrypoints.imports.row_cells import Header, RowCells
from shop.entrypoints.imports.sheet_rows import (
    Dialect,
    SheetFault,
    SheetRow,
    normalise_column,
    without_empty_end,
)
from shop.entrypoints.imports.xlsx_rows import is_xlsx, read_xlsx_rows


@value
class _Format:
    """A format: its columns by their names in a header, and the function that reads a row.

    Columns that it does not know are errors if it is strict.
    """

    name: str
    columns: Mapping[str, str]
    required: Sequence[str]
    read_row: Callable[[RowCells], FileRow]
    fields: Mapping[str, str]
    is_strict: bool = False
    cleaned: Collection[str] = ()
    marks: Sequence[frozenset[str]] = ()


_OWN = _Format(
    name=own_format.NAME,
    columns={each: each for each in own_format.COLUMNS},
    required=own_format.REQUIRED,
    read_row=own_format.read_row,
    fields=own_format.FIELDS,
    is_strict=True,
)
_OTHERS = tuple(
    _Format(
        name=each.NAME,
        columns=each.COLUMNS,
        required=each.REQUIRED,
        read_row=each.read_row,
        fields=each.FIELDS,
        cleaned=each.CLEANED,
        marks=each.MARKS,
    )
    for each in (shopify_format, woocommerce_format)
)
_ALL_COLUMNS = frozenset[str]().union(*(each.columns for each in (_OWN, *_OTHERS)))


class FormatsReader(ProductFileReader):
    """Reads files in the shop's own format, Shopify's and WooCommerce's, as CSV and XLSX."""

    def read(
        self, file: Path, currency: Currency, *, skip: int, folder: Path
    ) -> Iterator[FileDescription | UnreadableFile | FileRow]:
        """Yield what the file is, then what its rows say, with all their faults."""
        rows = read_xlsx_rows(file, folder) if is_xlsx(file) else read_csv_rows(file, _ALL_COLUMNS)
        return _read_rows(rows, currency, skip)


def _read_rows(
    rows: Iterator[Dialect | SheetRow], currency: Currency, skip: int
) -> Iterator[FileDescription | UnreadableFile | FileRow]:
    """Yield what the file is, then what its rows say.

    Prices are in this currency. The first `skip` rows after the header are not parsed.
    """
    dialect = next(rows)
    if isinstance(dialect, SheetRow):
        yield _unreadable(dialect, "file")
        return
    first = next(rows, None)
    if isinstance(first, SheetRow) and isinstance(first.content, SheetFault):
        yield _unreadable(first, "header")
        return
    names = _header_names(first)
    if not isinstance(first, SheetRow) or (not names and next(rows, None) is None):
        yield _empty_file()
        return
    found = _format_of(names)
    if faults := _header_faults(found, names, first.line):
        yield UnreadableFile(faults=faults)
        return
    header = _header(found, names, dialect)
    yield _description(found, header, dialect)
    for number, row in enumerate(rows):
        if number >= skip and isinstance(row, SheetRow):
            yield _read(found, header, row, dialect, currency)


def _header_names(first: object) -> Sequence[str]:
    if isinstance(first, SheetRow) and not isinstance(first.content, SheetFault):
        return without_empty_end(first.content)
    return ()


def _format_of(names: Sequence[str]) -> _Format:
    known = {normalise_column(each) for each in names}
    for each in _OTHERS:
        if any(mark <= known for mark in each.marks):
            return each
    return _OWN


def _empty_file() -> UnreadableFile:
    columns = ",".join(own_format.REQUIRED)
    detail = f"is empty; begin it with a header: {columns}"
    message = ImportMessage(line=1, column="file", detail=detail)
    return UnreadableFile(faults=[message], is_empty=True)


def _unreadable(row: SheetRow, place: str) -> UnreadableFile:
    if not isinstance(row.content, SheetFault):
        raise TypeError("the first row of a file has no fault")
    place = row.content.place if row.content.place == "file" else place
    message = ImportMessage(line=row.line, column=place, detail=row.content.rule)
    return UnreadableFile(faults=[message])


def _header_faults(found: _Format, names: Sequence[str], line: int) -> Sequence[ImportMessage]:
    return [
        ImportMessage(line=line, column="header", detail=each)
        for each in _header_rules(found, names)
    ]


def _header_rules(found: _Format, names: Sequence[str]) -> Iterator[str]:
    keys = [found.columns.get(normalise_column(name)) for name in names]
    if len(names) == 1:
        parts = {normalise_column(each) for each in re.split("[,;\t]", names[0])}
        if len(parts & _ALL_COLUMNS) > 1:
            yield "each row is one cell in quotes; export the columns as cells of their own"
            return
    unknown = [
        shorten(name.strip())[1:-1] or f"(column {position} has no name)"
        for position, (name, key) in enumerate(zip(names, keys, strict=True), start=1)
        if found.is_strict and key is None and not text_fault(name)
    ]
    problems = {
        "missing": [each for each in found.required if normalise_column(each) not in keys],
        "unknown": unknown,
        "repeated": list(
            dict.fromkeys(
                _own_name(found, name)
                for name, key in zip(names, keys, strict=True)
                if key is not None and keys.count(key) > 1
            )
        ),
    }
    for problem, columns in problems.items():
        if columns:
            yield f"{problem} columns: {', '.join(columns)}"
    for name, key in zip(names, keys, strict=True):
        if (found.is_strict or key is not None) and (rule := text_fault(name)):
            yield rule


def _own_name(found: _Format, name: str) -> str:
    return own_format.COLUMNS[normalise_column(name)] if found is _OWN else name.strip()


def _header(found: _Format, names: Sequence[str], dialect: Dialect) -> Header:
    keys = {
        position: found.columns.get(normalise_column(each)) for position, each in enumerate(names)
    }
    known = {key: position for position, key in keys.items() if key is not None}
    return Header(
        positions=known,
        names={key: _own_name(found, names[position]) for key, position in known.items()},
        length=len(names),
        encoding=dialect.encoding,
    )


def _description(found: _Format, header: Header, dialect: Dialect) -> FileDescription:
    columns = {key.replace(" ", "_"): name for key, name in header.names.items()}
    columns |= {
        field: header.names[key] for field, key in found.fields.items() if key in header.names
    }
    return FileDescription(format=found.name, encoding=dialect.encoding, columns=columns)


def _read(
    found: _Format, header: Header, row: SheetRow, dialect: Dialect, currency: Currency
) -> FileRow:
    if isinstance(row.content, SheetFault):
        return _bad_row(row.line, _place(row.content, header), row.content.rule)
    cells = without_empty_end(row.content, at_least=header.length)
    if len(cells) != header.length:
        hint = (
            f"; put a cell that contains {dialect.separator!r} in quotes"
            if len(cells) > header.length and dialect.separator
            else ""
        )
        rule = f"must have {header.length} cells as the header has, not {len(cells)}{hint}"
        return _bad_row(row.line, "row", rule)
    read = found.read_row(RowCells(header, row.line, cells, currency, found.cleaned))
    return replace(read, faults=_in_order(header, read.faults)) if read.faults else read


def _in_order(header: Header, faults: Sequence[ImportMessage]) -> Sequence[ImportMessage]:
    positions = {name: header.positions[key] for key, name in header.names.items()}
    return sorted(faults, key=lambda each: positions.get(each.column, header.length))


def _bad_row(line: int, place: str, rule: str) -> FileRow:
    fault = ImportMessage(line=line, column=place, detail=rule)
    return FileRow(line=line, group=f"line {line}", product={}, variant=None, faults=[fault])


def _place(fault: SheetFault, header: Header) -> str:
    if fault.cell is not None:
        for key, position in header.positions.items():
            if position == fault.cell:
                return header.names[key]
    return fault.place
