"""Purges the guests of whom nothing is left: no order, no key and no session."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.session import SessionPolicy

GUESTS_AT_ONCE = 500

MARGIN = timedelta(hours=1)
"""Longer than any request that has found the guest's session in time."""


class PurgeGuests:
    """Purges guests without orders, for the operator, after old sessions and keys.

    The session of a guest is older than the guest, so it is over once the guest is older than any
    session can be: no request is about to order as this guest.
    """

    def __init__(
        self, transactions: TransactionRunner, policy: SessionPolicy, clock: Clock
    ) -> None:
        self._transactions = transactions
        self._policy = policy
        self._clock = clock

    async def purge(self) -> int:
        """Delete the old guests who have neither orders nor keys; return how many."""
        before = self._clock.now() - self._policy.absolute - MARGIN
        count = 0
        while purged := await self._purge_some(before):
            count += purged
        return count

    async def _purge_some(self, before: datetime) -> int:
        # All guests are looked through, which needs no lock.
        guests = await self._transactions.read(
            lambda uow: uow.users.guests_without_orders(before, GUESTS_AT_ONCE)
        )
        if guests:
            await self._transactions.write(partial(_remove, guests), retryable=True)
        return len(guests)


async def _remove(guests: Collection[UUID], uow: UnitOfWork) -> None:
    uow.users.remove_guests(guests)
    await uow.commit()
