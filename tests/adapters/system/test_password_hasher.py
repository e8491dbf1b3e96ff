"""Few passwords are hashed at a time, so that sign-ins leave the processors to orders."""

import asyncio

import pytest

from shop.adapters.system import password_hasher
from shop.adapters.system.password_hasher import Argon2PasswordHasher
from shop.application.ports.password_hasher import PasswordHasherBusy

pytestmark = pytest.mark.anyio


async def test_passwords_beyond_the_queue_are_rejected_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(password_hasher, "MAX_WAITING", 3)
    hasher = Argon2PasswordHasher()
    results = await asyncio.gather(
        *(hasher.verify(None, "a password") for _ in range(5)), return_exceptions=True
    )

    assert results[:3] == [False] * 3
    assert [type(each) for each in results[3:]] == [PasswordHasherBusy] * 2
    # The queue is empty again.
    assert await hasher.verify(await hasher.hash("a password"), "a password")


async def test_cancelled_callers_keep_their_place_until_their_hash_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(password_hasher, "MAX_WAITING", 1)
    hasher = Argon2PasswordHasher()
    caller = asyncio.create_task(hasher.hash("a password"))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    with pytest.raises(PasswordHasherBusy):
        await hasher.hash("another password")
