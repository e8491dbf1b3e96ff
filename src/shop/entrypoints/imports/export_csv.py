"""Writes products in the shop's own format, so that the file can be imported again."""

import csv
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict
from io import StringIO

from shop.application.catalogue.export import ExportedProduct
from shop.domain.catalogue.product_details import ProductSafety
from shop.domain.catalogue.variant import Variant
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
    described: Mapping[str, object] = {
        "handle": product.handle,
        "name": product.name,
        "description": product.description,
        "active": _boolean(is_so=product.active),
        "categories": ",".join(exported.categories),
        "image_url": product.image_url,
        "seo_title": product.seo and product.seo.title,
        "seo_description": product.seo and product.seo.description,
        **_safety(product.safety),
    }
    for variant in product.current_variants:
        before = variant.compare_at_price
        yield {
            **described,
            **_options(variant),
            "sku": variant.sku,
            "price": variant.price.amount,
            "currency": variant.price.currency,
            "compare_at_price": None if before is None else before.amount,
            "weight_grams": variant.weight_grams,
            "tax_category": variant.tax_category,
            "barcode": variant.barcode,
            "ships": _boolean(is_so=variant.ships),
            "variant_active": _boolean(is_so=variant.active),
            "stock": exported.inventories[variant.sku].on_hand,
        }


def _safety(safety: ProductSafety | None) -> Mapping[str, object]:
    if safety is None:
        return {}
    return {f"safety_{member}": text for member, text in asdict(safety).items()}


def _options(variant: Variant) -> Mapping[str, str]:
    cells: dict[str, str] = {}
    for number, option in enumerate(variant.options, start=1):
        cells |= {f"option{number}_name": option.name, f"option{number}_value": option.value}
    return cells


def _boolean(*, is_so: bool) -> str:
    return "true" if is_so else "false"
