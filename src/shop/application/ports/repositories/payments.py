"""Port to the payments of orders."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.domain.payment import Payment
from shop.domain.shared.value import value


@value
class CardUse:
    """What a customer has begun by card.

    Attempts are orders and deposits that were declined since a time, or that are still pending.
    """

    pending_orders: int
    attempts: int
    first_attempt_at: datetime


class Payments(ABC):
    """The payments of orders; locked with their orders."""

    @abstractmethod
    async def for_orders(self, order_ids: Collection[UUID]) -> Mapping[UUID, Payment]:
        """Return the payments of these orders, by order id."""

    @abstractmethod
    async def card_payments_in(
        self, time_range: TimeRange, page: PageRequest[TimeCursor]
    ) -> Page[Payment, TimeCursor]:
        """Return a page of card payments of orders of a time range, newest first."""

    @abstractmethod
    async def card_use(
        self, user_ids: Collection[UUID], *, declined_since: datetime
    ) -> Mapping[UUID, CardUse]:
        """Return what users have begun by card, by user id; nothing for users without attempts.

        It is exact if the users' accounts are locked, as they are for every new order and deposit.
        """

    @abstractmethod
    def add(self, payment: Payment) -> None:
        """Stage the payment of a new order."""

    @abstractmethod
    def save(self, payment: Payment) -> None:
        """Stage the next state of a payment whose order is locked."""
