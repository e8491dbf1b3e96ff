"""The groups of customers in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from sqlalchemy import select

from shop.adapters.sql.schema.tables import user_groups
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import Fields, PendingWrite, delete_rows, insert_rows
from shop.application.ports.repositories.pricing.customer_groups import CustomerGroups

GROUPS = select(user_groups).order_by(user_groups.c.user_id, user_groups.c.name)


class SqlCustomerGroups(CustomerGroups):
    """The table of the groups that customers are in."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._joined: list[Fields] = []
        self._left: list[Fields] = []

    async def of_users(self, user_ids: Collection[UUID]) -> Mapping[UUID, frozenset[str]]:
        """Return the groups of each user."""
        rows = await self._connection.fetch_where_in(GROUPS, user_groups.c.user_id, user_ids)
        return {
            user_id: frozenset(row.name for row in rows if row.user_id == user_id)
            for user_id in user_ids
        }

    def change(self, user_id: UUID, before: Collection[str], after: Collection[str]) -> None:
        """Stage the groups of a user."""
        self._connection.require_staging()
        left, joined = sorted({*before} - {*after}), sorted({*after} - {*before})
        self._left += [{"user_id": user_id, "name": name} for name in left]
        self._joined += [{"user_id": user_id, "name": name} for name in joined]

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from delete_rows(user_groups, self._left)
        yield from insert_rows(user_groups, self._joined)
