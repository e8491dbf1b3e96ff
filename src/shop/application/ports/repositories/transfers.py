"""Port to the transfers of the ledger."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.accounts import AccountEntry
from shop.domain.account import Transfer


class Transfers(ABC):
    """All transfers; added and never changed."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Transfer]:
        """Return transfers by id."""

    @abstractmethod
    async def entries(
        self, account_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[AccountEntry, TimeCursor]:
        """Return a page of an account's transfers, newest first."""

    @abstractmethod
    def add(self, transfer: Transfer) -> None:
        """Stage a new transfer."""
