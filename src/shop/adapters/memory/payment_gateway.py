"""A gateway in memory: cards do what their tokens say, and calls what a script says."""

from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shop.adapters.simulated_gateway.card_behaviour import (
    CardBehaviour,
    Decision,
    Timeout,
    behaviour_of,
)
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
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
from shop.domain.shared.money import Money

DAY_SECONDS = 86_400


class ScriptedResult(StrEnum):
    """What becomes of a call that changes something.

    APPROVED, DECLINED and ACTION_REQUIRED decide an authorisation whatever its token says; for
    other calls they are like DEFAULT. A result is used up by the first call under a key.
    """

    DEFAULT = "usual"
    APPROVED = "approved"
    DECLINED = "declined"
    ACTION_REQUIRED = "challenged"
    REJECTED = "refused"
    TIMEOUT_BEFORE = "silent, and never arrived"
    TIMEOUT_AFTER = "silent, but done"


_SCRIPTED_BEHAVIOURS = {
    ScriptedResult.APPROVED: CardBehaviour(),
    ScriptedResult.DECLINED: CardBehaviour(decision=Decision.DECLINE, reason="declined"),
    ScriptedResult.ACTION_REQUIRED: CardBehaviour(decision=Decision.REQUIRE_ACTION),
}

_CANCELLED = Declined(reason="cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """The first answer under a key: there is none yet."""

    payment_id: str
    behaviour: CardBehaviour
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Succeeded:
    payment_id: str
    authorisation_result: AuthorisationResult | None = None
    is_faulty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failed:
    reason: str


_Response = _Pending | _Succeeded | _Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredKey:
    fingerprint: tuple[object, ...]
    response: _Response
    made_at: datetime


class MemoryPaymentGateway(PaymentGateway):
    """Keeps payments and keys in this process; time, also that of slow cards, is the clock's.

    `calls` counts for each payment's id the requests to authorise it that have arrived.
    """

    def __init__(self, clock: Clock, *, idempotency_seconds: float = DAY_SECONDS) -> None:
        self._clock = clock
        self._idempotency_window = timedelta(seconds=idempotency_seconds)
        self._scripted_results: deque[ScriptedResult] = deque()
        self._payments: dict[str, GatewayPayment] = {}
        self._keys: dict[str, _StoredKey] = {}
        self.calls: Counter[str] = Counter()

    def script(self, *results: ScriptedResult) -> None:
        """Say what becomes of the next calls that change something, in this order."""
        self._scripted_results.extend(results)

    async def authorise(self, request: AuthorisationRequest) -> AuthorisationResult:
        """Set an amount aside on a card."""
        scripted = self._next_scripted_result()
        behaviour = _SCRIPTED_BEHAVIOURS.get(scripted) or behaviour_of(request.token)
        fingerprint = ("authorise", request.reference, request.amount, request.token)
        is_first = self._is_new(request.key, fingerprint)
        if is_first:
            self._remember(
                request.key, fingerprint, self._create_payment(request, behaviour, scripted)
            )
        response = self._keys[request.key].response
        if isinstance(response, _Failed):
            raise GatewayRejected(response.reason)
        self.calls[response.payment_id] += 1
        if is_first and behaviour.timeout is Timeout.BEFORE:
            raise GatewayOutcomeUnknown("no answer, and nothing decided")
        if isinstance(response, _Pending):
            response = await self._decide(request.key, response)
        times_out = scripted is ScriptedResult.TIMEOUT_AFTER or (
            is_first and behaviour.timeout is Timeout.AFTER
        )
        if times_out or response.is_faulty or response.authorisation_result is None:
            raise GatewayOutcomeUnknown("no answer, but decided")
        return response.authorisation_result

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Take what was set aside."""

        def take(payment: GatewayPayment) -> GatewayPayment:
            if payment.is_voided:
                raise GatewayRejected("voided")
            if payment.is_captured:
                raise GatewayRejected("captured")
            if not isinstance(payment.authorisation_result, Approved):
                raise GatewayRejected("not_authorised")
            if payment.amount != amount:
                raise GatewayRejected("amount_differs")
            return replace(payment, is_captured=True)

        self._once(key, ("capture", payment_id, amount), payment_id, take)

    async def void(self, *, key: str, payment_id: str) -> None:
        """Give up what was set aside, or what might have been."""

        def give_up(payment: GatewayPayment) -> GatewayPayment:
            if payment.is_captured:
                raise GatewayRejected("captured")
            if isinstance(payment.authorisation_result, Declined):
                raise GatewayRejected("declined")
            return replace(payment, is_voided=True)

        self._once(key, ("void", payment_id), payment_id, give_up)

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Give back some of what was captured."""

        def give_back(payment: GatewayPayment) -> GatewayPayment:
            if not payment.is_captured:
                raise GatewayRejected("not_captured")
            if payment.amount.currency != amount.currency:
                raise GatewayRejected("currency_differs")
            if amount.amount <= 0:
                raise GatewayRejected("amount_not_positive")
            if payment.amount < payment.refunded + amount:
                raise GatewayRejected("more_than_is_left")
            return replace(payment, refunded=payment.refunded + amount)

        self._once(key, ("refund", payment_id, amount), payment_id, give_back)

    async def authenticate(self, payment_id: str, *, approved: bool) -> None:
        """Take the step that the customer was asked for; raise `GatewayRejected` where none was."""
        payment = self._payments.get(payment_id)
        if payment is None:
            raise GatewayRejected("not_there")
        result: AuthorisationResult = Declined(reason="authentication_failed")
        if approved:
            result = Approved(payment_id=payment_id)
        if payment.authorisation_result == result:
            return
        if payment.is_voided or not isinstance(payment.authorisation_result, ActionRequired):
            raise GatewayRejected("not_challenged")
        self._payments[payment_id] = replace(payment, authorisation_result=result)

    async def find_payment(
        self,
        reference: UUID,
        payment_id: str | None = None,  # noqa: ARG002  References are found at once.
    ) -> GatewayPayment | None:
        """Return the payment of a reference that counts."""
        payments = [each for each in self._payments.values() if each.reference == reference]
        not_declined = [
            each for each in payments if not isinstance(each.authorisation_result, Declined)
        ]
        return (not_declined or payments)[-1] if payments else None

    async def list_payments(
        self, since: datetime, until: datetime
    ) -> AsyncIterator[GatewayPayment]:
        """Yield the payments of a span of time."""
        for payment in sorted(self._payments.values(), key=lambda each: each.created_at):
            if since <= payment.created_at < until:
                yield payment

    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:  # noqa: ARG002  As the port has it.
        """Raise `InvalidGatewayEvent`: this gateway sends no events."""
        raise InvalidGatewayEvent("the gateway in memory sends no events")

    async def close(self) -> None:
        """Do nothing: there are no connections."""

    def _next_scripted_result(self) -> ScriptedResult:
        scripted = (
            self._scripted_results.popleft() if self._scripted_results else ScriptedResult.DEFAULT
        )
        if scripted is ScriptedResult.TIMEOUT_BEFORE:
            raise GatewayOutcomeUnknown("no answer, and it never arrived")
        return scripted

    def _is_new(self, key: str, fingerprint: tuple[object, ...]) -> bool:
        """Tell whether a key is asked under for the first time; raise where for something else."""
        forgotten_before = self._clock.now() - self._idempotency_window
        known = self._keys.get(key)
        if known is None or known.made_at <= forgotten_before:
            return True
        if known.fingerprint != fingerprint:
            raise GatewayRejected("key_reused")
        return False

    def _remember(self, key: str, fingerprint: tuple[object, ...], response: _Response) -> None:
        self._keys[key] = _StoredKey(
            fingerprint=fingerprint, response=response, made_at=self._clock.now()
        )

    def _create_payment(
        self, request: AuthorisationRequest, behaviour: CardBehaviour, scripted: ScriptedResult
    ) -> _Response:
        if scripted is ScriptedResult.REJECTED:
            return _Failed(reason="refused")
        if request.amount.amount <= 0:
            return _Failed(reason="amount_not_positive")
        now = self._clock.now()
        payment = GatewayPayment(
            id=f"pay_{len(self._payments) + 1}",
            reference=request.reference,
            amount=request.amount,
            authorisation_result=None,
            is_captured=False,
            is_voided=False,
            refunded=Money.zero(request.amount.currency),
            created_at=now,
        )
        self._payments[payment.id] = payment
        due_at = now + timedelta(seconds=behaviour.delay_seconds)
        return _Pending(payment_id=payment.id, behaviour=behaviour, due_at=due_at)

    async def _decide(self, key: str, pending: _Pending) -> _Succeeded:
        """Decide a payment once it is due, or see what somebody else has decided meanwhile."""
        remaining_seconds = (pending.due_at - self._clock.now()).total_seconds()
        if remaining_seconds > 0:
            await self._clock.sleep(remaining_seconds)
        response = self._keys[key].response
        if isinstance(response, _Succeeded):
            return response
        payment = self._payments[pending.payment_id]
        result = (
            _CANCELLED
            if payment.is_voided
            else _authorisation_result(payment.id, pending.behaviour)
        )
        if not payment.is_voided:
            self._payments[payment.id] = replace(payment, authorisation_result=result)
        succeeded = _Succeeded(
            payment_id=payment.id,
            authorisation_result=result,
            is_faulty=pending.behaviour.is_faulty,
        )
        self._keys[key] = replace(self._keys[key], response=succeeded)
        return succeeded

    def _once(
        self,
        key: str,
        fingerprint: tuple[object, ...],
        payment_id: str,
        change: Callable[[GatewayPayment], GatewayPayment],
    ) -> None:
        """Make a change, and remember what came of it; or tell what is remembered."""
        scripted = self._next_scripted_result()
        if self._is_new(key, fingerprint):
            self._remember(key, fingerprint, self._apply(payment_id, change, scripted))
        response = self._keys[key].response
        if scripted is ScriptedResult.TIMEOUT_AFTER:
            raise GatewayOutcomeUnknown("no answer, but done")
        if isinstance(response, _Failed):
            raise GatewayRejected(response.reason)

    def _apply(
        self,
        payment_id: str,
        change: Callable[[GatewayPayment], GatewayPayment],
        scripted: ScriptedResult,
    ) -> _Response:
        payment = self._payments.get(payment_id)
        if scripted is ScriptedResult.REJECTED:
            return _Failed(reason="refused")
        if payment is None:
            return _Failed(reason="not_there")
        try:
            self._payments[payment_id] = change(payment)
        except GatewayRejected as rejection:
            return _Failed(reason=rejection.reason)
        return _Succeeded(payment_id=payment_id)


def _authorisation_result(payment_id: str, behaviour: CardBehaviour) -> AuthorisationResult:
    match behaviour.decision:
        case Decision.APPROVE:
            return Approved(payment_id=payment_id)
        case Decision.DECLINE:
            return Declined(reason=behaviour.reason or "declined")
        case Decision.REQUIRE_ACTION:
            return ActionRequired(payment_id=payment_id, client_secret=f"{payment_id}_secret")
