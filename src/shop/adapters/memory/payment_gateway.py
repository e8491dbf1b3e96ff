"""The simulated gateway in memory, for tests: its responses can be scripted."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shop.adapters.simulated_gateway import operations
from shop.adapters.simulated_gateway.card_behaviour import CardBehaviour, Decision
from shop.adapters.simulated_gateway.operations import Operation, Unanswered
from shop.adapters.simulated_gateway.payment_gateway import InProcessPaymentGateway
from shop.adapters.simulated_gateway.records import GatewayRecords, StoredPayment
from shop.adapters.simulated_gateway.responses import Failed, NoResponse, SimulatedResponse
from shop.adapters.simulated_gateway.store.payment_store import PaymentStore
from shop.application.ports.clock import Clock
from shop.application.ports.paging import TimeRange
from shop.application.ports.payment_gateway import (
    ActionRequired,
    AuthorisationRequest,
    AuthorisationResult,
    GatewayPayment,
    GatewayRejected,
)

DAY_SECONDS = 86_400


class ScriptedResult(StrEnum):
    """The scripted result of an operation that a gateway is asked for.

    APPROVED, DECLINED and ACTION_REQUIRED replace the behaviour of the token; other operations
    treat them like DEFAULT. They and REJECTED apply to the first request under a key only.
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


class MemoryPaymentStore(PaymentStore):
    """Stores the records in dictionaries. Ids are random, or `pay_1`, `pay_2` and so on."""

    def __init__(self, clock: Clock, *, idempotency_seconds: float, has_random_ids: bool) -> None:
        super().__init__(clock)
        self._idempotency_window = timedelta(seconds=idempotency_seconds)
        self.records = GatewayRecords()
        if not has_random_ids:
            self.records.new_payment_id = lambda: f"pay_{len(self.records.payments) + 1}"

    async def payment(self, payment_id: str) -> StoredPayment | None:
        """Return a payment by its id."""
        return next((each for each in self._all() if each.payment.id == payment_id), None)

    async def with_reference(self, reference: UUID) -> Sequence[StoredPayment]:
        """Return the payments of a reference, oldest first."""
        return [each for each in self._all() if each.payment.reference == reference]

    async def page(
        self, time_range: TimeRange, *, after: str | None, limit: int | None
    ) -> Sequence[StoredPayment]:
        """Return payments created in a time range after the one with this id, oldest first."""
        found = [
            each
            for each in self._all()
            if time_range.since <= each.payment.created_at < time_range.until
        ]
        ids = [each.payment.id for each in found]
        start = ids.index(after) + 1 if after in ids else 0 if after is None else len(ids)
        return found[start : None if limit is None else start + limit]

    async def _execute(self, operation: Operation) -> SimulatedResponse | Unanswered:
        now = self._clock.now()
        self.records.forget_keys(now - self._idempotency_window)
        return operation.run(self.records, now)

    def _all(self) -> Sequence[StoredPayment]:
        stored = [
            StoredPayment(payment=each, calls=self.records.calls[id_])
            for id_, each in self.records.payments.items()
        ]
        return sorted(stored, key=lambda each: each.payment.created_at)


class MemoryPaymentGateway(InProcessPaymentGateway):
    """The simulated gateway on records in memory. Scripted results replace its next responses.

    `calls` counts the authorisation requests for each payment. A request that is never answered
    fails at once, and a slow card takes only the clock's time.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        idempotency_seconds: float = DAY_SECONDS,
        has_random_ids: bool = False,
    ) -> None:
        store = MemoryPaymentStore(
            clock, idempotency_seconds=idempotency_seconds, has_random_ids=has_random_ids
        )
        super().__init__(store, clock=clock, timeout_seconds=None)
        self._payments = store.records.payments
        self._scripted_results: deque[ScriptedResult] = deque()
        self.calls = store.records.calls

    def script(self, *results: ScriptedResult) -> None:
        """Set the results of the next operations, in this order."""
        self._scripted_results.extend(results)

    async def authorise(self, request: AuthorisationRequest) -> AuthorisationResult:
        """Authorise an amount on a card; a challenge has a client secret."""
        return _with_client_secret(await super().authorise(request))

    async def find_payment(
        self, reference: UUID, payment_id: str | None = None
    ) -> GatewayPayment | None:
        """Return the effective payment of a reference; a challenge has a client secret."""
        found = await super().find_payment(reference, payment_id)
        if found is None or found.authorisation_result is None:
            return found
        return replace(found, authorisation_result=_with_client_secret(found.authorisation_result))

    async def authenticate(self, payment_id: str, *, approved: bool) -> None:
        """Complete a challenge as the customer; raise `GatewayRejected` if there is none."""
        response = await self._store.run(operations.authenticate(payment_id, approved=approved))
        if isinstance(response, Failed):
            raise GatewayRejected(response.reason)

    async def _run(self, operation: Operation) -> SimulatedResponse | NoResponse:
        results = self._scripted_results
        scripted = results.popleft() if results else ScriptedResult.DEFAULT
        if scripted is ScriptedResult.TIMEOUT_BEFORE:
            return NoResponse()
        if scripted is ScriptedResult.REJECTED:
            operation = _rejected(operation)
        elif scripted in _SCRIPTED_BEHAVIOURS and operation.authorisation is not None:
            operation = operations.authorise(
                operation.authorisation, _SCRIPTED_BEHAVIOURS[scripted]
            )
        response = await super()._run(operation)
        return NoResponse() if scripted is ScriptedResult.TIMEOUT_AFTER else response


def _rejected(operation: Operation) -> Operation:
    """Return an operation that is rejected unless its key is known; the key remembers it."""

    def run(records: GatewayRecords, now: datetime) -> SimulatedResponse | Unanswered:
        key = operation.key or ""
        if key not in records.keys:
            records.add_key(key, operation.fingerprint, "", Failed(reason="refused"), now)
        return operation.run(records, now)

    return replace(operation, run=run)


def _with_client_secret(result: AuthorisationResult) -> AuthorisationResult:
    if isinstance(result, ActionRequired):
        return replace(result, client_secret=f"{result.payment_id}_secret")
    return result
