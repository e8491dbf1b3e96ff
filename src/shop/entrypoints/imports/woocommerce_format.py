"""WooCommerce's product export: simple products, and variable ones with a row for each variation.

A variation names its parent by id ("id:12") or SKU, before or after the parent's own row.
"""

import html
import re
from typing import Any

from shop.application.catalogue.slugs import slug_of, with_digest
from shop.application.ports.imports.product_file_reader import FileRow
from shop.entrypoints.imports.foreign_cells import (
    STOCK_LEFT,
    barcode_in,
    description_of,
    image_in,
    name_of,
    sku_in,
    stock_in,
)
from shop.entrypoints.imports.html_text import clean_line
from shop.entrypoints.imports.row_cells import RowCells

NAME = "woocommerce"

MAX_ATTRIBUTES = 50
"""More attributes of a product are not read; only three can be options."""

_COLUMNS = {
    "id": "id",
    "type": "type",
    "sku": "sku",
    "gtin, upc, ean, or isbn": "barcode",
    "name": "name",
    "published": "published",
    "short description": "short description",
    "description": "description",
    "date sale price starts": "sale starts",
    "date sale price ends": "sale ends",
    "tax status": "tax status",
    "tax class": "tax class",
    "stock": "stock",
    "sale price": "sale price",
    "regular price": "regular price",
    "categories": "categories",
    "images": "images",
    "parent": "parent",
}
UNITS = ("kg", "g", "lbs", "oz")
COLUMNS = (
    _COLUMNS
    | {f"weight ({unit})": f"weight {unit}" for unit in UNITS}
    | {
        f"attribute {number} {name}": f"attribute {number} {key}"
        for number in range(1, MAX_ATTRIBUTES + 1)
        for name, key in (("name", "name"), ("value(s)", "values"))
    }
)
"""The columns that the shop reads."""

FIELDS = {
    "handle": "parent",
    "other_handle": "name",
    "active": "published",
    "image_url": "images",
    "options": "attribute 1 values",
    "price": "regular price",
    "compare_at_price": "regular price",
    "tax_category": "tax class",
    "category": "categories",
}
"""The column of each field whose names differ."""

REQUIRED = ("id", "type", "sku", "name", "regular price")
CLEANED = frozenset({"name", "short description", "description"})
MARKS = (frozenset({"id", "type", "sku", "regular price"}),)
"""Columns by which the format is recognised."""

TAX_CLASSES = {"": None, "standard": None, "reduced-rate": "reduced", "zero-rate": "zero"}
NOT_TAXABLE = "exempt"

_COMMA = re.compile(r"(?<!\\),")
_QUOTED_FORMULA = re.compile("'[-=+@]")
_TYPES = frozenset({"simple", "variable", "variation"})
_NOT_SOLD_HERE = frozenset({"grouped", "external"})
_PARENT_ID = re.compile(r"id:\s*([0-9]+)")
_AS_PARENT = "parent"


def read_row(cells: RowCells) -> FileRow:
    """Return what a row says; nothing if the shop has no such products."""
    kinds = {each.strip().lower() for each in cells.text("type").split(",")}
    if kinds & _NOT_SOLD_HERE:
        cells.note("type", f"{cells.text('type')} products were left out: they have no variants")
        return FileRow(
            line=cells.line,
            group="",
            product={},
            variant=None,
            faults=cells.faults,
            remarks=cells.remarks,
        )
    kind = next(iter(kinds & _TYPES), None)
    if kind is None:
        cells.fail(
            "type", f"must be simple, variable or variation, not {cells.text('type')[:40]!r}"
        )
    ships = not kinds & {"virtual"}
    if kind == "variation":
        return _variation(cells, ships=ships)
    return _parent(cells, is_variable=kind == "variable", ships=ships)


def _variation(cells: RowCells, *, ships: bool) -> FileRow:
    parent = cells.text("parent")
    if not parent:
        cells.fail("parent", "must name the parent of the variation: id:12 or its SKU")
    by_id = _PARENT_ID.fullmatch(parent)
    options = {}
    for number in _attributes(cells):
        name = clean_line(cells.text(f"attribute {number} name"))
        options[name] = clean_line(_unescaped(cells.text(f"attribute {number} values")))
    return FileRow(
        line=cells.line,
        group=f"id:{by_id[1]}" if by_id else f"sku:{parent}",
        product={},
        variant={**_variant(cells, ships=ships), "named_options": options},
        faults=cells.faults,
        remarks=cells.remarks,
    )


