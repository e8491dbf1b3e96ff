"""A lost response to a commit, and the audit of what it leaves."""

from datetime import timedelta

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, UnitOfWork
from shop.application.reconciliation.audit import AuditShop
from shop.application.transactions.runner import TransactionRunner
from tests.clock import FakeClock
from tests.factories import NOW


class LostCommitResponse:
    """Loses the answer to the first commit that is made under it."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self._is_due = True

    def new_unit_of_work(self) -> UnitOfWork:
        return _LosingUnitOfWork(self._database, self)

    def take(self) -> None:
        is_due, self._is_due = self._is_due, False
        if is_due:
            raise CommitOutcomeUnknown


class _LosingUnitOfWork(MemoryUnitOfWork):
    def __init__(self, database: MemoryDatabase, loss: LostCommitResponse) -> None:
        super().__init__(database, writing=True)
        self._loss = loss

    async def commit(self) -> None:
        await super().commit()
        self._loss.take()


async def assert_audit_is_clean(runner: TransactionRunner) -> None:
    audit = AuditShop(runner, FakeClock(NOW), timedelta(seconds=60))
    findings = await audit.run(lambda _: None)
    assert [violation for finding in findings for violation in finding.violations] == []
