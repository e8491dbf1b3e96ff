"""What orders take from the cart of a session that has content of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from unittest.mock import create_autospec

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_sessions import PlacementSessions
from shop.application.identity.authentication import (
    CurrentSession,
    ResolvedSessions,
    SessionAuthenticator,
)
from shop.application.identity.session_carts import SessionCarts
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import TransactionConflict
from shop.application.pricing.promotion_codes import MakeCodes
from shop.application.transactions.group_commit import GroupCommit
from shop.domain.cart import Cart
from shop.domain.customer_cart import CartContent
from shop.domain.orders.order_details import MAX_CODES, OrderDetails
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.session import SessionConflict
from tests.application.checkout.priced_orders import BERLIN, by_code, put_rules
from tests.application.memory_shop import MemoryShop, place_order
from tests.domain.pricing.examples import promotion
from tests.factories import card_details, line, line_quantities, order, payment, session

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("clears_cart", "left"), [(True, {"TEA": 3}), (False, {"TEA": 5})], ids=["cart", "other lines"]
)
async def test_lines_of_a_session_that_is_stale_stay_out_of_the_customers_cart(
    shop: MemoryShop, admin: SessionToken, *, clears_cart: bool, left: Mapping[str, int]
) -> None:
    del admin
    token = await shop.customer("ada")
    await shop.fill_cart(token, TEA=5)
    ada = shop.user("ada")
    # As an older server has put them into the cookie, which is stale by now.
    stale = session(user_id=ada.id, cart=Cart(lines=line_quantities(COFFEE=3, TEA=1)))
    paid = order(ada, "1", line("TEA", 2))
    by_card = payment(paid, card=card_details(session_id=stale.id, clears_cart=clears_cart))
    authenticator = create_autospec(SessionAuthenticator, instance=True)
    authenticator.save.side_effect = SessionConflict()
    current_session = CurrentSession(session=stale, user=ada, token=token, new_token=None)

    async with shop.container.unit_of_work() as uow:
        carts = await SessionCarts.lock(uow, [ada.id])
        resolved = ResolvedSessions(by_token={token: current_session}, expired_tokens=frozenset())
        sessions = PlacementSessions(uow, authenticator, resolved, {}, carts)
        new_token = sessions.remember_order(paid, by_card, token)
        await uow.commit()

    assert new_token is None
    assert await shop.cart(token) == left


async def have_contents(
    shop: MemoryShop, token: SessionToken, *, of_session: CartContent, of_customer: CartContent
) -> None:
    """Give a session content of its own, as older servers did, beside its customer's cart."""
    async with shop.container.unit_of_work() as uow:
        authenticator = shop.container.session_authenticator()
        found = (await authenticator.resolve_for_update(uow, [token])).find(token)
        assert found is not None
        uow.sessions.save(found.session.with_content(of_session))
        user_id = shop.user("ada").id
        cart = (await uow.customer_carts.lock_or_add([user_id]))[user_id]
        uow.customer_carts.save(cart.with_content(of_customer))
        await uow.commit()


async def order_carts_together(shop: MemoryShop, *tokens: SessionToken) -> Sequence[PlacedOrder]:
    """Order the carts of these sessions in one group."""
    queue = GroupCommit(shop.container.place_orders().place)
    commands = [place_order(token, key=f"key-{n:04}") for n, token in enumerate(tokens)]
    results = await asyncio.gather(*map(queue.submit, commands))
    return [result.unwrap() for result in results]


async def test_code_that_the_customers_cart_has_hidden_is_used_in_a_group_too(
    shop: MemoryShop, admin: SessionToken
) -> None:
    names = [f"CODE{number}" for number in range(MAX_CODES)]
    half = promotion(Percentage(percentage=50_000), "half")
    await put_rules(shop, admin, *(by_code(each.lower(), each) for each in names), half)
    made = await shop.container.promotion_codes().make(
        MakeCodes(session=admin, promotion="half", count=1, prefix=None, key="key-codes")
    )
    (single_use,) = made.unwrap().codes
    first = await shop.customer("ada")
    second = await shop.sign_in("ada")
    await have_contents(
        shop,
        second,
        of_session=CartContent(
            cart=Cart(lines=line_quantities(COFFEE=1)), details=OrderDetails(codes=(single_use,))
        ),
        of_customer=CartContent(
            cart=Cart(lines=line_quantities(TEA=1)), details=OrderDetails(codes=tuple(names))
        ),
    )

    _, placed = await order_carts_together(shop, first, second)

    assert [each.sku for each in placed.order.lines] == ["COFFEE"]
    assert [each.code for each in placed.order.discounts] == [single_use]


async def test_cart_that_an_earlier_order_of_the_group_changes_is_decided_in_another_group(
    shop: MemoryShop, admin: SessionToken
) -> None:
    del admin
    first = await shop.customer("ada")
    second = await shop.sign_in("ada")
    munich = replace(BERLIN, city="Munich", postal_code="80331")
    details = OrderDetails(email="ada@example.com", shipping_address=BERLIN)
    await have_contents(
        shop,
        second,
        of_session=CartContent(
            cart=Cart(lines=line_quantities(COFFEE=1)),
            details=replace(details, shipping_address=munich),
        ),
        of_customer=CartContent(cart=Cart(lines=line_quantities(TEA=1)), details=details),
    )

    # Its address was not looked up: the customer's cart had another one.
    commands = [place_order(token, key=f"key-{token}"[:20]) for token in (first, second)]
    with pytest.raises(TransactionConflict):
        await shop.container.place_orders().place(commands)

    _, placed = await order_carts_together(shop, first, second)
    assert placed.order.details.shipping_address == munich
