"""Adds codes to carts; who enters many unknown codes has to wait, or else codes are guessed."""

from shop.application.checkout.cart_changes import CartChanged
from shop.application.checkout.cart_details import AddCode, CartDetails
from shop.application.identity.authentication import CurrentSession
from shop.application.identity.rate_limit_policy import RateLimitPolicy
from shop.application.ports.rate_limiter import RateLimiter
from shop.application.transactions.runner import best_effort
from shop.domain.pricing.quote_errors import CodeNotFound


class LimitedCodes:
    """Counts the unknown codes of each customer, and of each session or address of visitors."""

    def __init__(self, details: CartDetails, limiter: RateLimiter, policy: RateLimitPolicy) -> None:
        self._details = details
        self._limiter = limiter
        self._policy = policy

    async def add(
        self, command: AddCode, current_session: CurrentSession | None, address: str
    ) -> CartChanged:
        """Add a code; errors are those of `CartDetails.add_code`, and `TooManyRequests`.

        A code counts before it is looked up, so that parallel guesses are not free.
        """
        limit, subject = self._policy.unknown_codes, _subject(current_session, address)
        await self._limiter.hit(limit, subject)
        try:
            changed = await self._details.add_code(command)
        except CodeNotFound:
            raise
        except Exception:
            await self._give_back(subject)
            raise
        await self._give_back(subject)
        return changed

    async def _give_back(self, subject: str) -> None:
        with best_effort("unknown_codes_not_updated"):
            await self._limiter.give_back(self._policy.unknown_codes, subject)


def _subject(current_session: CurrentSession | None, address: str) -> str:
    if current_session is None:
        return f"address {address}"
    session = current_session.session
    return f"session {session.id}" if session.user_id is None else f"user {session.user_id}"
