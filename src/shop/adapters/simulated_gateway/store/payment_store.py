"""The store of the simulated gateway: it runs operations and finds payments."""

import asyncio
from abc import ABC, abstractmethod
from asyncio import Task
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from shop.adapters.simulated_gateway.operations import DelayedResponse, Operation, Unanswered
from shop.adapters.simulated_gateway.records import StoredPayment
from shop.adapters.simulated_gateway.responses import NoResponse, SimulatedResponse
from shop.application.ports.clock import Clock
from shop.application.ports.paging import TimeRange


class PaymentStore(ABC):
    """Runs operations on the stored records.

    Every method raises `DatabaseFailure` if the records cannot be used.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._decisions: set[Task[SimulatedResponse | NoResponse]] = set()

    async def run(self, operation: Operation) -> SimulatedResponse | NoResponse:
        """Run an operation and return its response, once its effect is stored.

        A delayed decision is made even if its caller is cancelled meanwhile.
        """
        response = await self._execute(operation)
        if not isinstance(response, DelayedResponse):
            return response
        decision = asyncio.create_task(self._decide_later(response))
        self._decisions.add(decision)
        decision.add_done_callback(self._decisions.discard)
        return await asyncio.shield(decision)

    @abstractmethod
    async def payment(self, payment_id: str) -> StoredPayment | None:
        """Return a payment by its id."""

    @abstractmethod
    async def with_reference(self, reference: UUID) -> Sequence[StoredPayment]:
        """Return the payments of a reference, oldest first."""

    @abstractmethod
    async def page(
        self, time_range: TimeRange, *, after: str | None, limit: int | None
    ) -> Sequence[StoredPayment]:
        """Return payments created in a time range after the one with this id, oldest first."""

    def missing_file(self) -> Path | None:
        """Return the file of the records if there is none yet, or none any more."""
        return None

    async def check(self) -> None:  # noqa: B027  Records in memory are always there.
        """Raise `DatabaseUnavailable` if stored records cannot be changed now."""

    async def close(self) -> None:
        """Cancel delayed decisions and release the storage; the next use opens it again."""
        for decision in self._decisions:
            decision.cancel()
        await asyncio.gather(*self._decisions, return_exceptions=True)

    @abstractmethod
    async def _execute(self, operation: Operation) -> SimulatedResponse | Unanswered:
        """Run an operation and store its effect."""

    async def _decide_later(self, delayed: DelayedResponse) -> SimulatedResponse | NoResponse:
        await self._clock.sleep(delayed.seconds)
        return await self.run(delayed.decision)
