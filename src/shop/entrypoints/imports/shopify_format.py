"""Shopify's product export: several rows a product, which has the same handle in all of them.

The first row describes the product. Rows with a value of an option are variants, the others only
have another image. Newer templates have other names for the same columns.
"""

from typing import Any

from shop.application.catalogue.slugs import handle_of, with_digest
from shop.application.ports.imports.product_file_reader import FileRow
from shop.entrypoints.imports.foreign_cells import (
    barcode_in,
    compared_price,
    description_of,
    image_in,
    name_of,
    seo_of,
    sku_in,
    stock_in,
)
from shop.entrypoints.imports.html_text import clean_line
from shop.entrypoints.imports.row_cells import RowCells

NAME = "shopify"

COLUMNS = {
    "handle": "handle",
    "url handle": "handle",
    "title": "title",
    "body (html)": "body",
    "description": "body",
    "type": "type",
    "published": "published",
    "published on online store": "published",
    "status": "status",
    "option1 name": "option1 name",
    "option1 value": "option1 value",
    "option2 name": "option2 name",
    "option2 value": "option2 value",
    "option3 name": "option3 name",
    "option3 value": "option3 value",
    "variant sku": "sku",
    "sku": "sku",
    "variant grams": "grams",
    "weight value (grams)": "grams",
    "variant inventory qty": "stock",
    "inventory quantity": "stock",
    "variant price": "price",
    "price": "price",
    "variant compare at price": "compare at price",
    "compare-at price": "compare at price",
    "variant requires shipping": "ships",
    "requires shipping": "ships",
    "variant taxable": "taxable",
    "charge tax": "taxable",
    "variant barcode": "barcode",
    "barcode": "barcode",
    "image src": "image",
    "product image url": "image",
    "seo title": "seo title",
    "seo description": "seo description",
}
"""The columns that the shop reads, by their names in both templates."""

FIELDS = {
    "other_handle": "handle",
    "name": "title",
    "description": "body",
    "active": "published",
    "image_url": "image",
    "options": "option1 value",
    "compare_at_price": "compare at price",
    "weight_grams": "grams",
    "tax_category": "taxable",
    "category": "type",
    "seo": "seo title",
}
"""The column of each field whose names differ."""

REQUIRED = ("handle", "title", "price")
CLEANED = frozenset({"body", "title", "seo title", "seo description"})
MARKS = (frozenset({"handle", "title", "variant price"}), frozenset({"url handle", "title"}))
"""Columns by which the format is recognised: one of these sets."""

NOT_TAXABLE = "exempt"
"""The tax category of what Shopify does not tax."""

_OPTIONS = (1, 2, 3)
_WITHOUT_OPTIONS = ("Title", "Default Title")
_VARIANT_CELLS = ("option1 value", "option2 value", "option3 value", "price", "sku")


def read_row(cells: RowCells) -> FileRow:
    """Return what a row says."""
    written = cells.text("handle")
    if not written:
        cells.fail("handle", "must not be empty")
    handle = handle_of(written)
    is_variant = any(cells.text(each) for each in _VARIANT_CELLS)
    product: dict[str, Any] = {"handle": handle, "other_handle": with_digest(handle, written)}
    if cells.text("title"):
        product |= _product(cells)
        if handle != written:
            cells.note("handle", f"{written!r} became {handle!r}")
    elif image := image_in(cells, "image", cells.text("image")):
        product["further_image"] = image
    return FileRow(
        line=cells.line,
        group=written,
        product=product,
        variant=_variant(cells) if is_variant else None,
        faults=cells.faults,
        remarks=cells.remarks,
    )


def _product(cells: RowCells) -> dict[str, Any]:
    product: dict[str, Any] = {
        "name": name_of(cells, "title", cells.text("title")),
        "description": description_of(cells, "body", cells.text("body")) or None,
        "active": _is_active(cells),
        "option_names": _option_names(cells),
    }
    if cells.has("image"):
        product["image_url"] = image_in(cells, "image", cells.text("image"))
    if kind := clean_line(cells.text("type")):
        product["category_paths"] = [[kind]]
    if cells.has("seo title"):
        product["seo"] = seo_of(cells, "seo title", "seo description")
    return product


def _is_active(cells: RowCells) -> bool:
    is_published = cells.boolean("published", default=True)
    status = cells.text("status").lower()
    if status not in {"", "active", "draft", "archived", "unlisted"}:
        cells.fail("status", f"must be active, draft, archived or unlisted, not {status!r}")
    return is_published is not False and status in {"", "active"}


def _option_names(cells: RowCells) -> list[str] | None:
    names = [clean_line(cells.text(f"option{number} name")) for number in _OPTIONS]
    is_default = (names[0], cells.text("option1 value")) == _WITHOUT_OPTIONS
    return None if is_default else [each for each in names if each] or None


def _variant(cells: RowCells) -> dict[str, Any]:
    price = cells.amount("price")
    values = [clean_line(cells.text(f"option{number} value")) for number in _OPTIONS]
    variant: dict[str, Any] = {
        "sku": sku_in(cells, "sku"),
        "price": price,
        "compare_at_price": compared_price(cells, "compare at price", price),
        "options": [] if values[0] == _WITHOUT_OPTIONS[1] else [each for each in values if each],
    }
    if cells.has("grams"):
        variant["weight_grams"] = cells.grams("grams", "g")
    if cells.has("stock") and (stock := stock_in(cells, "stock")) is not None:
        variant["stock"] = stock
    if cells.has("ships"):
        variant["ships"] = cells.boolean("ships")
    if cells.has("taxable"):
        is_taxable = cells.boolean("taxable", default=True)
        variant["tax_category"] = None if is_taxable else NOT_TAXABLE
    if cells.has("barcode"):
        variant["barcode"] = barcode_in(cells, "barcode")
    return variant
