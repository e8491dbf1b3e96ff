"""The integrity audit: checks every invariant in the database and at the gateway."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from shop.application.ports.clock import Clock
from shop.application.ports.paging import TimeRange
from shop.application.ports.payment_gateway import GatewayOutcomeUnknown
from shop.application.ports.repositories.audit import (
    GATEWAY_INVARIANT,
    INVARIANTS,
    Invariant,
    Violation,
)
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.reconciliation.comparison import MAX_CLOCK_SKEW, PaymentComparison
from shop.application.transactions.runner import TransactionRunner
from shop.domain.shared.value import value

MAX_VIOLATIONS = 100
GRACE_LEASES = 2
"""Leases until a due job counts as overdue: for a lost attempt, and for the next one."""


@value
class Finding:
    """The violations of one invariant, and why it was not fully checked, if so."""

    invariant: Invariant
    violations: Sequence[Violation]
    unchecked_reason: str | None

    @property
    def holds(self) -> bool:
        """Whether the invariant was checked and has no violations."""
        return not self.violations and self.unchecked_reason is None


class AuditShop:
    """Checks the invariants of the database, also while the shop is in use."""

    def __init__(self, transactions: TransactionRunner, clock: Clock, lease: timedelta) -> None:
        self._transactions = transactions
        self._clock = clock
        self._grace = GRACE_LEASES * lease

    async def run(self, on_progress: Callable[[Invariant], None]) -> Sequence[Finding]:
        """Check every invariant in one consistent state; report progress before each."""
        return await self._transactions.read(partial(self._run, on_progress))

    async def find_violated(self) -> Sequence[int]:
        """Return the numbers of the invariants that do not hold."""
        findings = await self.run(lambda _: None)
        return [each.invariant.number for each in findings if not each.holds]

    async def _run(
        self, on_progress: Callable[[Invariant], None], uow: UnitOfWork
    ) -> Sequence[Finding]:
        findings: list[Finding] = []
        due_before = self._clock.now() - self._grace
        for invariant in INVARIANTS:
            on_progress(invariant)
            violations = await uow.audit.violations(invariant, due_before)
            findings.append(
                Finding(invariant=invariant, violations=violations, unchecked_reason=None)
            )
        return findings


class AuditGateway:
    """Checks the invariant that compares the ledger with the gateway's records."""

    def __init__(self, comparison: PaymentComparison, clock: Clock) -> None:
        self._comparison = comparison
        self._clock = clock

    async def run(self, period: timedelta) -> Finding:
        """Compare the latest card payments, except those in progress.

        Returns at most a hundred violations of each kind.
        """
        now = self._clock.now()
        time_range = TimeRange(since=now - period, until=now + MAX_CLOCK_SKEW)
        violations: list[Violation] = []
        counts: Counter[str] = Counter()
        unchecked_reason = None
        try:
            async for discrepancies in self._comparison.discrepancies(time_range):
                for each in discrepancies:
                    counts[each.kind] += 1
                    if counts[each.kind] <= MAX_VIOLATIONS:
                        violations.append(Violation(rule=each.kind, facts=each.facts))
        except GatewayOutcomeUnknown as error:
            unchecked_reason = f"the gateway's records cannot be read: {error}"
        return Finding(
            invariant=GATEWAY_INVARIANT, violations=violations, unchecked_reason=unchecked_reason
        )
