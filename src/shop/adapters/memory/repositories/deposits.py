"""Deposits in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.paging import newest_first
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.application.ports.repositories.deposits import Deposits
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.deposit import Deposit
from shop.domain.shared.idempotency_key import IdempotencyKey

_UNIQUE_KEY = "uq_deposits_user_id_idempotency_key"


class MemoryDeposits(Deposits):
    """All deposits, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._rows = StagedRows(transaction, LockOrder.ORDERS, lambda state: state.deposits)

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
        """Return deposits by id."""
        return self._rows.committed.get_many(ids)

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
        """Like `get_many`, and lock the deposits."""
        return self._rows.lock(ids)

    async def with_keys(self, keys: Collection[IdempotencyKey]) -> Mapping[IdempotencyKey, UUID]:
        """Return the ids of the deposits made under these keys."""
        rows = self._rows.committed
        found = {key: rows.find(_UNIQUE_KEY, key) for key in keys}
        return {key: deposit.id for key, deposit in found.items() if deposit is not None}

    async def search(
        self, time_range: TimeRange, page: PageRequest[TimeCursor]
    ) -> Page[Deposit, TimeCursor]:
        """Return a page of deposits, newest first."""
        created = self._rows.committed.rows.values()
        return newest_first(
            (each for each in created if time_range.since <= each.created_at < time_range.until),
            page,
            lambda deposit: TimeCursor(at=deposit.created_at, id=deposit.id),
        )

    async def of_user(
        self, user_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[Deposit, TimeCursor]:
        """Return a page of a user's deposits, newest first."""
        created = self._rows.committed.rows.values()
        return newest_first(
            (each for each in created if each.user_id == user_id),
            page,
            lambda deposit: TimeCursor(at=deposit.created_at, id=deposit.id),
        )

    def add(self, deposit: Deposit) -> None:
        """Stage a new deposit."""
        self._rows.add(deposit)

    def save(self, deposit: Deposit) -> None:
        """Stage the next state of a locked deposit."""
        self._rows.save(deposit)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        for deposit in self._rows.staged:
            require_constraint(deposit.user_id in state.users.rows, "fk_deposits_user_id_users")
        return replace(state, deposits=self._rows.apply(state))
