"""A changed password counts at once, and ends all other sessions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.identity.sessions import ChangePassword, SignIn
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown
from shop.domain.session import NotSignedIn, SessionExpired
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import InvalidCredentials
from tests.clock import ScriptedClock
from tests.doubles import CURRENT
from tests.unit.application.memory_shop import (
    IDLE_SECONDS,
    PASSWORD,
    MemoryShop,
)

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(session=None, email="ada@example.com", password=PASSWORD)


@pytest.fixture
async def adas(shop: MemoryShop) -> SessionToken:
    return await shop.customer("ada")


class TestChangingThePassword:
    async def test_the_new_one_counts_and_the_old_one_no_more(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.container.session_service().change_password(_change_password(adas))

        with pytest.raises(InvalidCredentials):
            await shop.container.session_service().sign_in(SIGN_IN)
        await shop.container.session_service().sign_in(replace(SIGN_IN, password="another one"))

    async def test_this_session_gets_a_new_token_and_all_others_end(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        elsewhere, bobs = await shop.sign_in("ada"), await shop.customer("bob")

        visit = await shop.container.session_service().change_password(_change_password(adas))

        assert (await shop.held(visit)).user_id == shop.user("ada").id
        assert [await shop.session(token) for token in (adas, elsewhere)] == [None, None]
        assert await shop.session(bobs) is not None

    async def test_the_current_one_is_needed(self, shop: MemoryShop, adas: SessionToken) -> None:
        await _refused(
            shop, replace(_change_password(adas), current="a wrong one"), InvalidCredentials()
        )

    async def test_the_new_one_must_be_long_enough(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await _refused(
            shop,
            replace(_change_password(adas), new="7 chars"),
            InvalidValue(field="new", rule="it has 8 to 128 characters"),
        )

    async def test_nobody_who_is_not_signed_in_has_one(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        await _refused(shop, _change_password(None), NotSignedIn())
        await _refused(shop, _change_password("never issued"), NotSignedIn())
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        await _refused(shop, _change_password(adas), SessionExpired())

    @pytest.mark.parametrize("call", ["users.save", "sessions.revoke_all", "commit"])
    async def test_what_fails_leaves_password_and_sessions_as_they_were(
        self, call: str, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.sign_in("ada")
        before = shop.state
        shop.mishaps.plan((call, RuntimeError("a bug")))

        with pytest.raises(RuntimeError, match="a bug"):
            await shop.container.session_service().change_password(_change_password(adas))

        assert shop.state == before

    async def test_where_the_commit_is_not_answered_it_says_so(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        shop.mishaps.plan(("committed", CommitOutcomeUnknown("connection lost")))

        with pytest.raises(CommitOutcomeUnknown):
            await shop.container.session_service().change_password(_change_password(adas))

        assert shop.user("ada").password_hash == CURRENT + "another one"


def _change_password(token: SessionToken | None) -> ChangePassword:
    return ChangePassword(session=token, current=PASSWORD, new="another one")


async def _refused(shop: MemoryShop, command: ChangePassword, error: Exception) -> None:
    before = shop.state

    with pytest.raises(type(error)) as refusal:
        await shop.container.session_service().change_password(command)

    assert refusal.value == error
    assert shop.state == before
