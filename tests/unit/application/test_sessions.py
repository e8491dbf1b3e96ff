"""What belongs to a session: its preferences, its siblings and its end."""

from datetime import timedelta

import pytest

from shop.application.identity.sessions import RevokeSession
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.session import NotSignedIn, Session, SessionExpired, SessionNotFound
from shop.domain.shared.errors import InvalidValue
from tests.clock import ScriptedClock
from tests.factories import an_id
from tests.unit.application.memory_shop import (
    IDLE_SECONDS,
    MemoryShop,
    preferring,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def adas(shop: MemoryShop) -> SessionToken:
    return await shop.customer("ada")


async def _session(shop: MemoryShop, token: SessionToken) -> Session:
    session = await shop.session(token)
    assert session is not None
    return session


class TestMySessions:
    async def test_they_are_listed_the_newest_first(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        await shop.customer("bob")
        clock.advance(timedelta(seconds=1))
        newest = await shop.sign_in("ada")

        listing = await shop.container.session_service().list_for_user(
            shop.user("ada"), PageRequest(limit=9, after=None)
        )

        assert listing.items == [await _session(shop, newest), await _session(shop, adas)]
        assert listing.next is None

    async def test_those_that_have_expired_are_not_listed(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        del adas
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        newest = await shop.sign_in("ada")

        listing = await shop.container.session_service().list_for_user(
            shop.user("ada"), PageRequest(limit=9, after=None)
        )

        assert listing.items == [await _session(shop, newest)]

    async def test_one_is_ended_by_its_handle(self, shop: MemoryShop, adas: SessionToken) -> None:
        elsewhere = await shop.sign_in("ada")
        handle = (await _session(shop, elsewhere)).id

        await shop.container.session_service().revoke(RevokeSession(session=adas, handle=handle))

        assert await shop.session(elsewhere) is None
        assert await shop.session(adas) is not None

    async def test_nobody_ends_anothers(self, shop: MemoryShop, adas: SessionToken) -> None:
        handle = (await _session(shop, await shop.customer("bob"))).id
        before = shop.state

        for unknown in (handle, an_id("no session")):
            with pytest.raises(SessionNotFound):
                await shop.container.session_service().revoke(
                    RevokeSession(session=adas, handle=unknown)
                )
        with pytest.raises(NotSignedIn):
            await shop.container.session_service().revoke(
                RevokeSession(session=None, handle=handle)
            )

        assert shop.state == before

    async def test_all_others_end_at_once(self, shop: MemoryShop, adas: SessionToken) -> None:
        others = [await shop.sign_in("ada") for _ in range(3)]
        bobs = await shop.customer("bob")

        await shop.container.session_service().revoke_others(adas)

        assert [await shop.session(token) for token in others] == [None] * 3
        assert await shop.session(adas) is not None
        assert await shop.session(bobs) is not None

    async def test_nobody_who_is_not_signed_in_has_others(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        before = shop.state

        with pytest.raises(NotSignedIn):
            await shop.container.session_service().revoke_others(None)
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        with pytest.raises(SessionExpired):
            await shop.container.session_service().revoke_others(adas)

        assert shop.state == before


class TestPreferences:
    async def test_a_patch_changes_what_it_names(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await preferring(shop, adas, {"theme": "dark", "size": {"text": 3, "image": 1}})

        visit = await preferring(shop, adas, {"theme": None, "size": {"text": 4}})

        assert visit.new_token is None
        session = await _session(shop, adas)
        assert session.preferences == {"size": {"text": 4, "image": 1}}

    async def test_a_visitor_has_some_too(self, shop: MemoryShop) -> None:
        visit = await preferring(shop, None, {"theme": "dark"})

        session = await shop.held(visit)
        assert (session.user_id, session.preferences) == (None, {"theme": "dark"})

    async def test_more_than_fit_are_refused(self, shop: MemoryShop, adas: SessionToken) -> None:
        before = shop.state

        with pytest.raises(InvalidValue) as refusal:
            await preferring(shop, adas, {"text": "x" * 2_048})

        assert refusal.value.field == "preferences"
        assert shop.state == before

    async def test_an_expired_session_keeps_no_new_ones(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        before = shop.state

        with pytest.raises(SessionExpired):
            await preferring(shop, adas, {"theme": "dark"})

        assert shop.state == before


async def test_sweeping_ends_what_has_expired_and_nothing_else(
    shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
) -> None:
    await preferring(shop, None, {"theme": "dark"})
    clock.advance(timedelta(seconds=1))
    bobs = await shop.customer("bob")
    clock.advance(timedelta(seconds=IDLE_SECONDS - 1))

    assert await shop.container.session_service().purge_expired() == 2
    assert await shop.session(adas) is None
    assert await shop.session(bobs) is not None
    assert await shop.container.session_service().purge_expired() == 0
