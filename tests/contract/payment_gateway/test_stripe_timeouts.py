"""What gives no answer, or one that says nothing, leaves it open what happened at Stripe."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from shop.application.ports.payment_gateway import Approved, GatewayOutcomeUnknown, PaymentGateway
from tests.clock import FakeClock
from tests.contract.payment_gateway.local_stripe import TIMEOUT_SECONDS, LocalStripe, stripe_gateway
from tests.contract.payment_gateway.payments import (
    all_payments,
    approve,
    authorisation_request,
    capture,
    find,
    gateway_payment,
)
from tests.contract.payment_gateway.stripe_rules_proxy import (
    SECRET_KEY,
    Fault,
    StripeResponse,
    StripeRulesProxy,
    error_response,
)
from tests.factories import eur, id_of
from tests.servers import reserved_port
from tests.timeouts import TEST_TIMEOUT_SECONDS, LoopTime

pytestmark = pytest.mark.anyio

NOT_JSON = StripeResponse(502, "<html>Bad gateway</html>")


Operation = Callable[[PaymentGateway, str], Awaitable[object]]

OPERATIONS: dict[str, Operation] = {
    "authorise": lambda gateway, _: gateway.authorise(authorisation_request("2")),
    "capture": lambda gateway, payment_id: gateway.capture(
        key="shop:1:capture", payment_id=payment_id, amount=eur(500)
    ),
    "void": lambda gateway, payment_id: gateway.void(key="shop:1:void", payment_id=payment_id),
    "refund": lambda gateway, payment_id: gateway.refund(
        key="shop:1:refund", payment_id=payment_id, amount=eur(500)
    ),
    "look_up": lambda gateway, _: gateway.find_payment(id_of("1")),
    "payments": lambda gateway, _: all_payments(gateway),
}

UNKNOWN_OUTCOMES: dict[str, Fault | StripeResponse] = {
    "dropped": Fault.DROPPED,
    "reply lost": Fault.RESPONSE_LOST,
    "reply cut short": Fault.RESPONSE_TRUNCATED,
    "500": error_response(500, "api_error"),
    "502 of a proxy": NOT_JSON,
    "429": error_response(429, code="rate_limit"),
    "409": error_response(409, code="lock_timeout"),
    "200 of another server": StripeResponse(200, "<html>Welcome</html>"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", UNKNOWN_OUTCOMES)
async def test_missing_or_meaningless_response_leaves_the_outcome_unknown(
    gateway: PaymentGateway, stripe_proxy: StripeRulesProxy, operation: str, fault: str
) -> None:
    make = capture if operation == "refund" else approve
    payment_id = await make(gateway)
    stripe_proxy.at_fault = "GET" if operation in {"look_up", "payments"} else "POST"
    # Where only something is read, the library's HTTP client tries a lost connection again.
    stripe_proxy.faults += [UNKNOWN_OUTCOMES[fault]] * 2

    with pytest.raises(GatewayOutcomeUnknown):
        await OPERATIONS[operation](gateway, payment_id)

    stripe_proxy.faults.clear()
    await OPERATIONS[operation](gateway, payment_id)
    assert [each.reference for each in await all_payments(gateway)] == [
        id_of(name) for name in ("1", "2")[: 2 if operation == "authorise" else 1]
    ]


@pytest.mark.parametrize("fault", [Fault.RESPONSE_LOST, Fault.RESPONSE_TRUNCATED])
async def test_repeated_key_returns_the_outcome_after_a_timeout(
    gateway: PaymentGateway, stripe_proxy: StripeRulesProxy, fault: Fault
) -> None:
    stripe_proxy.faults.append(fault)
    with pytest.raises(GatewayOutcomeUnknown):
        await gateway.authorise(authorisation_request())
    found = await find(gateway)

    assert (
        await gateway.authorise(authorisation_request())
        == found.authorisation_result
        == Approved(payment_id=found.id)
    )
    assert await all_payments(gateway) == [found]


async def test_stored_server_error_is_resolved_by_a_lookup(
    gateway: PaymentGateway, stripe_proxy: StripeRulesProxy
) -> None:
    stripe_proxy.faults.append(Fault.SERVER_ERROR)
    for _ in range(2):
        with pytest.raises(GatewayOutcomeUnknown):
            await gateway.authorise(authorisation_request())

    found = await find(gateway)
    assert found == gateway_payment("1", found.id, Approved(payment_id=found.id))


async def test_slow_response_leaves_the_outcome_unknown(
    stripe: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    stripe.proxy.faults.append(Fault.NO_RESPONSE)
    authorising = asyncio.create_task(stripe.gateway.authorise(authorisation_request()))
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        await stripe.proxy.is_silent.wait()

    await LoopTime(monkeypatch).advance(TIMEOUT_SECONDS)

    with pytest.raises(GatewayOutcomeUnknown):
        await authorising
    found = await find(stripe.gateway)
    assert found == gateway_payment("1", found.id, Approved(payment_id=found.id))


async def test_unreachable_stripe_leaves_the_outcome_unknown(clock: FakeClock) -> None:
    with reserved_port() as port:
        gateway = stripe_gateway(f"http://127.0.0.1:{port}", clock)
        with pytest.raises(GatewayOutcomeUnknown):
            await gateway.find_payment(id_of("1"))
        await gateway.close()


@pytest.mark.parametrize("operation", ["authorise", "capture", "void"])
async def test_processing_payment_leaves_the_outcome_unknown(
    gateway: PaymentGateway, stripe_proxy: StripeRulesProxy, operation: str
) -> None:
    payment_id = await approve(gateway)
    stripe_proxy.at_fault = "POST"
    stripe_proxy.faults.append(
        StripeResponse(200, {"object": "payment_intent", "status": "processing"})
    )

    with pytest.raises(GatewayOutcomeUnknown):
        await OPERATIONS[operation](gateway, payment_id)


@pytest.mark.parametrize("operation", ["look_up", "payments"])
async def test_rejected_list_request_leaves_the_outcome_unknown(
    gateway: PaymentGateway, stripe_proxy: StripeRulesProxy, operation: str
) -> None:
    stripe_proxy.faults.append(error_response(404))

    with pytest.raises(GatewayOutcomeUnknown):
        await OPERATIONS[operation](gateway, "")


@pytest.mark.parametrize("status", [401, 403])
async def test_rejected_api_key_is_reported_to_the_operator(
    gateway: PaymentGateway,
    stripe_proxy: StripeRulesProxy,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stripe_proxy.faults.append(
        error_response(status, message=f"Invalid API Key provided: {SECRET_KEY}")
    )

    with pytest.raises(GatewayOutcomeUnknown) as raised:
        await gateway.authorise(authorisation_request())

    (record,) = caplog.records
    assert (record.levelno, record.msg) == (logging.ERROR, "stripe_access_denied")
    fields = vars(record)
    assert (fields["setting"], fields["status"]) == ("SHOP_STRIPE_SECRET_KEY", status)
    logged = f"{fields} {raised.value}"
    assert SECRET_KEY not in logged
    assert "tok_visa" not in logged
