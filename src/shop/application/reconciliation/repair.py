"""Reconcile: compare the shop's card payments with the gateway's, and have repaired what can be.

Money is only ever moved by the jobs that move it otherwise, too: here, those that are missing are
added. Whatever has no job for it is told, with what a person can do.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from shop.application.ports.clock import Clock
from shop.application.ports.paging import TimeRange
from shop.application.ports.repositories.jobs import Job
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.reconciliation.comparison import (
    MAX_CLOCK_SKEW,
    PaymentComparison,
    recorded_payments,
)
from shop.application.reconciliation.discrepancies import Discrepancy
from shop.application.transactions.runner import TransactionRunner
from shop.domain.shared.errors import InvalidValue

DEFAULT_PERIOD = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """Compare what was paid by card in a span of time: up to now, and the seven days before.

    A dry run changes nothing.
    """

    since: datetime | None
    until: datetime | None
    is_dry_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationResult:
    """A difference between the books, and whether it is being repaired now, by its job."""

    discrepancy: Discrepancy
    is_repaired: bool


class ReconcilePayments:
    """The operator's use case that brings the books together."""

    def __init__(
        self, transactions: TransactionRunner, comparison: PaymentComparison, clock: Clock
    ) -> None:
        self._transactions = transactions
        self._comparison = comparison
        self._clock = clock

    async def reconcile(self, command: Reconcile) -> AsyncIterator[ReconciliationResult]:
        """Yield every difference, after its job was added where it has one.

        What already has a job is no difference. Raise `InvalidValue` for a span that ends before it
        begins, `GatewayOutcomeUnknown` where the gateway's books cannot be read; what was yielded
        before that is repaired all the same.
        """
        until = command.until or self._clock.now() + MAX_CLOCK_SKEW
        since = command.since or until - DEFAULT_PERIOD
        if since >= until:
            raise InvalidValue(field="since", rule="a span begins before it ends")
        async for discrepancies in self._comparison.discrepancies(
            TimeRange(since=since, until=until)
        ):
            repairable = [] if command.is_dry_run else [each for each in discrepancies if each.job]
            if repairable:
                await self._transactions.write(partial(self._repair, repairable), retryable=True)
            for each in discrepancies:
                is_repaired = each.job is not None and not command.is_dry_run
                yield ReconciliationResult(discrepancy=each, is_repaired=is_repaired)

    async def _repair(self, discrepancies: Sequence[Discrepancy], uow: UnitOfWork) -> None:
        """Add the jobs, but for payments to which something has happened since they were read."""
        now = self._clock.now()
        references = {each.recorded.reference for each in discrepancies if each.recorded}
        await uow.deposits.lock(references)
        await uow.orders.lock(references)
        latest = await recorded_payments(references, uow)
        for each in discrepancies:
            if each.recorded and each.job and latest.get(each.recorded.reference) == each.recorded:
                uow.jobs.add(Job.new(each.job, each.recorded.reference, at=now, due_at=now))
        await uow.commit()
