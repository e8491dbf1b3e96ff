"""Limits to how many addresses that belong to no customer a customer can send money."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Self, TypeVar
from uuid import UUID

from shop.application.idempotency.batch import IdempotentRequest
from shop.application.ports.repositories.rate_limits import HitCount, Hits
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import RecipientNotFound
from shop.domain.rate_limit import RateLimit, TooManyRequests

C = TypeVar("C")
T = TypeVar("T")


class UnknownRecipients:
    """The unknown recipients of a group of senders, whose accounts the unit of work has locked.

    Who is a customer is a secret of that customer. A hit is committed with the rejection that
    reveals it: if the unit of work fails, the sender learns nothing.
    """

    def __init__(
        self, counts: Mapping[str, HitCount], limit: RateLimit | None, *, now: datetime
    ) -> None:
        self._counts = counts
        self._limit = limit
        self._now = now
        self._added = Counter[str]()

    @classmethod
    async def load(
        cls, uow: UnitOfWork, senders: Collection[UUID], limit: RateLimit | None, *, now: datetime
    ) -> Self:
        """Load the hits of these senders."""
        if limit is None:
            return cls({}, limit, now=now)
        keys = {limit.key(str(sender)) for sender in senders}
        return cls(await uow.rate_limits.get_many(keys, now), limit, now=now)

    def limiting(
        self, transfer: Callable[[IdempotentRequest[C]], T], request: IdempotentRequest[C]
    ) -> T:
        """Make a transfer, and count it if its recipient is unknown.

        Raise `TooManyRequests` before it is made if the sender has named too many.
        """
        if self._limit is None:
            return transfer(request)
        key = self._limit.key(str(request.key.user_id))
        self._require_free(key, self._limit)
        try:
            return transfer(request)
        except RecipientNotFound:
            self._added[key] += 1
            raise

    async def store(self, uow: UnitOfWork) -> None:
        """Store the new hits, if there are any."""
        if self._limit is not None and self._added:
            window = self._limit.window
            hits = [
                Hits(key=key, amount=amount, window=window)
                for key, amount in sorted(self._added.items())
            ]
            await uow.rate_limits.add(hits, self._now)

    def _require_free(self, key: str, limit: RateLimit) -> None:
        stored = self._counts.get(key)
        hits = self._added[key] + (stored.amount if stored else 0)
        if hits >= limit.max_hits:
            expires_at = stored.expires_at if stored else self._now + limit.window
            seconds = math.ceil((expires_at - self._now).total_seconds())
            raise TooManyRequests(retry_after_seconds=max(1, seconds))
