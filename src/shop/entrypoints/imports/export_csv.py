"""Writes products in the shop's own format, so that the file can be imported again."""

import csv
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from io import StringIO

from shop.application.catalogue.export import ExportedProduct
from shop.entrypoints.imports.own_format import COLUMN_NAMES


async def write_csv(pages: AsyncIterator[Sequence[ExportedProduct]]) -> AsyncIterator[bytes]:
    """Yield the header, then the rows of each page, in UTF-8.

    Cells are written as they are: a mark before those that a spreadsheet takes for formulas would
    change what is imported again.
    """
    yield _lines([dict(zip(COLUMN_NAMES, COLUMN_NAMES, strict=True))])
    async for page in pages:
        yield _lines([row for each in page for row in _rows(each)])


def _lines(rows: Sequence[Mapping[str, object]]) -> bytes:
    text = StringIO(newline="")
    csv.DictWriter(text, COLUMN_NAMES, restval="").writerows(rows)
    return text.getvalue().encode()


def _rows(exported: ExportedProduct) -> Iterator[Mapping[str, object]]:
    product = exported.product
    for variant in product.variants:
        yield {
            "handle": product.handle,
            "name": product.name,
            "description": product.description,
            "active": _boolean(is_so=product.active),
            "categories": ",".join(exported.categories),
            "sku": variant.sku,
            "price": variant.price.amount,
            "currency": variant.price.currency,
            "stock": exported.inventories[variant.sku].on_hand,
            "image_url": product.image_url,
        }


def _boolean(*, is_so: bool) -> str:
    return "true" if is_so else "false"
