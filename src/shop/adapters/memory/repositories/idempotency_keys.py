"""Idempotency keys in memory."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from shop.adapters.memory.engine.database import KeyRow, State
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.repositories.idempotency_keys import (
    IdempotencyKeys,
    KeyRecord,
    Rejected,
    StoredOutcome,
)
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.shared.idempotency_key import IdempotencyKey


class MemoryIdempotencyKeys(IdempotencyKeys):
    """All keys, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._claimed: dict[IdempotencyKey, KeyRow] = {}
        self._released: set[IdempotencyKey] = set()
        self._completed_pending: dict[IdempotencyKey, KeyRow] = {}
        self._purged: set[IdempotencyKey] = set()

    async def claim(
        self, fingerprints: Mapping[IdempotencyKey, str], at: datetime
    ) -> Mapping[IdempotencyKey, KeyRecord]:
        """Claim the keys that are free; return the records of those that are not."""
        self._transaction.acquire(LockOrder.IDEMPOTENCY_KEYS)
        known = {**self._transaction.state.idempotency_keys.rows, **self._claimed}
        free = fingerprints.keys() - known.keys()
        self.claim_for_new_users({key: fingerprints[key] for key in free}, at)
        return {key: _with_fresh_error(known[key].record) for key in fingerprints if key in known}

    def claim_for_new_users(self, fingerprints: Mapping[IdempotencyKey, str], at: datetime) -> None:
        """Stage the claim of keys that are free."""
        self._transaction.require_writing()
        for key, fingerprint in fingerprints.items():
            record = KeyRecord(fingerprint=fingerprint, outcome=None)
            self._claimed[key] = KeyRow(id=key, record=record, created_at=at)

    def complete(self, key: IdempotencyKey, outcome: StoredOutcome) -> None:
        """Stage the outcome of a claimed key."""
        row = self._require_claimed(key)
        record = _with_fresh_error(replace(row.record, outcome=outcome))
        self._claimed[key] = replace(row, record=record)
        self._released.discard(key)

    def complete_pending(self, key: IdempotencyKey, outcome: StoredOutcome) -> None:
        """Stage the outcome of a pending key."""
        self._transaction.require_writing()
        row = self._transaction.state.idempotency_keys.rows.get(key)
        if row is None or row.record.outcome is not None:
            raise RuntimeError(f"idempotency key {key.value} is missing or already completed")
        self._completed_pending[key] = replace(
            row, record=_with_fresh_error(replace(row.record, outcome=outcome))
        )

    def release(self, key: IdempotencyKey) -> None:
        """Stage the release of a claimed key, unless `complete` follows."""
        self._require_claimed(key)
        self._released.add(key)

    async def purge(self, before: datetime) -> int:
        """Delete the keys of old rejections; return how many."""
        self._transaction.require_writing()
        purged = {
            row.id
            for row in self._transaction.state.idempotency_keys.rows.values()
            if isinstance(row.record.outcome, Rejected)
            and row.created_at < before
            and not self._has_result(row.id)
        }
        self._purged |= purged
        return len(purged)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        remaining = [row for key, row in self._claimed.items() if key not in self._released]
        for row in remaining:
            require_constraint(
                row.id.user_id in state.users.rows, "fk_idempotency_keys_user_id_users"
            )
        keys = state.idempotency_keys.with_changes(
            added=remaining, saved=self._completed_pending.values(), removed=self._purged
        )
        return replace(state, idempotency_keys=keys)

    def _has_result(self, key: IdempotencyKey) -> bool:
        state = self._transaction.state
        order = state.orders.find("uq_orders_user_id_idempotency_key", key)
        deposit = state.deposits.find("uq_deposits_user_id_idempotency_key", key)
        return order is not None or deposit is not None

    def _require_claimed(self, key: IdempotencyKey) -> KeyRow:
        self._transaction.require_writing()
        if key not in self._claimed:
            raise RuntimeError(f"idempotency key {key.value} was not claimed in this unit of work")
        return self._claimed[key]


def _with_fresh_error(record: KeyRecord) -> KeyRecord:
    """Copy the error of a record, because raising it changes its traceback."""
    if isinstance(record.outcome, Rejected):
        return replace(record, outcome=Rejected(error=replace(record.outcome.error)))
    return record
