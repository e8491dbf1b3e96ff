"""The payment gateway Stripe: each payment is a payment intent."""

import math
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import aiohttp
import stripe
from stripe.params import PaymentIntentListParams
from stripe.params import PaymentIntentListParamsCreated as CreatedRange

from shop.adapters.stripe.amounts import to_stripe
from shop.adapters.stripe.errors import KEY_REUSED, call, reading_response
from shop.adapters.stripe.payment_intents import (
    REFERENCE,
    Intent,
    to_payment,
    to_reference,
    to_result,
)
from shop.adapters.stripe.webhook import parse_event
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    AuthorisationRequest,
    AuthorisationResult,
    Declined,
    GatewayEvent,
    GatewayOutcomeUnknown,
    GatewayPayment,
    GatewayRejected,
    PaymentGateway,
)
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money

PAGE_SIZE = 100
"""The most that Stripe lists per request."""

TIMESTAMPED_UUID_VERSION = 7
"""The version of ids that contain their time (RFC 9562)."""

_TOKEN = re.compile(r"(?:pm|card|src|tok)_[A-Za-z0-9_]+")
"""Payment methods, and what else `payment_method` takes (https://docs.stripe.com/api)."""

_REFUND_STATUSES = frozenset({"succeeded", "pending", "requires_action"})
"""Refunds that have not failed: Stripe carries them out."""

LOOK_BACK_PERIOD = timedelta(days=7)
"""No card holds an authorised amount for longer."""

MAX_CLOCK_SKEW = timedelta(hours=1)
"""A generous limit of how far the shop's clock may be ahead of Stripe's."""


