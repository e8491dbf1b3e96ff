"""Runs the integrity audit in a relational database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, text

from shop.adapters.sql.audit.rules import COMMON_TABLE_EXPRESSIONS, RULES
from shop.adapters.sql.schema.column_types import UtcDateTime
from shop.adapters.sql.statements.connection import SqlConnection
from shop.application.ports.repositories.audit import (
    ALLOWED_PAYMENT_STATUSES,
    Audit,
    Fact,
    Invariant,
    Violation,
)
from shop.domain.orders.order import ORDER_STATUSES

MAX_VIOLATIONS = 100

# With a limit inside the query, PostgreSQL expects the first rows soon and plans nested loops
# instead of joins. A consistent shop has no rows, so it would scan everything that way.
SELECT_VIOLATIONS = "SELECT * FROM violations LIMIT :at_most"


class SqlAudit(Audit):
    """Selects the rows that break the rules of an invariant."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def violations(self, invariant: Invariant, due_before: datetime) -> Sequence[Violation]:
        """Return the violations of an invariant, at most a hundred of each rule."""
        await self._connection.read_whole_tables()
        parameters = _parameters(due_before)
        return [
            violation
            for rule, query in RULES[invariant.number].items()
            for violation in await self._violations(rule, query, parameters)
        ]

    async def _violations(
        self, rule: str, query: str, parameters: Sequence[BindParameter[Any]]
    ) -> Sequence[Violation]:
        used_parameters = [each for each in parameters if f":{each.key}" in query]
        sums = COMMON_TABLE_EXPRESSIONS[self._connection.engine]
        statement = text(f"{sums}, violations AS MATERIALIZED ({query}) {SELECT_VIOLATIONS}")
        rows = await self._connection.fetch_all(
            statement.bindparams(*used_parameters, at_most=MAX_VIOLATIONS)
        )
        return [
            Violation(
                rule=rule,
                facts={name: _fact(name, value) for name, value in row._asdict().items()},
            )
            for row in rows
        ]


def _parameters(due_before: datetime) -> list[BindParameter[Any]]:
    return [
        bindparam("due_before", due_before, type_=UtcDateTime()),
        bindparam("allowed_transitions", _allowed_transitions(), expanding=True),
        bindparam("allowed_payment_statuses", _allowed_payment_statuses(), expanding=True),
    ]


def _allowed_transitions() -> list[str]:
    first = [f"new>{status.value}" for status in ORDER_STATUSES.initial]
    later = [
        f"{before.value}>{after.value}"
        for before, followers in ORDER_STATUSES.transitions.items()
        for after in followers
    ]
    return first + later


def _allowed_payment_statuses() -> list[str]:
    return [
        f"{order.value}>{payment.value}"
        for order, payments in ALLOWED_PAYMENT_STATUSES.items()
        for payment in payments
    ]


def _fact(name: str, value: object) -> Fact:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return int(value)
    if name.endswith("_at"):
        # SQLite stores times without their time zone, UTC.
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return str(time.replace(tzinfo=UTC))
    # SQLite stores UUIDs as hexadecimal digits without hyphens.
    return str(UUID(str(value)) if name.endswith("_id") or name == "reference" else value)
