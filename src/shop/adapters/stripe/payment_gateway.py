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
from shop.adapters.stripe.answers import KEY_REUSED, definite
from shop.adapters.stripe.notices import notice_in
from shop.adapters.stripe.payments import REFERENCE, Intent, payment_in, reference_in, verdict_in
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    Authorise,
    Declined,
    GatewayPayment,
    GatewayRefused,
    GatewaySilent,
    Notice,
    PaymentGateway,
    Verdict,
)
from shop.domain.errors import RuleBroken
from shop.domain.money import Money

PAGE_INTENTS = 100
"""The most that Stripe lists at once."""

UUID_WITH_TIME = 7
"""The version of ids that tell when they were made (RFC 9562)."""

LOOK_BACK = timedelta(days=7)
"""No card keeps an amount set aside for longer without its being captured."""

MOST_APART = timedelta(hours=1)
"""How far the shop's clock may be ahead of Stripe's, by far."""


class StripeGateway(PaymentGateway):
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
        look_back: timedelta = LOOK_BACK,
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

    async def authorise(self, wish: Authorise) -> Verdict:
        """Make a payment intent and confirm it; what Stripe does not take is declined.

        Of an unknown token, and of what else it does not take as it is, Stripe keeps no record.
        Raise `GatewayRefused` for no amount, and for another wish under the same key.
        """
        if wish.amount.amount <= 0:
            raise GatewayRefused("amount_not_positive")
        try:
            intent = await definite(
                self._api.v1.payment_intents.create_async(
                    {
                        "amount": to_stripe(wish.amount),
                        "currency": wish.amount.currency.lower(),
                        "payment_method": wish.token,
                        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                        "capture_method": "manual",
                        "confirm": True,
                        "use_stripe_sdk": True,
                        "metadata": {REFERENCE: str(wish.reference)},
                    },
                    {"idempotency_key": wish.key},
                )
            )
        except GatewayRefused as refused:
            if refused.reason == KEY_REUSED:
                raise
            return Declined(reason=refused.reason)
        verdict = verdict_in(intent.to_dict())
        if verdict is None:
            raise GatewaySilent("the payment has no verdict yet")
        return verdict

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Capture the intent; of a smaller amount, Stripe would give up the rest for good."""
        if (await self._payment(payment_id)).amount != amount:
            raise GatewayRefused("amount_differs")
        captured = await definite(
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
        if isinstance(payment.verdict, Declined):
            raise GatewayRefused("declined")
        try:
            cancelled = await definite(
                self._api.v1.payment_intents.cancel_async(
                    payment_id, options={"idempotency_key": key}
                )
            )
        except GatewayRefused:
            # Somebody else may have cancelled it meanwhile.
            if not (await self._payment(payment_id)).is_voided:
                raise
        else:
            _require_status(cancelled.to_dict(), "canceled")

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Refund the intent; what was only set aside is not given back but voided."""
        payment = await self._payment(payment_id)
        if not payment.is_captured:
            raise GatewayRefused("not_captured")
        if payment.amount.currency != amount.currency:
            raise GatewayRefused("currency_differs")
        refund = await definite(
            self._api.v1.refunds.create_async(
                {"payment_intent": payment_id, "amount": to_stripe(amount)},
                {"idempotency_key": key},
            )
        )
        status = refund.to_dict().get("status")
        if status in {"failed", "canceled"}:
            raise GatewayRefused(f"refund_{status}")

    async def look_up(
        self, reference: UUID, payment_id: str | None = None
    ) -> GatewayPayment | None:
        """Return the intent with this id, or go through those made since the reference was.

        Not by Stripe's search: that may be a minute behind, and an hour when it matters (see
        docs/decisions/0012). An id of version 7 tells when it was made; for others, the last days
        are gone through.
        """
        if payment_id is not None:
            return await self._known(payment_id)
        declined = None
        async for intent in self._intents({"gte": math.floor(self._earliest(reference))}):
            if reference_in(intent) != reference:
                continue
            payment = payment_in(intent)
            if not isinstance(payment.verdict, Declined):
                return payment
            declined = declined or payment
        return declined

    async def payments(self, since: datetime, until: datetime) -> AsyncIterator[GatewayPayment]:
        """Read the whole span, for Stripe lists the newest first; then yield the oldest first.

        What others have paid on the same account of Stripe's is yielded too, without a reference,
        unless in a currency that the shop does not know.
        """
        # Stripe's times are whole seconds.
        span: Span = {"gte": math.ceil(since.timestamp()), "lt": math.ceil(until.timestamp())}
        for intent in reversed([each async for each in self._intents(span)]):
            try:
                yield payment_in(intent)
            except RuleBroken:
                continue

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """Read an event; the signature is in a header of its own."""
        return notice_in(body, headers.get("stripe-signature"), self._webhook_secrets)

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

    async def _known(self, payment_id: str) -> GatewayPayment:
        """Return a payment that is there; Stripe has it, or the key opens another's books."""
        try:
            return await self._payment(payment_id)
        except GatewayRefused as refused:
            raise GatewaySilent(f"Stripe does not show {payment_id}: {refused.reason}") from None

    async def _payment(self, payment_id: str) -> GatewayPayment:
        """Return a payment; raise `GatewayRefused` where it is not there."""
        intent = await definite(
            self._api.v1.payment_intents.retrieve_async(payment_id, {"expand": ["latest_charge"]})
        )
        return payment_in(intent.to_dict())

    async def _intents(self, created: Span) -> AsyncIterator[Intent]:
        """Yield the intents of a span of time, the newest first."""
        has_more, last = True, None
        while has_more:
            page: PaymentIntentListParams = {
                "created": created,
                "expand": ["data.latest_charge"],
                "limit": PAGE_INTENTS,
            }
            if last is not None:
                page["starting_after"] = last
            try:
                listed = await definite(self._api.v1.payment_intents.list_async(page))
            except GatewayRefused as refused:
                raise GatewaySilent(f"Stripe lists nothing: {refused.reason}") from None
            for intent in listed.data:
                last = intent.id
                yield intent.to_dict()
            has_more = listed.has_more and bool(listed.data)

    def _earliest(self, reference: UUID) -> float:
        """Return the moment, in seconds since 1970, before which nothing was paid for this."""
        if reference.version == UUID_WITH_TIME:
            # RFC 9562, section 5.7: the first 48 bits are the milliseconds since 1970.
            return (reference.int >> 80) / 1000 - MOST_APART.total_seconds()
        return (self._clock.now() - self._look_back).timestamp()


def _require_status(intent: Intent, status: str) -> None:
    if intent.get("status") != status:
        raise GatewaySilent(f"the payment is {intent.get('status')}, not {status} yet")
