"""A changed password counts at once, and ends all other sessions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.identity.sign_in import ChangePassword, SignIn
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown
from shop.domain.session import NotSignedIn, SessionExpired
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import InvalidCredentials, WrongPassword
from tests.application.memory_shop import IDLE_SECONDS, PASSWORD, MemoryShop
from tests.clock import FakeClock
from tests.doubles import CURRENT_PREFIX

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(session=None, email="ada@example.com", password=PASSWORD)


@pytest.fixture
async def ada_token(shop: MemoryShop) -> SessionToken:
    return await shop.customer("ada")


class TestChangingThePassword:
    async def test_new_password_replaces_the_old_one(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.container.sign_in_service().change_password(_change_password(ada_token))

        with pytest.raises(InvalidCredentials):
            await shop.container.sign_in_service().sign_in(SIGN_IN)
        await shop.container.sign_in_service().sign_in(replace(SIGN_IN, password="another one"))

    async def test_current_session_gets_a_new_token_and_all_others_are_revoked(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        elsewhere, bob_token = await shop.sign_in("ada"), await shop.customer("bob")

        current_session = await shop.container.sign_in_service().change_password(
            _change_password(ada_token)
        )

        assert (await shop.current_session(current_session)).user_id == shop.user("ada").id
        assert [await shop.session(token) for token in (ada_token, elsewhere)] == [None, None]
        assert await shop.session(bob_token) is not None

    async def test_current_password_is_required(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await _assert_rejected(
            shop, replace(_change_password(ada_token), current="a wrong one"), WrongPassword()
        )

    async def test_new_password_must_be_long_enough(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await _assert_rejected(
            shop,
            replace(_change_password(ada_token), new="7 chars"),
            InvalidValue(field="new", rule="must be 8 to 128 characters"),
        )

    async def test_anonymous_user_cannot_change_a_password(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        await _assert_rejected(shop, _change_password(None), NotSignedIn())
        await _assert_rejected(shop, _change_password("never issued"), NotSignedIn())
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        await _assert_rejected(shop, _change_password(ada_token), SessionExpired())

    @pytest.mark.parametrize("call", ["users.save", "sessions.revoke_all", "commit"])
    async def test_failed_change_keeps_password_and_sessions(
        self, call: str, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.sign_in("ada")
        before = shop.state
        shop.faults.plan((call, RuntimeError("a bug")))

        with pytest.raises(RuntimeError, match="a bug"):
            await shop.container.sign_in_service().change_password(_change_password(ada_token))

        assert shop.state == before

    async def test_unknown_commit_outcome_is_reported(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        shop.faults.plan(("committed", CommitOutcomeUnknown("connection lost")))

        with pytest.raises(CommitOutcomeUnknown):
            await shop.container.sign_in_service().change_password(_change_password(ada_token))

        assert shop.user("ada").password_hash == CURRENT_PREFIX + "another one"


def _change_password(token: SessionToken | None) -> ChangePassword:
    return ChangePassword(session=token, current=PASSWORD, new="another one")


async def _assert_rejected(shop: MemoryShop, command: ChangePassword, error: Exception) -> None:
    before = shop.state

    with pytest.raises(type(error)) as rejection:
        await shop.container.sign_in_service().change_password(command)

    assert rejection.value == error
    assert shop.state == before
