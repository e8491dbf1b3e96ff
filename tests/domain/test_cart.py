import pytest

from shop.domain.cart import MAX_LINES, Cart
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.line_quantity import MAX_QUANTITY, LineQuantity

TEA, POT = LineQuantity(sku="TEA", quantity=2), LineQuantity(sku="POT", quantity=1)
CART = Cart(lines=(TEA, POT))


@pytest.mark.parametrize("quantity", [0, -1, MAX_QUANTITY + 1])
def test_quantity_out_of_range_is_rejected(quantity: int) -> None:
    with pytest.raises(InvalidValue) as caught:
        LineQuantity(sku="TEA", quantity=quantity)

    assert caught.value.field == "quantity"


@pytest.mark.parametrize("quantity", [1, MAX_QUANTITY])
def test_quantity_at_the_limits_is_accepted(quantity: int) -> None:
    assert LineQuantity(sku="TEA", quantity=quantity).quantity == quantity


def test_line_requires_a_valid_sku() -> None:
    with pytest.raises(InvalidValue) as caught:
        LineQuantity(sku="no sku", quantity=1)

    assert caught.value.field == "sku"


def test_number_of_lines_is_limited() -> None:
    full = Cart.of(LineQuantity(sku=f"S{n}", quantity=1) for n in range(MAX_LINES))
    assert len(full.lines) == MAX_LINES

    with pytest.raises(InvalidValue) as caught:
        full.put(TEA)

    assert caught.value.field == "lines"


def test_new_cart_is_empty() -> None:
    assert Cart().is_empty
    assert not CART.is_empty


def test_new_line_is_added_last() -> None:
    cup = LineQuantity(sku="CUP", quantity=5)

    assert CART.put(cup).lines == (TEA, POT, cup)


def test_changed_line_keeps_its_position() -> None:
    more = LineQuantity(sku="TEA", quantity=7)

    assert CART.put(more).lines == (more, POT)


def test_removed_line_is_gone() -> None:
    assert CART.without("TEA").lines == (POT,)
    assert CART.without("TEA").without("POT").is_empty


def test_removing_a_missing_line_changes_nothing() -> None:
    assert CART.without("CUP") == CART


def test_quantities_of_one_product_are_added() -> None:
    gathered = Cart.of([TEA, POT, LineQuantity(sku="TEA", quantity=3)])

    assert gathered.lines == (LineQuantity(sku="TEA", quantity=5), POT)


def test_excessive_sum_of_quantities_is_rejected() -> None:
    with pytest.raises(InvalidValue) as caught:
        Cart.of([LineQuantity(sku="TEA", quantity=MAX_QUANTITY), TEA])

    assert caught.value.field == "quantity"
