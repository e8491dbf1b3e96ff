"""Users: whom staff and the operator keep out."""

import pytest

from shop.application.identity.access import ChangeAccess, EndSessions
from shop.application.identity.sign_in import SignIn
from shop.application.identity.sign_up import SignUp
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import Forbidden, InvalidCredentials, UserNotFound
from tests.application.memory_shop import PASSWORD, MemoryShop
from tests.factories import id_of

pytestmark = pytest.mark.anyio


def sign_in(name: str) -> SignIn:
    return SignIn(session=None, email=f"{name}@example.com", password=PASSWORD)


class TestADisabledUser:
    @pytest.fixture
    async def admin_token(self, shop: MemoryShop) -> SessionToken:
        return await shop.admin()

    async def test_loses_all_sessions_and_cannot_sign_in(
        self, shop: MemoryShop, admin_token: SessionToken
    ) -> None:
        tokens = [await shop.customer("ada"), await shop.sign_in("ada")]
        bob_token = await shop.customer("bob")
        ada = shop.user("ada")

        disabled = await shop.container.access_service().change(
            ChangeAccess(session=admin_token, user_id=ada.id, enabled=False)
        )

        assert disabled == shop.user("ada")
        assert not disabled.enabled
        assert [await shop.session(token) for token in tokens] == [None, None]
        assert await shop.session(bob_token) is not None
        with pytest.raises(InvalidCredentials):
            await shop.container.sign_in_service().sign_in(sign_in("ada"))

    async def test_signs_in_again_once_enabled_but_old_sessions_stay_ended(
        self, shop: MemoryShop
    ) -> None:
        token = await shop.customer("ada")
        access = shop.container.access_service()

        await access.change_by_email(" Ada@Example.com", enabled=False)
        await access.change_by_email("ada@example.com", enabled=True)

        assert await shop.session(token) is None
        await shop.container.sign_in_service().sign_in(sign_in("ada"))

    async def test_admin_cannot_disable_themselves(
        self, shop: MemoryShop, admin_token: SessionToken
    ) -> None:
        command = ChangeAccess(session=admin_token, user_id=shop.user("root").id, enabled=False)
        before = shop.state

        with pytest.raises(InvalidValue, match="disabled: cannot be set"):
            await shop.container.access_service().change(command)

        assert shop.state == before

    async def test_unknown_user_is_reported(
        self, shop: MemoryShop, admin_token: SessionToken
    ) -> None:
        access, unknown = shop.container.access_service(), id_of("unknown")

        with pytest.raises(UserNotFound):
            await access.change(ChangeAccess(session=admin_token, user_id=unknown, enabled=False))
        with pytest.raises(UserNotFound):
            await access.end_sessions(EndSessions(session=admin_token, user_id=unknown))
        with pytest.raises(UserNotFound):
            await access.change_by_email("unknown@example.com", enabled=False)
        with pytest.raises(UserNotFound):
            await access.end_sessions_by_email("unknown@example.com")


async def test_ending_sessions_leaves_the_user_able_to_sign_in(shop: MemoryShop) -> None:
    admin_token, ada_token = await shop.admin(), await shop.customer("ada")
    access = shop.container.access_service()

    command = EndSessions(session=admin_token, user_id=shop.user("ada").id)
    assert await access.end_sessions(command) == 1

    assert await shop.session(ada_token) is None
    await shop.sign_in("ada")
    assert await access.end_sessions_by_email("ada@example.com") == 1
    assert await access.end_sessions_by_email("ada@example.com") == 0


async def test_only_admins_decide_about_others(shop: MemoryShop) -> None:
    ada_token, _ = await shop.customer("ada"), await shop.customer("bob")
    bob, access = shop.user("bob"), shop.container.access_service()
    before = shop.state

    with pytest.raises(Forbidden):
        await access.change(ChangeAccess(session=ada_token, user_id=bob.id, enabled=False))
    with pytest.raises(Forbidden):
        await access.end_sessions(EndSessions(session=ada_token, user_id=bob.id))
    with pytest.raises(NotSignedIn):
        await access.end_sessions(EndSessions(session=None, user_id=bob.id))

    assert shop.state == before


async def test_user_is_found_by_either_form_of_the_domain(shop: MemoryShop) -> None:
    command = SignUp(session=None, name="Ada", email="ada@münchen.example.com", password=PASSWORD)
    await shop.container.sign_up_service().sign_up(command)
    access = shop.container.access_service()

    disabled = await access.change_by_email("ada@xn--mnchen-3ya.example.com", enabled=False)

    assert not disabled.enabled
    assert await access.end_sessions_by_email("ada@xn--mnchen-3ya.example.com") == 0
