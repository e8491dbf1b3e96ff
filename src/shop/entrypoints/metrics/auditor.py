"""Checks the invariants at intervals, for the metrics and the log."""

from collections.abc import Mapping
from typing import Protocol

import structlog

from shop.application.ports.clock import Clock
from shop.application.reconciliation.audit import AuditShop

_log = structlog.get_logger()


class AuditMetrics(Protocol):
    """The metrics as the auditor uses them."""

    def audited(self, violations: Mapping[int, int], at: float) -> None:
        """Set how many violations of each invariant an audit has found, and when."""


class Auditor:
    """Audits the database at the start, and again after each interval."""

    def __init__(
        self, audit_shop: AuditShop, metrics: AuditMetrics, clock: Clock, interval_seconds: float
    ) -> None:
        self._audit_shop = audit_shop
        self._metrics = metrics
        self._clock = clock
        self._interval_seconds = interval_seconds

    async def run(self) -> None:
        """Audit until cancelled; do nothing if there is no interval."""
        while self._interval_seconds:
            await self.audit()
            await self._clock.sleep(self._interval_seconds)

    async def audit(self) -> None:
        """Audit once; an audit that fails is logged, and shown by its missing time."""
        try:
            findings = await self._audit_shop.run(lambda _: None)
        except Exception as error:  # noqa: BLE001  The next one may succeed.
            _log.warning("audit_failed", error=str(error))
            return
        violations = {each.invariant.number: len(each.violations) for each in findings}
        self._metrics.audited(violations, self._clock.now().timestamp())
        if violated := [number for number, count in violations.items() if count]:
            _log.error("invariants_violated", invariants=violated)
