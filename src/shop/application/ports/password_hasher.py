"""Port to password hashing."""

from abc import ABC, abstractmethod


class PasswordHasher(ABC):
    """Hashes passwords with an algorithm that is slow on purpose.

    It works on few passwords at a time. If too many wait, it raises `PasswordHasherBusy` at once.
    """

    @abstractmethod
    async def hash(self, password: str) -> str:
        """Return a hash that includes its salt and parameters."""

    @abstractmethod
    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Check a password.

        No hash (an unknown user) takes as long as a wrong password.
        """

    @abstractmethod
    def is_outdated(self, password_hash: str) -> bool:
        """Check whether the hash has other parameters than new hashes."""


class PasswordHasherBusy(Exception):
    """Too many passwords wait to be hashed."""
