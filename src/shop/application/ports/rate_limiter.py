"""Port to the rate limiter, which all processes of a shop share."""

from abc import ABC, abstractmethod

from shop.domain.rate_limit import RateLimit


class RateLimiter(ABC):
    """Counts the hits of rate limits; never called within a unit of work.

    A hit is committed by itself, before the request that it counts: no failure of the request takes
    it back. Every method raises `DatabaseFailure` if the hits cannot be stored or read, so that no
    request passes uncounted. A subject is stored as a keyed hash, so it may be a secret.
    """

    @abstractmethod
    async def hit(self, limit: RateLimit, subject: str) -> int:
        """Count a hit and return how many there are; raise `TooManyRequests` for one too many.

        A hit that is one too many does not prolong the window.
        """

    @abstractmethod
    async def require_free(self, limit: RateLimit, subject: str) -> None:
        """Raise `TooManyRequests` if the next hit would be one too many."""

    @abstractmethod
    async def has_hits(self, limit: RateLimit, subject: str) -> bool:
        """Check whether the subject has hits in a current window."""

    @abstractmethod
    async def give_back(self, limit: RateLimit, subject: str) -> None:
        """Take one hit back, if there is one."""

    @abstractmethod
    async def forget(self, limit: RateLimit, subject: str) -> None:
        """Take all hits of the subject back."""

    @abstractmethod
    async def purge_expired(self) -> int:
        """Delete what is stored of windows that have ended; return how many."""
