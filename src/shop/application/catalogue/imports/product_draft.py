"""Makes the product that a file describes out of the one that the shop has."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from shop.application.catalogue.imports.rows import ImportedProduct, VariantRow
from shop.domain.catalogue.options import ProductOption, require_new_options
from shop.domain.catalogue.product import Product, require_new_handle, require_new_variants
from shop.domain.catalogue.product_details import (
    ProductSafety,
    Seo,
    require_new_safety,
    require_new_seo,
)
from shop.domain.catalogue.variant import (
    ChosenOption,
    Variant,
    require_new_variant,
)
from shop.domain.pricing.taxes.tax_categories import TaxCategories
from shop.domain.shared.errors import InvalidValue, within
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.tax_category import STANDARD_TAX_CATEGORY
from shop.domain.shared.value import value

_EMPTY_OF_PRODUCTS = {"name": None, "description": "", "active": True, "image_url": None}
_EMPTY_OF_VARIANTS = {
    "compare_at_price": None,
    "weight_grams": 0,
    "tax_category": STANDARD_TAX_CATEGORY,
    "barcode": None,
    "ships": True,
    "active": True,
}
"""What an empty cell means."""


@value
class DraftFault:
    """The rule that a field of a line breaks."""

    line: int
    field: str
    rule: str


class ProductDraft:
    """A product as a file describes it: what the file does not say stays as it is.

    Variants that the file does not name stay, too. An archived product or variant comes back.
    """

    def __init__(
        self,
        imported: ImportedProduct,
        before: Product | None,
        currency: Currency,
        at: datetime,
        tax_categories: TaxCategories,
    ) -> None:
        self._imported = imported
        self._before = before
        self._currency = currency
        self._at = at
        self._tax_categories = tax_categories
        self.faults: list[DraftFault] = []

    def product(self, owners: Mapping[str, str]) -> Product | None:
        """Return the product, or None and the faults; `owners` has the product of each SKU.

        One that is as before is the same object.
        """
        imported, before = self._imported, self._before
        known = {} if before is None else {each.sku: each for each in before.variants}
        made = [self._variant(row, known.get(row.sku), owners) for row in imported.variants]
        if self.faults:
            return None
        variants = self._in_order([each for each in made if each is not None])
        options = self._options(variants)
        try:
            if before is None:
                require_new_handle(imported.handle)
            require_new_options(options)
            require_new_variants(options, variants)
            return self._described(options, variants)
        except InvalidValue as error:
            self._fail(*self._place(error.field, variants), error.rule)
            return None

    def _in_order(self, made: Sequence[Variant]) -> Sequence[Variant]:
        """Return the variants of before, which stay in their places, and then the new ones."""
        by_sku = {each.sku: each for each in made}
        before = () if self._before is None else self._before.current_variants
        kept = [by_sku.pop(each.sku, each) for each in before]
        return [*kept, *by_sku.values()]

    def _described(self, options: Sequence[ProductOption], variants: Sequence[Variant]) -> Product:
        before, given = self._before, self._imported.fields
        fields: dict[str, Any] = {
            "options": tuple(options),
            "archived_at": None,
            **_without_empty(given, _EMPTY_OF_PRODUCTS),
        }
        for field, read in (("seo", _seo), ("safety", _safety)):
            if field in given:
                fields[field] = read(given[field])
        if before is None:
            fields = {"description": "", "active": True, "image_url": None, **fields}
            return Product(
                handle=self._imported.handle,
                variants=tuple(variants),
                created_at=self._at,
                updated_at=self._at,
                **fields,
            )
        for field in ("name", "description"):
            # The file only lacks the spaces around it.
            if fields.get(field) == getattr(before, field).strip():
                del fields[field]
        current = {each.sku for each in variants}
        archived = [each for each in before.variants if each.sku not in current]
        fields["variants"] = (*variants, *archived)
        if _is_as(before, fields):
            return before
        return replace(before, updated_at=self._at, **fields)

    def _variant(
        self, row: VariantRow, before: Variant | None, owners: Mapping[str, str]
    ) -> Variant | None:
        handle = self._imported.handle
        if owners.get(row.sku, handle) != handle:
            self._fail(row.line, "sku", f"{row.sku} belongs to the product {owners[row.sku]}")
            return None
        currency = row.fields.get("currency")
        if currency is not None and currency != self._currency:
            rule = f"must be {self._currency}, the currency of the shop, not {currency}"
            self._fail(row.line, "currency", rule)
            return None
        try:
            variant = self._made(row, before)
            if variant is not before:
                require_new_variant(variant)
            if before is None or variant.tax_category != before.tax_category:
                self._tax_categories.require(variant.tax_category, "tax_category")
        except InvalidValue as error:
            self._fail(row.line, error.field, error.rule)
            return None
        return variant

    def _made(self, row: VariantRow, before: Variant | None) -> Variant:
        given = row.fields
        fields: dict[str, Any] = {
            "price": self._money(given["price"]),
            "archived_at": None,
            **_without_empty(given, _EMPTY_OF_VARIANTS),
        }
        compared = given.get("compare_at_price")
        if compared is not None:
            fields["compare_at_price"] = self._money(compared)
        if row.options is not None:
            fields["options"] = tuple(
                ChosenOption(name=name, value=each) for name, each in row.options.items()
            )
        if before is None:
            return Variant(sku=row.sku, **fields)
        return before if _is_as(before, fields) else replace(before, **fields)

    def _money(self, amount: int) -> Money:
        return Money(amount=amount, currency=self._currency)

    def _options(self, variants: Sequence[Variant]) -> Sequence[ProductOption]:
        """Return the options: values of before stay, and new ones follow in the file's order."""
        before = () if self._before is None else self._before.options
        names = self._imported.option_names
        if names is None:
            names = [each.name for each in before]
        values = {each.name: list(each.values) for each in before}
        for variant in variants:
            for chosen in variant.options:
                of_option = values.setdefault(chosen.name, [])
                if chosen.value not in of_option:
                    of_option.append(chosen.value)
        return [ProductOption(name=name, values=tuple(values.get(name, ()))) for name in names]

    def _fail(self, line: int, field: str, rule: str) -> None:
        self.faults.append(DraftFault(line=line, field=field, rule=rule))

    def _place(self, field: str, variants: Sequence[Variant]) -> tuple[int, str]:
        """Return the line and the column of a field such as "variants/1/options"."""
        line, parts = self._imported.line, field.split("/")
        if parts[0] == "variants" and len(parts) > 2:  # noqa: PLR2004  The list, a position, a member.
            lines = {row.sku: row.line for row in self._imported.variants}
            return lines.get(variants[int(parts[1])].sku, line), parts[2]
        return line, parts[0]


def _seo(texts: Sequence[str | None] | None) -> Seo | None:
    """Return the title and description that a file has for search engines."""
    if texts is None:
        return None
    title, description = texts
    with within("seo"):
        seo = Seo(title=title, description=description)
    require_new_seo(seo)
    return seo


def _safety(texts: Mapping[str, Any] | None) -> ProductSafety | None:
    if texts is None:
        return None
    with within("safety"):
        safety = ProductSafety(**texts)
    require_new_safety(safety)
    return safety


def _without_empty(given: Mapping[str, Any], empty: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a file says of these fields, with what an empty cell means."""
    return {
        field: meaning if given[field] is None else given[field]
        for field, meaning in empty.items()
        if field in given
    }


def _is_as(before: Product | Variant, fields: Mapping[str, Any]) -> bool:
    return all(getattr(before, field) == each for field, each in fields.items())
