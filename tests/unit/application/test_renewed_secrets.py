"""Secrets are exchanged without signing anybody out: the newest seals, all open."""

from collections.abc import Callable
from functools import partial

import pytest

from shop.adapters.cookie.session_store import CookieSessionStore
from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.ports.repositories.session_store import SessionToken
from tests.clock import ScriptedClock
from tests.doubles import CountingIds
from tests.unit.application.memory_shop import MemoryShop, issued, place_order, preferring

pytestmark = pytest.mark.anyio

OLD, NEW = (f"the {age} secret, which nobody else has, 0123456789" for age in ("old", "new"))

WithSecrets = Callable[..., MemoryShop]


@pytest.fixture
async def with_secrets(clock: ScriptedClock) -> WithSecrets:
    """Give the function that opens the one shop with other secrets, the newest first."""
    database, ids = MemoryDatabase(), CountingIds()

    def opened(*secrets: str) -> MemoryShop:
        seal = partial(CookieSessionStore, secrets=secrets, clock=clock)
        return MemoryShop(clock, database, ids, seal)

    return opened


@pytest.fixture
async def olds(with_secrets: WithSecrets) -> SessionToken:
    """Give the token of Ada, who likes it dark, sealed with the old secret."""
    shop = with_secrets(OLD)
    await shop.stock(await shop.admin(), TEA=5)
    visitors = issued(await preferring(shop, None, {"theme": "dark"}))
    return issued((await shop.sign_up("ada", visitors)).current_session)


async def test_a_token_under_an_old_secret_is_issued_anew_with_all_that_it_holds(
    with_secrets: WithSecrets, olds: SessionToken
) -> None:
    visit = await with_secrets(NEW, OLD).container.session_service().authenticate(olds)

    session = await with_secrets(NEW).session(issued(visit))
    assert session is not None
    assert session.preferences == {"theme": "dark"}
    assert session.user_id == with_secrets(NEW).user("ada").id


async def test_an_order_issues_it_anew_too(with_secrets: WithSecrets, olds: SessionToken) -> None:
    reply = await with_secrets(NEW, OLD).order(place_order(olds, ("TEA", 1)))

    placed = reply.unwrap()
    assert placed.new_token is not None
    session = await with_secrets(NEW).session(placed.new_token)
    assert session is not None
    assert session.last_order_id == placed.order.id


async def test_a_token_under_the_newest_secret_stays_and_nothing_is_written(
    with_secrets: WithSecrets, olds: SessionToken
) -> None:
    shop = with_secrets(OLD, NEW)
    before = shop.state

    visit = await shop.container.session_service().authenticate(olds)

    assert visit is not None
    assert visit.new_token is None
    assert shop.state == before


async def test_a_secret_that_is_gone_opens_nothing(
    with_secrets: WithSecrets, olds: SessionToken
) -> None:
    shop = with_secrets(NEW)
    before = shop.state

    assert await shop.container.session_service().authenticate(olds) is None

    assert shop.state == before
