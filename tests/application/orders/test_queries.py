"""Customers look at their own orders; admins at everybody's."""

from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.identity.authentication import CurrentSession
from shop.application.orders.cancel import CancelOrder
from shop.application.orders.queries import OrderSearch
from shop.application.ports.paging import PageRequest, TimeCursor
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderNotFound, OrderStatus, SessionHasNoOrder
from shop.domain.user import Forbidden, User
from tests.application.memory_shop import MemoryShop, place_order
from tests.factories import id_of, session

pytestmark = pytest.mark.anyio


@pytest.fixture
async def admin(shop: MemoryShop) -> User:
    token = await shop.admin()
    await shop.add_products(token, TEA=9)
    return shop.user("root")


@pytest.fixture
async def bob_token(shop: MemoryShop, ada_token: SessionToken) -> SessionToken:
    del ada_token
    return await shop.customer("bob")


async def _order(shop: MemoryShop, token: SessionToken, key: str = "key-0001") -> PlacedOrder:
    shop.clock.advance(timedelta(seconds=1))
    return await shop.place(place_order(token, ("TEA", 1), key=key))


async def _found(shop: MemoryShop, question: OrderSearch) -> list[UUID]:
    page: PageRequest[TimeCursor] = PageRequest(limit=9, after=None)
    listing = await shop.container.order_queries().search(question, page)
    assert listing.next is None
    return [view.order.id for view in listing.items]


def _search(
    user: User, *, user_id: UUID | None = None, status: OrderStatus | None = None
) -> OrderSearch:
    return OrderSearch(
        user=user,
        includes_all_users=False,
        user_id=user_id,
        status=status,
        words="",
        placed_after=None,
        placed_before=None,
    )


class TestShowing:
    async def test_order_and_payment_are_shown_in_their_current_state(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await _order(shop, ada_token)
        consult = shop.container.order_queries()

        view = await consult.show(shop.user("ada"), placed.order.id)
        assert (view.order, view.payment) == (placed.order, placed.payment)
        assert view.customer is None

        result = await shop.container.cancel_orders().cancel(
            CancelOrder(session=ada_token, order_id=placed.order.id)
        )
        cancelled = result.unwrap()
        view = await consult.show(shop.user("ada"), placed.order.id)
        assert (view.order, view.payment) == (cancelled.order, cancelled.payment)

    async def test_order_of_another_customer_is_shown_to_admins_only(
        self, shop: MemoryShop, ada_token: SessionToken, bob_token: SessionToken, admin: User
    ) -> None:
        del bob_token
        placed = await _order(shop, ada_token)
        consult = shop.container.order_queries()

        with pytest.raises(OrderNotFound):
            await consult.show(shop.user("bob"), placed.order.id)
        with pytest.raises(OrderNotFound):
            await consult.show(shop.user("ada"), id_of("no order"))
        shown = await consult.show(admin, placed.order.id)
        assert (shown.order, shown.customer) == (placed.order, shop.user("ada"))

    async def test_session_shows_its_last_order(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        consult = shop.container.order_queries()
        with pytest.raises(SessionHasNoOrder):
            await consult.for_session(await _current_session(shop, ada_token))

        await _order(shop, ada_token, "key-0001")
        second = await _order(shop, ada_token, "key-0002")

        view = await consult.for_session(await _current_session(shop, ada_token))
        assert (view.order, view.payment) == (second.order, second.payment)

    async def test_anonymous_session_shows_no_order(self, shop: MemoryShop) -> None:
        current_session = CurrentSession(
            session=session(last_order_id=id_of("an order")), user=None, token="t", new_token=None
        )

        for each in (current_session, None):
            with pytest.raises(SessionHasNoOrder):
                await shop.container.order_queries().for_session(each)

    async def test_history_is_shown_to_those_who_may_see_the_order(
        self, shop: MemoryShop, ada_token: SessionToken, bob_token: SessionToken
    ) -> None:
        del bob_token
        placed = await _order(shop, ada_token)
        await shop.container.cancel_orders().cancel(
            CancelOrder(session=ada_token, order_id=placed.order.id)
        )
        consult = shop.container.order_queries()

        history = await consult.history(shop.user("ada"), placed.order.id)

        steps = [
            (event.sequence, event.from_status, event.to_status) for event in history.status_changes
        ]
        assert steps == [(1, None, "paid"), (2, "paid", "cancelled")]
        with pytest.raises(OrderNotFound):
            await consult.history(shop.user("bob"), placed.order.id)


class TestSearching:
    async def test_customers_find_their_own_orders_newest_first(
        self, shop: MemoryShop, ada_token: SessionToken, bob_token: SessionToken
    ) -> None:
        first = await _order(shop, ada_token, "key-0001")
        await _order(shop, bob_token, "key-0001")
        second = await _order(shop, ada_token, "key-0002")
        ada = shop.user("ada")

        mine = [second.order.id, first.order.id]
        assert await _found(shop, _search(ada)) == mine
        assert await _found(shop, _search(ada, user_id=ada.id)) == mine
        assert await _found(shop, _search(ada, status=OrderStatus.PAID)) == mine
        assert await _found(shop, _search(ada, status=OrderStatus.CANCELLED)) == []

    async def test_only_admins_find_orders_of_others(
        self, shop: MemoryShop, ada_token: SessionToken, bob_token: SessionToken, admin: User
    ) -> None:
        await _order(shop, ada_token)
        bobs_order = await _order(shop, bob_token)
        bob = shop.user("bob")

        with pytest.raises(Forbidden):
            await _found(shop, _search(shop.user("ada"), user_id=bob.id))
        assert await _found(shop, _search(admin, user_id=bob.id)) == [bobs_order.order.id]

    async def test_admin_finds_orders_of_all_customers_in_one_status(
        self, shop: MemoryShop, ada_token: SessionToken, bob_token: SessionToken, admin: User
    ) -> None:
        first = await _order(shop, ada_token)
        second = await _order(shop, bob_token)

        paid = await _found(shop, _search(admin, status=OrderStatus.PAID))
        assert paid == [second.order.id, first.order.id]
        assert await _found(shop, _search(admin)) == []

    async def test_page_names_the_start_of_the_next(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = [await _order(shop, ada_token, f"key-000{number}") for number in range(3)]
        search = shop.container.order_queries().search
        question = _search(shop.user("ada"))

        first = await search(question, PageRequest(limit=2, after=None))
        second = await search(question, PageRequest(limit=2, after=first.next))

        found = [view.order for view in (*first.items, *second.items)]
        assert found == [each.order for each in reversed(placed)]
        assert (len(first.items), second.next) == (2, None)


async def _current_session(shop: MemoryShop, token: SessionToken) -> CurrentSession:
    current_session = await shop.container.session_service().authenticate(token)
    assert current_session is not None
    return current_session