class StripePaymentGateway(PaymentGateway):
    """Uses payment intents that are confirmed at once and captured manually.

    The token is the id of a payment method from Stripe.js, without redirects to other sites;
    Stripe.js also authenticates the customer. The library must not retry, because the shop does.
    """

    def __init__(
        self,
        *,
        secret_key: str,
        webhook_secrets: Sequence[str],
        api_base: str,
        timeout_seconds: float,
        clock: Clock,
        look_back: timedelta = LOOK_BACK_PERIOD,
    ) -> None:
        # Telemetry would write to the home directory and send data about the machine.
        stripe.enable_telemetry = False
        self._secret_key = secret_key
        self._webhook_secrets = tuple(webhook_secrets)
        self._api_base = api_base
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._clock = clock
        self._look_back = look_back
        self._http: stripe.AIOHTTPClient | None = None

    def require_token(self, token: str) -> None:
        """Raise `InvalidValue` unless it looks like the id of a payment method."""
        if not _TOKEN.fullmatch(token):
            rule = "must be the id of a payment method from Stripe.js, such as pm_1Nc…"
            raise InvalidValue(field="token", rule=rule)

    async def authorise(self, request: AuthorisationRequest) -> AuthorisationResult:
        """Create and confirm a payment intent; a rejected request counts as declined.

        Stripe keeps no record of a rejected request, such as one with an unknown token. Raise
        `GatewayRejected` if the amount is not positive, or for another request under the key.
        """
        if request.amount.amount <= 0:
            raise GatewayRejected("amount_not_positive")
        try:
            intent = await call(
                self._api.v1.payment_intents.create_async(
                    {
                        "amount": to_stripe(request.amount),
                        "currency": request.amount.currency.lower(),
                        "payment_method": request.token,
                        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                        "capture_method": "manual",
                        "confirm": True,
                        "use_stripe_sdk": True,
                        "metadata": {REFERENCE: str(request.reference)},
                    },
                    {"idempotency_key": request.key},
                )
            )
        except GatewayRejected as rejection:
            if rejection.reason == KEY_REUSED:
                raise
            return Declined(reason=rejection.reason)
        with reading_response():
            result = to_result(intent.to_dict())
        if result is None:
            raise GatewayOutcomeUnknown("the payment has no result yet")
        return result

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Capture the intent in full; otherwise Stripe would void the rest."""
        if (await self._payment(payment_id)).amount != amount:
            raise GatewayRejected("amount_differs")
        captured = await call(
            self._api.v1.payment_intents.capture_async(
                payment_id, {"amount_to_capture": to_stripe(amount)}, {"idempotency_key": key}
            )
        )
        with reading_response():
            _require_status(captured.to_dict(), "succeeded")

    async def void(self, *, key: str, payment_id: str) -> None:
        """Cancel the intent, unless it was declined, which Stripe would also cancel."""
        payment = await self._payment(payment_id)
        if payment.is_voided:
            return
        if isinstance(payment.authorisation_result, Declined):
            raise GatewayRejected("declined")
        try:
            cancelled = await call(
                self._api.v1.payment_intents.cancel_async(
                    payment_id, options={"idempotency_key": key}
                )
            )
        except GatewayRejected:
            # It may have been cancelled at the same time.
            if not (await self._payment(payment_id)).is_voided:
                raise
        else:
            with reading_response():
                _require_status(cancelled.to_dict(), "canceled")

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Refund the intent if it was captured."""
        payment = await self._payment(payment_id)
        if not payment.is_captured:
            raise GatewayRejected("not_captured")
        if payment.amount.currency != amount.currency:
            raise GatewayRejected("currency_differs")
        refund = await call(
            self._api.v1.refunds.create_async(
                {"payment_intent": payment_id, "amount": to_stripe(amount)},
                {"idempotency_key": key},
            )
        )
        with reading_response():
            status = refund.to_dict().get("status")
        if status in {"failed", "canceled"}:
            raise GatewayRejected(f"refund_{status}")
        if status not in _REFUND_STATUSES:
            raise GatewayOutcomeUnknown("unreadable response: a refund without a status")

    async def find_payment(
        self, reference: UUID, payment_id: str | None = None
    ) -> GatewayPayment | None:
        """Return the intent with this id, or look through those since the reference.

        Stripe's search lags behind (decision 12). References that contain no time are looked for
        in the last days.
        """
        if payment_id is not None:
            return await self._known_payment(payment_id)
        declined = None
        async for intent in self._intents({"gte": math.floor(self._earliest_creation(reference))}):
            if to_reference(intent) != reference:
                continue
            with reading_response():
                payment = to_payment(intent)
            if not isinstance(payment.authorisation_result, Declined):
                return payment
            declined = declined or payment
        return declined

    async def list_payments(
        self, since: datetime, until: datetime
    ) -> AsyncIterator[GatewayPayment]:
        """Read the whole range, because Stripe lists the newest first; then reverse it.

        Other payments of the Stripe account are yielded without a reference, except those in a
        currency that the shop does not know.
        """
        # Stripe's times are in whole seconds.
        created: CreatedRange = {
            "gte": math.ceil(since.timestamp()),
            "lt": math.ceil(until.timestamp()),
        }
        for intent in reversed([each async for each in self._intents(created)]):
            with reading_response():
                try:
                    payment = to_payment(intent)
                except InvalidValue:
                    continue
            yield payment

    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
        """Verify and parse an event, signed in the header `Stripe-Signature`."""
        return parse_event(body, headers.get("stripe-signature"), self._webhook_secrets)

    async def close(self) -> None:
        """Close the connections to Stripe; the next request opens new ones."""
        http, self._http = self._http, None
        if http is not None:
            await http.close_async()  # type: ignore[no-untyped-call]  # Untyped.

    @property
    def _api(self) -> stripe.StripeClient:
        if self._http is None:
            self._http = stripe.AIOHTTPClient(timeout=self._timeout)
        return stripe.StripeClient(
            self._secret_key,
            base_addresses={"api": self._api_base},
            max_network_retries=0,
            http_client=self._http,
        )

    async def _known_payment(self, payment_id: str) -> GatewayPayment:
        """Return a payment that must exist, unless the secret key is another account's."""
        try:
            return await self._payment(payment_id)
        except GatewayRejected as rejection:
            raise GatewayOutcomeUnknown(
                f"Stripe does not find {payment_id}: {rejection.reason}"
            ) from None

    async def _payment(self, payment_id: str) -> GatewayPayment:
        """Return a payment; raise `GatewayRejected` if it does not exist."""
        intent = await call(
            self._api.v1.payment_intents.retrieve_async(payment_id, {"expand": ["latest_charge"]})
        )
        with reading_response():
            return to_payment(intent.to_dict())

    async def _intents(self, created: CreatedRange) -> AsyncIterator[Intent]:
        """Yield the intents of a range of time, newest first."""
        has_more, last = True, None
        while has_more:
            page: PaymentIntentListParams = {
                "created": created,
                "expand": ["data.latest_charge"],
                "limit": PAGE_SIZE,
            }
            if last is not None:
                page["starting_after"] = last
            try:
                response = await call(self._api.v1.payment_intents.list_async(page))
            except GatewayRejected as rejection:
                raise GatewayOutcomeUnknown(
                    f"Stripe cannot list payments: {rejection.reason}"
                ) from None
            with reading_response():
                intents = [intent.to_dict() for intent in response.data]
                has_more = response.has_more and bool(intents)
                last = intents[-1]["id"] if intents else None
            for intent in intents:
                yield intent

    def _earliest_creation(self, reference: UUID) -> float:
        """Return the earliest possible time of the payment, in seconds since 1970."""
        if reference.version == TIMESTAMPED_UUID_VERSION:
            # The first 48 bits are milliseconds since 1970 (RFC 9562, section 5.7).
            return (reference.int >> 80) / 1000 - MAX_CLOCK_SKEW.total_seconds()
        return (self._clock.now() - self._look_back).timestamp()


def _require_status(intent: Intent, status: str) -> None:
    if intent.get("status") != status:
        raise GatewayOutcomeUnknown(f"the payment is {intent.get('status')}, not yet {status}")
