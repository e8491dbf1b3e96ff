"""A session has preferences, and can be listed and revoked."""

import asyncio
from datetime import timedelta

import pytest

from shop.application.checkout.cart import PutCartLine
from shop.application.identity.sessions import RevokeSession
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.session import NotSignedIn, Session, SessionExpired, SessionNotFound
from shop.domain.shared.errors import InvalidValue
from tests.application.memory_shop import IDLE_SECONDS, MemoryShop, set_preferences
from tests.clock import FakeClock
from tests.factories import id_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ada_token(shop: MemoryShop) -> SessionToken:
    return await shop.customer("ada")


async def _session(shop: MemoryShop, token: SessionToken) -> Session:
    session = await shop.session(token)
    assert session is not None
    return session


class TestOwnSessions:
    async def test_sessions_are_listed_newest_first(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        await shop.customer("bob")
        clock.advance(timedelta(seconds=1))
        newest = await shop.sign_in("ada")

        page = await shop.container.session_service().list_for_user(
            shop.user("ada"), PageRequest(limit=9, after=None)
        )

        assert page.items == [await _session(shop, newest), await _session(shop, ada_token)]
        assert page.next is None

    async def test_expired_sessions_are_not_listed(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        del ada_token
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        newest = await shop.sign_in("ada")

        page = await shop.container.session_service().list_for_user(
            shop.user("ada"), PageRequest(limit=9, after=None)
        )

        assert page.items == [await _session(shop, newest)]

    async def test_session_is_revoked_by_its_id(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        elsewhere = await shop.sign_in("ada")
        handle = (await _session(shop, elsewhere)).id

        await shop.container.session_service().revoke(
            RevokeSession(session=ada_token, handle=handle)
        )

        assert await shop.session(elsewhere) is None
        assert await shop.session(ada_token) is not None

    async def test_session_of_another_user_is_not_revoked(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        handle = (await _session(shop, await shop.customer("bob"))).id
        before = shop.state

        for unknown in (handle, id_of("no session")):
            with pytest.raises(SessionNotFound):
                await shop.container.session_service().revoke(
                    RevokeSession(session=ada_token, handle=unknown)
                )
        with pytest.raises(NotSignedIn):
            await shop.container.session_service().revoke(
                RevokeSession(session=None, handle=handle)
            )

        assert shop.state == before

    async def test_all_others_are_revoked_at_once(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        others = [await shop.sign_in("ada") for _ in range(3)]
        bob_token = await shop.customer("bob")

        await shop.container.session_service().revoke_others(ada_token)

        assert [await shop.session(token) for token in others] == [None] * 3
        assert await shop.session(ada_token) is not None
        assert await shop.session(bob_token) is not None

    async def test_anonymous_user_has_no_others(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        before = shop.state

        with pytest.raises(NotSignedIn):
            await shop.container.session_service().revoke_others(None)
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        with pytest.raises(SessionExpired):
            await shop.container.session_service().revoke_others(ada_token)

        assert shop.state == before


class TestSigningOut:
    async def test_session_is_revoked_permanently(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        elsewhere = await shop.sign_in("ada")

        await shop.container.session_service().sign_out(ada_token)

        assert await shop.session(ada_token) is None
        assert await shop.container.session_service().authenticate(ada_token) is None
        assert await shop.session(elsewhere) is not None

    @pytest.mark.parametrize("token", [None, "never issued"])
    async def test_missing_session_changes_nothing(
        self, token: SessionToken | None, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        del ada_token
        before = shop.state

        await shop.container.session_service().sign_out(token)

        assert shop.state == before

    async def test_expired_or_revoked_session_can_be_revoked(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))

        await shop.container.session_service().sign_out(ada_token)
        await shop.container.session_service().sign_out(ada_token)

        assert shop.state.sessions.rows == {}

    async def test_concurrent_request_does_not_restore_it(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.add_products(await shop.admin(), TEA=5)
        carts, sessions = shop.container.cart_service(), shop.container.session_service()
        put = PutCartLine(session=ada_token, sku="TEA", quantity=1)

        await asyncio.gather(
            carts.put(put),
            sessions.sign_out(ada_token),
            carts.clear(ada_token),
            sessions.authenticate(ada_token),
        )

        assert await shop.session(ada_token) is None


class TestPreferences:
    async def test_patch_changes_the_named_preferences(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await set_preferences(shop, ada_token, {"theme": "dark", "size": {"text": 3, "image": 1}})

        current_session = await set_preferences(
            shop, ada_token, {"theme": None, "size": {"text": 4}}
        )

        assert current_session.new_token is None
        session = await _session(shop, ada_token)
        assert session.preferences == {"size": {"text": 4, "image": 1}}

    async def test_anonymous_user_has_preferences(self, shop: MemoryShop) -> None:
        current_session = await set_preferences(shop, None, {"theme": "dark"})

        session = await shop.current_session(current_session)
        assert (session.user_id, session.preferences) == (None, {"theme": "dark"})

    async def test_excessive_preferences_are_rejected(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        before = shop.state

        with pytest.raises(InvalidValue) as rejection:
            await set_preferences(shop, ada_token, {"text": "x" * 2_048})

        assert rejection.value.field == "preferences"
        assert shop.state == before

    async def test_expired_session_stores_no_preferences(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        before = shop.state

        with pytest.raises(SessionExpired):
            await set_preferences(shop, ada_token, {"theme": "dark"})

        assert shop.state == before


async def test_purge_removes_expired_sessions_only(
    shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
) -> None:
    await set_preferences(shop, None, {"theme": "dark"})
    clock.advance(timedelta(seconds=1))
    bob_token = await shop.customer("bob")
    clock.advance(timedelta(seconds=IDLE_SECONDS - 1))

    assert await shop.container.session_service().purge_expired() == 2
    assert await shop.session(ada_token) is None
    assert await shop.session(bob_token) is not None
    assert await shop.container.session_service().purge_expired() == 0
