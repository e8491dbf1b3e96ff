"""What gives no answer, or one that says nothing, leaves it open what happened at Stripe."""

import logging
from collections.abc import Awaitable, Callable

import pytest

from shop.application.ports.payment_gateway import Approved, GatewayOutcomeUnknown, PaymentGateway
from tests.clock import ScriptedClock
from tests.contract.payments import a_payment, a_wish, all_made, approve, capture, find
from tests.contract.stripe_front import SECRET_KEY, Answer, Fault, StripeFront, an_error
from tests.contract.stripe_server import StripeForTests, a_gateway
from tests.factories import an_id, eur

pytestmark = pytest.mark.anyio

NOT_JSON = Answer(502, "<html>Bad gateway</html>")
SILENT_TIMEOUT_SECONDS = 0.3


@pytest.fixture
def gateway(stripe: StripeForTests) -> PaymentGateway:
    return stripe.gateway


Deed = Callable[[PaymentGateway, str], Awaitable[object]]

DEEDS: dict[str, Deed] = {
    "authorise": lambda gateway, _: gateway.authorise(a_wish("2")),
    "capture": lambda gateway, payment_id: gateway.capture(
        key="shop:1:capture", payment_id=payment_id, amount=eur(500)
    ),
    "void": lambda gateway, payment_id: gateway.void(key="shop:1:void", payment_id=payment_id),
    "refund": lambda gateway, payment_id: gateway.refund(
        key="shop:1:refund", payment_id=payment_id, amount=eur(500)
    ),
    "look_up": lambda gateway, _: gateway.find_payment(an_id("1")),
    "payments": lambda gateway, _: all_made(gateway),
}

SILENCES: dict[str, Fault | Answer] = {
    "dropped": Fault.DROPPED,
    "reply lost": Fault.REPLY_LOST,
    "reply cut short": Fault.REPLY_CUT_SHORT,
    "500": an_error(500, "api_error"),
    "502 of a proxy": NOT_JSON,
    "429": an_error(429, code="rate_limit"),
    "409": an_error(409, code="lock_timeout"),
    "200 of somebody else": Answer(200, "<html>Welcome</html>"),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("silence", SILENCES)
async def test_no_answer_and_none_that_says_anything_are_silence(
    gateway: PaymentGateway, front: StripeFront, deed: str, silence: str
) -> None:
    make = capture if deed == "refund" else approve
    payment_id = await make(gateway)
    front.at_fault = "GET" if deed in {"look_up", "payments"} else "POST"
    # Where only something is read, the library's HTTP client tries a lost connection again.
    front.faults += [SILENCES[silence]] * 2

    with pytest.raises(GatewayOutcomeUnknown):
        await DEEDS[deed](gateway, payment_id)

    front.faults.clear()
    await DEEDS[deed](gateway, payment_id)
    assert [each.reference for each in await all_made(gateway)] == [
        an_id(name) for name in ("1", "2")[: 2 if deed == "authorise" else 1]
    ]


@pytest.mark.parametrize("fault", [Fault.REPLY_LOST, Fault.REPLY_CUT_SHORT])
async def test_what_was_done_in_silence_is_told_under_its_key(
    gateway: PaymentGateway, front: StripeFront, fault: Fault
) -> None:
    front.faults.append(fault)
    with pytest.raises(GatewayOutcomeUnknown):
        await gateway.authorise(a_wish())
    found = await find(gateway)

    assert (
        await gateway.authorise(a_wish())
        == found.authorisation_result
        == Approved(payment_id=found.id)
    )
    assert await all_made(gateway) == [found]


async def test_a_stored_fault_is_resolved_by_looking_up(
    gateway: PaymentGateway, front: StripeFront
) -> None:
    front.faults.append(Fault.REPLIED_500)
    for _ in range(2):
        with pytest.raises(GatewayOutcomeUnknown):
            await gateway.authorise(a_wish())

    found = await find(gateway)
    assert found == a_payment("1", found.id, Approved(payment_id=found.id))


async def test_an_answer_that_takes_too_long_is_silence(
    stripe: StripeForTests, clock: ScriptedClock
) -> None:
    impatient = a_gateway(stripe.front.url, clock, timeout_seconds=SILENT_TIMEOUT_SECONDS)
    stripe.front.faults.append(Fault.UNANSWERED)

    with pytest.raises(GatewayOutcomeUnknown):
        await impatient.authorise(a_wish())
    await impatient.close()

    found = await find(stripe.gateway)
    assert found == a_payment("1", found.id, Approved(payment_id=found.id))


async def test_nobody_there_is_silence(clock: ScriptedClock) -> None:
    gateway = a_gateway("http://127.0.0.1:1", clock)

    with pytest.raises(GatewayOutcomeUnknown):
        await gateway.find_payment(an_id("1"))
    await gateway.close()


@pytest.mark.parametrize("deed", ["authorise", "capture", "void"])
async def test_what_is_still_processed_is_not_done_yet(
    gateway: PaymentGateway, front: StripeFront, deed: str
) -> None:
    payment_id = await approve(gateway)
    front.at_fault = "POST"
    front.faults.append(Answer(200, {"object": "payment_intent", "status": "processing"}))

    with pytest.raises(GatewayOutcomeUnknown):
        await DEEDS[deed](gateway, payment_id)


@pytest.mark.parametrize("deed", ["look_up", "payments"])
async def test_a_list_that_is_refused_says_nothing(
    gateway: PaymentGateway, front: StripeFront, deed: str
) -> None:
    front.faults.append(an_error(404))

    with pytest.raises(GatewayOutcomeUnknown):
        await DEEDS[deed](gateway, "")


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_stripe_does_not_accept_is_the_operators_to_hear_of(
    gateway: PaymentGateway,
    front: StripeFront,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    front.faults.append(an_error(status, message=f"Invalid API Key provided: {SECRET_KEY}"))

    with pytest.raises(GatewayOutcomeUnknown) as raised:
        await gateway.authorise(a_wish())

    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "SHOP_STRIPE_SECRET_KEY" in record.getMessage()
    assert SECRET_KEY not in caplog.text + str(raised.value)
    assert "tok_visa" not in caplog.text + str(raised.value)
