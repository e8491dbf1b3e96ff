"""Takes the products out of categories that have ended: by a job, in slices, safe to repeat."""

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from shop.application.catalogue.search_rows import stage_search_rows
from shop.application.jobs.retry_policy import RetryLater
from shop.application.jobs.runner import complete_job
from shop.application.ports.clock import Clock
from shop.application.ports.repositories.jobs import Job
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.category import EndedCategory

PRODUCTS_AT_ONCE = 500
"""How many products leave a category in one transaction: it may have all of the shop's."""

MAX_SLICE = timedelta(seconds=10)
"""A job is due again after a slice, so that its lease never ends while it is running."""


class CategorySweep:
    """Takes the products out of categories that have ended, then forgets those."""

    def __init__(self, transactions: TransactionRunner, clock: Clock, *, lease: timedelta) -> None:
        self._transactions = transactions
        self._clock = clock
        self._slice = min(MAX_SLICE, lease / 4)

    async def run(self, job: Job) -> None:
        """Run a slice of a sweep; raise `RetryLater` if more products are left."""
        ended = await self._transactions.read(lambda uow: uow.categories.ended())
        end = time.monotonic() + self._slice.total_seconds()
        for each in ended:
            if each.id == job.id.subject_id:
                while await self._step(each):
                    if time.monotonic() >= end:
                        raise RetryLater(
                            "the category has more products", not_after=self._clock.now()
                        )
        await self._transactions.write(partial(complete_job, job), retryable=True)

    async def finish(self, ended: EndedCategory) -> None:
        """Take all products out of a category, if its slug is wanted before the job is done."""
        while await self._step(ended):
            pass

    async def _step(self, ended: EndedCategory) -> bool:
        return await self._transactions.write(partial(_take_out, ended), retryable=True)


async def _take_out(ended: EndedCategory, uow: UnitOfWork) -> bool:
    """Take some products out of an ended category; return whether it may have more."""
    await uow.categories.lock_tree()
    if ended not in await uow.categories.ended():
        # Its slug may be that of a new category by now.
        return False
    handles = await uow.categories.handles_in(ended.slug, PRODUCTS_AT_ONCE)
    await _leave(uow, ended.slug, handles)
    has_more = len(handles) == PRODUCTS_AT_ONCE
    if not has_more:
        uow.categories.forget(ended)
    await uow.commit()
    return has_more


async def _leave(uow: UnitOfWork, slug: str, handles: Sequence[str]) -> None:
    products = await uow.products.lock(handles)
    for handle in products:
        uow.categories.assign(handle, [slug], [])
    await stage_search_rows(uow, products.values())
