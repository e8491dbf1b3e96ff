"""Guesses at one password: from some failure on, each delays the next one longer."""

from asyncio import gather
from datetime import timedelta

from shop.application.identity.rate_limit_policy import FIRST_DELAY, MAX_DELAY, UNBOUNDED
from shop.application.ports.rate_limiter import RateLimiter
from shop.domain.rate_limit import RateLimit, TooManyRequests

REMEMBERED_FOR = timedelta(days=1)


class Guesses:
    """Counts a guess before it is checked, so that parallel guesses are not free.

    From `free_failures` on, each further guess doubles the delay before the next, up to
    `MAX_DELAY`: an account is never locked. A right password ends the delay.
    """

    def __init__(self, limiter: RateLimiter, name: str, *, free_failures: int) -> None:
        self._limiter = limiter
        self._failures = RateLimit(name=name, max_hits=UNBOUNDED, window=REMEMBERED_FOR)
        self._free_failures = free_failures

    async def require_no_delay(self, subject: str) -> None:
        """Raise `TooManyRequests` during the delay; a rejected guess does not count."""
        await self._limiter.require_free(self._delay(MAX_DELAY), subject)

    async def begin(self, subject: str) -> None:
        """Count a guess; raise `TooManyRequests` if a parallel guess was first."""
        failures = await self._limiter.hit(self._failures, subject)
        if failures < self._free_failures:
            return
        try:
            await self._limiter.hit(self._delay(self._delay_after(failures)), subject)
        except TooManyRequests:
            # A parallel guess was first, and this one is not checked.
            await self._limiter.give_back(self._failures, subject)
            raise

    async def withdraw(self, subject: str) -> None:
        """Take back a guess that was not checked."""
        await self._limiter.give_back(self._failures, subject)

    async def succeed(self, subject: str) -> None:
        """Forget the failures of a subject who knows the password."""
        await gather(
            self._limiter.forget(self._failures, subject),
            self._limiter.forget(self._delay(MAX_DELAY), subject),
        )

    def _delay(self, window: timedelta) -> RateLimit:
        return RateLimit(name=f"{self._failures.name}: delay", max_hits=1, window=window)

    def _delay_after(self, failures: int) -> timedelta:
        doublings = min(failures - self._free_failures, 10)
        return min(FIRST_DELAY * (1 << doublings), MAX_DELAY)
