"""Schemas of variants."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from pydantic import Field

from shop.domain.catalogue.options import MAX_OPTION_CHARACTERS, MAX_OPTIONS
from shop.domain.catalogue.variant import (
    BARCODE_LENGTHS,
    MAX_WEIGHT_GRAMS,
    ChosenOption,
    Variant,
)
from shop.domain.shared.errors import within
from shop.domain.shared.tax_category import (
    MAX_TAX_CATEGORY_CHARACTERS,
    STANDARD_TAX_CATEGORY,
    TAX_CATEGORY_PATTERN,
)
from shop.entrypoints.http.api.catalogue.stock_schemas import Available
from shop.entrypoints.http.schemas import (
    NEW_TEXT_ABOUT_GOODS,
    MoneyResponse,
    PriceInput,
    RequestBody,
    ResponseBody,
    Sku,
    is_none,
)
from shop.entrypoints.validation_messages import BARCODE_PATTERN, SINGLE_LINE_PATTERN

OptionText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_OPTION_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["Size"],
    ),
]
# Requests only, as with the name of a product.
NewOptionText = Annotated[OptionText, NEW_TEXT_ABOUT_GOODS]

_OPTIONS = Field(
    max_length=MAX_OPTIONS,
    examples=[{"Size": "M"}],
    description="The value of each option of the product, by its name.",
)
Options = Annotated[dict[str, OptionText], _OPTIONS]
NewOptions = Annotated[dict[str, NewOptionText], _OPTIONS]
WeightGrams = Annotated[int, Field(ge=0, le=MAX_WEIGHT_GRAMS, examples=[120])]
TaxCategory = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_TAX_CATEGORY_CHARACTERS,
        pattern=TAX_CATEGORY_PATTERN,
        examples=["standard"],
    ),
]
Barcode = Annotated[
    str | None,
    Field(
        min_length=min(BARCODE_LENGTHS),
        max_length=max(BARCODE_LENGTHS),
        pattern=BARCODE_PATTERN,
        examples=["4006381333931"],
        description="A GTIN of 8, 12, 13 or 14 digits.",
    ),
]
_Ships = Annotated[bool, Field(examples=[True], description="Whether it has to be sent.")]
_Active = Annotated[bool, Field(examples=[True], description="Whether it is for sale.")]


class VariantInput(RequestBody):
    """What is sold of a product, under a SKU that belongs to the product for ever."""

    sku: Sku
    price: PriceInput
    options: NewOptions = Field(default_factory=dict)
    compare_at_price: Annotated[
        PriceInput | None, Field(description="The price of before, which is higher.")
    ] = None
    weight_grams: WeightGrams = 0
    tax_category: TaxCategory = STANDARD_TAX_CATEGORY
    barcode: Barcode = None
    ships: _Ships = True
    active: _Active = True

    def to_variant(self, option_names: Sequence[str]) -> Variant:
        """Return the variant, with its options in the product's order."""
        before = self.compare_at_price
        return Variant(
            sku=self.sku,
            price=self.price.to_money(),
            compare_at_price=None if before is None else before.to_money(),
            options=tuple(self._options(option_names)),
            weight_grams=self.weight_grams,
            tax_category=self.tax_category,
            barcode=self.barcode,
            ships=self.ships,
            active=self.active,
        )

    def _options(self, names: Sequence[str]) -> Iterator[ChosenOption]:
        known = [each for each in names if each in self.options]
        for name in (*known, *(each for each in self.options if each not in names)):
            yield ChosenOption(name=name, value=self.options[name])


def variants_of(given: Sequence[VariantInput], option_names: Sequence[str]) -> tuple[Variant, ...]:
    """Return the variants; raise `InvalidValue` for the first that is invalid."""
    variants = []
    for position, each in enumerate(given):
        with within(f"variants/{position}"):
            variants.append(each.to_variant(option_names))
    return tuple(variants)


class VariantResponse(ResponseBody):
    """What is sold of a product, with its available quantity."""

    sku: Sku
    price: MoneyResponse
    compare_at_price: Annotated[MoneyResponse | None, Field(exclude_if=is_none)]
    options: Options
    weight_grams: WeightGrams
    tax_category: TaxCategory
    barcode: Annotated[Barcode, Field(exclude_if=is_none)]
    ships: _Ships
    active: _Active
    available: Available

    @classmethod
    def of(cls, variant: Variant, available: int) -> Self:
        """Render a variant."""
        before = variant.compare_at_price
        return cls(
            sku=variant.sku,
            price=MoneyResponse.of(variant.price),
            compare_at_price=None if before is None else MoneyResponse.of(before),
            options={each.name: each.value for each in variant.options},
            weight_grams=variant.weight_grams,
            tax_category=variant.tax_category,
            barcode=variant.barcode,
            ships=variant.ships,
            active=variant.active,
            available=available,
        )
