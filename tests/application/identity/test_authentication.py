"""Who comes back with a token: known or not, and what of that is written down."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.identity.authentication import CurrentSession
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown
from shop.domain.session import NotSignedIn, Session, SessionExpired
from shop.domain.user import Role
from tests.application.memory_shop import (
    ABSOLUTE_SECONDS,
    IDLE_SECONDS,
    MemoryShop,
    place_order,
    set_preferences,
)
from tests.clock import FakeClock
from tests.factories import NOW

pytestmark = pytest.mark.anyio

TOUCH_SECONDS = 60


@pytest.fixture
async def ada_token(shop: MemoryShop) -> SessionToken:
    return await shop.customer("ada")


async def _session(shop: MemoryShop, token: SessionToken) -> Session:
    session = await shop.session(token)
    assert session is not None
    return session


class TestAuthenticating:
    async def test_no_token_resolves_to_no_user(self, shop: MemoryShop) -> None:
        assert await shop.container.session_service().authenticate(None) is None

    async def test_unknown_token_resolves_to_no_user(self, shop: MemoryShop) -> None:
        before = shop.state

        assert await shop.container.session_service().authenticate("chosen by the client") is None

        assert shop.state == before
        assert shop.faults.begun == 0

    async def test_resolving_a_session_writes_nothing(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        clock.advance(timedelta(seconds=TOUCH_SECONDS) - timedelta(microseconds=1))
        before, begun = shop.state, shop.faults.begun

        current_session = await shop.container.session_service().authenticate(ada_token)

        assert current_session == CurrentSession(
            session=await _session(shop, ada_token),
            user=shop.user("ada"),
            token=ada_token,
            new_token=None,
        )
        assert shop.state == before
        assert shop.faults.begun == begun

    async def test_last_use_is_stored_once_a_minute_and_nothing_else(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        session, before = await _session(shop, ada_token), shop.state
        clock.advance(timedelta(seconds=TOUCH_SECONDS))

        current_session = await shop.container.session_service().authenticate(ada_token)

        assert current_session is not None
        assert current_session.new_token is None
        assert await _session(shop, ada_token) == replace(session, last_seen_at=clock.now())
        assert replace(shop.state, sessions=before.sessions) == before

    async def test_use_keeps_a_session_alive_until_its_absolute_limit(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        enter = shop.container.session_service().authenticate
        for _ in range(ABSOLUTE_SECONDS // (IDLE_SECONDS - 1)):
            clock.advance(timedelta(seconds=IDLE_SECONDS - 1))
            assert await enter(ada_token) is not None

        clock.advance(NOW + timedelta(seconds=ABSOLUTE_SECONDS) - clock.now())
        with pytest.raises(SessionExpired):
            await enter(ada_token)

    async def test_unused_session_expires_without_a_write(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        before = shop.state

        with pytest.raises(SessionExpired):
            await shop.container.session_service().authenticate(ada_token)

        assert shop.state == before

    async def test_expired_anonymous_session_resolves_to_no_user(
        self, shop: MemoryShop, clock: FakeClock
    ) -> None:
        current_session = await set_preferences(shop, None, {"theme": "dark"})
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        before = shop.state

        assert (
            await shop.container.session_service().authenticate(current_session.new_token) is None
        )

        assert shop.state == before

    async def test_changed_roles_take_effect_at_once_under_a_new_token(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        before = await _session(shop, ada_token)
        await shop.container.role_service().grant("ada@example.com", Role.ADMIN)

        current_session = await shop.container.session_service().authenticate(ada_token)

        roles = frozenset({Role.CUSTOMER, Role.ADMIN})
        assert current_session is not None
        assert current_session.signed_in_user.roles == roles
        assert await shop.session(ada_token) is None
        session = await shop.current_session(current_session)
        assert session == replace(before, roles=roles, version=before.version + 1)

    async def test_revoked_role_takes_effect_at_once(self, shop: MemoryShop) -> None:
        admins = await shop.admin()
        await shop.container.role_service().revoke("root@example.com", Role.ADMIN)

        current_session = await shop.container.session_service().authenticate(admins)

        assert current_session is not None
        assert current_session.signed_in_user.roles == frozenset({Role.CUSTOMER})
        assert await shop.session(admins) is None

    async def test_disabled_user_is_signed_out_at_once(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.save_user(replace(shop.user("ada"), enabled=False))
        before = shop.state

        assert await shop.container.session_service().authenticate(ada_token) is None
        with pytest.raises(NotSignedIn):
            await shop.place(place_order(ada_token, ("TEA", 1)))

        assert shop.state == before

    @pytest.mark.parametrize("call", ["commit", "committed"])
    async def test_new_token_with_an_unknown_commit_outcome_is_valid(
        self, call: str, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.container.role_service().grant("ada@example.com", Role.ADMIN)
        shop.faults.plan((call, CommitOutcomeUnknown("connection lost")))

        current_session = await shop.container.session_service().authenticate(ada_token)

        assert current_session is not None
        session = await shop.current_session(current_session)
        assert (session.user_id, session.roles) == (shop.user("ada").id, shop.user("ada").roles)
        assert await shop.session(ada_token) is None
