"""Carries out imports as jobs, in slices: a process that ends only delays them."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from shop.application.catalogue.imports.check import (
    UNIT_PRODUCTS,
    UNIT_ROWS,
    FileCheck,
    IsOver,
    file_of,
)
from shop.application.catalogue.imports.plan import ImportPlan, UnitResult
from shop.application.catalogue.imports.rows import ImportedProduct, assemble
from shop.application.jobs.retry_policy import RetryLater
from shop.application.ports.clock import Clock
from shop.application.ports.database import Database
from shop.application.ports.imports.import_spool import ImportSpool, ImportSpools, SpoolState
from shop.application.ports.imports.product_file_reader import FileDescription
from shop.application.ports.repositories.jobs import Job
from shop.application.ports.unit_of_work import DatabaseFailure, UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.product_import import (
    MAX_MESSAGES,
    ImportMessage,
    ImportStatus,
    ProductImport,
    limited,
)
from shop.domain.shared.value import value

MAX_SLICE = timedelta(seconds=10)
"""A job is due again after a slice, so that its lease never ends while it is running."""

MAX_DURATION = timedelta(days=1)
"""Until then, an import goes on after a failure of the database, which another try may mend."""

NO_ROWS = "has a header but no rows; add a row for each product"
FILE_GONE = "is no longer where the import has stored it"
NOT_CHECKED = "could not be checked, and nothing was changed; the shop's log says why"
NOT_APPLIED = (
    "could not be applied after its first {applied} rows; the shop's log says why. Import it again:"
    " what was applied stays as it is"
)

_log = logging.getLogger(__name__)


@value
class ImportUnit:
    """Products that are applied in one transaction, up to this row of their file."""

    file: FileDescription
    products: Sequence[ImportedProduct]
    rows_until: int


class ImportJobs:
    """Checks the whole file of an import, then applies it; each job is safe to repeat."""

    def __init__(
        self,
        transactions: TransactionRunner,
        spools: ImportSpools,
        check: FileCheck,
        plan: ImportPlan,
        database: Database,
        clock: Clock,
        *,
        lease: timedelta,
    ) -> None:
        self._transactions = transactions
        self._spools = spools
        self._check = check
        self._plan = plan
        self._database = database
        self._clock = clock
        self._slice = min(MAX_SLICE, lease / 4)

    async def run(self, job: Job) -> None:
        """Run a slice of an import; raise `RetryLater` if more is left to do."""
        import_id = job.id.subject_id
        found = await self._transactions.read(lambda uow: uow.imports.get_many([import_id]))
        running = found.get(import_id)
        if running is not None and running.is_running:
            try:
                await self._run_slice(running)
            except RetryLater:
                raise
            except Exception as failure:  # No other import can begin until this one has ended.
                is_of_database = isinstance(failure, DatabaseFailure)
                if is_of_database and self._clock.now() - running.created_at < MAX_DURATION:
                    raise
                _log.exception("import_failed", extra={"import_id": str(import_id)})
                await self._transactions.write(partial(self._abandon, import_id), retryable=True)
        await self._transactions.write(partial(_complete, job), retryable=True)
        await self._spools.remove(import_id)

    async def end_dead(self, job: Job, uow: UnitOfWork) -> None:
        """Stage the end of the import whose job is dead."""
        running = (await uow.imports.lock([job.id.subject_id])).get(job.id.subject_id)
        if running is not None and running.is_running:
            uow.imports.save(self._abandoned(running))

    async def _abandon(self, import_id: UUID, uow: UnitOfWork) -> None:
        running = (await uow.imports.lock([import_id]))[import_id]
        if running.is_running:
            uow.imports.save(self._abandoned(running))
            await uow.commit()

    def _abandoned(self, running: ProductImport) -> ProductImport:
        is_checked = running.status is ImportStatus.IMPORTING
        detail = NOT_APPLIED.format(applied=running.applied) if is_checked else NOT_CHECKED
        return replace(
            running,
            status=ImportStatus.FAILED,
            errors=(ImportMessage(line=1, column="file", detail=detail),),
            finished_at=self._clock.now(),
        )

    async def _run_slice(self, running: ProductImport) -> None:
        spool = self._spools.open(running.id)
        if spool is None:
            await self._fail(running, (ImportMessage(line=1, column="file", detail=FILE_GONE),))
            return
        try:
            await self._run(running, spool, self._timer())
        finally:
            spool.close()

    def _timer(self) -> IsOver:
        end = time.monotonic() + self._slice.total_seconds()
        return lambda _: time.monotonic() >= end

    async def _run(self, running: ProductImport, spool: ImportSpool, is_over: IsOver) -> None:
        if running.status is ImportStatus.CHECKING:
            is_checked = await self._check.run(spool, is_over)
            running = await self._record_check(running, spool, is_checked=is_checked)
            if not is_checked:
                raise self._later()
        while running.status is ImportStatus.IMPORTING:
            running = await self._apply(running, spool)
            if running.is_running and is_over(spool.state()):
                raise self._later()
        if running.added or running.changed:
            await self._database.analyse()

    async def _record_check(
        self, running: ProductImport, spool: ImportSpool, *, is_checked: bool
    ) -> ProductImport:
        """Save how far the check is; if it has ended, the import begins, ends or has failed."""
        state = spool.state()
        description = state.description
        running = replace(
            running,
            rows=state.rows_read,
            format=None if description is None else description.format,
            encoding=None if description is None else description.encoding,
            remarks=tuple(spool.remarks(MAX_MESSAGES)),
        )
        if not is_checked:
            return await self._save(running)
        if errors := _errors(spool, state):
            return await self._fail(running, errors)
        status = ImportStatus.DONE if running.dry_run else ImportStatus.IMPORTING
        if running.dry_run:
            counts = (state.added, state.changed, state.unchanged)
            running = replace(running, added=counts[0], changed=counts[1], unchanged=counts[2])
        return await self._save(replace(running, status=status))

    async def _fail(self, running: ProductImport, errors: Sequence[ImportMessage]) -> ProductImport:
        return await self._save(replace(running, status=ImportStatus.FAILED, errors=tuple(errors)))

    async def _save(self, product_import: ProductImport) -> ProductImport:
        if not product_import.is_running:
            product_import = replace(product_import, finished_at=self._clock.now())

        async def save(uow: UnitOfWork) -> ProductImport:
            stored = (await uow.imports.lock([product_import.id]))[product_import.id]
            if not stored.is_running:
                # It has ended meanwhile, or an earlier attempt's commit got no answer.
                return stored
            uow.imports.save(product_import)
            await uow.commit()
            return product_import

        return await self._transactions.write(save, retryable=True)

    async def _apply(self, running: ProductImport, spool: ImportSpool) -> ProductImport:
        unit = await self.next_unit(spool, running.applied)
        if unit is None:
            # Rows that are left out end no product.
            done = replace(running, status=ImportStatus.DONE, applied=running.rows)
            return await self._save(done)
        return await self._transactions.write(
            partial(self._apply_unit, running.id, running.applied, unit), retryable=True
        )

    async def _apply_unit(
        self, import_id: UUID, applied: int, unit: ImportUnit, uow: UnitOfWork
    ) -> ProductImport:
        running = (await uow.imports.lock([import_id]))[import_id]
        if running.applied != applied or not running.is_running:
            # Another worker, or an earlier attempt whose commit got no answer, has applied it.
            return running
        result = await self._plan.apply(uow, unit.products, unit.file)
        running = replace(
            running,
            applied=unit.rows_until,
            added=running.added + result.added,
            changed=running.changed + result.changed,
            unchanged=running.unchanged + result.unchanged,
            remarks=(*running.remarks, *result.messages)[:MAX_MESSAGES],
        )
        uow.imports.save(running)
        await uow.commit()
        return running

    async def next_unit(self, spool: ImportSpool, applied: int) -> ImportUnit | None:
        """Return the products after the first `applied` rows, None at the end of the file."""
        return await asyncio.to_thread(_next_unit, spool, applied)

    async def apply_unit(self, unit: ImportUnit) -> UnitResult:
        """Apply products of a checked file that no job carries out."""

        async def apply(uow: UnitOfWork) -> UnitResult:
            result = await self._plan.apply(uow, unit.products, unit.file)
            if result.added or result.changed:
                await uow.commit()
            return result

        return await self._transactions.write(apply, retryable=True)

    def _later(self) -> RetryLater:
        return RetryLater("more of the file is left", not_after=self._clock.now())


def _next_unit(spool: ImportSpool, applied: int) -> ImportUnit | None:
    """Return the products after the first `applied` rows, None at the end of the file."""
    spooled = spool.products_after_rows(applied, max_products=UNIT_PRODUCTS, max_rows=UNIT_ROWS)
    if not spooled:
        return None
    file = file_of(spool.state())
    assembled = [assemble(each, file) for each in spooled]
    return ImportUnit(
        file=file,
        products=[each.product for each in assembled if each.product is not None],
        rows_until=spooled[-1].rows_until,
    )


def _errors(spool: ImportSpool, state: SpoolState) -> Sequence[ImportMessage]:
    if not state.is_unreadable and not state.rows_read:
        return [ImportMessage(line=1, column="file", detail=NO_ROWS)]
    return limited(spool.faults(MAX_MESSAGES), spool.fault_count())


async def _complete(job: Job, uow: UnitOfWork) -> None:
    uow.jobs.complete(job)
    await uow.commit()
