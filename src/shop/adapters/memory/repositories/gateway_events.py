"""Gateway events in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from shop.adapters.memory.engine.database import GatewayEventRow, State
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.payment_gateway import GatewayEvent
from shop.application.ports.repositories.gateway_events import GatewayEvents

JOB_SUBJECT_INDEX = "ix_gateway_events_job_subject_id"


class MemoryGatewayEvents(GatewayEvents):
    """All gateway events, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._recorded: dict[str, GatewayEventRow] = {}

    async def record_new(self, event: GatewayEvent, job_subject_id: UUID, at: datetime) -> bool:
        """Stage an event if it is new."""
        self._transaction.require_writing()
        if event.id in self._transaction.state.gateway_events.rows or event.id in self._recorded:
            return False
        self._recorded[event.id] = GatewayEventRow(
            event=event, job_subject_id=job_subject_id, received_at=at
        )
        return True

    async def for_jobs(self, job_subject_ids: Collection[UUID]) -> Mapping[UUID, GatewayEvent]:
        """Return the events of these jobs."""
        events = self._transaction.state.gateway_events
        found = (events.find(JOB_SUBJECT_INDEX, each) for each in job_subject_ids)
        return {row.job_subject_id: row.event for row in found if row is not None}

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        return replace(
            state, gateway_events=state.gateway_events.with_changes(added=self._recorded.values())
        )
