"""An answer to a sign-in does not show, by its time, whether the address is a user's."""

import pytest
from dependency_injector import providers

from tests.clock import FakeClock
from tests.doubles import FakePasswordHasher
from tests.entrypoints.http.clients import PASSWORD, HttpShop

pytestmark = pytest.mark.anyio

WRONG_SIGN_INS = [("ada", "a wrong one"), ("unknown", "a wrong one"), ("unknown", PASSWORD)]


class CountingPasswordHasher(FakePasswordHasher):
    """Counts the passwords that it hashes."""

    def __init__(self) -> None:
        self.verified: list[str] = []

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.verified.append(password)
        return await super().verify(password_hash, password)


async def test_every_wrong_sign_in_hashes_one_password(clock: FakeClock) -> None:
    shop = HttpShop.open(clock, rate_limits="off")
    hasher = CountingPasswordHasher()
    shop.container.password_hasher.override(providers.Object(hasher))
    await shop.customer("ada")

    for name, password in WRONG_SIGN_INS:
        hasher.verified.clear()
        assert (await shop.browser().sign_in(name, password)).status_code == 401
        assert hasher.verified == [password]
