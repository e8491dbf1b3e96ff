"""The hits of rate limits, in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from shop.adapters.memory.engine.database import RateLimitRow, State
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.repositories.rate_limits import HitCount, Hits, RateLimits
from shop.application.ports.unit_of_work import LockOrder


class MemoryRateLimits(RateLimits):
    """The hits of rate limits, in memory, under their keys as they are."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._staged: dict[str, HitCount | None] = {}

    async def add(self, hits: Sequence[Hits], now: datetime) -> Mapping[str, HitCount]:
        """Stage hits; return the sums by key."""
        self._transaction.acquire(LockOrder.RATE_LIMITS)
        for each in hits:
            current = self._current(each.key, now)
            self._staged[each.key] = HitCount(
                amount=each.amount + (current.amount if current else 0),
                expires_at=current.expires_at if current else now + each.window,
            )
        return {key: count for key, count in self._staged.items() if count is not None}

    async def subtract(self, amounts: Mapping[str, int], now: datetime) -> None:
        """Stage hits that are taken back."""
        self._transaction.acquire(LockOrder.RATE_LIMITS)
        for key, amount in amounts.items():
            current = self._current(key, now)
            if current is not None:
                self._staged[key] = replace(current, amount=max(0, current.amount - amount))

    async def get_many(self, keys: Collection[str], now: datetime) -> Mapping[str, HitCount]:
        """Return the hits of keys that have a current window."""
        found = {key: self._current(key, now) for key in keys}
        return {key: count for key, count in found.items() if count is not None}

    async def remove(self, keys: Collection[str]) -> None:
        """Stage the deletion of the hits of these keys."""
        self._transaction.acquire(LockOrder.RATE_LIMITS)
        self._staged |= dict.fromkeys(keys)

    async def purge_expired(self, now: datetime) -> int:
        """Stage the deletion of the hits of windows that have ended."""
        self._transaction.require_writing()
        rows = self._transaction.state.rate_limits.rows.values()
        expired = [row.key for row in rows if row.count.expires_at <= now]
        self._staged |= dict.fromkeys(expired)
        return len(expired)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        changed = {
            key: RateLimitRow(key=key, count=count)
            for key, count in self._staged.items()
            if count is not None
        }
        known = state.rate_limits.rows
        return replace(
            state,
            rate_limits=state.rate_limits.with_changes(
                added=[row for key, row in changed.items() if key not in known],
                saved=[row for key, row in changed.items() if key in known],
                removed=[key for key, count in self._staged.items() if count is None],
            ),
        )

    def _current(self, key: str, now: datetime) -> HitCount | None:
        row = self._transaction.state.rate_limits.rows.get(key)
        count = self._staged.get(key, row.count if row else None)
        return count if count is not None and count.expires_at > now else None