def _parent(cells: RowCells, *, is_variable: bool, ships: bool) -> FileRow:
    product: dict[str, Any] = {
        "name": name_of(cells, "name", _written(cells.text("name"))),
        "description": _description(cells) or None,
        "active": cells.text("published") in {"", "1"},
    }
    handle = slug_of(product["name"], prefix="product")
    key = cells.text("id") or cells.text("sku") or str(cells.line)
    product |= {
        "handle": handle,
        "other_handle": with_digest(handle, key),
        "is_handle_made": True,
    }
    if cells.has("categories"):
        product["category_paths"] = _category_paths(cells.text("categories")) or None
    if cells.has("images"):
        first = _COMMA.split(cells.text("images"))[0].strip()
        product["image_url"] = image_in(cells, "images", first)
    variant = None
    if is_variable:
        names = [clean_line(cells.text(f"attribute {each} name")) for each in _attributes(cells)]
        # What its variations leave empty, they have from it.
        product |= {"attribute_names": names, "weight_grams": _weight(cells)}
        product["tax_category"] = _tax_category(cells)
    else:
        variant = _variant(cells, ships=ships)
    aliases = [f"id:{cells.text('id')}", f"sku:{cells.text('sku')}"]
    return FileRow(
        line=cells.line,
        group=f"row {cells.line}",
        aliases=[each for each in aliases if not each.endswith(":")],
        product=product,
        variant=variant,
        faults=cells.faults,
        remarks=cells.remarks,
    )


def _description(cells: RowCells) -> str:
    for key in ("description", "short description"):
        if cells.text(key):
            # WooCommerce writes the ends of lines in two characters.
            written = _written(cells.text(key)).replace("\\n", "\n")
            if text := description_of(cells, key, written):
                return text
    return ""


def _variant(cells: RowCells, *, ships: bool) -> dict[str, Any]:
    regular = cells.amount("regular price")
    price, compared = _prices(cells, regular)
    variant: dict[str, Any] = {
        "sku": sku_in(cells, "sku"),
        "price": price,
        "compare_at_price": compared,
        "options": [],
        "ships": ships,
        "active": cells.text("published") in {"", "1"},
        "tax_category": _tax_category(cells),
        "weight_grams": _weight(cells),
    }
    if cells.has("barcode"):
        variant["barcode"] = barcode_in(cells, "barcode")
    if cells.text("stock").lower() == _AS_PARENT:
        cells.note("stock", f"is counted at the parent, so that {STOCK_LEFT}")
    elif cells.has("stock") and (stock := stock_in(cells, "stock")) is not None:
        variant["stock"] = stock
    return variant


def _prices(cells: RowCells, regular: int | None) -> tuple[int | None, int | None]:
    """Return the price and, if that is reduced, the regular one."""
    if not cells.text("sale price") or regular is None:
        return regular, None
    if cells.text("sale starts") or cells.text("sale ends"):
        cells.note("sale price", "has dates and was left out: the regular price applies")
        return regular, None
    sale = cells.amount("sale price")
    if sale is None:
        return regular, None
    if sale >= regular:
        cells.note("sale price", "is not below the regular price and was left out")
        return regular, None
    return sale, regular


def _tax_category(cells: RowCells) -> str | None:
    if cells.text("tax status").lower() in {"none", "shipping"}:
        return NOT_TAXABLE
    kind = cells.text("tax class").lower()
    if kind == _AS_PARENT:
        return None
    return TAX_CLASSES[kind] if kind in TAX_CLASSES else slug_of(kind, prefix="tax", longest=40)


def _weight(cells: RowCells) -> int | None:
    for unit in UNITS:
        if cells.text(f"weight {unit}"):
            return cells.grams(f"weight {unit}", unit)
    return None


def _attributes(cells: RowCells) -> list[int]:
    """Return the numbers of the attributes that the row has."""
    numbers = []
    for number in range(1, MAX_ATTRIBUTES + 1):
        if not cells.has(f"attribute {number} name"):
            break
        if cells.text(f"attribute {number} name"):
            numbers.append(number)
    return numbers


def _category_paths(cell: str) -> list[list[str]]:
    """Return the names from the root to each category: "A > B, C" is [[A, B], [C]]."""
    paths = []
    for each in _COMMA.split(html.unescape(cell)):
        names = [clean_line(_unescaped(name)) for name in each.split(">")]
        if path := [name for name in names if name]:
            paths.append(path)
    return paths


def _written(text: str) -> str:
    """Return a text as it was before WooCommerce wrote it for spreadsheets."""
    return text[1:] if _QUOTED_FORMULA.match(text) else text


def _unescaped(text: str) -> str:
    return text.replace("\\,", ",").strip()
