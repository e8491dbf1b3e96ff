"""What a card order takes from a cart if its session cannot be saved."""

from collections.abc import Mapping
from unittest.mock import create_autospec

import pytest

from shop.application.checkout.placement_sessions import PlacementSessions
from shop.application.identity.authentication import (
    CurrentSession,
    ResolvedSessions,
    SessionAuthenticator,
)
from shop.application.identity.session_carts import SessionCarts
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.cart import Cart
from shop.domain.session import SessionConflict
from tests.application.memory_shop import MemoryShop
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
