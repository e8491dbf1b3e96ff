"""The simulated gateway within this process."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from uuid import UUID

from shop.adapters.simulated_gateway import operations
from shop.adapters.simulated_gateway.operations import Operation
from shop.adapters.simulated_gateway.records import TimeRange
from shop.adapters.simulated_gateway.responses import (
    Failed,
    NoResponse,
    SimulatedResponse,
    Succeeded,
)
from shop.adapters.simulated_gateway.store.payment_store import PaymentStore, effective_payment
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
from shop.application.ports.unit_of_work import DatabaseFailure
from shop.domain.shared.money import Money

PAGE_SIZE = 500


class InProcessPaymentGateway(PaymentGateway):
    """Uses the payment store directly, with the same timeout as an HTTP client.

    Without a timeout, a request that is never answered fails at once.
    """

    def __init__(self, store: PaymentStore, *, clock: Clock, timeout_seconds: float | None) -> None:
        self._store = store
        self._clock = clock
        self._timeout_seconds = timeout_seconds

    async def authorise(self, request: AuthorisationRequest) -> AuthorisationResult:
        """Authorise an amount on a card, as its token determines."""
        response = await self._run(operations.authorise(request))
        if isinstance(response, AuthorisationResult):
            return response
        raise _to_error(response)

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Capture an authorised payment."""
        await self._change(operations.capture(key, payment_id, amount))

    async def void(self, *, key: str, payment_id: str) -> None:
        """Void a payment, also one that is not decided yet."""
        await self._change(operations.void(key, payment_id))

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Refund some of a captured payment."""
        await self._change(operations.refund(key, payment_id, amount))

    async def find_payment(
        self,
        reference: UUID,
        payment_id: str | None = None,  # noqa: ARG002  References are indexed.
    ) -> GatewayPayment | None:
        """Return the effective payment of a reference."""
        try:
            stored = await self._store.with_reference(reference)
        except DatabaseFailure as error:
            raise GatewayOutcomeUnknown(str(error)) from error
        return effective_payment([each.payment for each in stored])

    async def list_payments(
        self, since: datetime, until: datetime
    ) -> AsyncIterator[GatewayPayment]:
        """Yield the payments created in a time range, page by page."""
        time_range, after = TimeRange(since=since, until=until), None
        while True:
            try:
                page = await self._store.page(time_range, after=after, limit=PAGE_SIZE)
            except DatabaseFailure as error:
                raise GatewayOutcomeUnknown(str(error)) from error
            if not page:
                return
            for stored in page:
                yield stored.payment
            after = page[-1].payment.id

    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:  # noqa: ARG002  As the port has it.
        """Raise `InvalidGatewayEvent`: this gateway sends no events."""
        raise InvalidGatewayEvent("the simulated gateway sends no events")

    async def close(self) -> None:
        """Close the store."""
        await self._store.close()

    async def _change(self, operation: Operation) -> None:
        response = await self._run(operation)
        if not isinstance(response, Succeeded):
            raise _to_error(response)

    async def _run(self, operation: Operation) -> SimulatedResponse | NoResponse:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                response = await self._store.run(operation)
        except TimeoutError as error:
            raise GatewayOutcomeUnknown("no response in time") from error
        except DatabaseFailure as error:
            raise GatewayOutcomeUnknown(str(error)) from error
        if isinstance(response, NoResponse) and self._timeout_seconds is not None:
            await self._clock.sleep(self._timeout_seconds)
        return response


def _to_error(response: SimulatedResponse | NoResponse) -> Exception:
    match response:
        case Failed(reason=reason):
            return GatewayRejected(reason)
        case NoResponse():
            return GatewayOutcomeUnknown("no response in time")
        case _:
            return GatewayOutcomeUnknown("the gateway answered with an error of its own")
