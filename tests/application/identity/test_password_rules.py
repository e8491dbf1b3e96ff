"""Passwords that are easy to guess, and passwords that keyboards send in several forms."""

from dataclasses import replace

import pytest

from shop.application.identity.authentication import CurrentSession
from shop.application.identity.password_policy import COMMON_RULE, PERSONAL_RULE
from shop.application.identity.sign_in import ChangePassword, SignIn
from shop.application.identity.sign_up import SignUp
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import InvalidCredentials, WrongPassword
from tests.application.memory_shop import PASSWORD, MemoryShop
from tests.doubles import CURRENT_PREFIX

pytestmark = pytest.mark.anyio

COMPOSED, DECOMPOSED = "caf\u00e9 with milk", "cafe\u0301 with milk"
ADA = SignUp(session=None, name="Ada Lovelace", email="ada@example.com", password=PASSWORD)

WEAK_PASSWORDS = [
    ("password1", COMMON_RULE),
    ("PassWord1", COMMON_RULE),
    ("\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44\uff11", COMMON_RULE),
    ("Password2026!", COMMON_RULE),
    ("ada@example.com", PERSONAL_RULE),
    ("ADA@example.com7", PERSONAL_RULE),
    ("ada12345", PERSONAL_RULE),
    ("ada lovelace", PERSONAL_RULE),
    ("1815Lovelace", PERSONAL_RULE),
]


class TestAWeakPassword:
    @pytest.mark.parametrize(("password", "rule"), WEAK_PASSWORDS)
    async def test_is_rejected_at_sign_up(self, shop: MemoryShop, password: str, rule: str) -> None:
        before = shop.state

        with pytest.raises(InvalidValue) as rejection:
            await shop.container.sign_up_service().sign_up(replace(ADA, password=password))

        assert rejection.value == InvalidValue(field="password", rule=rule)
        assert shop.state == before

    @pytest.mark.parametrize(("password", "rule"), WEAK_PASSWORDS)
    async def test_is_rejected_at_a_change(
        self, shop: MemoryShop, password: str, rule: str
    ) -> None:
        signed_up = await shop.container.sign_up_service().sign_up(ADA)
        command = ChangePassword(
            session=signed_up.current_session.new_token, current=PASSWORD, new=password
        )
        before = shop.state

        with pytest.raises(InvalidValue) as rejection:
            await shop.container.sign_in_service().change_password(command)

        assert rejection.value == InvalidValue(field="new", rule=rule)
        assert shop.state == before

    async def test_is_not_revealed_to_one_who_does_not_know_the_current_one(
        self, shop: MemoryShop
    ) -> None:
        token = await shop.customer("ada")
        command = ChangePassword(session=token, current="a wrong one", new="password1")

        with pytest.raises(WrongPassword):
            await shop.container.sign_in_service().change_password(command)

    async def test_of_an_earlier_release_still_signs_in(self, shop: MemoryShop) -> None:
        await shop.customer("ada")
        await shop.save_user(shop.user("ada").with_password_hash(CURRENT_PREFIX + "password1"))

        current_session = await _sign_in(shop, "password1")

        assert current_session.user == shop.user("ada")


class TestAPasswordInTwoForms:
    @pytest.mark.parametrize("signed_up_with", [COMPOSED, DECOMPOSED])
    @pytest.mark.parametrize("signs_in_with", [COMPOSED, DECOMPOSED])
    async def test_is_one_password(
        self, shop: MemoryShop, signed_up_with: str, signs_in_with: str
    ) -> None:
        await shop.container.sign_up_service().sign_up(
            replace(ADA, name="Ada", password=signed_up_with)
        )

        current_session = await _sign_in(shop, signs_in_with)

        assert current_session.signed_in_user.email == ADA.email
        assert shop.user("ada").password_hash == CURRENT_PREFIX + COMPOSED

    async def test_is_one_password_at_a_change(self, shop: MemoryShop) -> None:
        signed_up = await shop.container.sign_up_service().sign_up(replace(ADA, password=COMPOSED))

        await shop.container.sign_in_service().change_password(
            ChangePassword(
                session=signed_up.current_session.new_token,
                current=DECOMPOSED,
                new=DECOMPOSED + " and sugar",
            )
        )

        await _sign_in(shop, COMPOSED + " and sugar")

    async def test_of_an_earlier_release_signs_in_and_is_hashed_again(
        self, shop: MemoryShop
    ) -> None:
        await shop.customer("ada")
        await shop.save_user(shop.user("ada").with_password_hash(CURRENT_PREFIX + DECOMPOSED))
        with pytest.raises(InvalidCredentials):
            await _sign_in(shop, COMPOSED)

        await _sign_in(shop, DECOMPOSED)

        assert shop.user("ada").password_hash == CURRENT_PREFIX + COMPOSED
        await _sign_in(shop, COMPOSED)

    async def test_of_an_earlier_release_can_be_changed(self, shop: MemoryShop) -> None:
        token = await shop.customer("ada")
        await shop.save_user(shop.user("ada").with_password_hash(CURRENT_PREFIX + DECOMPOSED))

        await shop.container.sign_in_service().change_password(
            ChangePassword(session=token, current=DECOMPOSED, new="tea, with milk")
        )

        await _sign_in(shop, "tea, with milk")


async def _sign_in(shop: MemoryShop, password: str) -> CurrentSession:
    command = SignIn(session=None, email=ADA.email, password=password)
    return await shop.container.sign_in_service().sign_in(command)
