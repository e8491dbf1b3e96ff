"""Reconcile: compare the shop's card payments with the gateway's, and have repaired what can be.

Money is only ever moved by the jobs that move it otherwise, too: here, those that are missing are
added. Whatever has no job for it is told, with what a person can do.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from shop.application.books import CLOCKS_APART, BothBooks, our_payments
from shop.application.differences import Difference
from shop.application.ports.clock import Clock
from shop.application.ports.outbox import Job
from shop.application.ports.paging import Span
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.errors import RuleBroken

DEFAULT_SPAN = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """Compare what was paid by card in a span of time: up to now, and the seven days before.

    A dry run changes nothing.
    """

    since: datetime | None
    until: datetime | None
    is_dry_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """A difference between the books, and whether it is being repaired now, by its job."""

    difference: Difference
    is_repaired: bool


class ReconcilePayments:
    """The operator's use case that brings the books together."""

    def __init__(self, transact: Transact, books: BothBooks, clock: Clock) -> None:
        self._transact = transact
        self._books = books
        self._clock = clock

    async def reconcile(self, command: Reconcile) -> AsyncIterator[Reconciled]:
        """Yield every difference, after its job was added where it has one.

        What already has a job is no difference. Raise `RuleBroken` for a span that ends before it
        begins, `GatewaySilent` where the gateway's books cannot be read; what was yielded before
        that is repaired all the same.
        """
        until = command.until or self._clock.now() + CLOCKS_APART
        since = command.since or until - DEFAULT_SPAN
        if since >= until:
            raise RuleBroken(field="since", rule="a span begins before it ends")
        async for page in self._books.differences(Span(since=since, until=until)):
            repairable = [] if command.is_dry_run else [each for each in page if each.job]
            if repairable:
                await self._transact.write(partial(self._repair, repairable), repeatable=True)
            for each in page:
                is_repaired = each.job is not None and not command.is_dry_run
                yield Reconciled(difference=each, is_repaired=is_repaired)

    async def _repair(self, differences: Sequence[Difference], uow: UnitOfWork) -> None:
        """Add the jobs, but for payments to which something has happened since they were read."""
        now = self._clock.now()
        references = {each.ours.reference for each in differences if each.ours}
        await uow.deposits.lock(references)
        await uow.orders.lock(references)
        latest = await our_payments(references, uow)
        for each in differences:
            if each.ours and each.job and latest.get(each.ours.reference) == each.ours:
                uow.outbox.add(Job.new(each.job, each.ours.reference, at=now, due_at=now))
        await uow.commit()
