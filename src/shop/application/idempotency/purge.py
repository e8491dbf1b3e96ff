"""Purges the idempotency keys of old rejections."""

from datetime import timedelta

from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner

REJECTION_RETENTION = timedelta(days=7)
"""How long a rejection is replayed; that of an order or deposit as long as that is stored."""


class PurgeIdempotencyKeys:
    """Purges the idempotency keys of old rejections, for the operator."""

    def __init__(self, transactions: TransactionRunner, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    async def purge(self) -> int:
        """Delete the keys of rejections older than seven days; return how many."""
        return await self._transactions.write(self._purge, retryable=True)

    async def _purge(self, uow: UnitOfWork) -> int:
        purged_count = await uow.idempotency_keys.purge(self._clock.now() - REJECTION_RETENTION)
        await uow.commit()
        return purged_count
