"""The statuses of webhook endpoints, in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.repositories.endpoint_statuses import EndpointStatuses
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.endpoint import EndpointStatus


class MemoryEndpointStatuses(EndpointStatuses):
    """All stored statuses, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._rows = StagedRows(
            transaction, LockOrder.WEBHOOK_ENDPOINTS, lambda state: state.webhook_endpoints
        )

    async def get_many(self, urls: Collection[str]) -> Mapping[str, EndpointStatus]:
        """Return the stored statuses by URL."""
        return self._rows.committed.get_many(urls)

    async def lock(self, urls: Collection[str]) -> Mapping[str, EndpointStatus]:
        """Like `get_many`, and lock the statuses."""
        return self._rows.lock(urls)

    async def list(self) -> Sequence[EndpointStatus]:
        """Return all stored statuses, sorted by URL."""
        return sorted(self._rows.committed.rows.values(), key=lambda each: each.url)

    def add(self, status: EndpointStatus) -> None:
        """Stage a new status, unless there is one."""
        if status.url not in self._rows.committed.rows:
            self._rows.add(status)

    def save(self, status: EndpointStatus) -> None:
        """Stage the next state of a locked status."""
        self._rows.save(status)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        return replace(state, webhook_endpoints=self._rows.apply(state))
