"""The counters of promotions and codes in memory."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.paging import by_key
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.pricing.promotion_counters import PromotionCounters
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.pricing.promotions.promotion_uses import PromotionCounter, ended_code_key


class MemoryPromotionCounters(PromotionCounters):
    """All counters, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._rows = StagedRows(
            transaction, LockOrder.PROMOTIONS, lambda state: state.promotion_counters
        )
        self._shared: set[str] = set()
        self._whole: set[str] = set()
        self._removed: set[str] = set()
        self._ended: list[PromotionCounter] = []

    async def get_many(self, keys: Collection[str]) -> Mapping[str, PromotionCounter]:
        """Return counters by key."""
        return self._rows.committed.get_many(keys)

    async def used(self, promotions: Collection[str]) -> Mapping[str, int]:
        """Return how many orders have each promotion."""
        uses = self._transaction.state.promotion_uses.rows.values()
        found = Counter(each.promotion for each in uses)
        return {each: found[each] for each in promotions}

    async def lock(
        self, keys: Collection[str], shared: Collection[str] = ()
    ) -> Mapping[str, PromotionCounter]:
        """Like `get_many`, and lock the counters; one unit of work writes at a time anyway."""
        found = self._rows.lock({*keys, *shared})
        self._shared |= found.keys() & set(shared)
        return found

    async def lock_whole(self, keys: Collection[str]) -> Mapping[str, PromotionCounter]:
        """Like `lock`, for staff."""
        found = self._rows.lock(keys)
        self._whole |= found.keys()
        return found

    async def lock_all(self, promotion: str) -> Mapping[str, PromotionCounter]:
        """Like `lock_whole`, with all codes."""
        return await self.lock_whole([each.key for each in self._of(promotion)])

    async def single_use_codes(self, promotion: str, page: PageRequest[str]) -> Page[str, str]:
        """Return a page of the codes for one order each."""
        codes = [each.code or "" for each in self._single_use(promotion)]
        return by_key(codes, page, str)

    async def codes_made_at(self, promotion: str, at: datetime) -> Sequence[str]:
        """Return the codes that were made at this time."""
        return sorted(code for code, made_at in self._made(promotion) if made_at == at)

    async def last_made_at(self, promotion: str) -> datetime | None:
        """Return when the newest codes were made."""
        return max((made_at for _, made_at in self._made(promotion)), default=None)

    def add(self, counter: PromotionCounter) -> None:
        """Stage a new counter."""
        self._rows.add(counter)

    def save(self, counter: PromotionCounter) -> None:
        """Stage the new state of a counter."""
        if counter.key not in self._whole:
            raise RuntimeError(f"{counter.key} was not locked as a whole in this unit of work")
        self._rows.save(counter)

    def take(self, key: str, rules_version: int) -> None:
        """Stage that an order takes a use."""
        del rules_version  # The counter is locked.
        self._add(key, -1)

    def hold(self, key: str, rules_version: int) -> None:
        """Stage that an order has a promotion without a limit."""
        del rules_version  # The counter is locked.
        if key not in self._shared:
            raise RuntimeError(f"{key} was not locked for this")

    def give_back(self, key: str) -> None:
        """Stage that an order gives a use back."""
        self._add(key, 1)

    def remove(self, key: str) -> None:
        """Stage the deletion of a counter."""
        self._transaction.require_writing()
        self._removed.add(key)

    def end_codes(self, promotion: str) -> None:
        """Stage that a promotion has no codes any more."""
        self._transaction.require_writing()
        self._removed |= {each.key for each in self._of(promotion) if each.code is not None}
        self._ended += [
            replace(each, key=ended_code_key(each.code or ""))
            for each in self._single_use(promotion)
        ]

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        for counter in self._rows.staged:
            in_range = counter.uses_left is None or counter.uses_left >= 0
            require_constraint(in_range, "ck_promotion_counters_uses_left_not_negative")
        counters = self._rows.apply(state).with_changes(added=self._ended, removed=self._removed)
        return replace(state, promotion_counters=counters)

    def _add(self, key: str, uses: int) -> None:
        counter = self._rows.saved.get(key) or self._rows.require_locked(key)
        if counter.uses_left is not None:
            self._rows.save(replace(counter, uses_left=counter.uses_left + uses))

    def _of(self, promotion: str) -> Sequence[PromotionCounter]:
        rows = self._rows.committed.rows.values()
        return [each for each in rows if each.promotion == promotion]

    def _made(self, promotion: str) -> Sequence[tuple[str, datetime]]:
        """Return the codes for one order each, also those that have ended, with their times."""
        first = ended_code_key("")
        ended = [each for each in self._of(promotion) if each.key.startswith(first)]
        in_force = [(each.code or "", each.created_at) for each in self._single_use(promotion)]
        return [*in_force, *((each.key.removeprefix(first), each.created_at) for each in ended)]

    def _single_use(self, promotion: str) -> Sequence[PromotionCounter]:
        return [each for each in self._of(promotion) if each.is_single_use]
