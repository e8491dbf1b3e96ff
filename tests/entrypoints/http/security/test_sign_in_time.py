"""An answer to a sign-in does not show, by its time, whether the address is a user's."""

import time
from statistics import median

import pytest
from dependency_injector import providers

from shop.adapters.system.password_hasher import Argon2PasswordHasher
from tests.clock import FakeClock
from tests.doubles import FakePasswordHasher
from tests.entrypoints.http.clients import PASSWORD, HttpShop

pytestmark = pytest.mark.anyio

ATTEMPTS = 30
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


async def test_unknown_and_known_users_take_the_same_time(clock: FakeClock) -> None:
    shop = HttpShop.open(clock, rate_limits="off")
    shop.container.password_hasher.override(providers.Singleton(Argon2PasswordHasher))
    await shop.customer("ada")
    # Processor time of all threads, so that other programs do not count.
    took_seconds: dict[str, list[float]] = {"ada": [], "unknown": []}

    for _ in range(ATTEMPTS):
        for name, times in took_seconds.items():
            began = time.process_time()
            assert (await shop.browser().sign_in(name, "a wrong one")).status_code == 401
            times.append(time.process_time() - began)

    known, unknown = (median(times) for times in took_seconds.values())
    assert unknown == pytest.approx(known, rel=0.1)
