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

from shop.adapters.simulated import deeds
from shop.adapters.simulated.answers import Answer, Later, Refused, Unanswered
from shop.adapters.simulated.entries import Booked, Entries, Span
from shop.adapters.simulated.file import opened, opened_to_read
from shop.adapters.simulated.shared_commits import SharedCommits
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import Authorise, Declined, GatewayPayment, Verdict
from shop.domain.money import Money

T = TypeVar("T")


class Books:
    """The gateway's memory, in a file that several processes may have open.

    It is opened on first use. What was answered is on the disk. Keys are remembered for a time.
    Every method raises `sqlite3.Error` or `OSError` where the file cannot be used.
    """

    def __init__(self, file: Path, *, clock: Clock, key_seconds: float) -> None:
        self._file = file
        self._clock = clock
        self._key_memory = timedelta(seconds=key_seconds)
        self._commits = SharedCommits(partial(opened, file))
        self._decisions: set[Task[Answer]] = set()

    async def open(self) -> None:
        """Make the file where it is not there yet, and see that it can be written."""
        await self._commits.do(_nothing)

    async def authorise(self, wish: Authorise) -> Answer | Unanswered:
        """Set an amount aside, or say what has been said under this key.

        Who comes while a payment is being decided waits; who leaves meanwhile stops nothing.
        """
        said = await self._write(partial(deeds.authorise, wish))
        if not isinstance(said, Later):
            return said
        decision = asyncio.create_task(self._settle_later(wish, said))
        self._decisions.add(decision)
        decision.add_done_callback(self._decisions.discard)
        return await asyncio.shield(decision)

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> Answer:
        """Take what was set aside."""
        return await self._write(partial(deeds.capture, key, payment_id, amount))

    async def void(self, *, key: str, payment_id: str) -> Answer:
        """Give up what was set aside, or what might have been."""
        return await self._write(partial(deeds.void, key, payment_id))

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> Answer:
        """Give back some of what was captured."""
        return await self._write(partial(deeds.refund, key, payment_id, amount))

    async def authenticate(self, payment_id: str, *, approved: bool) -> Verdict | Refused:
        """Take the step that the customer was asked for."""

        def step(entries: Entries) -> Verdict | Refused:
            return deeds.authenticate(payment_id, approved=approved, entries=entries)

        return await self._write(step)

    async def payment(self, payment_id: str) -> Booked | None:
        """Return a payment."""
        return await self._read(lambda entries: entries.payment(payment_id), None)

    async def of_reference(self, reference: UUID) -> Sequence[Booked]:
        """Return the payments of a reference, the oldest first."""
        return await self._read(lambda entries: entries.of_reference(reference), ())

    async def page(self, span: Span, *, after: str | None, limit: int | None) -> Sequence[Booked]:
        """Return so many payments of a span of time after this one, the oldest first."""
        return await self._read(lambda entries: entries.page(span, after, limit), ())

    async def close(self) -> None:
        """Leave undecided what is not decided yet, and give the file back."""
        for decision in self._decisions:
            decision.cancel()
        await asyncio.gather(*self._decisions, return_exceptions=True)
        await self._commits.close()

    async def _settle_later(self, wish: Authorise, later: Later) -> Answer:
        await self._clock.sleep(later.seconds)
        return await self._write(partial(deeds.settle, wish, later.payment_id))

    async def _write(self, deed: Callable[[Entries], T]) -> T:
        def do(connection: sqlite3.Connection) -> T:
            entries = Entries(connection, self._clock.now())
            entries.forget_before(entries.now - self._key_memory)
            return deed(entries)

        return await self._commits.do(do)

    async def _read(self, question: Callable[[Entries], T], nothing: T) -> T:
        """Ask on a connection of its own, beside the one that writes."""

        def ask() -> T:
            connection = opened_to_read(self._file)
            if connection is None:
                return nothing
            with closing(connection):
                return question(Entries(connection, self._clock.now()))

        return await asyncio.to_thread(ask)


def foremost(payments: Sequence[GatewayPayment]) -> GatewayPayment | None:
    """Return the payment that counts of those, oldest first, that a reference has.

    It is the newest that is not declined, else the newest.
    """
    alive = [each for each in payments if not isinstance(each.verdict, Declined)]
    return (alive or payments)[-1] if payments else None


def _nothing(_: sqlite3.Connection) -> None:
    pass
