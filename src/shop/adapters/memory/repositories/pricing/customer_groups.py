"""The groups of customers in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import GroupMember, State
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.repositories.pricing.customer_groups import CustomerGroups


class MemoryCustomerGroups(CustomerGroups):
    """All groups, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._joined: list[GroupMember] = []
        self._left: list[GroupMember] = []

    async def of_users(self, user_ids: Collection[UUID]) -> Mapping[UUID, frozenset[str]]:
        """Return the groups of each user."""
        rows = self._transaction.state.user_groups.rows
        return {
            user_id: frozenset(row.name for row in rows if row.user_id == user_id)
            for user_id in user_ids
        }

    def change(self, user_id: UUID, before: Collection[str], after: Collection[str]) -> None:
        """Stage the groups of a user."""
        self._transaction.require_writing()
        left, joined = sorted({*before} - {*after}), sorted({*after} - {*before})
        self._left += [GroupMember(user_id=user_id, name=name) for name in left]
        self._joined += [GroupMember(user_id=user_id, name=name) for name in joined]

    def apply(self, state: State) -> State:
        """Return the state with the staged groups."""
        for row in self._joined:
            require_constraint(row.user_id in state.users.rows, "fk_user_groups_user_id_users")
        groups = state.user_groups.with_changes(added=self._joined, removed=self._left)
        return replace(state, user_groups=groups)
