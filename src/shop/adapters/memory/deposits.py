"""Deposits in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.database import State
from shop.adapters.memory.paging import newest_first
from shop.adapters.memory.table import require
from shop.adapters.memory.turn import Rank, Rows, Turn
from shop.application.ports.deposits import Deposits
from shop.application.ports.idempotency import KeyId
from shop.application.ports.paging import Listing, Moment, Page, Span
from shop.domain.deposit import Deposit

_UNIQUE_KEY = "uq_deposits_user_id_idempotency_key"


class MemoryDeposits(Deposits):
    """All deposits, in memory."""

    def __init__(self, turn: Turn) -> None:
        self._rows = Rows(turn, Rank.ORDERS, lambda state: state.deposits)

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
        """Return those deposits that exist, by id."""
        return self._rows.committed.get_many(ids)

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
        """Return those deposits that exist, kept from others' changes."""
        return self._rows.lock(ids)

    async def under_keys(self, keys: Collection[KeyId]) -> Mapping[KeyId, UUID]:
        """Return the ids of the deposits that were made under these keys."""
        committed = self._rows.committed
        found = {key: committed.find(_UNIQUE_KEY, (key.user_id, key.key)) for key in keys}
        return {key: deposit.id for key, deposit in found.items() if deposit is not None}

    async def search(self, span: Span, page: Page[Moment]) -> Listing[Deposit, Moment]:
        """Return a page of deposits, the newest first."""
        made = self._rows.committed.rows.values()
        return newest_first(
            (each for each in made if span.since <= each.created_at < span.until),
            page,
            lambda deposit: Moment(at=deposit.created_at, id=deposit.id),
        )

    def add(self, deposit: Deposit) -> None:
        """Stage a new deposit."""
        self._rows.add(deposit)

    def save(self, deposit: Deposit) -> None:
        """Stage the next state of a deposit that was locked."""
        self._rows.save(deposit)

    def applied_to(self, state: State) -> State:
        """Return the state after what is staged."""
        for deposit in self._rows.changed:
            require(deposit.user_id in state.users.rows, "fk_deposits_user_id_users")
        return replace(state, deposits=self._rows.applied_to(state))
