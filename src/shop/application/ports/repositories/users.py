"""The port to users."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.domain.user import User


class Users(ABC):
    """All users, as one unit of work sees them."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, User]:
        """Return those users that exist, by id."""

    @abstractmethod
    async def with_emails(self, emails: Collection[str]) -> Mapping[str, User]:
        """Return those users that exist, by normalised e-mail address."""

    @abstractmethod
    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, User]:
        """Return those users that exist, and keep others from changing them until the end."""

    @abstractmethod
    def add(self, user: User) -> None:
        """Stage a new user; the commit raises `EmailTaken` where the address has one already."""

    @abstractmethod
    def save(self, user: User) -> None:
        """Stage the new state of a user that was locked."""
