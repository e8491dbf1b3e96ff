"""The attempts of a group of customers to pay by card, within their limits."""

from collections.abc import Collection
from datetime import datetime
from typing import Self
from uuid import UUID

from shop.application.payments.customer_limits import DECLINED_CARDS_WINDOW, CustomerLimits
from shop.application.ports.repositories.payments import CardUse
from shop.application.ports.unit_of_work import UnitOfWork


def counted_since(now: datetime) -> datetime:
    """Return the time since which declined attempts count."""
    return now - DECLINED_CARDS_WINDOW


class CardAttempts:
    """Counts attempts on the accounts that a unit of work has locked, with those of its group."""

    def __init__(
        self, card_use: dict[UUID, CardUse], limits: CustomerLimits, *, now: datetime
    ) -> None:
        self._card_use = card_use
        self._limits = limits
        self._now = now

    @classmethod
    async def load(
        cls, uow: UnitOfWork, user_ids: Collection[UUID], limits: CustomerLimits, *, now: datetime
    ) -> Self:
        """Load what these users have begun by card, if there are any."""
        since = counted_since(now)
        card_use = await uow.payments.card_use(user_ids, declined_since=since) if user_ids else {}
        return cls(dict(card_use), limits, now=now)

    def require_order(self, user_id: UUID) -> None:
        """Raise `TooManyPendingOrders` or `TooManyRequests` unless one more is allowed."""
        self._limits.require_pending_order(self._card_use.get(user_id))
        self._limits.require_card_attempt(self._card_use.get(user_id), now=self._now)

    def require_deposit(self, user_id: UUID) -> None:
        """Raise `TooManyRequests` unless one more attempt is allowed."""
        self._limits.require_card_attempt(self._card_use.get(user_id), now=self._now)

    def add_order(self, user_id: UUID) -> None:
        """Count a new pending order."""
        before = self._card_use.get(user_id)
        self._card_use[user_id] = CardUse(
            pending_orders=1 + (before.pending_orders if before else 0),
            attempts=1 + (before.attempts if before else 0),
            first_attempt_at=before.first_attempt_at if before else self._now,
        )
