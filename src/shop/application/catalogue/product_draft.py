"""Makes the product that a file describes out of the one that the shop has."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from shop.application.catalogue.import_rows import ImportedProduct, VariantRow
from shop.domain.catalogue.product import Product
from shop.domain.catalogue.variant import Variant
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value


@value
class DraftFault:
    """The rule that a field of a line breaks."""

    line: int
    field: str
    rule: str


class ProductDraft:
    """A product as a file describes it: what the file does not say stays as it is."""

    def __init__(
        self, imported: ImportedProduct, before: Product | None, currency: Currency, at: datetime
    ) -> None:
        self._imported = imported
        self._before = before
        self._currency = currency
        self._at = at
        self.faults: list[DraftFault] = []

    def product(self) -> Product | None:
        """Return the product, or None and the faults."""
        row, *others = self._imported.variants
        for each in others:
            self._fail(each.line, "options", "must be of a product of its own")
        currency = row.fields.get("currency")
        if currency not in {None, self._currency}:
            rule = f"must be {self._currency}, the currency of the shop, not {currency}"
            self._fail(row.line, "currency", rule)
        if self.faults:
            return None
        try:
            return self._described(row)
        except InvalidValue as error:
            self._fail(row.line, error.field, error.rule)
            return None

    def _described(self, row: VariantRow) -> Product:
        before, given = self._before, self._imported.fields
        price = Money(amount=row.fields["price"], currency=self._currency)
        if before is None:
            before = Product(
                handle=row.sku,
                name=given["name"],
                description="",
                active=True,
                image_url=None,
                variants=(Variant(sku=row.sku, price=price),),
                created_at=self._at,
                updated_at=self._at,
            )
        variant = before.only_variant
        if variant is None or variant.sku != row.sku:
            rule = f"must not be {row.sku}, a product with several variants"
            raise InvalidValue(field="sku", rule=rule)
        return replace(
            before,
            name=given["name"],
            description=_given(given, "description", "", before.description),
            variants=(variant.at_price(price), *before.variants[1:]),
            archived_at=None,
            active=_given(given, "active", True, before.active),
            image_url=given.get("image_url", before.image_url),
            updated_at=self._at,
        )

    def _fail(self, line: int, field: str, rule: str) -> None:
        self.faults.append(DraftFault(line=line, field=field, rule=rule))


def _given(given: Mapping[str, Any], field: str, empty: Any, before: Any) -> Any:  # noqa: ANN401
    """Return what a file says of a field, `empty` for an empty cell, or what it was before."""
    if field not in given:
        return before
    return empty if given[field] is None else given[field]
