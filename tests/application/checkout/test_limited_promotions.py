"""Orders with limited promotions: what is used follows what became of the order."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from shop.application.checkout.cart import PutCartLine
from shop.application.checkout.cart_changes import CartChanged
from shop.application.checkout.complete_orders import CompleteOrder
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.orders.cancel import CancelOrder
from shop.application.orders.refund import RefundOrder
from shop.application.payments.card_payments import PaymentOutcome
from shop.application.ports.payment_gateway import Approved, Declined
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.pricing.rule_documents import PutRule
from shop.domain.orders.order import OrderStatus
from shop.domain.orders.order_details import OrderDetails
from shop.domain.orders.refund import RefundRequest
from shop.domain.payment import CardDeclined
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions, Promotion
from shop.domain.pricing.quote_errors import CodeUsedUp
from shop.domain.shared.errors import ShopError
from tests.application.checkout.card_orders import (
    PENDING_PAYMENT_TIMEOUT,
    gateway_payment,
    let_time_pass,
)
from tests.application.checkout.priced_orders import put_rules
from tests.application.memory_shop import MemoryShop, place_order
from tests.domain.pricing.examples import promotion
from tests.factories import eur

pytestmark = pytest.mark.anyio

SALE = replace(promotion(Percentage(percentage=50_000)), code="SALE", requires_code=True, limit=1)

EVERYTHING = RefundRequest(
    lines=(), shipping=False, amount=None, to=None, reason="Returned", restock=True
)


@pytest.fixture
async def sale(shop: MemoryShop, admin: SessionToken) -> Promotion:
    """Offer half off to one order."""
    await shop.container.rule_service().put(PutRule(session=admin, rule=SALE))
    return SALE


async def buy(
    shop: MemoryShop, token: SessionToken, key: str, card: str | None = None
) -> PlacedOrder | ShopError:
    """Order a tea with the code; return the rejection if there is one."""
    command = place_order(token, ("TEA", 1), key=key, card=card)
    command = replace(command, details=OrderDetails(codes=("SALE",)))
    try:
        return (await shop.container.checkout().place(command)).unwrap()
    except ShopError as error:
        return error


async def bought(
    shop: MemoryShop, token: SessionToken, key: str, card: str | None = None
) -> PlacedOrder:
    placed = await buy(shop, token, key, card)
    assert isinstance(placed, PlacedOrder)
    assert placed.order.total.amount == 50
    return placed


def is_free(shop: MemoryShop) -> bool:
    """Whether the use is left, and no order has it."""
    left = shop.state.promotion_counters.rows["p:sale"].uses_left
    uses = len(shop.state.promotion_uses.rows)
    assert left == 1 - uses
    return left == 1


@pytest.mark.usefixtures("sale")
class TestALimitedCode:
    async def test_is_for_one_order(self, shop: MemoryShop, ada_token: SessionToken) -> None:
        await bought(shop, ada_token, "key-0001")
        before = shop.state.orders
        assert await buy(shop, ada_token, "key-0002") == CodeUsedUp(codes=("SALE",))
        assert (shop.state.orders, shop.balance("ada")) == (before, 950)
        assert not is_free(shop)

    async def test_of_a_declined_card_can_be_used_at_once(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        declined = await buy(shop, ada_token, "key-0001", "tok_declined")
        assert isinstance(declined, CardDeclined)
        assert is_free(shop)
        await bought(shop, ada_token, "key-0002", "tok_visa")
        assert not is_free(shop)

    async def test_is_held_by_an_order_that_waits_for_its_payment(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        waiting = await bought(shop, ada_token, "key-0001", "tok_timeout_before")
        rejection = CodeUsedUp(codes=("SALE",), order_id=waiting.id)
        assert await buy(shop, ada_token, "key-0002") == rejection
        bob = await shop.customer("bob")
        assert await buy(shop, bob, "key-0001") == CodeUsedUp(codes=("SALE",))

        await let_time_pass(shop, PENDING_PAYMENT_TIMEOUT)
        assert shop.state.orders.rows[waiting.id].status is OrderStatus.EXPIRED
        assert is_free(shop)
        await bought(shop, bob, "key-0002")

    @pytest.mark.parametrize("card", [None, "tok_visa", "tok_timeout_after"])
    async def test_of_a_cancelled_order_is_free_again(
        self, shop: MemoryShop, ada_token: SessionToken, card: str | None
    ) -> None:
        placed = await bought(shop, ada_token, "key-0001", card)
        command = CancelOrder(session=ada_token, order_id=placed.id)
        (await shop.container.cancel_orders().cancel(command)).unwrap()
        assert is_free(shop)
        await bought(shop, ada_token, "key-0002")

    async def test_of_a_refunded_order_stays_used(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken
    ) -> None:
        placed = await bought(shop, ada_token, "key-0001")
        refund = RefundOrder(
            session=admin, order_id=placed.id, key="key-0001", refund_request=EVERYTHING
        )
        (await shop.container.refund_orders().refund(refund)).unwrap()
        assert shop.state.orders.rows[placed.id].status is OrderStatus.REFUNDED
        assert not is_free(shop)

    @pytest.mark.parametrize("approved_first", [True, False])
    async def test_of_an_order_that_two_finish_is_kept_or_given_back_once(
        self,
        shop: MemoryShop,
        ada_token: SessionToken,
        approved_first: bool,  # noqa: FBT001  A parameter of the test.
    ) -> None:
        placed = await bought(shop, ada_token, "key-0001", "tok_timeout_after")
        approved = Approved(payment_id=(await gateway_payment(shop)).id)
        outcomes: list[PaymentOutcome] = [approved, Declined(reason="stolen")]
        results = await asyncio.gather(
            *(
                shop.container.complete_orders().complete(
                    [
                        CompleteOrder(
                            order=placed.order,
                            payment=placed.payment,
                            payment_outcome=outcome,
                            session=None,
                        )
                    ]
                )
                for outcome in (outcomes if approved_first else reversed(outcomes))
            )
        )
        (first,), (second,) = results
        assert isinstance(first, PlacedOrder if approved_first else CardDeclined)
        assert (second, is_free(shop)) == (None, not approved_first)
        # It captures or reverses what the gateway has approved.
        await shop.run_jobs()


@pytest.mark.usefixtures("sale")
async def test_group_has_the_results_of_its_orders_one_by_one(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    bob = await shop.customer("bob")
    commands = [
        replace(
            place_order(token, ("TEA", 1), key=f"key-000{number}"),
            details=OrderDetails(codes=("SALE",)),
        )
        for number, token in enumerate((ada_token, bob, ada_token))
    ]
    results = await shop.container.place_orders().place(commands)
    outcomes = [each.value for each in results]
    assert isinstance(outcomes[0], PlacedOrder)
    assert outcomes[1:] == [CodeUsedUp(codes=("SALE",))] * 2
    assert not is_free(shop)


HALF = promotion(Percentage(percentage=50_000))
LIMITS = {
    "one order in all": replace(HALF, limit=1),
    "one order of a customer": replace(HALF, limit_per_customer=1),
    "the first order": replace(HALF, conditions=Conditions(is_for_first_order=True)),
}
IN_REACH: Mapping[str, dict[str, Any]] = {
    "of any goods": {"conditions": Conditions()},
    "from two of them": {"conditions": Conditions(minimum=eur(200))},
    "with tea": {"conditions": Conditions(selection=Selection(products=frozenset({"TEA"})))},
    "on tea": {"selection": Selection(products=frozenset({"TEA"}))},
}


def limited(limit: str, reach: str) -> Promotion:
    """Return half off once, for carts with two of tea and not for those without."""
    changed = replace(LIMITS[limit], **IN_REACH[reach])
    first = LIMITS[limit].conditions.is_for_first_order
    return replace(changed, conditions=replace(changed.conditions, is_for_first_order=first))


async def put(shop: MemoryShop, token: SessionToken, sku: str, quantity: int) -> CartChanged:
    command = PutCartLine(session=token, sku=sku, quantity=quantity)
    return await shop.container.cart_service().put(command)


async def order_cart(shop: MemoryShop, token: SessionToken, key: str) -> int:
    """Order what is in the cart; return the total."""
    placed = await shop.container.checkout().place(place_order(token, key=key))
    return placed.unwrap().order.total.amount


async def shown(shop: MemoryShop, token: SessionToken) -> int:
    current_session = await shop.container.session_service().authenticate(token)
    return (await shop.container.cart_service().show(current_session)).total.amount


@pytest.mark.parametrize(
    "before", [(), ("COFFEE",), ("TEA",)], ids=["empty", "a coffee", "one tea"]
)
@pytest.mark.parametrize("reach", IN_REACH)
@pytest.mark.parametrize("limit", LIMITS)
async def test_a_used_promotion_is_not_shown_to_a_cart_that_comes_to_it(
    shop: MemoryShop,
    admin: SessionToken,
    ada_token: SessionToken,
    limit: str,
    reach: str,
    before: Sequence[str],
) -> None:
    await put_rules(shop, admin, limited(limit, reach))
    first = await put(shop, ada_token, "TEA", 2)
    assert first.cart.total.amount == 100
    assert await order_cart(shop, ada_token, "key-0001") == 100

    for sku in before:
        await put(shop, ada_token, sku, 1)
    second = await put(shop, ada_token, "TEA", 2)
    assert await shown(shop, ada_token) == second.cart.total.amount
    assert await order_cart(shop, ada_token, "key-0002") == second.cart.total.amount
    assert second.cart.quote.discount == 0
