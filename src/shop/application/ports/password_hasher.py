"""The port to password hashing."""

from abc import ABC, abstractmethod


class PasswordHasher(ABC):
    """Turns passwords into hashes that are slow to guess from; both calls take their time."""

    @abstractmethod
    async def hash(self, password: str) -> str:
        """Return a hash of the password, with its salt and parameters in it."""

    @abstractmethod
    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the hash is one of this password.

        No hash (there is no such user) takes as long as a wrong password does.
        """

    @abstractmethod
    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether the hash was made with other parameters than new ones are."""
