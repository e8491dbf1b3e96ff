"""Idempotency keys in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from shop.adapters.memory.database import KeyRow, State
from shop.adapters.memory.table import require
from shop.adapters.memory.turn import Rank, Turn
from shop.application.ports.idempotency import (
    Claim,
    IdempotencyKeys,
    KeyId,
    KeyRecord,
    Outcome,
    Refused,
)


class MemoryIdempotencyKeys(IdempotencyKeys):
    """All keys, in memory."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._claimed: dict[KeyId, KeyRow] = {}
        self._released: set[KeyId] = set()
        self._concluded: dict[KeyId, KeyRow] = {}
        self._swept: set[KeyId] = set()

    async def claim(self, claims: Collection[Claim]) -> Mapping[KeyId, KeyRecord]:
        """Take the keys that are free; return the records of those that are not."""
        self._turn.reach(Rank.KEYS)
        taken = {**self._turn.state.keys.rows, **self._claimed}
        for claim in claims:
            if claim.id not in taken:
                record = KeyRecord(fingerprint=claim.fingerprint, outcome=None)
                row = KeyRow(id=claim.id, record=record, created_at=claim.created_at)
                self._claimed[claim.id] = row
        return {claim.id: _as_new(taken[claim.id].record) for claim in claims if claim.id in taken}

    def settle(self, key: KeyId, outcome: Outcome) -> None:
        """Stage the outcome of a request whose key was claimed here."""
        row = self._require_claimed(key)
        record = _as_new(replace(row.record, outcome=outcome))
        self._claimed[key] = replace(row, record=record)
        self._released.discard(key)

    def conclude(self, key: KeyId, outcome: Outcome) -> None:
        """Stage the outcome of a key that has none."""
        self._turn.require_writing()
        row = self._turn.state.keys.rows.get(key)
        if row is None or row.record.outcome is not None:
            raise RuntimeError(f"key {key.key} is not there, or decided")
        self._concluded[key] = replace(row, record=_as_new(replace(row.record, outcome=outcome)))

    def release(self, key: KeyId) -> None:
        """Stage that a key claimed here is free again, unless it is settled after this."""
        self._require_claimed(key)
        self._released.add(key)

    async def sweep(self, before: datetime) -> int:
        """Forget the keys of refusals claimed before then; return how many."""
        self._turn.require_writing()
        swept = {
            row.id
            for row in self._turn.state.keys.rows.values()
            if isinstance(row.record.outcome, Refused)
            and row.created_at < before
            and not self._has_made_anything(row.id)
        }
        self._swept |= swept
        return len(swept)

    def applied_to(self, state: State) -> State:
        """Return the state after what is staged."""
        kept = [row for key, row in self._claimed.items() if key not in self._released]
        for row in kept:
            require(row.id.user_id in state.users.rows, "fk_idempotency_keys_user_id_users")
        keys = state.keys.with_changes(
            added=kept, saved=self._concluded.values(), removed=self._swept
        )
        return replace(state, keys=keys)

    def _has_made_anything(self, key: KeyId) -> bool:
        state, name = self._turn.state, (key.user_id, key.key)
        order = state.orders.find("uq_orders_user_id_idempotency_key", name)
        deposit = state.deposits.find("uq_deposits_user_id_idempotency_key", name)
        return order is not None or deposit is not None

    def _require_claimed(self, key: KeyId) -> KeyRow:
        self._turn.require_writing()
        if key not in self._claimed:
            raise RuntimeError(f"key {key.key} was not claimed in this unit of work")
        return self._claimed[key]


def _as_new(record: KeyRecord) -> KeyRecord:
    """Return the record with an error of its own: whoever raises one leaves a trace on it."""
    if isinstance(record.outcome, Refused):
        return replace(record, outcome=Refused(error=replace(record.outcome.error)))
    return record
