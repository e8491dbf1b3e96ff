"""Customers look at their own orders; admins at everybody's."""

from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.identity.authentication import CurrentSession
from shop.application.orders.cancel import CancelOrder
from shop.application.orders.queries import OrderSearch, OrderView
from shop.application.ports.paging import PageRequest, TimeCursor
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderNotFound, OrderStatus, SessionHasNoOrder
from shop.domain.session import NotSignedIn
from shop.domain.user import Forbidden, User
from tests.factories import an_id, session
from tests.unit.application.memory_shop import MemoryShop, place_order

pytestmark = pytest.mark.anyio


@pytest.fixture
async def admin(shop: MemoryShop) -> User:
    token = await shop.admin()
    await shop.stock(token, TEA=9)
    return shop.user("root")


@pytest.fixture
async def adas(shop: MemoryShop, admin: User) -> SessionToken:
    del admin
    return await shop.customer("ada")


@pytest.fixture
async def bobs(shop: MemoryShop, adas: SessionToken) -> SessionToken:
    del adas
    return await shop.customer("bob")


async def _order(shop: MemoryShop, token: SessionToken, key: str = "key-0001") -> PlacedOrder:
    shop.clock.advance(timedelta(seconds=1))
    return await shop.placed(place_order(token, ("TEA", 1), key=key))


async def _found(shop: MemoryShop, question: OrderSearch) -> list[UUID]:
    page: PageRequest[TimeCursor] = PageRequest(limit=9, after=None)
    listing = await shop.container.order_queries().search(question, page)
    assert listing.next is None
    return [view.order.id for view in listing.items]


def _asks(
    user: User, *, user_id: UUID | None = None, status: OrderStatus | None = None
) -> OrderSearch:
    return OrderSearch(user=user, user_id=user_id, status=status)


class TestShowing:
    async def test_an_order_and_its_payment_are_shown_as_they_stand_now(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        placed = await _order(shop, adas)
        consult = shop.container.order_queries()

        view = await consult.show(shop.user("ada"), placed.order.id)
        assert view == OrderView(order=placed.order, payment=placed.payment)

        cancelled = await shop.container.cancel_orders().cancel(
            CancelOrder(session=adas, order_id=placed.order.id)
        )
        view = await consult.show(shop.user("ada"), placed.order.id)
        assert view == OrderView(order=cancelled.order, payment=cancelled.payment)

    async def test_anothers_order_is_none_but_to_an_admin(
        self, shop: MemoryShop, adas: SessionToken, bobs: SessionToken, admin: User
    ) -> None:
        del bobs
        placed = await _order(shop, adas)
        consult = shop.container.order_queries()

        with pytest.raises(OrderNotFound):
            await consult.show(shop.user("bob"), placed.order.id)
        with pytest.raises(OrderNotFound):
            await consult.show(shop.user("ada"), an_id("no order"))
        assert (await consult.show(admin, placed.order.id)).order == placed.order

    async def test_the_session_shows_the_order_that_it_tracks(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        consult = shop.container.order_queries()
        with pytest.raises(SessionHasNoOrder):
            await consult.for_session(await _visit(shop, adas))

        await _order(shop, adas, "key-0001")
        second = await _order(shop, adas, "key-0002")

        view = await consult.for_session(await _visit(shop, adas))
        assert view == OrderView(order=second.order, payment=second.payment)

    async def test_a_session_that_is_not_signed_in_shows_none(self, shop: MemoryShop) -> None:
        visit = CurrentSession(
            session=session(last_order_id=an_id("an order")), user=None, token="t", new_token=None
        )

        with pytest.raises(NotSignedIn):
            await shop.container.order_queries().for_session(visit)

    async def test_its_history_is_shown_to_those_who_may_see_it(
        self, shop: MemoryShop, adas: SessionToken, bobs: SessionToken
    ) -> None:
        del bobs
        placed = await _order(shop, adas)
        await shop.container.cancel_orders().cancel(
            CancelOrder(session=adas, order_id=placed.order.id)
        )
        consult = shop.container.order_queries()

        history = await consult.history(shop.user("ada"), placed.order.id)

        steps = [(event.sequence, event.from_status, event.to_status) for event in history]
        assert steps == [(1, None, "paid"), (2, "paid", "cancelled")]
        with pytest.raises(OrderNotFound):
            await consult.history(shop.user("bob"), placed.order.id)


class TestSearching:
    async def test_customers_find_their_own_the_newest_first(
        self, shop: MemoryShop, adas: SessionToken, bobs: SessionToken
    ) -> None:
        first = await _order(shop, adas, "key-0001")
        await _order(shop, bobs, "key-0001")
        second = await _order(shop, adas, "key-0002")
        ada = shop.user("ada")

        mine = [second.order.id, first.order.id]
        assert await _found(shop, _asks(ada)) == mine
        assert await _found(shop, _asks(ada, user_id=ada.id)) == mine
        assert await _found(shop, _asks(ada, status=OrderStatus.PAID)) == mine
        assert await _found(shop, _asks(ada, status=OrderStatus.CANCELLED)) == []

    async def test_only_an_admin_finds_those_of_others(
        self, shop: MemoryShop, adas: SessionToken, bobs: SessionToken, admin: User
    ) -> None:
        await _order(shop, adas)
        bobs_order = await _order(shop, bobs)
        bob = shop.user("bob")

        with pytest.raises(Forbidden):
            await _found(shop, _asks(shop.user("ada"), user_id=bob.id))
        assert await _found(shop, _asks(admin, user_id=bob.id)) == [bobs_order.order.id]

    async def test_an_admin_finds_everybodys_in_one_status_and_else_the_own(
        self, shop: MemoryShop, adas: SessionToken, bobs: SessionToken, admin: User
    ) -> None:
        first = await _order(shop, adas)
        second = await _order(shop, bobs)

        paid = await _found(shop, _asks(admin, status=OrderStatus.PAID))
        assert paid == [second.order.id, first.order.id]
        assert await _found(shop, _asks(admin)) == []

    async def test_a_page_tells_where_the_next_one_begins(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        placed = [await _order(shop, adas, f"key-000{number}") for number in range(3)]
        search = shop.container.order_queries().search
        question = _asks(shop.user("ada"))

        first = await search(question, PageRequest(limit=2, after=None))
        second = await search(question, PageRequest(limit=2, after=first.next))

        found = [view.order for view in (*first.items, *second.items)]
        assert found == [each.order for each in reversed(placed)]
        assert (len(first.items), second.next) == (2, None)


async def _visit(shop: MemoryShop, token: SessionToken) -> CurrentSession:
    visit = await shop.container.session_service().authenticate(token)
    assert visit is not None
    return visit
