import pytest

from shop.domain.cart import MAX_LINES, MAX_QUANTITY, Cart, CartLine
from shop.domain.shared.errors import InvalidValue

TEA, POT = CartLine(sku="TEA", quantity=2), CartLine(sku="POT", quantity=1)
CART = Cart(lines=(TEA, POT))


@pytest.mark.parametrize("quantity", [0, -1, MAX_QUANTITY + 1])
def test_a_quantity_has_bounds(quantity: int) -> None:
    with pytest.raises(InvalidValue) as caught:
        CartLine(sku="TEA", quantity=quantity)

    assert caught.value.field == "quantity"


@pytest.mark.parametrize("quantity", [1, MAX_QUANTITY])
def test_a_quantity_may_reach_its_bounds(quantity: int) -> None:
    assert CartLine(sku="TEA", quantity=quantity).quantity == quantity


def test_a_line_is_of_something_that_could_be_sold() -> None:
    with pytest.raises(InvalidValue) as caught:
        CartLine(sku="no sku", quantity=1)

    assert caught.value.field == "sku"


def test_a_cart_has_so_many_lines_and_no_more() -> None:
    full = Cart.of(CartLine(sku=f"S{n}", quantity=1) for n in range(MAX_LINES))
    assert len(full.lines) == MAX_LINES

    with pytest.raises(InvalidValue) as caught:
        full.put(TEA)

    assert caught.value.field == "lines"


def test_a_new_cart_is_empty() -> None:
    assert Cart().is_empty
    assert not CART.is_empty


def test_what_is_new_comes_last() -> None:
    cup = CartLine(sku="CUP", quantity=5)

    assert CART.put(cup).lines == (TEA, POT, cup)


def test_what_is_in_it_keeps_its_place_with_another_quantity() -> None:
    more = CartLine(sku="TEA", quantity=7)

    assert CART.put(more).lines == (more, POT)


def test_what_is_taken_out_is_gone() -> None:
    assert CART.without("TEA").lines == (POT,)
    assert CART.without("TEA").without("POT").is_empty


def test_taking_out_what_is_not_in_it_changes_nothing() -> None:
    assert CART.without("CUP") == CART


def test_quantities_of_one_product_add_up() -> None:
    gathered = Cart.of([TEA, POT, CartLine(sku="TEA", quantity=3)])

    assert gathered.lines == (CartLine(sku="TEA", quantity=5), POT)


def test_quantities_that_add_up_to_too_many_are_refused() -> None:
    with pytest.raises(InvalidValue) as caught:
        Cart.of([CartLine(sku="TEA", quantity=MAX_QUANTITY), TEA])

    assert caught.value.field == "quantity"
