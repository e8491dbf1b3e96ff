"""Concurrent requests in one group are answered as if each were alone."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from shop.adapters.cookie.session_store import CookieSessionStore
from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.checkout.cart import PutCartLine
from shop.application.checkout.cart_changes import CartChanged
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.orders.order import OrderNotFound
from shop.domain.session import NotSignedIn, SessionConflict
from tests.application.memory_shop import MemoryShop, new_token, place_order, set_preferences
from tests.clock import FakeClock
from tests.doubles import SequentialIds
from tests.factories import id_of

pytestmark = pytest.mark.anyio

NAMES = ("ada", "bob", "cyn", "dan")
SECRETS = ("a secret for tests alone, of enough characters",)


@pytest.fixture(params=["database", "cookie"])
async def shop(request: pytest.FixtureRequest, clock: FakeClock) -> MemoryShop:
    """Return a shop that sells tea and cups, with each session store."""
    in_cookies = partial(CookieSessionStore, secrets=lambda: SECRETS, clock=clock)
    stores = {} if request.param == "database" else {"sessions": in_cookies}
    shop = MemoryShop(clock, MemoryDatabase(), SequentialIds(), **stores)
    await shop.add_products(await shop.admin(), TEA=100, CUP=100)
    return shop


@pytest.fixture
async def tokens(shop: MemoryShop) -> list[SessionToken]:
    return [await shop.customer(name) for name in NAMES]


async def test_each_request_is_authenticated_by_its_own_token(
    shop: MemoryShop, tokens: list[SessionToken]
) -> None:
    await shop.save_user(replace(shop.user("cyn"), enabled=False))
    requested = [tokens[1], "opens nothing", tokens[0], tokens[2], tokens[3], tokens[0]]

    current_sessions = await asyncio.gather(
        *map(shop.container.session_service().authenticate, requested)
    )

    known = [
        current_session and current_session.user and current_session.user.name
        for current_session in current_sessions
    ]
    assert known == ["Bob", None, "Ada", None, "Dan", "Ada"]


async def test_each_request_is_answered_with_its_own_order(
    shop: MemoryShop, tokens: list[SessionToken]
) -> None:
    orders = [(await shop.order(place_order(token, ("TEA", 1)))).unwrap().order for token in tokens]
    look_up = shop.container.order_queries().look_up
    asked = [
        *zip(tokens, [order.id for order in orders], strict=True),
        (tokens[0], orders[1].id),
        (tokens[0], id_of("no order")),
        (tokens[0], orders[0].id),
        ("no session", orders[0].id),
    ]

    found = await asyncio.gather(*(look_up(token, order_id) for token, order_id in asked))

    assert [each.visible and each.visible.order for each in found] == [
        *orders,
        None,
        None,
        orders[0],
        None,
    ]
    users = [each.current_session and each.current_session.user for each in found]
    expected = [shop.user(name) for name in (*NAMES, NAMES[0], NAMES[0], NAMES[0])]
    assert users == [*expected, None]
    with pytest.raises(OrderNotFound):
        _ = found[-3].view
    with pytest.raises(NotSignedIn):
        found[-1].require_buyer()


async def test_each_request_changes_its_own_cart(
    shop: MemoryShop, tokens: list[SessionToken]
) -> None:
    puts = [(tokens[1], "TEA", 2), (None, "CUP", 1), (tokens[0], "TEA", 5), (tokens[3], "NIL", 1)]

    changes = await _put(shop, *puts)

    bob_token, nobodys, ada_token, missing = changes
    assert missing == ProductNotFound(sku="NIL")
    for change, token, lines in (
        (bob_token, tokens[1], {"TEA": 2}),
        (nobodys, None, {"CUP": 1}),
        (ada_token, tokens[0], {"TEA": 5}),
    ):
        assert isinstance(change, CartChanged)
        assert {line.sku: line.quantity for line in change.cart.lines} == lines
        assert await _cart(shop, change, token) == lines
    assert await shop.cart(tokens[3]) == {}


async def test_concurrent_additions_to_one_cart_are_all_kept(
    shop: MemoryShop, tokens: list[SessionToken]
) -> None:
    changes = await _put(shop, (tokens[0], "TEA", 1), (tokens[1], "CUP", 9), (tokens[0], "CUP", 2))

    for change in (changes[0], changes[2]):
        assert isinstance(change, CartChanged)
        assert await _cart(shop, change, tokens[0]) == {"TEA": 1, "CUP": 2}


async def test_outdated_token_of_a_session_is_rejected_and_the_current_one_accepted(
    clock: FakeClock,
) -> None:
    in_cookies = partial(CookieSessionStore, secrets=lambda: SECRETS, clock=clock)
    shop = MemoryShop(clock, MemoryDatabase(), SequentialIds(), sessions=in_cookies)
    await shop.add_products(await shop.admin(), TEA=100, CUP=100)
    stale = await shop.customer("ada")
    await shop.container.cart_service().put(PutCartLine(session=stale, sku="TEA", quantity=3))
    newest = new_token(await set_preferences(shop, stale, {"theme": "dark"}))

    placed, rejected = await shop.container.place_orders().place(
        [place_order(newest, key="key-0001"), place_order(stale, ("CUP", 1), key="key-0002")]
    )

    assert isinstance(placed.value, PlacedOrder)
    assert [line.sku for line in placed.value.order.lines] == ["TEA"]
    assert rejected.value == SessionConflict()
    assert len(shop.state.orders.rows) == 1


async def _put(
    shop: MemoryShop, *puts: tuple[SessionToken | None, str, int]
) -> list[CartChanged | BaseException]:
    """Put these in, all in one group."""
    carts = shop.container.cart_service()
    return await asyncio.gather(
        *(
            carts.put(PutCartLine(session=token, sku=sku, quantity=quantity))
            for token, sku, quantity in puts
        ),
        return_exceptions=True,
    )


async def _cart(
    shop: MemoryShop, change: CartChanged, token: SessionToken | None
) -> dict[str, int]:
    """Return the cart of the session in the result."""
    assert change.current_session is not None
    held = change.current_session.new_token or token
    assert held is not None
    return await shop.cart(held)
