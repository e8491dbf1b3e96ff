"""The audit: every invariant of the shop, on what is stored at one moment, and at the gateway."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from shop.application.books import CLOCKS_APART, BothBooks
from shop.application.ports.audit import AT_THE_GATEWAY, INVARIANTS, Invariant, Violation
from shop.application.ports.clock import Clock
from shop.application.ports.paging import Span
from shop.application.ports.payment_gateway import GatewaySilent
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact

MAX_VIOLATIONS = 100
GRACE_LEASES = 2
"""How many leases after its time a job is overdue: one for the attempt that began just before it,
and one for the attempt that found it due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What breaks one invariant; nothing, where it holds.

    Where it could not be checked to the end, the obstacle tells why.
    """

    invariant: Invariant
    violations: Sequence[Violation]
    obstacle: str | None

    @property
    def holds(self) -> bool:
        """Whether it was checked, and nothing breaks it."""
        return not self.violations and self.obstacle is None


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
            findings.append(Finding(invariant=invariant, violations=violations, obstacle=None))
        return findings


class AuditGateway:
    """The use case that checks the shop's promises beside the gateway's books."""

    def __init__(self, books: BothBooks, clock: Clock) -> None:
        self._books = books
        self._clock = clock

    async def run(self, back: timedelta) -> Finding:
        """Compare the card payments of so much time before now.

        What is under way is no violation. At most a hundred of each kind are told.
        """
        now = self._clock.now()
        span = Span(since=now - back, until=now + CLOCKS_APART)
        violations: list[Violation] = []
        told: Counter[str] = Counter()
        obstacle = None
        try:
            async for page in self._books.differences(span):
                for each in page:
                    told[each.kind] += 1
                    if told[each.kind] <= MAX_VIOLATIONS:
                        violations.append(Violation(rule=each.kind, facts=each.facts))
        except GatewaySilent as silence:
            obstacle = f"the gateway's books cannot be read: {silence}"
        return Finding(invariant=AT_THE_GATEWAY, violations=violations, obstacle=obstacle)
