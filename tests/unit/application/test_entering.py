"""Who comes back with a token: known or not, and what of that is written down."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.identity.authentication import CurrentSession
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown
from shop.domain.session import NotSignedIn, Session, SessionExpired
from shop.domain.user import Role
from tests.clock import ScriptedClock
from tests.factories import NOW
from tests.unit.application.memory_shop import (
    ABSOLUTE_SECONDS,
    IDLE_SECONDS,
    MemoryShop,
    place_order,
    preferring,
)

pytestmark = pytest.mark.anyio

TOUCH_SECONDS = 60


@pytest.fixture
async def adas(shop: MemoryShop) -> SessionToken:
    return await shop.customer("ada")


async def _session(shop: MemoryShop, token: SessionToken) -> Session:
    session = await shop.session(token)
    assert session is not None
    return session


class TestEntering:
    async def test_without_a_token_there_is_nobody(self, shop: MemoryShop) -> None:
        assert await shop.container.session_service().authenticate(None) is None

    async def test_a_token_that_was_never_issued_opens_nothing(self, shop: MemoryShop) -> None:
        before = shop.state

        assert await shop.container.session_service().authenticate("chosen by the client") is None

        assert shop.state == before
        assert shop.mishaps.begun == 0

    async def test_it_tells_who_is_there_and_writes_nothing(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        clock.advance(timedelta(seconds=TOUCH_SECONDS) - timedelta(microseconds=1))
        before, begun = shop.state, shop.mishaps.begun

        visit = await shop.container.session_service().authenticate(adas)

        assert visit == CurrentSession(
            session=await _session(shop, adas), user=shop.user("ada"), token=adas, new_token=None
        )
        assert shop.state == before
        assert shop.mishaps.begun == begun

    async def test_once_a_minute_it_writes_down_that_the_session_was_used_and_nothing_else(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        session, before = await _session(shop, adas), shop.state
        clock.advance(timedelta(seconds=TOUCH_SECONDS))

        visit = await shop.container.session_service().authenticate(adas)

        assert visit is not None
        assert visit.new_token is None
        assert await _session(shop, adas) == replace(session, last_seen_at=clock.now())
        assert replace(shop.state, sessions=before.sessions) == before

    async def test_use_keeps_a_session_alive_until_its_absolute_end(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        enter = shop.container.session_service().authenticate
        for _ in range(ABSOLUTE_SECONDS // (IDLE_SECONDS - 1)):
            clock.advance(timedelta(seconds=IDLE_SECONDS - 1))
            assert await enter(adas) is not None

        clock.advance(NOW + timedelta(seconds=ABSOLUTE_SECONDS) - clock.now())
        with pytest.raises(SessionExpired):
            await enter(adas)

    async def test_unused_it_expires_and_nothing_is_written(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        before = shop.state

        with pytest.raises(SessionExpired):
            await shop.container.session_service().authenticate(adas)

        assert shop.state == before

    async def test_a_visitors_expired_session_is_nobodys(
        self, shop: MemoryShop, clock: ScriptedClock
    ) -> None:
        visit = await preferring(shop, None, {"theme": "dark"})
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        before = shop.state

        assert await shop.container.session_service().authenticate(visit.new_token) is None

        assert shop.state == before

    async def test_a_change_of_roles_counts_at_once_and_changes_the_token(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        before = await _session(shop, adas)
        await shop.container.role_service().grant("ada@example.com", Role.ADMIN)

        visit = await shop.container.session_service().authenticate(adas)

        roles = frozenset({Role.CUSTOMER, Role.ADMIN})
        assert visit is not None
        assert visit.signed_in_user.roles == roles
        assert await shop.session(adas) is None
        session = await shop.held(visit)
        assert session == replace(before, roles=roles, version=before.version + 1)

    async def test_a_lost_role_counts_at_once(self, shop: MemoryShop) -> None:
        admins = await shop.admin()
        await shop.container.role_service().revoke("root@example.com", Role.ADMIN)

        visit = await shop.container.session_service().authenticate(admins)

        assert visit is not None
        assert visit.signed_in_user.roles == frozenset({Role.CUSTOMER})
        assert await shop.session(admins) is None

    async def test_a_disabled_user_is_out_at_once(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.change(replace(shop.user("ada"), enabled=False))
        before = shop.state

        assert await shop.container.session_service().authenticate(adas) is None
        with pytest.raises(NotSignedIn):
            await shop.placed(place_order(adas, ("TEA", 1)))

        assert shop.state == before

    @pytest.mark.parametrize("call", ["commit", "committed"])
    async def test_where_the_commit_of_a_new_token_is_not_answered_the_one_that_is_given_holds(
        self, call: str, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.container.role_service().grant("ada@example.com", Role.ADMIN)
        shop.mishaps.plan((call, CommitOutcomeUnknown("connection lost")))

        visit = await shop.container.session_service().authenticate(adas)

        assert visit is not None
        session = await shop.held(visit)
        assert (session.user_id, session.roles) == (shop.user("ada").id, shop.user("ada").roles)
        assert await shop.session(adas) is None
