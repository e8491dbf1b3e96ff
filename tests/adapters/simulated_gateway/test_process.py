"""The simulated gateway as a process: killed at any moment, it has done what it has answered."""

import asyncio
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from shop.adapters.simulated_gateway.http_payment_gateway import HttpPaymentGateway
from shop.application.ports.payment_gateway import Approved, GatewayOutcomeUnknown
from tests.contract.payment_gateway.gateway_under_test import authorisation_request
from tests.factories import eur, id_of
from tests.gateway_process import GatewayProcess, gateway_process
from tests.servers import POLL_INTERVAL_SECONDS
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

AT_ONCE = 20


@pytest.fixture
def process(tmp_path: Path) -> Iterator[GatewayProcess]:
    with gateway_process(tmp_path) as running:
        yield running


async def stored_payments(process: GatewayProcess) -> Sequence[Mapping[str, Any]]:
    """Wait until the gateway has stored any payment; return all of them."""
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        while True:
            if found := await asyncio.to_thread(process.payments):
                return found
            await asyncio.sleep(POLL_INTERVAL_SECONDS)


async def test_killed_gateway_keeps_all_confirmed_payments(
    process: GatewayProcess,
) -> None:
    gateway = HttpPaymentGateway(process.url, timeout_seconds=TEST_TIMEOUT_SECONDS)
    answered: dict[str, Approved] = {}
    confirmed = asyncio.Semaphore(0)

    async def authorise(name: str) -> None:
        result = await gateway.authorise(authorisation_request(name, "tok_visa"))
        assert isinstance(result, Approved)
        answered[name] = result
        confirmed.release()

    async def go_on(worker: int) -> None:
        for number in range(100_000):
            await authorise(f"{worker}.{number}")

    working = [asyncio.create_task(go_on(worker)) for worker in range(AT_ONCE)]
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        for _ in range(10 * AT_ONCE):
            await confirmed.acquire()
    process.stop(signal.SIGKILL)
    ended = await asyncio.gather(*working, return_exceptions=True)
    assert {type(error) for error in ended} == {GatewayOutcomeUnknown}
    before = dict(answered)
    assert len(before) > AT_ONCE

    process.start()

    kept = {each["order_id"]: each for each in process.payments()}
    for name, verdict in before.items():
        payment = kept[str(id_of(name))]
        assert (payment["id"], payment["authorised"]) == (verdict.payment_id, True)
    # The same keys do nothing twice, and what was cut off is done now.
    for name in list(before)[-AT_ONCE:]:
        assert await gateway.authorise(authorisation_request(name, "tok_visa")) == before[name]
    assert len(process.payments()) == len(kept)
    await gateway.close()


async def test_killed_gateway_keeps_captures_voids_and_refunds(process: GatewayProcess) -> None:
    gateway = HttpPaymentGateway(process.url, timeout_seconds=TEST_TIMEOUT_SECONDS)
    ids = {}
    for name in ("captured", "voided"):
        result = await gateway.authorise(authorisation_request(name, "tok_visa"))
        assert isinstance(result, Approved)
        ids[name] = result.payment_id
    await gateway.capture(key="capture", payment_id=ids["captured"], amount=eur(1999))
    await gateway.refund(key="refund", payment_id=ids["captured"], amount=eur(99))
    await gateway.void(key="void", payment_id=ids["voided"])
    before = process.payments()

    process.stop(signal.SIGKILL)
    await gateway.close()
    process.start()

    assert process.payments() == before
    assert [(each["captured"], each["refunded"], each["voided"]) for each in before] == [
        (True, 99, False),
        (False, 0, True),
    ]
    await gateway.capture(key="capture", payment_id=ids["captured"], amount=eur(1999))
    await gateway.refund(key="refund", payment_id=ids["captured"], amount=eur(99))
    assert process.payments() == before
    await gateway.close()


async def test_slow_card_blocks_no_other_request_and_one_key_is_one_payment(
    process: GatewayProcess,
) -> None:
    gateway = HttpPaymentGateway(process.url, timeout_seconds=TEST_TIMEOUT_SECONDS)
    loop = asyncio.get_running_loop()
    began = loop.time()
    slow = [
        asyncio.create_task(gateway.authorise(authorisation_request("slow", "tok_slow")))
        for _ in range(AT_ONCE)
    ]
    await stored_payments(process)
    others = [authorisation_request(str(number), "tok_visa") for number in range(AT_ONCE)]
    await asyncio.gather(*map(gateway.authorise, others))
    assert not any(each.done() for each in slow)

    results = await asyncio.gather(*slow)

    assert loop.time() - began >= 3
    (payment,) = [each for each in process.payments() if each["order_id"] == str(id_of("slow"))]
    assert results == [Approved(payment_id=payment["id"])] * AT_ONCE
    assert (payment["authorised"], payment["calls"]) == (True, AT_ONCE)
    await gateway.close()


@pytest.mark.parametrize("token", ["tok_timeout_before", "tok_timeout_after"])
async def test_card_that_times_out_hangs_longer_than_the_shop_waits(
    process: GatewayProcess, token: str
) -> None:
    gateway = HttpPaymentGateway(process.url, timeout_seconds=TEST_TIMEOUT_SECONDS)

    waiting = asyncio.create_task(gateway.authorise(authorisation_request("order", token)))
    (before,) = await stored_payments(process)
    done, _ = await asyncio.wait([waiting], timeout=0.5)
    assert not done
    waiting.cancel()
    await asyncio.wait([waiting])
    result = await gateway.authorise(authorisation_request("order", token))

    (after,) = process.payments()
    assert before["authorised"] is (token == "tok_timeout_after")
    assert result == Approved(payment_id=after["id"])
    assert (after["authorised"], before["calls"], after["calls"]) == (True, 1, 2)
    await gateway.close()


async def test_gateway_stops_on_a_signal_with_requests_in_progress(process: GatewayProcess) -> None:
    gateway = HttpPaymentGateway(process.url, timeout_seconds=TEST_TIMEOUT_SECONDS)
    waiting = asyncio.create_task(
        gateway.authorise(authorisation_request("order", "tok_timeout_after"))
    )
    assert len(await stored_payments(process)) == 1

    assert await asyncio.to_thread(process.stop, signal.SIGTERM) == 0

    with pytest.raises(GatewayOutcomeUnknown):
        await waiting
    await gateway.close()
