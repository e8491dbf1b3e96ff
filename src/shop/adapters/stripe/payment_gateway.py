"""Cards through Stripe: every payment is a payment intent."""

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import aiohttp
import stripe
from stripe.params import PaymentIntentListParams
from stripe.params import PaymentIntentListParamsCreated as Span

from shop.adapters.stripe.amounts import to_stripe
from shop.adapters.stripe.errors import KEY_REUSED, call
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
"""The most that Stripe lists at once."""

TIMESTAMPED_UUID_VERSION = 7
"""The version of ids that tell when they were made (RFC 9562)."""

LOOK_BACK_PERIOD = timedelta(days=7)
"""No card keeps an amount set aside for longer without its being captured."""

MAX_CLOCK_SKEW = timedelta(hours=1)
"""How far the shop's clock may be ahead of Stripe's, by far."""


class StripePaymentGateway(PaymentGateway):
    """Sets amounts aside as payment intents that are confirmed at once and captured by hand.

    The token is the id of a payment method that Stripe.js made, of any kind that leads the
    customer to no other site; a challenge is met by Stripe.js on the shop's own page. The shop
    repeats requests by itself, therefore the library does not.
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
        # Left on, it writes a file to the home directory and tells Stripe about the machine.
        stripe.enable_telemetry = False
        self._secret_key = secret_key
        self._webhook_secrets = tuple(webhook_secrets)
        self._api_base = api_base
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._clock = clock
        self._look_back = look_back
        self._http: stripe.AIOHTTPClient | None = None

    async def authorise(self, request: AuthorisationRequest) -> AuthorisationResult:
        """Make a payment intent and confirm it; what Stripe does not take is declined.

        Of an unknown token, and of what else it does not take as it is, Stripe keeps no record.
        Raise `GatewayRejected` for no amount, and for another wish under the same key.
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
        result = to_result(intent.to_dict())
        if result is None:
            raise GatewayOutcomeUnknown("the payment has no verdict yet")
        return result

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Capture the intent; of a smaller amount, Stripe would give up the rest for good."""
        if (await self._payment(payment_id)).amount != amount:
            raise GatewayRejected("amount_differs")
        captured = await call(
            self._api.v1.payment_intents.capture_async(
                payment_id, {"amount_to_capture": to_stripe(amount)}, {"idempotency_key": key}
            )
        )
        _require_status(captured.to_dict(), "succeeded")

    async def void(self, *, key: str, payment_id: str) -> None:
        """Cancel the intent, unless it was declined: Stripe would cancel that, too."""
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
            # Somebody else may have cancelled it meanwhile.
            if not (await self._payment(payment_id)).is_voided:
                raise
        else:
            _require_status(cancelled.to_dict(), "canceled")

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Refund the intent; what was only set aside is not given back but voided."""
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
        status = refund.to_dict().get("status")
        if status in {"failed", "canceled"}:
            raise GatewayRejected(f"refund_{status}")

    async def find_payment(
        self, reference: UUID, payment_id: str | None = None
    ) -> GatewayPayment | None:
        """Return the intent with this id, or go through those made since the reference was.

        Not by Stripe's search: that may be a minute behind, and an hour when it matters (see
        docs/decisions/0012). An id of version 7 tells when it was made; for others, the last days
        are gone through.
        """
        if payment_id is not None:
            return await self._known_payment(payment_id)
        declined = None
        async for intent in self._intents({"gte": math.floor(self._earliest_creation(reference))}):
            if to_reference(intent) != reference:
                continue
            payment = to_payment(intent)
            if not isinstance(payment.authorisation_result, Declined):
                return payment
            declined = declined or payment
        return declined

    async def list_payments(
        self, since: datetime, until: datetime
    ) -> AsyncIterator[GatewayPayment]:
        """Read the whole span, for Stripe lists the newest first; then yield the oldest first.

        What others have paid on the same account of Stripe's is yielded too, without a reference,
        unless in a currency that the shop does not know.
        """
        # Stripe's times are whole seconds.
        created: Span = {"gte": math.ceil(since.timestamp()), "lt": math.ceil(until.timestamp())}
        for intent in reversed([each async for each in self._intents(created)]):
            try:
                yield to_payment(intent)
            except InvalidValue:
                continue

    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
        """Read an event; the signature is in a header of its own."""
        return parse_event(body, headers.get("stripe-signature"), self._webhook_secrets)

    async def close(self) -> None:
        """Close the connections to Stripe; the next request opens new ones."""
        http, self._http = self._http, None
        if http is not None:
            await http.close_async()  # type: ignore[no-untyped-call]  # It has no types.

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
        """Return a payment that is there; Stripe has it, or the key opens another's books."""
        try:
            return await self._payment(payment_id)
        except GatewayRejected as rejection:
            raise GatewayOutcomeUnknown(
                f"Stripe does not show {payment_id}: {rejection.reason}"
            ) from None

    async def _payment(self, payment_id: str) -> GatewayPayment:
        """Return a payment; raise `GatewayRejected` where it is not there."""
        intent = await call(
            self._api.v1.payment_intents.retrieve_async(payment_id, {"expand": ["latest_charge"]})
        )
        return to_payment(intent.to_dict())

    async def _intents(self, created: Span) -> AsyncIterator[Intent]:
        """Yield the intents of a span of time, the newest first."""
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
                raise GatewayOutcomeUnknown(f"Stripe lists nothing: {rejection.reason}") from None
            for intent in response.data:
                last = intent.id
                yield intent.to_dict()
            has_more = response.has_more and bool(response.data)

    def _earliest_creation(self, reference: UUID) -> float:
        """Return the moment, in seconds since 1970, before which nothing was paid for this."""
        if reference.version == TIMESTAMPED_UUID_VERSION:
            # RFC 9562, section 5.7: the first 48 bits are the milliseconds since 1970.
            return (reference.int >> 80) / 1000 - MAX_CLOCK_SKEW.total_seconds()
        return (self._clock.now() - self._look_back).timestamp()


def _require_status(intent: Intent, status: str) -> None:
    if intent.get("status") != status:
        raise GatewayOutcomeUnknown(f"the payment is {intent.get('status')}, not {status} yet")
