"""The audit in a relational database."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, text

from shop.adapters.sql.audit_rules import RULES, Rule
from shop.adapters.sql.connection import SqlConnection
from shop.application.ports.audit import Audit, Fact, Invariant, Violation
from shop.domain.order import ORDER_STATUSES

MAX_VIOLATIONS = 100
LEGAL_STEPS = "legal_steps"


class SqlAudit(Audit):
    """Asks for the rows that break an invariant."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def violations(self, invariant: Invariant) -> Sequence[Violation]:
        """Return what breaks this invariant, at most a hundred of each rule."""
        return [
            violation
            for rule in RULES[invariant.number]
            for violation in await self._violations(rule)
        ]

    async def _violations(self, rule: Rule) -> Sequence[Violation]:
        question = text(f"{rule.question} LIMIT {MAX_VIOLATIONS}")
        if f":{LEGAL_STEPS}" in rule.question:
            steps: BindParameter[str] = bindparam(LEGAL_STEPS, _legal_steps(), expanding=True)
            question = question.bindparams(steps)
        rows = await self._connection.all(question)
        return [
            Violation(
                rule=rule.slug,
                facts={name: _fact(name, value) for name, value in row._asdict().items()},
            )
            for row in rows
        ]


def _legal_steps() -> list[str]:
    first = [f"new>{status.value}" for status in ORDER_STATUSES.begins]
    later = [
        f"{before.value}>{after.value}"
        for before, followers in ORDER_STATUSES.follows.items()
        for after in followers
    ]
    return first + later


def _fact(name: str, value: object) -> Fact:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return int(value)
    # SQLite keeps a UUID as its digits alone.
    return str(UUID(str(value)) if name.endswith("_id") or name == "reference" else value)
