"""Shipment events in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.adapters.memory.repositories.orders import MemoryOrders
from shop.application.ports.repositories.shipment_events import ShipmentEvents
from shop.domain.orders.shipment import ShipmentEvent


class MemoryShipmentEvents(ShipmentEvents):
    """All shipment events, in memory."""

    def __init__(self, transaction: MemoryTransaction, orders: MemoryOrders) -> None:
        self._transaction = transaction
        self._orders = orders
        self._added: list[ShipmentEvent] = []

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, ShipmentEvent]:
        """Return shipment events by id."""
        return self._transaction.state.shipment_events.get_many(ids)

    async def for_orders(
        self, order_ids: Collection[UUID]
    ) -> Mapping[UUID, tuple[ShipmentEvent, ...]]:
        """Return the shipment events of orders, oldest first."""
        rows = self._transaction.state.shipment_events.rows.values()
        ordered = sorted(rows, key=lambda each: (each.created_at, each.id))
        return {
            order_id: tuple(each for each in ordered if each.order_id == order_id)
            for order_id in order_ids
        }

    def add(self, event: ShipmentEvent) -> None:
        """Stage a shipment event of a locked order."""
        self._orders.add_fulfilment(event.order_id)
        self._added.append(event)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        return replace(state, shipment_events=state.shipment_events.with_changes(added=self._added))
