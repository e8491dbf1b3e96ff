"""Deletes what no request needs any more: expired sessions, and hits of past windows."""

from shop.application.identity.sessions import SessionService
from shop.application.ports.rate_limiter import RateLimiter


class Sweep:
    """Deletes expired sessions and expired hits of rate limits."""

    def __init__(self, sessions: SessionService, limiter: RateLimiter) -> None:
        self._sessions = sessions
        self._limiter = limiter

    async def run(self) -> None:
        """Delete what has expired; any number of workers may do so at once."""
        await self._sessions.purge_expired()
        await self._limiter.purge_expired()
