"""Makes the product that a file describes out of the one that the shop has."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from shop.application.catalogue.import_rows import ImportedProduct, VariantRow
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
        """Return the product, or None and the faults; `owners` has the product of each SKU."""
        imported, before = self._imported, self._before
        known = {} if before is None else {each.sku: each for each in before.variants}
        rows = {row.sku: row for row in imported.variants}
        made = [self._variant(row, known.get(row.sku), owners) for row in imported.variants]
        if self.faults:
            return None
        made_by_sku = {each.sku: each for each in made if each is not None}
        kept = [] if before is None else before.current_variants
        variants = [made_by_sku.pop(each.sku, each) for each in kept]
        variants += made_by_sku.values()
        options = self._options(variants)
        try:
            if before is None:
                require_new_handle(imported.handle)
            require_new_options(options)
            require_new_variants(options, variants)
            return self._described(options, variants)
        except InvalidValue as error:
            self._fail(*_place(error.field, variants, rows, imported.line), error.rule)
            return None

    def _described(self, options: Sequence[ProductOption], variants: Sequence[Variant]) -> Product:
        imported, before = self._imported, self._before
        given = imported.fields
        if before is None:
            before = Product(
                handle=imported.handle,
                name=given["name"],
                description="",
                active=True,
                image_url=None,
                variants=(),
                created_at=self._at,
                updated_at=self._at,
            )
        product = replace(
            before,
            name=_unless_trimmed(given["name"], before.name),
            description=_unless_trimmed(
                _given(given, "description", "", before.description), before.description
            ),
            active=_given(given, "active", True, before.active),
            image_url=given.get("image_url", before.image_url),
            seo=_seo(given["seo"]) if "seo" in given else before.seo,
            safety=_safety(given["safety"]) if "safety" in given else before.safety,
            options=tuple(options),
            archived_at=None,
            updated_at=self._at,
        )
        return product.with_variants(variants, self._at)

    def _variant(
        self, row: VariantRow, before: Variant | None, owners: Mapping[str, str]
    ) -> Variant | None:
        handle = self._imported.handle
        if owners.get(row.sku, handle) != handle:
            self._fail(row.line, "sku", f"{row.sku} belongs to the product {owners[row.sku]}")
            return None
        given = row.fields
        currency = given.get("currency")
        if currency not in {None, self._currency}:
            rule = f"must be {self._currency}, the currency of the shop, not {currency}"
            self._fail(row.line, "currency", rule)
            return None
        try:
            variant = self._made(row, given, before)
            if variant != before:
                require_new_variant(variant)
            if before is None or variant.tax_category != before.tax_category:
                self._tax_categories.require(variant.tax_category, "tax_category")
        except InvalidValue as error:
            self._fail(row.line, error.field, error.rule)
            return None
        return variant

    def _made(self, row: VariantRow, given: Mapping[str, Any], before: Variant | None) -> Variant:
        price = Money(amount=given["price"], currency=self._currency)
        variant = before or Variant(sku=row.sku, price=price)
        compared = given.get("compare_at_price")
        if "compare_at_price" not in given:
            compare_at_price = variant.compare_at_price
        elif compared is None:
            compare_at_price = None
        else:
            compare_at_price = Money(amount=compared, currency=self._currency)
        options = variant.options
        if row.options is not None:
            options = tuple(
                ChosenOption(name=name, value=each) for name, each in row.options.items()
            )
        return Variant(
            sku=row.sku,
            price=price,
            compare_at_price=compare_at_price,
            options=options,
            weight_grams=_given(given, "weight_grams", 0, variant.weight_grams),
            tax_category=_given(given, "tax_category", STANDARD_TAX_CATEGORY, variant.tax_category),
            barcode=given.get("barcode", variant.barcode),
            ships=_given(given, "ships", True, variant.ships),
            active=_given(given, "active", True, variant.active),
        )

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


def _unless_trimmed(text: str, before: str) -> str:
    """Return a text, or that of before if the file only lacks the spaces around it."""
    return before if text == before.strip() else text


def _given(given: Mapping[str, Any], field: str, empty: Any, before: Any) -> Any:  # noqa: ANN401
    """Return what a file says of a field, `empty` for an empty cell, or what it was before."""
    if field not in given:
        return before
    return empty if given[field] is None else given[field]


def _place(
    field: str, variants: Sequence[Variant], rows: Mapping[str, VariantRow], line: int
) -> tuple[int, str]:
    """Return the line and the column of a field such as "variants/1/options"."""
    parts = field.split("/")
    if parts[0] == "variants" and len(parts) > 2:  # noqa: PLR2004  The list, a position, a member.
        row = rows.get(variants[int(parts[1])].sku)
        return (line if row is None else row.line), parts[2]
    return line, parts[0]
