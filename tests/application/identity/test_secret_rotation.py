"""Secrets can be replaced without signing users out."""

from collections.abc import Callable
from functools import partial

import pytest

from shop.adapters.cookie.session_store import CookieSessionStore
from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.ports.repositories.session_store import SessionToken
from tests.application.memory_shop import MemoryShop, new_token, place_order, set_preferences
from tests.clock import FakeClock
from tests.doubles import SequentialIds

pytestmark = pytest.mark.anyio

OLD, NEW = (f"the {age} secret of these tests alone, 0123456789" for age in ("old", "new"))

WithSecrets = Callable[..., MemoryShop]


@pytest.fixture
async def with_secrets(clock: FakeClock) -> WithSecrets:
    """Give the function that opens the one shop with other secrets, the newest first."""
    database, ids = MemoryDatabase(), SequentialIds()

    def opened(*secrets: str) -> MemoryShop:
        seal = partial(CookieSessionStore, secrets=lambda: secrets, clock=clock)
        return MemoryShop(clock, database, ids, seal)

    return opened


@pytest.fixture
async def rotated_secrets(with_secrets: WithSecrets) -> SessionToken:
    """Give the token of Ada, who likes it dark, sealed with the old secret."""
    shop = with_secrets(OLD)
    await shop.add_products(await shop.admin(), TEA=5)
    anonymous_token = new_token(await set_preferences(shop, None, {"theme": "dark"}))
    return new_token((await shop.sign_up("ada", anonymous_token)).current_session)


async def test_token_under_an_old_secret_is_rotated_with_its_content(
    with_secrets: WithSecrets, rotated_secrets: SessionToken
) -> None:
    current_session = (
        await with_secrets(NEW, OLD).container.session_service().authenticate(rotated_secrets)
    )

    session = await with_secrets(NEW).session(new_token(current_session))
    assert session is not None
    assert session.preferences == {"theme": "dark"}
    assert session.user_id == with_secrets(NEW).user("ada").id


async def test_order_rotates_the_token(
    with_secrets: WithSecrets, rotated_secrets: SessionToken
) -> None:
    reply = await with_secrets(NEW, OLD).order(place_order(rotated_secrets, ("TEA", 1)))

    placed = reply.unwrap()
    assert placed.new_token is not None
    session = await with_secrets(NEW).session(placed.new_token)
    assert session is not None
    assert session.last_order_id == placed.order.id


async def test_token_under_the_newest_secret_is_kept_without_a_write(
    with_secrets: WithSecrets, rotated_secrets: SessionToken
) -> None:
    shop = with_secrets(OLD, NEW)
    before = shop.state

    current_session = await shop.container.session_service().authenticate(rotated_secrets)

    assert current_session is not None
    assert current_session.new_token is None
    assert shop.state == before


async def test_token_under_a_removed_secret_finds_nothing(
    with_secrets: WithSecrets, rotated_secrets: SessionToken
) -> None:
    shop = with_secrets(NEW)
    before = shop.state

    assert await shop.container.session_service().authenticate(rotated_secrets) is None

    assert shop.state == before
