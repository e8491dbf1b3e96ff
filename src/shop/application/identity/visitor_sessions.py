"""Limits how many sessions visitors begin from one address."""

from shop.application.identity.rate_limit_policy import RateLimitPolicy
from shop.application.ports.rate_limiter import RateLimiter


class VisitorSessions:
    """Lets a request begin a session, unless its address has begun too many."""

    def __init__(self, limiter: RateLimiter, policy: RateLimitPolicy) -> None:
        self._limiter = limiter
        self._policy = policy

    async def begin(self, address: str) -> None:
        """Count a session that is about to begin; raise `TooManyRequests`."""
        await self._limiter.hit(self._policy.visitor_sessions, address)
