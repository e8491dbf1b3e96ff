"""Port to the stored hits of rate limits."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from shop.domain.shared.value import value


@value
class Hits:
    """Hits to add under a key; the first of them begin a window."""

    key: str
    amount: int
    window: timedelta


@value
class HitCount:
    """The hits of a key in its current window."""

    amount: int
    expires_at: datetime


class RateLimits(ABC):
    """The hits of rate limits, by key. Keys are stored as keyed hashes."""

    @abstractmethod
    async def add(self, hits: Sequence[Hits], now: datetime) -> Mapping[str, HitCount]:
        """Add hits, one entry for each key, and lock the rows; return the sums by key.

        A key without a current window begins one.
        """

    @abstractmethod
    async def subtract(self, amounts: Mapping[str, int], now: datetime) -> None:
        """Take hits of current windows back, by key; a count does not fall below zero."""

    @abstractmethod
    async def get_many(self, keys: Collection[str], now: datetime) -> Mapping[str, HitCount]:
        """Return the hits of keys that have a current window."""

    @abstractmethod
    async def remove(self, keys: Collection[str]) -> None:
        """Delete the hits of these keys."""

    @abstractmethod
    async def purge_expired(self, now: datetime) -> int:
        """Delete the hits of windows that have ended; return how many keys had some."""
