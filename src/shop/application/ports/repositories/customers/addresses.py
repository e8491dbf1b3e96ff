"""Port to the address book of each customer."""

from abc import ABC, abstractmethod
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.domain.address import SavedAddress


class Addresses(ABC):
    """All saved addresses; the lock of a user is that of the user's address book."""

    @abstractmethod
    async def find(self, user_id: UUID, address_id: UUID) -> SavedAddress | None:
        """Return an address of a user's book; None for one of another book."""

    @abstractmethod
    async def count(self, user_id: UUID) -> int:
        """Return how many addresses the book of a user has."""

    @abstractmethod
    async def of_user(
        self, user_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[SavedAddress, TimeCursor]:
        """Return a page of a user's addresses, newest first."""

    @abstractmethod
    def add(self, address: SavedAddress) -> None:
        """Stage a new address in the book of a locked user."""

    @abstractmethod
    def save(self, address: SavedAddress) -> None:
        """Stage the new content of an address in the book of a locked user."""

    @abstractmethod
    def remove(self, address: SavedAddress) -> None:
        """Stage the removal of an address from the book of a locked user."""
