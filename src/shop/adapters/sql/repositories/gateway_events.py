"""Gateway events in a relational database."""

from collections.abc import Collection
from datetime import datetime

from shop.adapters.sql.schema import tables
from shop.adapters.sql.statements.connection import SqlConnection
from shop.application.ports.payment_gateway import GatewayEvent
from shop.application.ports.repositories.gateway_events import GatewayEvents


class SqlGatewayEvents(GatewayEvents):
    """The table of gateway events."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def record_new(self, events: Collection[GatewayEvent], at: datetime) -> Collection[str]:
        """Insert the new events; return their ids."""
        rows = [
            {
                "id": each.id,
                "kind": each.kind,
                "reference": each.reference,
                "received_at": at,
            }
            for each in sorted(events, key=lambda event: event.id)
        ]
        return {
            row.id for row in await self._connection.insert_if_absent(tables.gateway_events, rows)
        }
