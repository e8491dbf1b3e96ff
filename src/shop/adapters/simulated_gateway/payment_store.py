"""The books: every payment that the gateway knows, and what it has answered under which key."""

import asyncio
import sqlite3
from asyncio import Task
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from shop.adapters.simulated_gateway import operations
from shop.adapters.simulated_gateway.responses import (
    DelayedResponse,
    Failed,
    NoResponse,
    SimulatedResponse,
)
from shop.adapters.simulated_gateway.store.batch_writer import BatchWriter
from shop.adapters.simulated_gateway.store.connection import open_for_reading, open_for_writing
from shop.adapters.simulated_gateway.store.rows import PaymentRows, StoredPayment, TimeRange
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    AuthorisationRequest,
    AuthorisationResult,
    Declined,
    GatewayPayment,
)
from shop.domain.shared.money import Money

T = TypeVar("T")


class PaymentStore:
    """The gateway's memory, in a file that several processes may have open.

    It is opened on first use. What was answered is on the disk. Keys are remembered for a time.
    Every method raises `sqlite3.Error` or `OSError` where the file cannot be used.
    """

    def __init__(self, file: Path, *, clock: Clock, idempotency_seconds: float) -> None:
        self._file = file
        self._clock = clock
        self._idempotency_window = timedelta(seconds=idempotency_seconds)
        self._writer = BatchWriter(partial(open_for_writing, file))
        self._decisions: set[Task[SimulatedResponse]] = set()

    async def open(self) -> None:
        """Make the file where it is not there yet, and see that it can be written."""
        await self._writer.run(_do_nothing)

    async def authorise(self, request: AuthorisationRequest) -> SimulatedResponse | NoResponse:
        """Set an amount aside, or say what has been said under this key.

        Who comes while a payment is being decided waits; who leaves meanwhile stops nothing.
        """
        response = await self._write(partial(operations.authorise, request))
        if not isinstance(response, DelayedResponse):
            return response
        decision = asyncio.create_task(self._decide_later(request, response))
        self._decisions.add(decision)
        decision.add_done_callback(self._decisions.discard)
        return await asyncio.shield(decision)

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> SimulatedResponse:
        """Take what was set aside."""
        return await self._write(partial(operations.capture, key, payment_id, amount))

    async def void(self, *, key: str, payment_id: str) -> SimulatedResponse:
        """Give up what was set aside, or what might have been."""
        return await self._write(partial(operations.void, key, payment_id))

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> SimulatedResponse:
        """Give back some of what was captured."""
        return await self._write(partial(operations.refund, key, payment_id, amount))

    async def authenticate(
        self, payment_id: str, *, approved: bool
    ) -> AuthorisationResult | Failed:
        """Take the step that the customer was asked for."""

        def step(entries: PaymentRows) -> AuthorisationResult | Failed:
            return operations.authenticate(payment_id, approved=approved, rows=entries)

        return await self._write(step)

    async def payment(self, payment_id: str) -> StoredPayment | None:
        """Return a payment."""
        return await self._read(lambda entries: entries.payment(payment_id), None)

    async def with_reference(self, reference: UUID) -> Sequence[StoredPayment]:
        """Return the payments of a reference, the oldest first."""
        return await self._read(lambda entries: entries.with_reference(reference), ())

    async def page(
        self, time_range: TimeRange, *, after: str | None, limit: int | None
    ) -> Sequence[StoredPayment]:
        """Return so many payments of a span of time after this one, the oldest first."""
        return await self._read(lambda entries: entries.page(time_range, after, limit), ())

    async def close(self) -> None:
        """Leave undecided what is not decided yet, and give the file back."""
        for decision in self._decisions:
            decision.cancel()
        await asyncio.gather(*self._decisions, return_exceptions=True)
        await self._writer.close()

    async def _decide_later(
        self, request: AuthorisationRequest, delayed: DelayedResponse
    ) -> SimulatedResponse:
        await self._clock.sleep(delayed.seconds)
        return await self._write(partial(operations.decide, request, delayed.payment_id))

    async def _write(self, operation: Callable[[PaymentRows], T]) -> T:
        def do(connection: sqlite3.Connection) -> T:
            rows = PaymentRows(connection, self._clock.now())
            rows.delete_keys_before(rows.now - self._idempotency_window)
            return operation(rows)

        return await self._writer.run(do)

    async def _read(self, query: Callable[[PaymentRows], T], default: T) -> T:
        """Ask on a connection of its own, beside the one that writes."""

        def ask() -> T:
            connection = open_for_reading(self._file)
            if connection is None:
                return default
            with closing(connection):
                return query(PaymentRows(connection, self._clock.now()))

        return await asyncio.to_thread(ask)


def effective_payment(payments: Sequence[GatewayPayment]) -> GatewayPayment | None:
    """Return the payment that counts of those, oldest first, that a reference has.

    It is the newest that is not declined, else the newest.
    """
    not_declined = [
        each for each in payments if not isinstance(each.authorisation_result, Declined)
    ]
    return (not_declined or payments)[-1] if payments else None


def _do_nothing(_: sqlite3.Connection) -> None:
    pass
