"""Hashes passwords with Argon2id in threads."""

import asyncio
import os
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from shop.application.ports.password_hasher import PasswordHasher, PasswordHasherBusy

T = TypeVar("T")

MEMORY_KIBIBYTES = 19_456
PASSES = 2
LANES = 1

MAX_WAITING = 512
"""Half a minute of work; a later caller would wait longer than a browser does."""


class Argon2PasswordHasher(PasswordHasher):
    """Argon2id with OWASP's minimum (Password Storage): 19 MiB, two passes, one lane.

    At most one hash runs for two processors, so that orders always have one.
    """

    def __init__(self) -> None:
        self._argon2 = Argon2(time_cost=PASSES, memory_cost=MEMORY_KIBIBYTES, parallelism=LANES)
        self._dummy_hash = self._argon2.hash(secrets.token_hex())
        self._threads = ThreadPoolExecutor(
            max_workers=max(1, (os.cpu_count() or 1) // 2), thread_name_prefix="password"
        )
        self._submitted = 0

    async def hash(self, password: str) -> str:
        """Return a hash that includes its salt and parameters."""
        return await self._run(self._argon2.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Check a password; without a hash, take as long and return False."""
        return await self._run(self._verify, password_hash or self._dummy_hash, password)

    def is_outdated(self, password_hash: str) -> bool:
        """Check whether the hash has other parameters than new hashes."""
        return self._argon2.check_needs_rehash(password_hash)

    async def _run(self, work: Callable[..., T], *arguments: str) -> T:
        if self._submitted >= MAX_WAITING:
            raise PasswordHasherBusy(f"{MAX_WAITING} passwords are being hashed or wait")
        self._submitted += 1
        hashing = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        hashing.add_done_callback(self._forget)
        # What a cancelled caller has begun still takes its time, and so counts until it ends.
        return await asyncio.shield(hashing)

    def _forget(self, _: asyncio.Future[T]) -> None:
        self._submitted -= 1

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
