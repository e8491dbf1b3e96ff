"""Saved addresses in memory."""

from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.paging import newest_first
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.customers.addresses import Addresses
from shop.domain.address import SavedAddress


class MemoryAddresses(Addresses):
    """All saved addresses, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._added: list[SavedAddress] = []
        self._saved: list[SavedAddress] = []
        self._removed: list[UUID] = []

    async def find(self, user_id: UUID, address_id: UUID) -> SavedAddress | None:
        """Return an address of a user's book."""
        found = self._transaction.state.addresses.rows.get(address_id)
        return found if found is not None and found.user_id == user_id else None

    async def count(self, user_id: UUID) -> int:
        """Return how many addresses the book of a user has."""
        return len(self._book(user_id))

    async def of_user(
        self, user_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[SavedAddress, TimeCursor]:
        """Return a page of a user's addresses, newest first."""
        return newest_first(
            self._book(user_id), page, lambda each: TimeCursor(at=each.created_at, id=each.id)
        )

    def _book(self, user_id: UUID) -> list[SavedAddress]:
        stored = self._transaction.state.addresses.rows.values()
        return [each for each in stored if each.user_id == user_id]

    def add(self, address: SavedAddress) -> None:
        """Stage a new address."""
        self._transaction.require_writing()
        self._added.append(address)

    def save(self, address: SavedAddress) -> None:
        """Stage the new content of an address."""
        self._transaction.require_writing()
        self._saved.append(address)

    def remove(self, address: SavedAddress) -> None:
        """Stage the removal of an address."""
        self._transaction.require_writing()
        self._removed.append(address.id)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        for each in self._added:
            require_constraint(each.user_id in state.users.rows, "fk_addresses_user_id_users")
        changed = state.addresses.with_changes(
            added=self._added, saved=self._saved, removed=self._removed
        )
        return replace(state, addresses=changed)
