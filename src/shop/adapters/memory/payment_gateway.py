"""A gateway in memory: cards do what their tokens say, and calls what a script says."""

from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shop.adapters.simulated.rules import Decision, Rule, Silence, rule_of
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    Approved,
    Authorise,
    Challenged,
    Declined,
    GatewayPayment,
    GatewayRefused,
    GatewaySilent,
    Notice,
    NoticeRefused,
    PaymentGateway,
    Verdict,
)
from shop.domain.money import Money

DAY_SECONDS = 86_400


class Fate(StrEnum):
    """What becomes of a call that changes something.

    APPROVED, DECLINED and CHALLENGED decide an authorisation whatever its token says; to anything
    else they are as USUAL. A key that is remembered has had its fate: it can only go unheard.
    """

    USUAL = "usual"
    APPROVED = "approved"
    DECLINED = "declined"
    CHALLENGED = "challenged"
    REFUSED = "refused"
    SILENT_BEFORE = "silent, and never arrived"
    SILENT_AFTER = "silent, but done"


_DECIDED = {
    Fate.APPROVED: Rule(),
    Fate.DECLINED: Rule(decision=Decision.DECLINE, reason="declined"),
    Fate.CHALLENGED: Rule(decision=Decision.CHALLENGE),
}

_CANCELLED = Declined(reason="cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Undecided:
    """The first answer under a key: there is none yet."""

    payment_id: str
    rule: Rule
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    payment_id: str
    verdict: Verdict | None = None
    is_faulty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    reason: str


_Answer = _Undecided | _Done | _Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered:
    request: tuple[object, ...]
    answer: _Answer
    made_at: datetime


class MemoryPaymentGateway(PaymentGateway):
    """Keeps payments and keys in this process; time, also that of slow cards, is the clock's.

    `calls` counts for each payment's id the requests to authorise it that have arrived.
    """

    def __init__(self, clock: Clock, *, key_seconds: float = DAY_SECONDS) -> None:
        self._clock = clock
        self._key_memory = timedelta(seconds=key_seconds)
        self._fates: deque[Fate] = deque()
        self._payments: dict[str, GatewayPayment] = {}
        self._keys: dict[str, _Remembered] = {}
        self.calls: Counter[str] = Counter()

    def script(self, *fates: Fate) -> None:
        """Say what becomes of the next calls that change something, in this order."""
        self._fates.extend(fates)

    async def authorise(self, wish: Authorise) -> Verdict:
        """Set an amount aside on a card."""
        fate = self._next_fate()
        rule = _DECIDED.get(fate) or rule_of(wish.token)
        request = ("authorise", wish.reference, wish.amount, wish.token)
        is_first = self._is_new(wish.key, request)
        if is_first:
            self._keep(wish.key, request, self._begun(wish, rule, fate))
        answer = self._keys[wish.key].answer
        if isinstance(answer, _Refused):
            raise GatewayRefused(answer.reason)
        self.calls[answer.payment_id] += 1
        if is_first and rule.silence is Silence.BEFORE:
            raise GatewaySilent("no answer, and nothing decided")
        if isinstance(answer, _Undecided):
            answer = await self._decided(wish.key, answer)
        is_unheard = fate is Fate.SILENT_AFTER or (is_first and rule.silence is Silence.AFTER)
        if is_unheard or answer.is_faulty or answer.verdict is None:
            raise GatewaySilent("no answer, but decided")
        return answer.verdict

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Take what was set aside."""

        def take(payment: GatewayPayment) -> GatewayPayment:
            if payment.is_voided:
                raise GatewayRefused("voided")
            if payment.is_captured:
                raise GatewayRefused("captured")
            if not isinstance(payment.verdict, Approved):
                raise GatewayRefused("not_authorised")
            if payment.amount != amount:
                raise GatewayRefused("amount_differs")
            return replace(payment, is_captured=True)

        self._once(key, ("capture", payment_id, amount), payment_id, take)

    async def void(self, *, key: str, payment_id: str) -> None:
        """Give up what was set aside, or what might have been."""

        def give_up(payment: GatewayPayment) -> GatewayPayment:
            if payment.is_captured:
                raise GatewayRefused("captured")
            if isinstance(payment.verdict, Declined):
                raise GatewayRefused("declined")
            return replace(payment, is_voided=True)

        self._once(key, ("void", payment_id), payment_id, give_up)

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Give back some of what was captured."""

        def give_back(payment: GatewayPayment) -> GatewayPayment:
            if not payment.is_captured:
                raise GatewayRefused("not_captured")
            if payment.amount.currency != amount.currency:
                raise GatewayRefused("currency_differs")
            if amount.amount <= 0:
                raise GatewayRefused("amount_not_positive")
            if payment.amount < payment.refunded + amount:
                raise GatewayRefused("more_than_is_left")
            return replace(payment, refunded=payment.refunded + amount)

        self._once(key, ("refund", payment_id, amount), payment_id, give_back)

    async def authenticate(self, payment_id: str, *, approved: bool) -> None:
        """Take the step that the customer was asked for; raise `GatewayRefused` where none was."""
        payment = self._payments.get(payment_id)
        if payment is None:
            raise GatewayRefused("not_there")
        verdict: Verdict = Declined(reason="authentication_failed")
        if approved:
            verdict = Approved(payment_id=payment_id)
        if payment.verdict == verdict:
            return
        if payment.is_voided or not isinstance(payment.verdict, Challenged):
            raise GatewayRefused("not_challenged")
        self._payments[payment_id] = replace(payment, verdict=verdict)

    async def look_up(
        self,
        reference: UUID,
        payment_id: str | None = None,  # noqa: ARG002  References are found at once.
    ) -> GatewayPayment | None:
        """Return the payment of a reference that counts."""
        payments = [each for each in self._payments.values() if each.reference == reference]
        alive = [each for each in payments if not isinstance(each.verdict, Declined)]
        return (alive or payments)[-1] if payments else None

    async def payments(self, since: datetime, until: datetime) -> AsyncIterator[GatewayPayment]:
        """Yield the payments of a span of time."""
        for payment in sorted(self._payments.values(), key=lambda each: each.created_at):
            if since <= payment.created_at < until:
                yield payment

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice:  # noqa: ARG002  As the port has it.
        """Raise `NoticeRefused`: this gateway sends no notices."""
        raise NoticeRefused("the gateway in memory sends no notices")

    async def close(self) -> None:
        """Do nothing: there are no connections."""

    def _next_fate(self) -> Fate:
        fate = self._fates.popleft() if self._fates else Fate.USUAL
        if fate is Fate.SILENT_BEFORE:
            raise GatewaySilent("no answer, and it never arrived")
        return fate

    def _is_new(self, key: str, request: tuple[object, ...]) -> bool:
        """Tell whether a key is asked under for the first time; raise where for something else."""
        forgotten = self._clock.now() - self._key_memory
        known = self._keys.get(key)
        if known is None or known.made_at <= forgotten:
            return True
        if known.request != request:
            raise GatewayRefused("key_reused")
        return False

    def _keep(self, key: str, request: tuple[object, ...], answer: _Answer) -> None:
        self._keys[key] = _Remembered(request=request, answer=answer, made_at=self._clock.now())

    def _begun(self, wish: Authorise, rule: Rule, fate: Fate) -> _Answer:
        if fate is Fate.REFUSED:
            return _Refused(reason="refused")
        if wish.amount.amount <= 0:
            return _Refused(reason="amount_not_positive")
        now = self._clock.now()
        payment = GatewayPayment(
            id=f"pay_{len(self._payments) + 1}",
            reference=wish.reference,
            amount=wish.amount,
            verdict=None,
            is_captured=False,
            is_voided=False,
            refunded=Money.zero(wish.amount.currency),
            created_at=now,
        )
        self._payments[payment.id] = payment
        due_at = now + timedelta(seconds=rule.delay_seconds)
        return _Undecided(payment_id=payment.id, rule=rule, due_at=due_at)

    async def _decided(self, key: str, begun: _Undecided) -> _Done:
        """Decide a payment once it is due, or see what somebody else has decided meanwhile."""
        left = (begun.due_at - self._clock.now()).total_seconds()
        if left > 0:
            await self._clock.sleep(left)
        answer = self._keys[key].answer
        if isinstance(answer, _Done):
            return answer
        payment = self._payments[begun.payment_id]
        verdict = _CANCELLED if payment.is_voided else _verdict(payment.id, begun.rule)
        if not payment.is_voided:
            self._payments[payment.id] = replace(payment, verdict=verdict)
        done = _Done(payment_id=payment.id, verdict=verdict, is_faulty=begun.rule.is_faulty)
        self._keys[key] = replace(self._keys[key], answer=done)
        return done

    def _once(
        self,
        key: str,
        request: tuple[object, ...],
        payment_id: str,
        change: Callable[[GatewayPayment], GatewayPayment],
    ) -> None:
        """Make a change, and remember what came of it; or tell what is remembered."""
        fate = self._next_fate()
        if self._is_new(key, request):
            self._keep(key, request, self._changed(payment_id, change, fate))
        answer = self._keys[key].answer
        if fate is Fate.SILENT_AFTER:
            raise GatewaySilent("no answer, but done")
        if isinstance(answer, _Refused):
            raise GatewayRefused(answer.reason)

    def _changed(
        self, payment_id: str, change: Callable[[GatewayPayment], GatewayPayment], fate: Fate
    ) -> _Answer:
        payment = self._payments.get(payment_id)
        if fate is Fate.REFUSED:
            return _Refused(reason="refused")
        if payment is None:
            return _Refused(reason="not_there")
        try:
            self._payments[payment_id] = change(payment)
        except GatewayRefused as refusal:
            return _Refused(reason=refusal.reason)
        return _Done(payment_id=payment_id)


def _verdict(payment_id: str, rule: Rule) -> Verdict:
    match rule.decision:
        case Decision.APPROVE:
            return Approved(payment_id=payment_id)
        case Decision.DECLINE:
            return Declined(reason=rule.reason or "declined")
        case Decision.CHALLENGE:
            return Challenged(payment_id=payment_id, client_secret=f"{payment_id}_secret")
