"""The audit: every invariant of the shop, checked on what is stored at one moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from shop.application.ports.audit import INVARIANTS, Invariant, Violation
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What breaks one invariant; nothing, where it holds."""

    invariant: Invariant
    violations: Sequence[Violation]


class AuditShop:
    """The use case that checks the shop's promises on a live database."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def run(self, on_progress: Callable[[Invariant], None]) -> Sequence[Finding]:
        """Check every invariant in one consistent state; call back before each."""
        return await self._transact.read(partial(self._run, on_progress))

    async def _run(
        self, on_progress: Callable[[Invariant], None], uow: UnitOfWork
    ) -> Sequence[Finding]:
        findings: list[Finding] = []
        for invariant in INVARIANTS:
            on_progress(invariant)
            violations = await uow.audit.violations(invariant)
            findings.append(Finding(invariant=invariant, violations=violations))
        return findings
