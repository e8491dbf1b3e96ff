"""What the formats of other shops have in common: texts that are cleaned, cut or left out."""

import html
import re
from collections.abc import Sequence

from shop.application.catalogue.slugs import sku_of
from shop.domain.catalogue.product import MAX_DESCRIPTION_CHARACTERS, MAX_PRODUCT_NAME_CHARACTERS
from shop.domain.catalogue.product_details import (
    MAX_SEO_DESCRIPTION_CHARACTERS,
    MAX_SEO_TITLE_CHARACTERS,
)
from shop.domain.catalogue.variant import is_barcode
from shop.domain.inventory import MAX_ON_HAND
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.line_quantity import require_sku
from shop.entrypoints.imports.amounts import InvalidCell, read_amount
from shop.entrypoints.imports.html_text import clean_line, html_to_text
from shop.entrypoints.imports.row_cells import RowCells

STOCK_LEFT = "the stock was left as it is: 0 if the variant is new"
"""What becomes of the stock that another shop does not count; this one counts all."""

_ENTITY = re.compile("&(?:[a-zA-Z]{2,8}|#[0-9]{2,5});")


def name_of(cells: RowCells, key: str, written: str) -> str:
    """Return a name on one line."""
    name = clean_line(html.unescape(written) if _ENTITY.search(written) else written)
    cells.require_new_text(key, name, longest=MAX_PRODUCT_NAME_CHARACTERS, is_multiline=False)
    return name


def description_of(cells: RowCells, key: str, markup: str) -> str:
    """Return a description without its HTML, cut if it is too long."""
    text = cut(cells, key, html_to_text(markup), MAX_DESCRIPTION_CHARACTERS)
    cells.require_new_text(key, text, longest=MAX_DESCRIPTION_CHARACTERS, is_multiline=True)
    return text


def seo_of(cells: RowCells, title: str, description: str) -> Sequence[str | None] | None:
    """Return the texts for search engines, if there are any."""
    texts = (
        cut(cells, title, clean_line(cells.text(title)), MAX_SEO_TITLE_CHARACTERS),
        cut(
            cells, description, clean_line(cells.text(description)), MAX_SEO_DESCRIPTION_CHARACTERS
        ),
    )
    return [each or None for each in texts] if any(texts) else None


def cut(cells: RowCells, key: str, text: str, longest: int) -> str:
    """Cut a text that is too long, and say so."""
    if len(text) <= longest:
        return text
    cells.note(key, f"is longer than {longest} characters and was cut")
    return text[:longest].rstrip()


def sku_in(cells: RowCells, key: str) -> str | None:
    """Return a SKU, as the shop can have it; None if it has to be made."""
    # Spreadsheets mark digits that are text by an apostrophe.
    sku = cells.text(key).removeprefix("'")
    if not sku:
        return None
    try:
        require_sku(sku)
    except InvalidValue:
        made = sku_of(sku)
        cells.note(key, f"{sku!r} became {made!r}: a SKU has letters, digits, '.', '-' and '_'")
        return made
    return sku


def barcode_in(cells: RowCells, key: str) -> str | None:
    """Return a barcode; one that is no GTIN is left out."""
    barcode = cells.text(key).removeprefix("'").replace(" ", "").replace("-", "")
    if not barcode:
        return None
    if not is_barcode(barcode):
        cells.note(key, f"{cells.text(key)!r} is no GTIN and was left out")
        return None
    return barcode


def image_in(cells: RowCells, key: str, url: str) -> str | None:
    """Return the URL of an image, which is not fetched; a wrong one is left out."""
    if not url:
        return None
    found = cells.as_url(url)
    if found is None:
        cells.note(key, "is no http or https URL and was left out")
    return found


def compared_price(cells: RowCells, key: str, price: int | None) -> int | None:
    """Return a former price; one that is not above the price is left out."""
    cell = cells.text(key)
    if not cell or price is None:
        return None
    try:
        amount = read_amount(cell, cells.currency)
    except InvalidCell as invalid:
        cells.fail(key, invalid.rule)
        return None
    if amount <= price:
        if amount:
            cells.note(key, f"{cell} is not above the price and was left out")
        return None
    return amount


def stock_in(cells: RowCells, key: str) -> int | None:
    """Return the stock on hand, None if the other shop does not count it; debts are none."""
    if not cells.text(key):
        cells.note(key, f"is empty, so that {STOCK_LEFT}")
        return None
    stock = cells.whole_number(key, -MAX_ON_HAND, MAX_ON_HAND)
    if stock is not None and stock < 0:
        cells.note(key, f"{stock} is below 0, so that 0 are on hand")
        return 0
    return stock
