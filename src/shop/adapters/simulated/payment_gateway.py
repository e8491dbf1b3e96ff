"""The simulated gateway within this process."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from shop.adapters.simulated.answers import Answer, Done, Refused, Unanswered
from shop.adapters.simulated.books import Books, foremost
from shop.adapters.simulated.entries import Booked, Span
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    Authorise,
    GatewayPayment,
    GatewayRefused,
    GatewaySilent,
    Notice,
    NoticeRefused,
    PaymentGateway,
    Verdict,
)
from shop.domain.money import Money

PAGE = 500


class EmbeddedPaymentGateway(PaymentGateway):
    """Works on the books itself, and loses patience as one does who asks over a network."""

    def __init__(self, books: Books, *, clock: Clock, timeout_seconds: float) -> None:
        self._books = books
        self._clock = clock
        self._timeout_seconds = timeout_seconds

    async def authorise(self, wish: Authorise) -> Verdict:
        """Set an amount aside on a card, as its token has it."""
        with _unusable_books_are_silent():
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    answer = await self._books.authorise(wish)
            except TimeoutError as error:
                raise GatewaySilent("no answer in time") from error
        if isinstance(answer, Verdict):
            return answer
        if isinstance(answer, Unanswered):
            await self._clock.sleep(self._timeout_seconds)
        raise _no(answer)

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Take what was set aside."""
        with _unusable_books_are_silent():
            answer = await self._books.capture(key=key, payment_id=payment_id, amount=amount)
        _require_done(answer)

    async def void(self, *, key: str, payment_id: str) -> None:
        """Give up what was set aside, or what might have been."""
        with _unusable_books_are_silent():
            answer = await self._books.void(key=key, payment_id=payment_id)
        _require_done(answer)

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Give back some of what was captured."""
        with _unusable_books_are_silent():
            answer = await self._books.refund(key=key, payment_id=payment_id, amount=amount)
        _require_done(answer)

    async def look_up(
        self,
        reference: UUID,
        payment_id: str | None = None,  # noqa: ARG002  References are found at once.
    ) -> GatewayPayment | None:
        """Return the payment of a reference that counts."""
        with _unusable_books_are_silent():
            booked = await self._books.of_reference(reference)
        return foremost([each.payment for each in booked])

    async def payments(self, since: datetime, until: datetime) -> AsyncIterator[GatewayPayment]:
        """Yield the payments of a span of time, page by page."""
        span = Span(since=since, until=until)
        page = await self._page(span, None)
        while page:
            for booked in page:
                yield booked.payment
            page = await self._page(span, page[-1].payment.id)

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice:  # noqa: ARG002  As the port has it.
        """Raise `NoticeRefused`: this gateway sends no notices."""
        raise NoticeRefused("the simulated gateway sends no notices")

    async def close(self) -> None:
        """Give the books' file back."""
        await self._books.close()

    async def _page(self, span: Span, after: str | None) -> Sequence[Booked]:
        with _unusable_books_are_silent():
            return await self._books.page(span, after=after, limit=PAGE)


@contextmanager
def _unusable_books_are_silent() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise GatewaySilent(str(error)) from error


def _require_done(answer: Answer) -> None:
    if not isinstance(answer, Done):
        raise _no(answer)


def _no(answer: Answer | Unanswered) -> Exception:
    match answer:
        case Refused(reason=reason):
            return GatewayRefused(reason)
        case Unanswered():
            return GatewaySilent("no answer in time")
        case _:
            return GatewaySilent("a fault")
