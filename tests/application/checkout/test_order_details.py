"""What an order says besides its lines: what is wrong in it, and what it lacks."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.address import InvalidAddress
from shop.domain.inventory import OutOfStock
from shop.domain.orders.order_details import OrderDetails
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions
from shop.domain.pricing.quote_errors import (
    AddressRequired,
    CodeNotApplicable,
    CodeNotFound,
    CodeUsedUp,
    InapplicableCode,
    ShippingUnavailable,
)
from shop.domain.shared.errors import ShopError
from tests.application.checkout.priced_orders import (
    BERLIN,
    BY_PARCEL,
    TEN_PER_CENT,
    assert_rejected,
    by_code,
    order_tea,
    place,
    priced_shop,
    put_rules,
)
from tests.application.memory_shop import MemoryShop, place_order
from tests.clock import FakeClock
from tests.domain.pricing.examples import GERMANY, VAT_19, method, promotion
from tests.factories import eur

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(clock: FakeClock) -> MemoryShop:
    """Return a shop in Germany whose prices are without tax."""
    return priced_shop(clock)


@pytest.fixture
async def rules(shop: MemoryShop, admin: SessionToken) -> None:
    """Have taxes, a shipping method, and ten per cent off."""
    await put_rules(shop, admin, VAT_19, GERMANY, method(490), TEN_PER_CENT)


@pytest.fixture
async def ada(shop: MemoryShop, admin: SessionToken, rules: None) -> AsyncIterator[SessionToken]:
    """Yield the token of the customer Ada, and audit the shop after the test."""
    del admin, rules
    yield await shop.customer("ada")
    assert await shop.audit_violations() == []


class TestWhatStopsAnOrder:
    @pytest.fixture
    async def codes(self, shop: MemoryShop, admin: SessionToken, rules: None) -> None:
        del rules
        sale = by_code("sale", "SALE")
        await put_rules(
            shop,
            admin,
            replace(sale, conditions=Conditions(minimum=eur(1_000))),
            promotion(
                Percentage(percentage=1_000), "gone", code="GONE", requires_code=True, limit=1
            ),
        )
        used = order_tea(
            await shop.customer("bob"), replace(BY_PARCEL, codes=("GONE",)), key="key-of-bob"
        )
        await place(shop, used)

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"codes": ("NONE", "GONE", "NIL")}, CodeNotFound(codes=("NONE", "NIL"))),
            ({"codes": ("SALE", "GONE")}, CodeUsedUp(codes=("GONE",))),
            (
                {"codes": ("SALE",), "shipping_address": None},
                CodeNotApplicable(
                    condition="minimum",
                    codes=(InapplicableCode(code="SALE", condition="minimum"),),
                ),
            ),
            ({"shipping_address": None}, AddressRequired()),
            ({"shipping_method": None}, ShippingUnavailable(method=None)),
            ({"shipping_method": "drone"}, ShippingUnavailable(method="drone")),
        ],
    )
    async def test_is_reported_by_the_first_kind_of_problem(
        self,
        shop: MemoryShop,
        ada: SessionToken,
        codes: None,
        changes: dict[str, Any],
        error: ShopError,
    ) -> None:
        del codes
        details = replace(BY_PARCEL, **changes)
        await assert_rejected(shop, order_tea(ada, details, expected_total=eur(1)), error)

    async def test_comes_before_stock_that_is_short(
        self, shop: MemoryShop, ada: SessionToken
    ) -> None:
        short = replace(place_order(ada, ("TEA", 6)), details=OrderDetails(codes=("NONE",)))
        await assert_rejected(shop, short, CodeNotFound(codes=("NONE",)))

    async def test_goes_on_to_stock_if_the_quote_has_no_problem(
        self, shop: MemoryShop, ada: SessionToken
    ) -> None:
        short = replace(place_order(ada, ("TEA", 6)), details=BY_PARCEL)
        with pytest.raises(OutOfStock):
            await place(shop, short)


class TestDetails:
    async def test_are_stored_in_their_normal_form(
        self, shop: MemoryShop, ada: SessionToken
    ) -> None:
        given = replace(
            BY_PARCEL,
            email=" ADA@example.com",
            shipping_address=replace(BERLIN, phone="030 123456"),
        )

        placed = await place(shop, order_tea(ada, given))

        expected = replace(BY_PARCEL, shipping_address=replace(BERLIN, phone="+4930123456"))
        assert placed.order.details == expected

    async def test_that_are_wrong_are_reported_with_every_fault(
        self, shop: MemoryShop, ada: SessionToken
    ) -> None:
        details = replace(
            BY_PARCEL,
            shipping_address=replace(BERLIN, postal_code="1011"),
            billing_address=replace(BERLIN, country="XX"),
        )
        before = shop.state

        with pytest.raises(InvalidAddress) as caught:
            await place(shop, order_tea(ada, details))

        assert [each.member for each in caught.value.faults] == [
            "shipping_address/postal_code",
            "billing_address/country",
        ]
        assert shop.state == before

    async def test_of_a_key_with_an_outcome_are_not_checked_again(
        self, shop: MemoryShop, ada: SessionToken
    ) -> None:
        placed = await place(shop, order_tea(ada))
        faulty = replace(order_tea(ada), checked_details=InvalidAddress(faults=()))

        assert (await shop.place(faulty)).order == placed.order
