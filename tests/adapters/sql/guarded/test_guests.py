"""Orders of guests are decided by the same two statements as those of customers."""

from dataclasses import replace
from functools import partial

import pytest

from shop.adapters.sql.schema.tables import orders, sessions, users
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.identity.sessions import ChangePreferences
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import TooManyPendingOrders
from shop.domain.orders.order_details import OrderDetails
from tests.adapters.sql.guarded.guarded_shop import GuardedShop, by_card, order
from tests.adapters.sql.guarded.statements import assert_read_and_written, statements

pytestmark = pytest.mark.anyio


@pytest.fixture
async def visitor(shop: GuardedShop) -> SessionToken:
    """Return the token of a session without a user."""
    command = ChangePreferences(session=None, patch={"theme": "dark"})
    token = (await shop.container.session_service().change_preferences(command)).new_token
    assert token is not None
    return token


def _tea(session: SessionToken) -> PlaceOrder:
    details = OrderDetails(email="mira@example.com")
    return replace(by_card(order(session, "TEA")), details=details)


async def _guests(shop: GuardedShop) -> int:
    return sum(each.is_guest for each in await shop.rows(users))


async def test_guests_old_and_new_and_customers_are_placed_by_two_statements(
    shop: GuardedShop, visitor: SessionToken
) -> None:
    customer = await shop.sign_up()
    for _ in range(2):
        with statements(shop) as sent:
            results = await shop.place(
                order(customer, "TEA"), _tea(visitor), by_card(order(customer, "TEA"))
            )
        for each in results:
            each.unwrap()
        assert_read_and_written(sent)
        assert shop.attempts.pop() == "committed"
        assert await _guests(shop) == 1


async def test_first_order_begun_meanwhile_makes_no_second_guest(
    shop: GuardedShop, visitor: SessionToken
) -> None:
    shop.before_writing.append(partial(shop.place, _tea(visitor)))
    (result,) = await shop.place(_tea(visitor))
    result.unwrap()
    assert shop.attempts == ["committed", "TransactionConflict"]
    (session,) = await shop.rows(sessions)
    placed = await shop.rows(orders)
    assert [each.user_id for each in placed] == [session.guest_id] * 2
    assert await _guests(shop) == 1


async def test_order_begun_meanwhile_counts_towards_the_limit(
    shop: GuardedShop, visitor: SessionToken
) -> None:
    customer = await shop.sign_up()
    limit = shop.container.settings().pending_orders_per_customer
    await shop.place_by_card(*(_tea(visitor) for _ in range(limit - 1)))
    shop.before_writing.append(partial(shop.place, _tea(visitor)))
    # With a customer's card order, the group has versions of accounts, and so begins guarded.
    results = await shop.place(by_card(order(customer, "TEA")), _tea(visitor))
    assert "TransactionConflict" in shop.attempts
    results[0].unwrap()
    with pytest.raises(TooManyPendingOrders):
        results[1].unwrap()
    assert len(await shop.rows(orders)) == limit + 1
