"""The shop's own format: one row for each variant, prices in minor units."""

import re
from reprlib import repr as shorten
from typing import Any

from shop.application.ports.imports.product_file_reader import FileRow
from shop.domain.catalogue.product import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_PRODUCT_NAME_CHARACTERS,
)
from shop.domain.catalogue.variant import MAX_PRICE
from shop.domain.inventory import MAX_ON_HAND
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.line_quantity import require_sku
from shop.entrypoints.imports.cell_faults import price_hint
from shop.entrypoints.imports.row_cells import RowCells
from shop.entrypoints.imports.sheet_rows import normalise_column

NAME = "shop"
_OPTIONS = (1, 2, 3)
SAFETY = ("manufacturer", "address", "contact", "responsible_person", "warnings")

COLUMN_NAMES = (
    "handle",
    "name",
    "description",
    "active",
    "categories",
    *(f"option{number}_{what}" for number in _OPTIONS for what in ("name", "value")),
    "sku",
    "price",
    "currency",
    "compare_at_price",
    "weight_grams",
    "tax_category",
    "barcode",
    "ships",
    "variant_active",
    "stock",
    "image_url",
    "seo_title",
    "seo_description",
    *(f"safety_{member}" for member in SAFETY),
)
"""All columns, in the order in which an export has them."""

REQUIRED = ("sku", "name", "description", "price", "stock")
COLUMNS = {normalise_column(each): each for each in COLUMN_NAMES}

FIELDS = {
    "options": "option1 value",
    "seo": "seo title",
    "safety": "safety manufacturer",
}
"""The column of each field whose names differ."""

_OPTION_NAMES = tuple(f"option{number} name" for number in _OPTIONS)
_OPTION_VALUES = tuple(f"option{number} value" for number in _OPTIONS)
_SAFETY = {member: f"safety {member.replace('_', ' ')}" for member in SAFETY}
_DIGITS = re.compile(r"-?[0-9]{1,15}")


def read_row(cells: RowCells) -> FileRow:
    """Return what a row says."""
    sku = _sku(cells)
    handle = cells.text("handle") or sku
    return FileRow(
        line=cells.line,
        group=handle or f"line {cells.line}",
        product={"handle": handle, **_product(cells)},
        variant={"sku": sku, **_variant(cells)},
        faults=cells.faults,
        remarks=cells.remarks,
    )


def _sku(cells: RowCells) -> str | None:
    sku = cells.text("sku")
    try:
        require_sku(sku)
    except InvalidValue as error:
        cells.fail("sku", f"{error.rule}, not {shorten(sku)}")
        return None
    return sku


def _product(cells: RowCells) -> dict[str, Any]:
    name, description = cells.text("name"), cells.text("description")
    # Of several variants, only the first row has to describe the product.
    if name or not cells.text("handle"):
        longest = MAX_PRODUCT_NAME_CHARACTERS
        cells.require_new_text("name", name, longest=longest, is_multiline=False)
    longest = MAX_DESCRIPTION_CHARACTERS
    cells.require_new_text("description", description, longest=longest, is_multiline=True)
    product: dict[str, Any] = {"name": name or None, "description": description or None}
    if cells.has("active"):
        product["active"] = cells.boolean("active")
    if cells.has("image url"):
        product["image_url"] = cells.url("image url")
    if cells.has("seo title"):
        texts = [cells.text(key) or None for key in ("seo title", "seo description")]
        product["seo"] = texts if any(texts) else None
    if cells.has("safety manufacturer"):
        product["safety"] = _safety(cells)
    if cells.has("categories"):
        slugs = [each.strip() for each in cells.text("categories").split(",")]
        product["categories"] = [each for each in slugs if each] or None
    if cells.has("option1 name"):
        product["option_names"] = cells.texts(_OPTION_NAMES) or None
    return product


def _safety(cells: RowCells) -> dict[str, str | None] | None:
    given = {member: cells.text(key) or None for member, key in _SAFETY.items()}
    if not any(given.values()):
        return None
    for member in ("manufacturer", "address", "contact"):
        if given[member] is None:
            cells.fail(f"safety {member}", "must not be empty beside other texts about safety")
            return None
    return given


def _variant(cells: RowCells) -> dict[str, Any]:
    variant: dict[str, Any] = {
        "price": _minor_units(cells, "price"),
        "stock": cells.whole_number("stock", 0, MAX_ON_HAND),
    }
    if cells.has("currency"):
        variant["currency"] = cells.text("currency") or None
    if cells.has("compare at price"):
        compared = cells.text("compare at price")
        variant["compare_at_price"] = _minor_units(cells, "compare at price") if compared else None
    if cells.has("weight grams"):
        variant["weight_grams"] = cells.grams("weight grams", "g")
    if cells.has("tax category"):
        variant["tax_category"] = cells.text("tax category") or None
    if cells.has("barcode"):
        variant["barcode"] = cells.text("barcode") or None
    if cells.has("ships"):
        variant["ships"] = cells.boolean("ships")
    if cells.has("variant active"):
        variant["active"] = cells.boolean("variant active")
    if cells.has("option1 value"):
        variant["options"] = cells.texts(_OPTION_VALUES)
    return variant


def _minor_units(cells: RowCells, key: str) -> int | None:
    cell = cells.text(key)
    if _DIGITS.fullmatch(cell) and 1 <= int(cell) <= MAX_PRICE:
        return int(cell)
    hint = price_hint(cell, cells.currency)
    cells.fail(
        key, f"must be 1 to {MAX_PRICE} minor units, such as 1990, not {shorten(cell)}{hint}"
    )
    return None
