"""What a cart or an order says of its recipient: normal forms, gaps, and what an order keeps."""

from dataclasses import replace

import pytest

from shop.domain.address import Address
from shop.domain.orders.order_details import MAX_CODES, NO_DETAILS, OrderDetails
from shop.domain.pricing.places import Destination
from shop.domain.shared.errors import InvalidValue

BERLIN = Address(name="Ada", line1="Invalidenstr. 1", country="DE", postal_code="10115")
PARIS = Address(name="Ada SA", line1="1 rue", country="FR", vat_number="FR40303265045")


class TestNormalDetails:
    def test_email_addresses_and_codes_are_folded(self) -> None:
        details = OrderDetails(
            email=" Ada@Example.COM ", codes=(" spring ", "\uff58mas-1", "SPRING")
        )

        expected = OrderDetails(email="ada@example.com", codes=("SPRING", "XMAS-1"))
        assert details.normalise() == expected

    def test_nothing_given_stays_so(self) -> None:
        assert NO_DETAILS.normalise() == NO_DETAILS

    @pytest.mark.parametrize(
        ("details", "field"),
        [
            (OrderDetails(email="ada"), "email"),
            (OrderDetails(codes=("SPRING", "no code")), "codes/1"),
        ],
    )
    def test_what_has_no_normal_form_is_rejected(self, details: OrderDetails, field: str) -> None:
        with pytest.raises(InvalidValue) as error:
            details.normalise()

        assert error.value.field == field

    def test_number_of_codes_is_limited(self) -> None:
        codes = tuple(f"CODE{n}" for n in range(MAX_CODES + 1))
        assert OrderDetails(codes=codes[1:]).codes == codes[1:]

        with pytest.raises(InvalidValue) as error:
            OrderDetails(codes=codes)

        assert error.value.field == "codes"

    def test_customers_differ_by_folded_addresses(self) -> None:
        assert OrderDetails(email="straße@example.com").email_key == "strasse@example.com"
        assert NO_DETAILS.email_key is None


def test_what_is_not_given_comes_from_others() -> None:
    given = OrderDetails(email="ada@example.com", codes=())
    others = OrderDetails(email="bob@example.com", shipping_address=BERLIN, codes=("SPRING",))

    assert given.or_else(others) == replace(given, shipping_address=BERLIN)
    assert NO_DETAILS.or_else(others) == others
    assert others.or_else(NO_DETAILS) == others


def test_order_keeps_the_method_by_which_it_is_shipped_and_no_codes() -> None:
    entered = OrderDetails(email="ada@example.com", shipping_method="parcel", codes=("SPRING",))

    assert entered.as_placed("parcel") == replace(entered, codes=None)
    assert entered.as_placed(None) == OrderDetails(email="ada@example.com")
    assert NO_DETAILS.as_placed(None) is NO_DETAILS


class TestPlaceOfASale:
    def test_it_is_where_goods_are_shipped(self) -> None:
        details = OrderDetails(shipping_address=BERLIN, billing_address=PARIS)

        place = Destination(country="DE", postal_code="10115")
        assert details.destination(is_shipped=True) == place
        assert details.destination(is_shipped=False) == Destination(country="FR")

    def test_without_a_billing_address_the_buyer_is_where_goods_are_shipped(self) -> None:
        details = OrderDetails(shipping_address=BERLIN)

        assert details.destination(is_shipped=False) == BERLIN.destination
        assert OrderDetails(billing_address=PARIS).destination(is_shipped=True) is None

    def test_vat_number_is_that_of_the_one_who_is_billed(self) -> None:
        assert OrderDetails(shipping_address=PARIS).vat_country == "FR"
        both = OrderDetails(shipping_address=PARIS, billing_address=BERLIN)
        assert both.vat_country is None
        assert NO_DETAILS.vat_country is None
