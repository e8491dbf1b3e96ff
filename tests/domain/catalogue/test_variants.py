"""What the variants of a product may be, and what becomes of those that it had."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.domain.catalogue.options import (
    MAX_OPTION_CHARACTERS,
    MAX_OPTION_VALUES,
    MAX_OPTIONS,
    ProductOption,
    require_new_options,
)
from shop.domain.catalogue.product import MAX_VARIANTS, require_new_variants
from shop.domain.catalogue.variant import (
    MAX_PRICE,
    MAX_WEIGHT_GRAMS,
    ChosenOption,
    Variant,
    is_barcode,
    require_new_variant,
)
from shop.domain.shared.errors import InvalidValue
from tests.factories import NOW, eur, product, variant

SIZES = ProductOption(name="Size", values=("S", "M"))
COLOURS = ProductOption(name="Colour", values=("Red", "Blue"))


def _shirt(sku: str, **options: str) -> Variant:
    chosen = tuple(ChosenOption(name=name, value=value) for name, value in options.items())
    return variant(sku, options=chosen)


class TestAVariant:
    @pytest.mark.parametrize("price", [0, -1, MAX_PRICE + 1])
    def test_has_a_price_within_bounds(self, price: int) -> None:
        assert _fault(lambda: variant("A", price)) == "price"

    @pytest.mark.parametrize("before", [500, 499, MAX_PRICE + 1])
    def test_has_a_price_of_before_that_is_higher(self, before: int) -> None:
        assert _fault(lambda: variant("A", 500, compare_at_price=eur(before))) == "compare_at_price"

    def test_keeps_a_price_of_before_that_is_higher_than_its_new_one(self) -> None:
        reduced = variant("A", 500, compare_at_price=eur(600))

        assert reduced.at_price(eur(599)).compare_at_price == eur(600)
        assert reduced.at_price(eur(600)).compare_at_price is None

    @pytest.mark.parametrize("weight", [-1, MAX_WEIGHT_GRAMS + 1])
    def test_has_a_weight_within_bounds(self, weight: int) -> None:
        assert _fault(lambda: variant("A", weight_grams=weight)) == "weight_grams"

    @pytest.mark.parametrize("weight", [0, MAX_WEIGHT_GRAMS])
    def test_may_have_a_weight_at_the_bounds(self, weight: int) -> None:
        assert variant("A", weight_grams=weight).weight_grams == weight

    @pytest.mark.parametrize("category", ["", "Standard", "a b", "-a", "a-", "a" * 41, "ä"])
    def test_has_a_tax_category_of_plain_letters(self, category: str) -> None:
        fault = _fault(lambda: require_new_variant(variant("A", tax_category=category)))
        assert fault == "tax_category"

    @pytest.mark.parametrize("category", ["shared", "highest"])
    def test_has_no_tax_category_that_is_how_shipping_is_taxed(self, category: str) -> None:
        fault = _fault(lambda: require_new_variant(variant("A", tax_category=category)))
        assert fault == "tax_category"

    def test_may_have_any_tax_category_that_is_well_formed(self) -> None:
        for category in ("standard", "reduced-2", "a" * 40):
            require_new_variant(variant("A", tax_category=category))


class TestABarcode:
    @pytest.mark.parametrize(
        "text", ["40170725", "012345678905", "4006381333931", "04006381333931"]
    )
    def test_is_a_gtin_of_any_length(self, text: str) -> None:
        assert is_barcode(text)
        require_new_variant(variant("A", barcode=text))

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "4006381333930",
            "40170724",
            "400638133393",
            "40063813339310",
            "\uff14006381333931",
            "x",
        ],
    )
    def test_with_another_length_or_check_digit_is_rejected(self, text: str) -> None:
        assert not is_barcode(text)
        assert _fault(lambda: require_new_variant(variant("A", barcode=text))) == "barcode"


class TestVariantsOfAProduct:
    def test_have_exactly_its_options(self) -> None:
        valid = [
            _shirt("A", Size="S", Colour="Red"),
            _shirt("B", Size="M", Colour="Red"),
            _shirt("C", Size="S", Colour="Blue"),
        ]
        require_new_variants([SIZES, COLOURS], valid)

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            (_shirt("B"), "variants/1/options"),
            (_shirt("B", Size="M"), "variants/1/options"),
            (_shirt("B", Size="M", Colour="Red", Fit="Slim"), "variants/1/options"),
            (_shirt("B", Size="M", Fit="Red"), "variants/1/options"),
            (_shirt("B", Size="XL", Colour="Red"), "variants/1/options/Size"),
            (_shirt("B", Size="S", Colour="Red"), "variants/1/options"),
            (_shirt("A", Size="M", Colour="Red"), "variants/1/sku"),
        ],
        ids=["none", "too-few", "too-many", "other", "no-value", "same-options", "same-sku"],
    )
    def test_that_do_not_fit_are_named(self, wrong: Variant, field: str) -> None:
        variants = [_shirt("A", Size="S", Colour="Red"), wrong]

        assert _fault(lambda: require_new_variants([SIZES, COLOURS], variants)) == field

    def test_without_options_are_exactly_one(self) -> None:
        require_new_variants([], [variant("A")])
        two = [variant("A"), variant("B")]
        assert _fault(lambda: require_new_variants([], two)) == "variants/1/options"
        assert _fault(lambda: require_new_variants([], [])) == "variants"

    def test_are_at_most_so_many(self) -> None:
        options = [
            ProductOption(name="Number", values=tuple(map(str, range(100)))),
            ProductOption(name="Letter", values=("a", "b", "c")),
        ]
        variants = [
            _shirt(f"V-{number}", Number=str(number % 100), Letter="abc"[number // 100])
            for number in range(MAX_VARIANTS + 1)
        ]
        require_new_variants(options, variants[:-1])
        assert _fault(lambda: require_new_variants(options, variants)) == "variants"


class TestOptions:
    def test_at_the_bounds_are_accepted(self) -> None:
        long = "x" * MAX_OPTION_CHARACTERS
        values = tuple(map(str, range(MAX_OPTION_VALUES - 1)))
        options = [
            ProductOption(name=f"Option {number}", values=(long, *values))
            for number in range(MAX_OPTIONS)
        ]
        require_new_options(options)

    @pytest.mark.parametrize(
        ("options", "field"),
        [
            ([ProductOption(name=str(n), values=("a",)) for n in range(4)], "options"),
            ([SIZES, replace(SIZES, name="SIZE")], "options/1/name"),
            ([replace(SIZES, name="")], "options/0/name"),
            ([replace(SIZES, name=" Size")], "options/0/name"),
            ([replace(SIZES, name="x" * (MAX_OPTION_CHARACTERS + 1))], "options/0/name"),
            ([SIZES, replace(COLOURS, values=())], "options/1/values"),
            ([replace(SIZES, values=("S", "s"))], "options/0/values"),
            ([replace(SIZES, values=("S\u200b",))], "options/0/values"),
            ([replace(SIZES, values=tuple(map(str, range(101))))], "options/0/values"),
        ],
    )
    def test_that_are_invalid_are_named(self, options: Sequence[ProductOption], field: str) -> None:
        assert _fault(lambda: require_new_options(options)) == field


class TestReplacingVariants:
    LATER = NOW + timedelta(days=1)

    def test_archives_those_that_are_missing_behind_the_others(self) -> None:
        small, medium = _shirt("A", Size="S"), _shirt("B", Size="M")
        shirt = product("SHIRT", variants=(small, medium))

        changed = shirt.with_variants([medium], self.LATER)

        assert changed.variants == (medium, replace(small, archived_at=self.LATER))
        assert changed.current_variants == [medium]
        assert changed.only_variant == medium

    def test_brings_an_archived_one_back(self) -> None:
        small, medium = _shirt("A", Size="S"), _shirt("B", Size="M")
        archived = replace(small, archived_at=NOW)
        shirt = product("SHIRT", variants=(medium, archived))

        assert shirt.with_variants([small, medium], self.LATER).variants == (small, medium)

    def test_keeps_the_time_at_which_one_was_archived(self) -> None:
        archived = replace(variant("A"), archived_at=NOW)
        shirt = product("SHIRT", variants=(variant("B"), archived))

        assert shirt.with_variants([variant("B")], self.LATER).variants[1].archived_at == NOW


class TestThePriceOfAProduct:
    def test_is_the_lowest_of_the_variants_that_are_sold(self) -> None:
        cheap, archived = variant("A", 100, active=False), variant("B", 50, archived_at=NOW)
        shirt = product("SHIRT", variants=(variant("C", 300), variant("D", 200), cheap, archived))

        assert shirt.price == eur(200)

    def test_is_the_lowest_of_all_that_are_not_archived_if_none_is_sold(self) -> None:
        inactive, archived = variant("A", 100, active=False), variant("B", 50, archived_at=NOW)

        assert product("SHIRT", variants=(inactive, archived)).price == eur(100)


def _fault(act: Callable[[], object]) -> str:
    """Return the field of the value that is invalid."""
    with pytest.raises(InvalidValue) as caught:
        act()
    return caught.value.field
