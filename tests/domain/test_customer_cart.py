"""What is in a cart, and how a visitor's becomes part of a customer's."""

import pytest

from shop.domain.address import Address
from shop.domain.cart import MAX_LINES, Cart
from shop.domain.customer_cart import EMPTY_CART, CartContent
from shop.domain.orders.order_details import MAX_CODES, OrderDetails
from shop.domain.shared.errors import InvalidValue
from tests.factories import line_quantities

HOME = Address(name="Ada", line1="1 Main Street", country="DE")
WORK = Address(name="Ada", line1="2 Main Street", country="DE")
OWN = CartContent(
    cart=Cart(lines=line_quantities(TEA=2, CUP=1)),
    details=OrderDetails(email="ada@example.com", shipping_address=HOME, codes=("OWN", "BOTH")),
)
VISITORS = CartContent(
    cart=Cart(lines=line_quantities(POT=1, CUP=3, TEA=1)),
    details=OrderDetails(shipping_address=WORK, shipping_method="parcel", codes=("BOTH", "NEW")),
)


class TestMerging:
    def test_larger_quantity_counts_and_own_lines_come_first(self) -> None:
        merged = OWN.merged_with(VISITORS)

        assert merged.cart == Cart(lines=line_quantities(TEA=2, CUP=3, POT=1))

    def test_visitors_details_only_fill_what_is_not_given_and_codes_are_united(self) -> None:
        assert OWN.merged_with(VISITORS).details == OrderDetails(
            email="ada@example.com",
            shipping_address=HOME,
            shipping_method="parcel",
            codes=("OWN", "BOTH", "NEW"),
        )

    def test_second_time_changes_nothing(self) -> None:
        merged = OWN.merged_with(VISITORS)

        assert merged.merged_with(VISITORS) == merged

    @pytest.mark.parametrize(
        ("own", "visitors", "merged"),
        [
            (OWN, EMPTY_CART, OWN),
            (EMPTY_CART, VISITORS, VISITORS),
            (EMPTY_CART, EMPTY_CART, EMPTY_CART),
        ],
    )
    def test_empty_cart_changes_nothing(
        self, own: CartContent, visitors: CartContent, merged: CartContent
    ) -> None:
        assert own.merged_with(visitors) == merged

    def test_last_lines_of_the_visitor_are_dropped_beyond_the_limit(self) -> None:
        own = Cart(lines=line_quantities(**{f"O{each}": 1 for each in range(MAX_LINES - 1)}))
        visitors = Cart(lines=line_quantities(O0=5, V0=1, V1=1))

        merged = CartContent(cart=own).merged_with(CartContent(cart=visitors)).cart

        assert len(merged.lines) == MAX_LINES
        assert (merged.lines[0].quantity, merged.lines[-1].sku) == (5, "V0")

    def test_last_codes_of_the_visitor_are_dropped_beyond_the_limit(self) -> None:
        own = EMPTY_CART.with_codes([f"OWN{each}" for each in range(MAX_CODES - 1)])

        merged = own.merged_with(EMPTY_CART.with_codes(["NEW1", "NEW2"]))

        assert merged.codes == (*own.codes, "NEW1")


class TestOrdering:
    def test_ordered_lines_and_codes_leave_the_cart(self) -> None:
        left = OWN.without_ordered({"TEA": 1, "CUP": 1, "POT": 7}, ["OWN"])

        assert left == CartContent(
            cart=Cart(lines=line_quantities(TEA=1)),
            details=OrderDetails(email="ada@example.com", shipping_address=HOME, codes=("BOTH",)),
        )

    def test_cart_that_is_ordered_as_a_whole_becomes_empty(self) -> None:
        assert OWN.without_ordered({"TEA": 2, "CUP": 1}, []) == EMPTY_CART


class TestCodes:
    def test_cart_without_codes_has_no_list_of_them(self) -> None:
        assert EMPTY_CART.with_codes(["ONE"]).with_codes([]) == EMPTY_CART

    def test_number_is_limited(self) -> None:
        with pytest.raises(InvalidValue, match="at most 10"):
            EMPTY_CART.with_codes([f"CODE{each}" for each in range(MAX_CODES + 1)])
