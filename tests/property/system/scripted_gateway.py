"""A gateway in memory with a script for each payment, which records its responses."""

import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway, ScriptedResult
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    Approved,
    AuthorisationRequest,
    AuthorisationResult,
    Declined,
    GatewayEvent,
    GatewayOutcomeUnknown,
    GatewayPayment,
    GatewayRejected,
    PaymentGateway,
)
from shop.domain.shared.money import Money
from tests.factories import NOW
from tests.property.model.state import IDEMPOTENCY_SECONDS
from tests.property.observations import (
    APPROVED,
    AUTHORISATION_REQUESTED,
    CAPTURED,
    DECLINED,
    LOOKED_UP,
)

T = TypeVar("T")

ALL_TIME = (NOW - timedelta(days=1), NOW + timedelta(days=36_500))


@dataclass(frozen=True, slots=True, kw_only=True)
class RawGatewayResponse:
    """What was said of a reference, and when."""

    reference: UUID
    kind: str
    reason: str
    at: datetime


class ScriptedGateway(PaymentGateway):
    """The gateway in memory, with a script for the calls of each reference, and with events.

    `meanwhile` runs while the caller waits for the response.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.meanwhile: Callable[[UUID], Awaitable[None]] = _nothing
        self.reset()

    def reset(self) -> None:
        """Clear all payments and scripts."""
        self._inner = MemoryPaymentGateway(self._clock, idempotency_seconds=IDEMPOTENCY_SECONDS)
        self._scripts: dict[UUID, deque[ScriptedResult]] = {}
        self.next_script: Sequence[ScriptedResult] = ()
        self.is_down = False
        self.responses: list[RawGatewayResponse] = []
        self.keys: dict[tuple[str, UUID], set[str]] = {}
        """The keys of each kind of call, by reference."""

    def clear_scripts(self) -> None:
        """Respond as usual from now on."""
        self._scripts = {reference: deque() for reference in self._scripts}

    async def all_payments(self) -> Sequence[GatewayPayment]:
        """Return all payments, also while the gateway is down."""
        return [payment async for payment in self._inner.list_payments(*ALL_TIME)]

    @property
    def calls_with_several_keys(self) -> Sequence[str]:
        """Tell what was asked for under more than one key."""
        return [
            f"{operation} under {keys}" for operation, keys in self.keys.items() if len(keys) > 1
        ]

    async def authenticate(self, payment_id: str, *, approved: bool) -> None:
        await self._inner.authenticate(payment_id, approved=approved)

    def require_token(self, token: str) -> None:
        self._inner.require_token(token)

    async def authorise(self, request: AuthorisationRequest) -> AuthorisationResult:
        self._scripts.setdefault(request.reference, deque(self.next_script))
        self._record_key("authorise", request.reference, request.key)
        try:
            result = await self._call(request.reference, partial(self._inner.authorise, request))
            self._record_result(request.reference, result)
        except GatewayRejected as rejection:
            self._record(request.reference, DECLINED, rejection.reason)
            raise
        finally:
            await self._run_meanwhile(request.reference)
        return result

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        reference = self._reference(payment_id)
        self._record_key("capture", reference, key)
        call = partial(self._inner.capture, key=key, payment_id=payment_id, amount=amount)
        try:
            await self._call(reference, call)
            self._record(reference, CAPTURED)
        finally:
            await self._run_meanwhile(reference)

    async def void(self, *, key: str, payment_id: str) -> None:
        reference = self._reference(payment_id)
        self._record_key("void", reference, key)
        await self._call(reference, partial(self._inner.void, key=key, payment_id=payment_id))

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        call = partial(self._inner.refund, key=key, payment_id=payment_id, amount=amount)
        await self._call(self._reference(payment_id), call)

    async def find_payment(
        self, reference: UUID, payment_id: str | None = None
    ) -> GatewayPayment | None:
        if payment_id is None:
            # A lookup by the payment's id, as for an event, never lets the payment expire.
            self._record(reference, LOOKED_UP)
        self._require_up()
        found = await self._inner.find_payment(reference, payment_id)
        if found is not None:
            self._record_result(reference, found.authorisation_result)
            if found.is_captured:
                self._record(reference, CAPTURED)
        return found

    async def list_payments(
        self, since: datetime, until: datetime
    ) -> AsyncIterator[GatewayPayment]:
        self._require_up()
        async for payment in self._inner.list_payments(since, until):
            yield payment

    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
        del headers
        event = json.loads(body)
        return gateway_event(event["id"], UUID(event["reference"]))

    async def close(self) -> None:
        await self._inner.close()

    async def _call(self, reference: UUID, call: Callable[[], Awaitable[T]]) -> T:
        self._require_up()
        script = self._scripts.get(reference)
        if script:
            self._inner.script(script.popleft())
        return await call()

    async def _run_meanwhile(self, reference: UUID) -> None:
        self._record(reference, AUTHORISATION_REQUESTED)
        await self.meanwhile(reference)

    def _record_key(self, operation: str, reference: UUID, key: str) -> None:
        self.keys.setdefault((operation, reference), set()).add(key)

    def _require_up(self) -> None:
        if self.is_down:
            raise GatewayOutcomeUnknown("there is no gateway")

    def _reference(self, payment_id: str) -> UUID:
        reference = self._inner._payments[payment_id].reference
        assert reference is not None
        return reference

    def _record_result(self, reference: UUID, result: AuthorisationResult | None) -> None:
        match result:
            case Approved():
                self._record(reference, APPROVED)
            case Declined(reason=reason):
                self._record(reference, DECLINED, reason)

    def _record(self, reference: UUID, kind: str, reason: str = "") -> None:
        response = RawGatewayResponse(
            reference=reference, kind=kind, reason=reason, at=self._clock.now()
        )
        self.responses.append(response)


def gateway_event(name: str, reference: UUID) -> GatewayEvent:
    """Return an event about a reference."""
    return GatewayEvent(id=name, kind="something", payment_id="pay_1", reference=reference)


def to_body(event: GatewayEvent) -> bytes:
    """Return an event as the gateway sends it."""
    return json.dumps({"id": event.id, "reference": str(event.reference)}).encode()


async def _nothing(_: UUID) -> None:
    pass
