"""Hashes passwords with Argon2id in threads."""

import asyncio
import os
import secrets

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from shop.application.ports.password_hasher import PasswordHasher

MEMORY_KIBIBYTES = 19_456
PASSES = 2
LANES = 1


class Argon2PasswordHasher(PasswordHasher):
    """Argon2id with OWASP's minimum (Password Storage): 19 MiB, two passes, one lane.

    At most one hash runs per processor: more would only use more memory.
    """

    def __init__(self) -> None:
        self._argon2 = Argon2(time_cost=PASSES, memory_cost=MEMORY_KIBIBYTES, parallelism=LANES)
        self._dummy_hash = self._argon2.hash(secrets.token_hex())
        self._slots = asyncio.Semaphore(os.cpu_count() or 1)

    async def hash(self, password: str) -> str:
        """Return a hash that includes its salt and parameters."""
        async with self._slots:
            return await asyncio.to_thread(self._argon2.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Check a password; without a hash, take as long and return False."""
        async with self._slots:
            return await asyncio.to_thread(
                self._verify, password_hash or self._dummy_hash, password
            )

    def is_outdated(self, password_hash: str) -> bool:
        """Check whether the hash has other parameters than new hashes."""
        return self._argon2.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
