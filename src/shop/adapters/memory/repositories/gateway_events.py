"""Gateway events in memory."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from shop.adapters.memory.engine.database import GatewayEventRow, State
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.payment_gateway import GatewayEvent
from shop.application.ports.repositories.gateway_events import GatewayEvents


class MemoryGatewayEvents(GatewayEvents):
    """All gateway events, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._recorded: dict[str, GatewayEventRow] = {}

    async def record_new(self, events: Collection[GatewayEvent], at: datetime) -> Collection[str]:
        """Stage the new events; return their ids."""
        self._transaction.require_writing()
        known = {**self._transaction.state.gateway_events.rows, **self._recorded}
        new = {each.id: GatewayEventRow(event=each, received_at=at) for each in events}
        new = {key: row for key, row in new.items() if key not in known}
        self._recorded |= new
        return set(new)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        return replace(
            state, gateway_events=state.gateway_events.with_changes(added=self._recorded.values())
        )
