"""Counts unknown codes: who names many of them has to wait, or else codes are guessed."""

from uuid import UUID

from shop.application.identity.authentication import CurrentSession
from shop.application.identity.rate_limit_policy import RateLimitPolicy
from shop.application.ports.rate_limiter import RateLimiter
from shop.application.transactions.runner import best_effort
from shop.domain.rate_limit import TooManyRequests


class CodeGuesses:
    """The codes that a customer, or the visitors of an address, have named.

    A code counts before it is looked up, so that parallel guesses are not free.
    """

    def __init__(self, limiter: RateLimiter, policy: RateLimitPolicy) -> None:
        self._limiter = limiter
        self._limit = policy.unknown_codes

    async def count(self, subject: str, codes: int = 1) -> int:
        """Count codes, and return how many hits there were; raise `TooManyRequests` for too many.

        More codes than the limit allows at all count as many as it allows.
        """
        hits = min(codes, self._limit.max_hits)
        for counted in range(hits):
            try:
                await self._limiter.hit(self._limit, subject)
            except TooManyRequests:
                # One too many is counted, too.
                await self.give_back(subject, counted + 1)
                raise
        return hits

    async def give_back(self, subject: str, hits: int = 1) -> None:
        """Take back the hits of codes that are known, or were not looked up."""
        for _ in range(hits):
            with best_effort("unknown_codes_not_updated"):
                await self._limiter.give_back(self._limit, subject)


def subject_of(current_session: CurrentSession | None, address: str) -> str:
    """Return whose codes are counted: a customer's, or those of a visitor's address.

    A visitor could begin a new session for each guess.
    """
    user_id = None if current_session is None else current_session.session.user_id
    return f"address {address}" if user_id is None else subject_of_customer(user_id)


def subject_of_customer(user_id: UUID) -> str:
    """Return as whose codes those of a customer are counted."""
    return f"user {user_id}"
