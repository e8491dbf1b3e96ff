"""The audit: every invariant of the shop, checked on what is stored at one moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from shop.application.ports.audit import INVARIANTS, Invariant, Violation
from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact

GRACE_LEASES = 2
"""How many leases after its time a job is overdue: one for the attempt that began just before it,
and one for the attempt that found it due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What breaks one invariant; nothing, where it holds."""

    invariant: Invariant
    violations: Sequence[Violation]


class AuditShop:
    """The use case that checks the shop's promises on a live database."""

    def __init__(self, transact: Transact, clock: Clock, lease: timedelta) -> None:
        self._transact = transact
        self._clock = clock
        self._grace = GRACE_LEASES * lease

    async def run(self, on_progress: Callable[[Invariant], None]) -> Sequence[Finding]:
        """Check every invariant in one consistent state; call back before each."""
        return await self._transact.read(partial(self._run, on_progress))

    async def _run(
        self, on_progress: Callable[[Invariant], None], uow: UnitOfWork
    ) -> Sequence[Finding]:
        findings: list[Finding] = []
        due_before = self._clock.now() - self._grace
        for invariant in INVARIANTS:
            on_progress(invariant)
            violations = await uow.audit.violations(invariant, due_before)
            findings.append(Finding(invariant=invariant, violations=violations))
        return findings
