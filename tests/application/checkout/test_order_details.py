"""What an order says besides its lines: what is wrong in it, and what it lacks."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.address import Address, AddressFault, InvalidAddress
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


class TestAddressesOfTheCart:
    async def test_are_checked_by_the_rules_of_today(
        self, shop: MemoryShop, ada: SessionToken
    ) -> None:
        await shop.fill_cart(ada, TEA=2)
        # As an earlier server has stored it, whose rules allowed it.
        await _put_in_cart(shop, replace(BERLIN, postal_code="1011"), BERLIN)

        error = InvalidAddress.of([AddressFault(member="shipping_address/postal_code", rule=RULE)])
        for command in (place_order(ada), place_order(ada, ("TEA", 1))):
            await assert_rejected(shop, command, error)

        placed = await place(shop, order_tea(ada, BY_PARCEL))
        assert placed.order.details.shipping_address == BERLIN
        assert placed.order.details.billing_address == BERLIN

    async def test_are_no_question_to_a_key_that_has_an_outcome(
        self, shop: MemoryShop, ada: SessionToken
    ) -> None:
        command = order_tea(ada, replace(BY_PARCEL, shipping_address=BERLIN))
        placed = await place(shop, command)
        await _put_in_cart(shop, BERLIN, replace(BERLIN, postal_code="1011"))
        assert await place(shop, command) == placed

    async def test_are_checked_outside_of_units_of_work(
        self, shop: MemoryShop, ada: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await shop.fill_cart(ada, TEA=2)
        await _put_in_cart(shop, BERLIN, None)
        checks = shop.container.address_checks()
        runner = shop.container.transaction_runner()
        find, pending = checks.find_faults, []

        async def record(addresses: Iterable[Address]) -> Mapping[Address, Sequence[AddressFault]]:
            pending.append(runner.pending)
            return await find(addresses)

        monkeypatch.setattr(checks, "find_faults", record)
        first = place_order(ada)
        details = OrderDetails(shipping_method="parcel")
        await place(shop, replace(first, details=details))
        assert pending == [0]


RULE = "must be a postal code of DE, such as 26133"


async def _put_in_cart(shop: MemoryShop, shipping: Address, billing: Address | None) -> None:
    user_id = shop.user("ada").id
    async with shop.container.unit_of_work() as uow:
        cart = (await uow.customer_carts.lock([user_id]))[user_id]
        details = replace(cart.content.details, shipping_address=shipping, billing_address=billing)
        content = replace(cart.content, details=details)
        uow.customer_carts.save(cart.with_content(content))
        await uow.commit()


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
