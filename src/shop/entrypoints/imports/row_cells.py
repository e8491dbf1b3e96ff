"""The cells of one row by column, with all that is wrong with them."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from reprlib import repr as shorten

from shop.domain.catalogue.product import IMAGE_URL_PATTERN, MAX_IMAGE_URL_CHARACTERS
from shop.domain.catalogue.product_import import ImportMessage
from shop.domain.catalogue.variant import MAX_PRICE, MAX_WEIGHT_GRAMS
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.text import require_text
from shop.domain.shared.value import value
from shop.entrypoints.imports.amounts import InvalidCell, read_amount, read_grams
from shop.entrypoints.imports.cell_faults import (
    has_control_character,
    quantity_hint,
    text_fault,
    windows_fault,
)
from shop.entrypoints.imports.text_encodings import WINDOWS_1252

_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MAX_DIGITS = 15
_URL = re.compile(IMAGE_URL_PATTERN.removesuffix("$"))


@value
class Header:
    """Where each column is, and what it is called in the file."""

    positions: Mapping[str, int]
    names: Mapping[str, str]
    length: int
    encoding: str | None


class RowCells:
    """The cells of a row; each question records what is wrong and then returns None."""

    def __init__(
        self,
        header: Header,
        line: int,
        cells: Sequence[str],
        currency: Currency,
        cleaned: Collection[str] = (),
    ) -> None:
        """`cleaned` are columns from which the reader drops control characters itself."""
        self.line = line
        self.currency = currency
        self.faults: list[ImportMessage] = []
        self.remarks: list[ImportMessage] = []
        self._names = header.names
        self._cells = {key: cells[at].strip() for key, at in header.positions.items()}
        text = "".join(cells)
        if not text.isascii() or (not text.isprintable() and has_control_character(text)):
            self._check_characters(header, cleaned)

    def _check_characters(self, header: Header, cleaned: Collection[str]) -> None:
        for key, cell in self._cells.items():
            fault = text_fault(cell, is_cleaned=key in cleaned)
            if fault is None and header.encoding == WINDOWS_1252:
                fault = windows_fault(cell)
            if fault is not None:
                self.fail(key, fault)

    def has(self, key: str) -> bool:
        """Check whether the file has this column."""
        return key in self._cells

    def text(self, key: str) -> str:
        """Return a cell, which is empty if the file has no such column."""
        return self._cells.get(key, "")

    def texts(self, keys: Iterable[str]) -> Sequence[str]:
        """Return the cells of some columns that are not empty."""
        return [cell for cell in map(self.text, keys) if cell]

    def fail(self, key: str, rule: str) -> None:
        """Record that a cell breaks a rule, unless another fault of it is known."""
        column = self._names.get(key, key)
        if all(each.column != column for each in self.faults):
            self.faults.append(ImportMessage(line=self.line, column=column, detail=rule))

    def note(self, key: str, detail: str) -> None:
        """Record what became of a cell."""
        column = self._names.get(key, key)
        self.remarks.append(ImportMessage(line=self.line, column=column, detail=detail))

    def require_new_text(self, key: str, text: str, *, longest: int, is_multiline: bool) -> None:
        """Check a text that people read."""
        if rule := _text_rule(text, longest, is_multiline=is_multiline):
            self.fail(key, rule)

    def boolean(self, key: str, *, default: bool | None = None) -> bool | None:
        """Return a cell that is true or false."""
        cell = self.text(key)
        if not cell:
            return default
        found = _BOOLEANS.get(cell.lower())
        if found is None:
            self.fail(key, f"must be true or false, not {shorten(cell)}")
        return found

    def whole_number(self, key: str, low: int, high: int, what: str = "a number") -> int | None:
        """Return a cell in digits."""
        cell = self.text(key)
        digits = cell.removeprefix("-")
        if digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_DIGITS:
            number = int(cell)
            if low <= number <= high:
                return number
        hint = quantity_hint(cell)
        self.fail(key, f"must be {what} from {low} to {high}, not {shorten(cell)}{hint}")
        return None

    def amount(self, key: str) -> int | None:
        """Return the minor units of an amount in the shop's currency; 0 is no price."""
        try:
            amount = read_amount(self.text(key), self.currency)
        except InvalidCell as invalid:
            self.fail(key, invalid.rule)
            return None
        if 1 <= amount <= MAX_PRICE:
            return amount
        low, high = (Money(amount=each, currency=self.currency) for each in (1, MAX_PRICE))
        self.fail(key, f"must be {low} to {high}, not {shorten(self.text(key))}")
        return None

    def url(self, key: str) -> str | None:
        """Return a URL, None if the cell is empty."""
        cell = self.text(key)
        if not cell:
            return None
        found = self.as_url(cell)
        if found is None:
            longest = MAX_IMAGE_URL_CHARACTERS
            rule = f"must be an http or https URL of at most {longest} characters"
            self.fail(key, f"{rule}, not {shorten(cell)}")
        return found

    @staticmethod
    def as_url(text: str) -> str | None:
        """Return a text if it is a URL that the shop can have."""
        return text if len(text) <= MAX_IMAGE_URL_CHARACTERS and _URL.fullmatch(text) else None

    def grams(self, key: str, unit: str) -> int | None:
        """Return a weight in grams, None if the cell is empty."""
        cell = self.text(key)
        if not cell:
            return None
        try:
            grams = read_grams(cell, unit)
        except InvalidCell as invalid:
            self.fail(key, invalid.rule)
            return None
        if grams > MAX_WEIGHT_GRAMS:
            self.fail(key, f"must be at most {MAX_WEIGHT_GRAMS} g, not {shorten(cell)}")
            return None
        return grams


@lru_cache(maxsize=64)
def _text_rule(text: str, longest: int, *, is_multiline: bool) -> str | None:
    """Return the rule that a text breaks; the rows of a product often repeat its texts."""
    if is_multiline and len(text) > longest:
        return f"must be at most {longest} characters of text, not {shorten(text)}"
    if not is_multiline and not 1 <= len(text) <= longest:
        return f"must be 1 to {longest} characters on one line, not {shorten(text)}"
    try:
        require_text(text, "text", is_multiline=is_multiline, is_about_goods=True)
    except InvalidValue as error:
        return error.rule
    return None
