"""The simulated gateway as a process: killed at any moment, it has done what it has answered."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop.adapters.simulated_gateway.http_payment_gateway import HttpPaymentGateway
from shop.application.ports.payment_gateway import Approved, GatewayOutcomeUnknown
from tests.contract.gateways import wish
from tests.factories import an_id, eur
from tests.gateway_process import GatewayProcess, gateway_process

pytestmark = pytest.mark.anyio

AT_ONCE = 20


@pytest.fixture
def process(tmp_path: Path) -> Iterator[GatewayProcess]:
    with gateway_process(tmp_path) as running:
        yield running


async def test_it_survives_being_killed_with_all_that_it_answered(
    process: GatewayProcess,
) -> None:
    gateway = HttpPaymentGateway(process.url, timeout_seconds=5)
    answered: dict[str, Approved] = {}

    async def authorise(name: str) -> None:
        verdict = await gateway.authorise(wish(name, "tok_visa"))
        assert isinstance(verdict, Approved)
        answered[name] = verdict

    async def go_on(worker: int) -> None:
        for number in range(100_000):
            await authorise(f"{worker}.{number}")

    working = [asyncio.create_task(go_on(worker)) for worker in range(AT_ONCE)]
    await asyncio.sleep(0.5)
    process.end(signal.SIGKILL)
    ended = await asyncio.gather(*working, return_exceptions=True)
    assert {type(error) for error in ended} == {GatewayOutcomeUnknown}
    before = dict(answered)
    assert len(before) > AT_ONCE

    process.start()

    kept = {told["order_id"]: told for told in process.payments()}
    for name, verdict in before.items():
        told = kept[str(an_id(name))]
        assert (told["id"], told["authorised"]) == (verdict.payment_id, True)
    # The same keys do nothing twice, and what was cut off is done now.
    for name in list(before)[-AT_ONCE:]:
        assert await gateway.authorise(wish(name, "tok_visa")) == before[name]
    assert len(process.payments()) == len(kept)
    await gateway.close()


async def test_what_follows_an_authorisation_survives_too(process: GatewayProcess) -> None:
    gateway = HttpPaymentGateway(process.url, timeout_seconds=5)
    ids = {}
    for name in ("captured", "voided"):
        verdict = await gateway.authorise(wish(name, "tok_visa"))
        assert isinstance(verdict, Approved)
        ids[name] = verdict.payment_id
    await gateway.capture(key="capture", payment_id=ids["captured"], amount=eur(1999))
    await gateway.refund(key="refund", payment_id=ids["captured"], amount=eur(99))
    await gateway.void(key="void", payment_id=ids["voided"])
    before = process.payments()

    process.end(signal.SIGKILL)
    await gateway.close()
    process.start()

    assert process.payments() == before
    assert [(told["captured"], told["refunded"], told["voided"]) for told in before] == [
        (True, 99, False),
        (False, 0, True),
    ]
    await gateway.capture(key="capture", payment_id=ids["captured"], amount=eur(1999))
    await gateway.refund(key="refund", payment_id=ids["captured"], amount=eur(99))
    assert process.payments() == before
    await gateway.close()


async def test_a_slow_card_holds_nobody_up_and_one_key_is_one_payment(
    process: GatewayProcess,
) -> None:
    gateway = HttpPaymentGateway(process.url, timeout_seconds=10)
    loop = asyncio.get_running_loop()
    began = loop.time()
    slow = [
        asyncio.create_task(gateway.authorise(wish("slow", "tok_slow"))) for _ in range(AT_ONCE)
    ]
    for number in range(AT_ONCE):
        await gateway.authorise(wish(str(number), "tok_visa"))
    assert not any(each.done() for each in slow)

    verdicts = await asyncio.gather(*slow)

    assert loop.time() - began >= 3
    (payment,) = [told for told in process.payments() if told["order_id"] == str(an_id("slow"))]
    assert verdicts == [Approved(payment_id=payment["id"])] * AT_ONCE
    assert (payment["authorised"], payment["calls"]) == (True, AT_ONCE)
    await gateway.close()


@pytest.mark.parametrize("token", ["tok_timeout_before", "tok_timeout_after"])
async def test_a_card_that_times_out_hangs_past_the_shops_patience(
    process: GatewayProcess, token: str
) -> None:
    gateway = HttpPaymentGateway(process.url, timeout_seconds=0.5)

    with pytest.raises(GatewayOutcomeUnknown):
        await gateway.authorise(wish("order", token))
    (before,) = process.payments()
    verdict = await gateway.authorise(wish("order", token))

    (after,) = process.payments()
    assert before["authorised"] is (token == "tok_timeout_after")
    assert verdict == Approved(payment_id=after["id"])
    assert (after["authorised"], before["calls"], after["calls"]) == (True, 1, 2)
    await gateway.close()


async def test_it_ends_when_told_whoever_still_waits(process: GatewayProcess) -> None:
    gateway = HttpPaymentGateway(process.url, timeout_seconds=30)
    waiting = asyncio.create_task(gateway.authorise(wish("order", "tok_timeout_after")))
    await asyncio.sleep(0.5)
    assert len(process.payments()) == 1

    assert await asyncio.to_thread(process.end, signal.SIGTERM) == 0

    with pytest.raises(GatewayOutcomeUnknown):
        await waiting
    await gateway.close()
