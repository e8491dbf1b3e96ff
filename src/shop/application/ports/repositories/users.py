"""Port to users."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.domain.user import User


class Users(ABC):
    """All users."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, User]:
        """Return users by id."""

    @abstractmethod
    async def with_emails(self, emails: Collection[str]) -> Mapping[str, User]:
        """Return users by normalised e-mail address."""

    @abstractmethod
    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, User]:
        """Like `get_many`, and lock the users."""

    @abstractmethod
    async def search(
        self, words: str, page: PageRequest[TimeCursor], *, includes_guests: bool = False
    ) -> Page[User, TimeCursor]:
        """Return a page of users whose name or e-mail address contains the words, newest first.

        The case is ignored; an empty text matches all. Guests are left out unless asked for.
        """

    @abstractmethod
    async def guests_without_orders(self, before: datetime, limit: int) -> Sequence[UUID]:
        """Return guests of before a time without orders, keys and sessions, the oldest first."""

    @abstractmethod
    def add(self, user: User) -> None:
        """Stage a new user; the commit raises `EmailTaken` if the address is in use.

        That of a guest never is.
        """

    @abstractmethod
    def save(self, user: User) -> None:
        """Stage the new state of a locked user."""

    @abstractmethod
    def remove_guests(self, ids: Collection[UUID]) -> None:
        """Stage the deletion of guests who have no orders, keys and sessions."""
