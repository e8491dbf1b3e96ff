import pytest

from shop.domain.cart import MAX_LINES
from shop.domain.catalogue.product import require_handle
from shop.domain.catalogue.variant import MAX_PRICE
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.line_quantity import MAX_QUANTITY, MAX_SKU_CHARACTERS, require_sku
from shop.domain.shared.money import MAX_AMOUNT
from tests.factories import eur, product, variant


@pytest.mark.parametrize("sku", ["A", "0", "TEA", "tea-500_g.v2", "a--b", "S" * MAX_SKU_CHARACTERS])
def test_sku_consists_of_letters_digits_and_separators(sku: str) -> None:
    require_sku(sku)
    assert product(sku).variants[0].sku == sku


@pytest.mark.parametrize(
    "sku",
    [
        "",
        " ",
        "TEA ",
        "TEA\n",
        "a b",
        "a/b",
        "..",
        ".a",
        "a.",
        "-a",
        "_a",
        "TÉE",
        "a\x00b",
        "Ⅷ",
        "٣",
        "S" * (MAX_SKU_CHARACTERS + 1),
    ],
)
def test_any_other_text_is_no_sku(sku: str) -> None:
    for validate, field in ((require_sku, "sku"), (variant, "sku"), (require_handle, "handle")):
        with pytest.raises(InvalidValue) as caught:
            validate(sku)

        assert caught.value.field == field


@pytest.mark.parametrize("price", [0, -1, MAX_PRICE + 1])
def test_price_out_of_range_is_rejected(price: int) -> None:
    with pytest.raises(InvalidValue) as caught:
        product(price=eur(price))

    assert caught.value.field == "price"


@pytest.mark.parametrize("price", [1, MAX_PRICE])
def test_price_at_the_limits_is_accepted(price: int) -> None:
    assert product(price=eur(price)).price == eur(price)


def test_largest_possible_order_total_is_valid() -> None:
    assert MAX_PRICE * MAX_QUANTITY * MAX_LINES <= MAX_AMOUNT
