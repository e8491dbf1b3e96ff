"""Gateway events in a relational database."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from shop.adapters.sql.schema.tables import gateway_events
from shop.adapters.sql.statements.connection import SqlConnection
from shop.application.ports.payment_gateway import GatewayEvent
from shop.application.ports.repositories.gateway_events import GatewayEvents

EVENTS = select(gateway_events)


class SqlGatewayEvents(GatewayEvents):
    """The table of gateway events."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def record_new(self, event: GatewayEvent, job_subject_id: UUID, at: datetime) -> bool:
        """Insert an event if it is new."""
        row = {
            "id": event.id,
            "kind": event.kind,
            "payment_id": event.payment_id,
            "reference": event.reference,
            "job_subject_id": job_subject_id,
            "received_at": at,
        }
        return bool(await self._connection.insert_if_absent(gateway_events, [row]))

    async def for_jobs(self, job_subject_ids: Collection[UUID]) -> Mapping[UUID, GatewayEvent]:
        """Return the events of these jobs."""
        rows = await self._connection.fetch_where_in(
            EVENTS, gateway_events.c.job_subject_id, job_subject_ids
        )
        return {
            row.job_subject_id: GatewayEvent(
                id=row.id, kind=row.kind, payment_id=row.payment_id, reference=row.reference
            )
            for row in rows
        }
