"""What the gateway in memory owes beyond the port: calls go as a script has them."""

import pytest

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway, ScriptedResult
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationResult,
    Declined,
    GatewayOutcomeUnknown,
    GatewayRejected,
)
from tests.clock import FakeClock
from tests.contract.payment_gateway.gateway_under_test import authorisation_request
from tests.factories import NOW, eur, id_of

pytestmark = pytest.mark.anyio

ID = "pay_1"


@pytest.fixture
def gateway(clock: FakeClock) -> MemoryPaymentGateway:
    return MemoryPaymentGateway(clock)


async def authorise(gateway: MemoryPaymentGateway, token: str = "tok_visa") -> AuthorisationResult:  # noqa: S107  A card's name.
    return await gateway.authorise(authorisation_request("order", token))


@pytest.mark.parametrize(
    ("script", "result"),
    [
        (ScriptedResult.DEFAULT, Declined(reason="insufficient_funds")),
        (ScriptedResult.APPROVED, Approved(payment_id=ID)),
        (ScriptedResult.DECLINED, Declined(reason="declined")),
        (ScriptedResult.ACTION_REQUIRED, ActionRequired(payment_id=ID)),
    ],
)
async def test_script_overrides_the_token(
    gateway: MemoryPaymentGateway, script: ScriptedResult, result: AuthorisationResult
) -> None:
    gateway.script(script)

    assert await authorise(gateway, "tok_insufficient") == result
    # The second request has its key to go by, and no fate of its own.
    assert await authorise(gateway, "tok_insufficient") == result
    payment = await gateway.find_payment(id_of("order"))
    assert payment is not None
    assert (payment.authorisation_result, gateway.calls) == (result, {ID: 2})


async def test_request_that_never_arrives_has_no_effect(gateway: MemoryPaymentGateway) -> None:
    gateway.script(ScriptedResult.TIMEOUT_BEFORE)

    with pytest.raises(GatewayOutcomeUnknown):
        await authorise(gateway)

    assert await gateway.find_payment(id_of("order")) is None
    assert gateway.calls == {}
    assert await authorise(gateway) == Approved(payment_id=ID)


async def test_request_with_a_lost_response_has_its_effect(gateway: MemoryPaymentGateway) -> None:
    gateway.script(ScriptedResult.TIMEOUT_AFTER, ScriptedResult.TIMEOUT_AFTER)

    for _ in range(2):
        with pytest.raises(GatewayOutcomeUnknown):
            await authorise(gateway)

    assert await authorise(gateway) == Approved(payment_id=ID)
    assert gateway.calls == {ID: 3}


async def test_rejection_is_repeated_under_its_key(gateway: MemoryPaymentGateway) -> None:
    gateway.script(ScriptedResult.REJECTED)

    for _ in range(2):
        with pytest.raises(GatewayRejected, match="refused"):
            await authorise(gateway)

    assert await gateway.find_payment(id_of("order")) is None


async def test_captures_voids_and_refunds_can_be_scripted(gateway: MemoryPaymentGateway) -> None:
    await authorise(gateway)
    gateway.script(
        ScriptedResult.TIMEOUT_BEFORE,
        ScriptedResult.TIMEOUT_AFTER,
        ScriptedResult.DEFAULT,
        ScriptedResult.REJECTED,
        ScriptedResult.TIMEOUT_AFTER,
    )

    async def capture() -> None:
        await gateway.capture(key="capture", payment_id=ID, amount=eur(1999))

    with pytest.raises(GatewayOutcomeUnknown):
        await capture()
    before = await gateway.find_payment(id_of("order"))
    with pytest.raises(GatewayOutcomeUnknown):
        await capture()
    await capture()
    with pytest.raises(GatewayRejected):
        await gateway.refund(key="refund", payment_id=ID, amount=eur(1))
    with pytest.raises(GatewayOutcomeUnknown):
        await gateway.refund(key="another", payment_id=ID, amount=eur(2))

    after = await gateway.find_payment(id_of("order"))
    assert before is not None
    assert after is not None
    assert (before.is_captured, after.is_captured, after.refunded) == (False, True, eur(2))


async def test_challenge_is_completed_once_and_only_if_required(
    gateway: MemoryPaymentGateway,
) -> None:
    gateway.script(ScriptedResult.ACTION_REQUIRED)
    await authorise(gateway)
    for _ in range(2):
        await gateway.authenticate(ID, approved=True)

    with pytest.raises(GatewayRejected, match="not_challenged"):
        await gateway.authenticate(ID, approved=False)
    with pytest.raises(GatewayRejected, match="not_there"):
        await gateway.authenticate("pay_2", approved=True)

    payment = await gateway.find_payment(id_of("order"))
    assert payment is not None
    assert payment.authorisation_result == Approved(payment_id=ID)


async def test_slow_card_takes_the_time_of_the_clock(
    gateway: MemoryPaymentGateway, clock: FakeClock
) -> None:
    assert await authorise(gateway, "tok_slow") == Approved(payment_id=ID)

    assert (clock.now() - NOW).total_seconds() == 3


async def test_payment_voided_before_its_decision_is_not_approved(
    gateway: MemoryPaymentGateway,
) -> None:
    with pytest.raises(GatewayOutcomeUnknown):
        await authorise(gateway, "tok_timeout_before")
    await gateway.void(key="void", payment_id=ID)

    assert await authorise(gateway, "tok_timeout_before") == Declined(reason="cancelled")

    payment = await gateway.find_payment(id_of("order"))
    assert payment is not None
    assert (payment.authorisation_result, payment.is_voided) == (None, True)
