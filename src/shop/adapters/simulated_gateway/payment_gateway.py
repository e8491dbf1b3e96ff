"""The simulated gateway within this process."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from shop.adapters.simulated_gateway.payment_store import PaymentStore, effective_payment
from shop.adapters.simulated_gateway.responses import (
    Failed,
    NoResponse,
    SimulatedResponse,
    Succeeded,
)
from shop.adapters.simulated_gateway.store.rows import StoredPayment, TimeRange
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    AuthorisationRequest,
    AuthorisationResult,
    GatewayEvent,
    GatewayOutcomeUnknown,
    GatewayPayment,
    GatewayRejected,
    InvalidGatewayEvent,
    PaymentGateway,
)
from shop.domain.shared.money import Money

PAGE_SIZE = 500


class InProcessPaymentGateway(PaymentGateway):
    """Works on the books itself, and loses patience as one does who asks over a network."""

    def __init__(self, store: PaymentStore, *, clock: Clock, timeout_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._timeout_seconds = timeout_seconds

    async def authorise(self, request: AuthorisationRequest) -> AuthorisationResult:
        """Set an amount aside on a card, as its token has it."""
        with _translating_store_errors():
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    response = await self._store.authorise(request)
            except TimeoutError as error:
                raise GatewayOutcomeUnknown("no answer in time") from error
        if isinstance(response, AuthorisationResult):
            return response
        if isinstance(response, NoResponse):
            await self._clock.sleep(self._timeout_seconds)
        raise _to_error(response)

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Take what was set aside."""
        with _translating_store_errors():
            response = await self._store.capture(key=key, payment_id=payment_id, amount=amount)
        _require_success(response)

    async def void(self, *, key: str, payment_id: str) -> None:
        """Give up what was set aside, or what might have been."""
        with _translating_store_errors():
            response = await self._store.void(key=key, payment_id=payment_id)
        _require_success(response)

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Give back some of what was captured."""
        with _translating_store_errors():
            response = await self._store.refund(key=key, payment_id=payment_id, amount=amount)
        _require_success(response)

    async def find_payment(
        self,
        reference: UUID,
        payment_id: str | None = None,  # noqa: ARG002  References are found at once.
    ) -> GatewayPayment | None:
        """Return the payment of a reference that counts."""
        with _translating_store_errors():
            stored = await self._store.with_reference(reference)
        return effective_payment([each.payment for each in stored])

    async def list_payments(
        self, since: datetime, until: datetime
    ) -> AsyncIterator[GatewayPayment]:
        """Yield the payments of a span of time, page by page."""
        time_range = TimeRange(since=since, until=until)
        page = await self._page(time_range, None)
        while page:
            for stored in page:
                yield stored.payment
            page = await self._page(time_range, page[-1].payment.id)

    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:  # noqa: ARG002  As the port has it.
        """Raise `InvalidGatewayEvent`: this gateway sends no events."""
        raise InvalidGatewayEvent("the simulated gateway sends no events")

    async def close(self) -> None:
        """Give the books' file back."""
        await self._store.close()

    async def _page(self, time_range: TimeRange, after: str | None) -> Sequence[StoredPayment]:
        with _translating_store_errors():
            return await self._store.page(time_range, after=after, limit=PAGE_SIZE)


@contextmanager
def _translating_store_errors() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise GatewayOutcomeUnknown(str(error)) from error


def _require_success(response: SimulatedResponse) -> None:
    if not isinstance(response, Succeeded):
        raise _to_error(response)


def _to_error(response: SimulatedResponse | NoResponse) -> Exception:
    match response:
        case Failed(reason=reason):
            return GatewayRejected(reason)
        case NoResponse():
            return GatewayOutcomeUnknown("no answer in time")
        case _:
            return GatewayOutcomeUnknown("a fault")
