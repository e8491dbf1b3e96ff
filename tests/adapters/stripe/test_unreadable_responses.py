"""A gateway that answers nonsense leaves the outcome unknown: nothing is lost by an error."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from shop.adapters.stripe.payment_gateway import StripePaymentGateway
from shop.application.ports.payment_gateway import (
    AuthorisationRequest,
    Declined,
    GatewayOutcomeUnknown,
)
from tests.clock import FakeClock
from tests.factories import NOW, eur, id_of

pytestmark = pytest.mark.anyio

INTENT: Mapping[str, Any] = {
    "id": "pi_1",
    "object": "payment_intent",
    "status": "requires_capture",
    "amount": 500,
    "currency": "eur",
    "created": 1_795_262_400,
    "metadata": {},
}
NONSENSE: Mapping[str, object] = {
    "a list": [],
    "a text": "pi_1",
    "null": None,
    "an empty object": {},
    "no id": {**INTENT, "id": None},
    "a number as the id": {**INTENT, "id": 1},
    "NUL in the id": {**INTENT, "id": "pi_\0"},
    "a lone surrogate in the id": {**INTENT, "id": "pi_\ud800"},
    "no JSON": b"<html>",
    "deep": b"[" * 100_000,
}
MORE_NONSENSE_OF_A_PAYMENT: Mapping[str, object] = {
    "no amount": {**INTENT, "amount": None},
    "an amount too large": {**INTENT, "amount": 10**30},
    "an unknown currency": {**INTENT, "currency": "xxx"},
    "a currency of a number": {**INTENT, "currency": 1},
    "a time too large": {**INTENT, "created": 10**30},
    "a captured one without a charge": {**INTENT, "status": "succeeded"},
    "a charge of a text": {**INTENT, "status": "succeeded", "latest_charge": "ch_1"},
}


class FakeStripe:
    """Answers every request with one document."""

    def __init__(self) -> None:
        self.status = 200
        self.document: object = {}

    async def answer(self, _: web.Request) -> web.Response:
        if isinstance(self.document, bytes):
            return web.Response(body=self.document, content_type="application/json")
        return web.json_response(self.document, status=self.status)


@pytest.fixture
def stripe() -> FakeStripe:
    return FakeStripe()


@pytest.fixture
async def gateway(stripe: FakeStripe) -> AsyncIterator[StripePaymentGateway]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stripe.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    gateway = StripePaymentGateway(
        secret_key="sk_test_1",
        webhook_secrets=[],
        api_base=f"http://{host}:{port}",
        timeout_seconds=5,
        clock=FakeClock(NOW),
    )
    yield gateway
    await gateway.close()
    await runner.cleanup()


def _authorise(gateway: StripePaymentGateway) -> Awaitable[object]:
    return gateway.authorise(
        AuthorisationRequest(
            key="key-0001", reference=id_of("order"), amount=eur(500), token="pm_1"
        )
    )


def _find(gateway: StripePaymentGateway) -> Awaitable[object]:
    return gateway.find_payment(id_of("order"), "pi_1")


async def _list(gateway: StripePaymentGateway) -> None:
    async for _ in gateway.list_payments(NOW - timedelta(days=1), NOW):
        pass


@pytest.mark.parametrize("call", [_authorise, _find, _list])
@pytest.mark.parametrize("document", NONSENSE.values(), ids=NONSENSE.keys())
async def test_nonsense_is_an_unknown_outcome(
    gateway: StripePaymentGateway,
    stripe: FakeStripe,
    call: Callable[[StripePaymentGateway], Awaitable[object]],
    document: object,
) -> None:
    stripe.document = document

    with pytest.raises(GatewayOutcomeUnknown):
        await call(gateway)


@pytest.mark.parametrize(
    "document", MORE_NONSENSE_OF_A_PAYMENT.values(), ids=MORE_NONSENSE_OF_A_PAYMENT.keys()
)
async def test_payment_that_cannot_be_read_is_an_unknown_outcome(
    gateway: StripePaymentGateway, stripe: FakeStripe, document: object
) -> None:
    stripe.document = document

    for change in (
        _find(gateway),
        gateway.capture(key="key-0002", payment_id="pi_1", amount=eur(500)),
        gateway.void(key="key-0003", payment_id="pi_1"),
        gateway.refund(key="key-0004", payment_id="pi_1", amount=eur(500)),
    ):
        with pytest.raises(GatewayOutcomeUnknown):
            await change


@pytest.mark.parametrize("reason", ["\0", "\ud800", 7, "x" * 1000, ["declined"], ""])
async def test_unreadable_reason_of_a_decline_is_not_stored(
    gateway: StripePaymentGateway, stripe: FakeStripe, reason: object
) -> None:
    stripe.status = 402
    stripe.document = {"error": {"type": "card_error", "code": reason, "decline_code": reason}}

    assert await _authorise(gateway) == Declined(reason="invalid_request")
