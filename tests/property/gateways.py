"""A gateway that does what each payment is fated to, and notes what it was heard to say."""

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
from tests.property.books import KEY_SECONDS
from tests.property.sightings import APPROVED, ASKED, CAPTURED, DECLINED, INSPECTED

T = TypeVar("T")

ALL_TIME = (NOW - timedelta(days=1), NOW + timedelta(days=36_500))


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What was said of a reference, and when."""

    reference: UUID
    what: str
    reason: str
    at: datetime


class FatedGateway(PaymentGateway):
    """The gateway in memory, with a fate for each call about a reference, and with notices.

    `meanwhile` is done while whoever asked for money waits for the answer.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.meanwhile: Callable[[UUID], Awaitable[None]] = _nothing
        self.reset()

    def reset(self) -> None:
        """Begin anew, with empty books."""
        self._inner = MemoryPaymentGateway(self._clock, idempotency_seconds=KEY_SECONDS)
        self._fates: dict[UUID, deque[ScriptedResult]] = {}
        self.next_fates: Sequence[ScriptedResult] = ()
        self.is_down = False
        self.words: list[Word] = []
        self.keys: dict[tuple[str, UUID], set[str]] = {}
        """Under which keys each thing was asked for, of each reference."""

    def forget_fates(self) -> None:
        """Let everything go as usual from now on."""
        self._fates = {reference: deque() for reference in self._fates}

    async def books(self) -> Sequence[GatewayPayment]:
        """Return all payments, also while the gateway is down."""
        return [payment async for payment in self._inner.list_payments(*ALL_TIME)]

    @property
    def asked_twice(self) -> Sequence[str]:
        """Tell what was asked for under more than one key."""
        return [f"{what} under {keys}" for what, keys in self.keys.items() if len(keys) > 1]

    async def authenticate(self, payment_id: str, *, approved: bool) -> None:
        await self._inner.authenticate(payment_id, approved=approved)

    async def authorise(self, wish: AuthorisationRequest) -> AuthorisationResult:
        self._fates.setdefault(wish.reference, deque(self.next_fates))
        self._note_key("authorise", wish.reference, wish.key)
        try:
            verdict = await self._ask(wish.reference, partial(self._inner.authorise, wish))
            self._hear_verdict(wish.reference, verdict)
        except GatewayRejected as refusal:
            self._hear(wish.reference, DECLINED, refusal.reason)
            raise
        finally:
            await self._let_happen(wish.reference)
        return verdict

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        reference = self._reference(payment_id)
        self._note_key("capture", reference, key)
        call = partial(self._inner.capture, key=key, payment_id=payment_id, amount=amount)
        try:
            await self._ask(reference, call)
            self._hear(reference, CAPTURED)
        finally:
            await self._let_happen(reference)

    async def void(self, *, key: str, payment_id: str) -> None:
        reference = self._reference(payment_id)
        self._note_key("void", reference, key)
        await self._ask(reference, partial(self._inner.void, key=key, payment_id=payment_id))

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        call = partial(self._inner.refund, key=key, payment_id=payment_id, amount=amount)
        await self._ask(self._reference(payment_id), call)

    async def find_payment(
        self, reference: UUID, payment_id: str | None = None
    ) -> GatewayPayment | None:
        self._hear(reference, INSPECTED)
        self._require_up()
        found = await self._inner.find_payment(reference, payment_id)
        if found is not None:
            self._hear_verdict(reference, found.authorisation_result)
            if found.is_captured:
                self._hear(reference, CAPTURED)
        return found

    async def list_payments(
        self, since: datetime, until: datetime
    ) -> AsyncIterator[GatewayPayment]:
        self._require_up()
        async for payment in self._inner.list_payments(since, until):
            yield payment

    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
        del headers
        told = json.loads(body)
        return a_notice(told["id"], UUID(told["reference"]))

    async def close(self) -> None:
        await self._inner.close()

    async def _ask(self, reference: UUID, call: Callable[[], Awaitable[T]]) -> T:
        self._require_up()
        fates = self._fates.get(reference)
        if fates:
            self._inner.script(fates.popleft())
        return await call()

    async def _let_happen(self, reference: UUID) -> None:
        self._hear(reference, ASKED)
        await self.meanwhile(reference)

    def _note_key(self, what: str, reference: UUID, key: str) -> None:
        self.keys.setdefault((what, reference), set()).add(key)

    def _require_up(self) -> None:
        if self.is_down:
            raise GatewayOutcomeUnknown("there is no gateway")

    def _reference(self, payment_id: str) -> UUID:
        reference = self._inner._payments[payment_id].reference
        assert reference is not None
        return reference

    def _hear_verdict(self, reference: UUID, verdict: AuthorisationResult | None) -> None:
        match verdict:
            case Approved():
                self._hear(reference, APPROVED)
            case Declined(reason=reason):
                self._hear(reference, DECLINED, reason)

    def _hear(self, reference: UUID, what: str, reason: str = "") -> None:
        word = Word(reference=reference, what=what, reason=reason, at=self._clock.now())
        self.words.append(word)


def a_notice(name: str, reference: UUID) -> GatewayEvent:
    """Return what the gateway tells of a reference."""
    return GatewayEvent(id=name, kind="something", payment_id="pay_1", reference=reference)


def in_an_envelope(notice: GatewayEvent) -> bytes:
    """Return a notice as the gateway sends it."""
    return json.dumps({"id": notice.id, "reference": str(notice.reference)}).encode()


async def _nothing(_: UUID) -> None:
    pass
