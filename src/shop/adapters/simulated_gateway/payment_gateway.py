"""The simulated gateway, in whichever way its operations are run, and within this process."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from shop.adapters.simulated_gateway import operations
from shop.adapters.simulated_gateway.card_behaviour import BEHAVIOURS
from shop.adapters.simulated_gateway.operations import Operation
from shop.adapters.simulated_gateway.pages import page_path
from shop.adapters.simulated_gateway.responses import (
    UNKNOWN_TOKEN,
    Failed,
    NoResponse,
    SimulatedResponse,
    Succeeded,
)
from shop.adapters.simulated_gateway.store.payment_store import PaymentStore
from shop.application.ports.clock import Clock
from shop.application.ports.paging import TimeRange
from shop.application.ports.payment_gateway import (
    ActionRequired,
    AuthorisationRequest,
    AuthorisationResult,
    Declined,
    GatewayEvent,
    GatewayOutcomeUnknown,
    GatewayPayment,
    GatewayRejected,
    InvalidGatewayEvent,
    PaymentGateway,
)
from shop.application.ports.unit_of_work import DatabaseFailure
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money

T = TypeVar("T")

PAGE_SIZE = 500


class SimulatedPaymentGateway(PaymentGateway, ABC):
    """Turns the port's methods into operations, and their responses into results and errors.

    `url` is where its pages are; without one, they are pages of the shop.
    """

    def __init__(self, url: str = "") -> None:
        self._url = url

    def require_token(self, token: str) -> None:
        """Raise `InvalidValue` unless it is the token of a test card."""
        if token not in BEHAVIOURS:
            rule = f"must be a token of the simulated gateway: {', '.join(BEHAVIOURS)}"
            raise InvalidValue(field="token", rule=rule)

    async def authorise(self, request: AuthorisationRequest) -> AuthorisationResult:
        """Authorise an amount on a card, as its token determines."""
        try:
            response = await self._run(operations.authorise(request))
        except GatewayRejected as rejection:
            response = Failed(reason=rejection.reason)
        if isinstance(response, AuthorisationResult):
            return self._with_page(response)
        if response == Failed(reason=UNKNOWN_TOKEN):
            return Declined(reason=UNKNOWN_TOKEN)
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
        """Return the newest payment of a reference that is not declined, else the newest."""
        payments = await self._with_reference(reference)
        not_declined = [
            each for each in payments if not isinstance(each.authorisation_result, Declined)
        ]
        if not payments:
            return None
        found = (not_declined or payments)[-1]
        result = found.authorisation_result
        return replace(found, authorisation_result=result and self._with_page(result))

    async def list_payments(
        self, since: datetime, until: datetime
    ) -> AsyncIterator[GatewayPayment]:
        """Yield the payments created in a time range, page by page."""
        time_range = TimeRange(since=since, until=until)
        page = await self._page(time_range, None)
        while page:
            for payment in page:
                yield payment
            page = await self._page(time_range, page[-1].id)

    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:  # noqa: ARG002  As the port has it.
        """Raise `InvalidGatewayEvent`: this gateway sends no events."""
        raise InvalidGatewayEvent("the simulated gateway sends no events")

    @abstractmethod
    async def _run(self, operation: Operation) -> SimulatedResponse | NoResponse:
        """Have the gateway run an operation; raise `GatewayOutcomeUnknown`."""

    @abstractmethod
    async def _with_reference(self, reference: UUID) -> Sequence[GatewayPayment]:
        """Return the payments of a reference, oldest first; raise `GatewayOutcomeUnknown`."""

    @abstractmethod
    async def _page(self, time_range: TimeRange, after: str | None) -> Sequence[GatewayPayment]:
        """Return a page of payments after the one with this id; raise `GatewayOutcomeUnknown`."""

    def _with_page(self, result: AuthorisationResult) -> AuthorisationResult:
        """Name the page where the customer approves or declines a challenged payment."""
        if not isinstance(result, ActionRequired):
            return result
        return replace(result, redirect_url=self._url + page_path(result.payment_id))

    async def _change(self, operation: Operation) -> None:
        response = await self._run(operation)
        if not isinstance(response, Succeeded):
            raise _to_error(response)


class InProcessPaymentGateway(SimulatedPaymentGateway):
    """Uses the payment store directly, with the same timeout as an HTTP client.

    Without a timeout, a request that is never answered fails at once.
    """

    def __init__(self, store: PaymentStore, *, clock: Clock, timeout_seconds: float | None) -> None:
        super().__init__()
        self._store = store
        self._clock = clock
        self._timeout_seconds = timeout_seconds

    @property
    def store(self) -> PaymentStore:
        """The payments, for the page where customers decide them."""
        return self._store

    async def missing_records(self) -> str | None:
        """Return problem and remedy if the store's file is missing."""
        file = self._store.missing_file()
        if file is None:
            return None
        return (
            f"the simulated gateway's file {file} is missing, but the shop has charged cards;"
            " put it back, or run `shop restore`"
        )

    async def check_records(self) -> None:
        """Check the store's file."""
        await self._store.check()

    async def close(self) -> None:
        """Close the store."""
        await self._store.close()

    async def _run(self, operation: Operation) -> SimulatedResponse | NoResponse:
        response = await self._answered(self._store.run(operation))
        if isinstance(response, NoResponse) and self._timeout_seconds is not None:
            await self._clock.sleep(self._timeout_seconds)
        return response

    async def _with_reference(self, reference: UUID) -> Sequence[GatewayPayment]:
        stored = await self._answered(self._store.with_reference(reference))
        return [each.payment for each in stored]

    async def _page(self, time_range: TimeRange, after: str | None) -> Sequence[GatewayPayment]:
        stored = await self._answered(self._store.page(time_range, after=after, limit=PAGE_SIZE))
        return [each.payment for each in stored]

    async def _answered(self, call: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await call
        except TimeoutError as error:
            raise GatewayOutcomeUnknown("no response in time") from error
        except DatabaseFailure as error:
            raise GatewayOutcomeUnknown(str(error)) from error


def _to_error(response: SimulatedResponse | NoResponse) -> Exception:
    match response:
        case Failed(reason=reason):
            return GatewayRejected(reason)
        case NoResponse():
            return GatewayOutcomeUnknown("no response in time")
        case _:
            return GatewayOutcomeUnknown("the gateway answered with an error of its own")
