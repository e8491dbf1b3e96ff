"""Rate limits with fixed windows, by the library `limits`."""

import math

from limits import RateLimitItemPerSecond
from limits.aio.strategies import FixedWindowRateLimiter

from shop.adapters.limits.unit_of_work_storage import UnitOfWorkStorage
from shop.application.ports.clock import Clock
from shop.application.ports.rate_limiter import RateLimiter
from shop.domain.rate_limit import RateLimit, TooManyRequests


class LimitsRateLimiter(RateLimiter):
    """Counts hits in fixed windows: one row for each subject of a limit."""

    def __init__(self, storage: UnitOfWorkStorage, clock: Clock) -> None:
        self._storage = storage
        self._strategy = FixedWindowRateLimiter(storage)
        self._clock = clock

    async def hit(self, limit: RateLimit, subject: str) -> int:
        """Count a hit; raise `TooManyRequests` for one too many."""
        item = _Item(limit)
        # The strategy says only whether the limit is exceeded.
        hits = await self._storage.incr(item.key_for(subject), item.get_expiry())
        if hits > limit.max_hits:
            raise await self._too_many_requests(item, subject)
        return hits

    async def require_free(self, limit: RateLimit, subject: str) -> None:
        """Raise `TooManyRequests` if the next hit would be one too many."""
        item = _Item(limit)
        if not await self._strategy.test(item, subject):
            raise await self._too_many_requests(item, subject)

    async def has_hits(self, limit: RateLimit, subject: str) -> bool:
        """Check whether the subject has hits in a current window."""
        return await self._storage.get(_Item(limit).key_for(subject)) > 0

    async def give_back(self, limit: RateLimit, subject: str) -> None:
        """Take one hit back, if there is one."""
        await self._storage.decr(_Item(limit).key_for(subject))

    async def forget(self, limit: RateLimit, subject: str) -> None:
        """Take all hits of the subject back."""
        await self._strategy.clear(_Item(limit), subject)

    async def purge_expired(self) -> int:
        """Delete what is stored of windows that have ended; return how many."""
        return await self._storage.purge_expired()

    async def _too_many_requests(self, item: "_Item", subject: str) -> TooManyRequests:
        stats = await self._strategy.get_window_stats(item, subject)
        seconds = math.ceil(stats.reset_time - self._clock.now().timestamp())
        return TooManyRequests(retry_after_seconds=max(1, seconds))


class _Item(RateLimitItemPerSecond):
    """A rate limit as the library describes it.

    The library's own keys contain the numbers of the limit.
    """

    __slots__ = ("_limit",)

    def __init__(self, limit: RateLimit) -> None:
        seconds = max(1, math.ceil(limit.window.total_seconds()))
        super().__init__(limit.max_hits, seconds, limit.name)
        self._limit = limit

    def key_for(self, *identifiers: bytes | str | float) -> str:
        """Return the key of the only identifier, the subject."""
        (subject,) = identifiers
        return self._limit.key(str(subject))
