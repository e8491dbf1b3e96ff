"""Reconciles card payments with the gateway by adding the missing jobs."""

from collections.abc import AsyncIterator, Sequence
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
from shop.domain.shared.value import value

DEFAULT_PERIOD = timedelta(days=7)


@value
class Reconcile:
    """Compare card payments in a range of time, by default the last seven days."""

    since: datetime | None
    until: datetime | None
    is_dry_run: bool


@value
class ReconciliationResult:
    """A discrepancy, and whether its job was added."""

    discrepancy: Discrepancy
    is_repaired: bool


class ReconcilePayments:
    """Reconciles card payments with the gateway's records."""

    def __init__(
        self, transactions: TransactionRunner, comparison: PaymentComparison, clock: Clock
    ) -> None:
        self._transactions = transactions
        self._comparison = comparison
        self._clock = clock

    async def reconcile(self, command: Reconcile) -> AsyncIterator[ReconciliationResult]:
        """Yield every discrepancy, after its job was added if it has one.

        Raise `InvalidValue` if `since` is not before `until`, and `GatewayOutcomeUnknown` if the
        gateway's records cannot be read; discrepancies yielded before that are repaired.
        """
        until = command.until or self._clock.now() + MAX_CLOCK_SKEW
        since = command.since or until - DEFAULT_PERIOD
        if since >= until:
            raise InvalidValue(field="since", rule="must be before `until`")
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
        """Add the jobs, except for payments that have changed since they were compared."""
        now = self._clock.now()
        references = {each.recorded.reference for each in discrepancies if each.recorded}
        await uow.deposits.lock(references)
        await uow.orders.lock(references)
        latest = await recorded_payments(references, uow)
        for each in discrepancies:
            if each.recorded and each.job and latest.get(each.recorded.reference) == each.recorded:
                uow.jobs.add(Job.new(each.job, each.recorded.reference, at=now, due_at=now))
        await uow.commit()
