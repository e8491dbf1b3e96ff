"""A storage of the library `limits` in the shop's own database."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from limits.aio.storage import Storage

from shop.application.ports.clock import Clock
from shop.application.ports.repositories.rate_limits import HitCount, Hits
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues
from shop.application.transactions.runner import TransactionRunner


class UnitOfWorkStorage(Storage):
    """Stores hits in units of work of their own; those that arrive together share one.

    The library's base class demands the methods that limits with a fixed window call.
    """

    STORAGE_SCHEME = None

    def __init__(
        self, transactions: TransactionRunner, queues: CommandQueues, clock: Clock
    ) -> None:
        super().__init__()
        self._transactions = transactions
        self._clock = clock
        self._hit_queue = queues.queue_for(self._add_all)
        self._return_queue = queues.queue_for(self._subtract_all)
        self._lookup_queue = queues.queue_for(self._look_up_all)
        self._removal_queue = queues.queue_for(self._remove_all)

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """No errors are the library's: those of the unit of work say what happened."""
        return ()

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to the hits of a key and return them; the first begin a window."""
        window = timedelta(seconds=expiry)
        return await self._hit_queue.submit(Hits(key=key, amount=amount, window=window))

    async def decr(self, key: str) -> None:
        """Take one hit of a key back, if it has one."""
        await self._return_queue.submit(key)

    async def get(self, key: str) -> int:
        """Return the hits of a key in its current window."""
        found = await self._lookup_queue.submit(key)
        return 0 if found is None else found.amount

    async def get_expiry(self, key: str) -> float:
        """Return the end of a key's window, in seconds of the epoch."""
        found = await self._lookup_queue.submit(key)
        return (self._clock.now() if found is None else found.expires_at).timestamp()

    async def clear(self, key: str) -> None:
        """Delete the hits of a key."""
        await self._removal_queue.submit(key)

    async def check(self) -> bool:
        """Return True: each call says for itself whether the database is available."""
        return True

    async def reset(self) -> int | None:
        """Return None: the library allows a storage that is never deleted as a whole."""
        return None

    async def purge_expired(self) -> int:
        """Delete the hits of windows that have ended; return how many keys had some."""
        return await self._transactions.write(self._purge_expired, retryable=True)

    async def _add_all(self, hits: Sequence[Hits]) -> Sequence[int]:
        total = _sum_by_key(hits)

        async def add_all(uow: UnitOfWork) -> Mapping[str, HitCount]:
            counts = await uow.rate_limits.add(total, self._clock.now())
            await uow.commit()
            return counts

        counts = await self._transactions.write(add_all, retryable=True)
        return _counts_in_turn(hits, {key: count.amount for key, count in counts.items()})

    async def _subtract_all(self, keys: Sequence[str]) -> Sequence[None]:
        async def subtract_all(uow: UnitOfWork) -> Sequence[None]:
            await uow.rate_limits.subtract(Counter(keys), self._clock.now())
            await uow.commit()
            return [None] * len(keys)

        return await self._transactions.write(subtract_all, retryable=True)

    async def _look_up_all(self, keys: Sequence[str]) -> Sequence[HitCount | None]:
        now = self._clock.now()

        async def look_up_all(uow: UnitOfWork) -> Sequence[HitCount | None]:
            found = await uow.rate_limits.get_many(set(keys), now)
            return [found.get(key) for key in keys]

        return await self._transactions.read(look_up_all)

    async def _remove_all(self, keys: Sequence[str]) -> Sequence[None]:
        async def remove_all(uow: UnitOfWork) -> Sequence[None]:
            await uow.rate_limits.remove(set(keys))
            await uow.commit()
            return [None] * len(keys)

        return await self._transactions.write(remove_all, retryable=True)

    async def _purge_expired(self, uow: UnitOfWork) -> int:
        purged_count = await uow.rate_limits.purge_expired(self._clock.now())
        await uow.commit()
        return purged_count


def _sum_by_key(hits: Sequence[Hits]) -> Sequence[Hits]:
    """Return one entry for each key: a statement can change a row only once."""
    amounts = Counter[str]()
    for each in hits:
        amounts[each.key] += each.amount
    windows = {each.key: each.window for each in hits}
    return [
        Hits(key=key, amount=amount, window=windows[key]) for key, amount in sorted(amounts.items())
    ]


def _counts_in_turn(hits: Sequence[Hits], sums: Mapping[str, int]) -> Sequence[int]:
    """Return the count after each of the hits, as if they had been added one by one."""
    remaining = dict(sums)
    counts: list[int] = []
    for each in reversed(hits):
        counts.append(remaining[each.key])
        remaining[each.key] -= each.amount
    return counts[::-1]
