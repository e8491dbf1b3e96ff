"""No rate limits, without the library for them."""

from shop.application.ports.rate_limiter import RateLimiter
from shop.domain.rate_limit import RateLimit


class UnlimitedRateLimiter(RateLimiter):
    """Counts nothing and rejects nothing: for load tests on one's own machine."""

    async def hit(self, limit: RateLimit, subject: str) -> int:
        """Return that this is the first hit."""
        del limit, subject
        return 1

    async def require_free(self, limit: RateLimit, subject: str) -> None:
        """Accept."""

    async def has_hits(self, limit: RateLimit, subject: str) -> bool:
        """Return that there are none."""
        del limit, subject
        return False

    async def give_back(self, limit: RateLimit, subject: str) -> None:
        """Do nothing."""

    async def forget(self, limit: RateLimit, subject: str) -> None:
        """Do nothing."""

    async def purge_expired(self) -> int:
        """Return that nothing is stored."""
        return 0
