"""Reads files of products in the shop's own format, a row at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path

from shop.application.catalogue.bulk_import import ProductRow
from shop.application.ports.imports.product_file_reader import (
    FileRow,
    UnreadableFile,
)
from shop.domain.catalogue.product_import import ImportMessage
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value
from shop.entrypoints.imports.product_file import read_product_file

_OPTIONAL = ("active", "image_url")


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
    """Read a file of products with prices in minor units of this currency."""
    for found in read_product_file(file, currency):
        if isinstance(found, UnreadableFile):
            yield ProductCsvRow(
                line=found.faults[0].line,
                content=_invalid(found.faults),
                is_header=True,
                is_missing=found.is_empty,
            )
        elif isinstance(found, FileRow):
            yield _row(found, currency)
        elif found.format != "shop":
            rule = f"is an export of another shop ({found.format}), which cannot be imported yet"
            fault = InvalidValue(field="file", rule=rule)
            yield ProductCsvRow(line=1, content=[fault], is_header=True)
            return


def _row(row: FileRow, currency: Currency) -> ProductCsvRow:
    variant = row.variant or {}
    if row.faults:
        return ProductCsvRow(line=row.line, content=_invalid(row.faults), sku=variant.get("sku"))
    product = ProductRow(
        sku=variant["sku"],
        name=row.product["name"],
        description=row.product["description"] or "",
        price=Money(amount=variant["price"], currency=currency),
        active=row.product.get("active") is not False,
        image_url=row.product.get("image_url"),
        on_hand=variant["stock"],
        omitted_fields=frozenset(each for each in _OPTIONAL if each not in row.product),
    )
    return ProductCsvRow(line=row.line, content=product)


def _invalid(faults: Sequence[ImportMessage]) -> Sequence[InvalidValue]:
    return [InvalidValue(field=each.column, rule=each.detail) for each in faults]
