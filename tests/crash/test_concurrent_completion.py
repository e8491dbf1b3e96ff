"""Workers, gateway events and the customer act on one card order at the same time.

The points C-m, C-n, C-s and C-t of docs/concepts/crash-points.md. Gateway events and another worker
run in this process: for the shop's server, it is a second process on the same database.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import httpx2
import pytest

from tests.crash.system import (
    LEASE_SECONDS,
    PAID,
    PENDING,
    STOCK,
    Buyer,
    Call,
    DeployedShop,
    deploy_shop,
    order_id_of,
)
from tests.fault_proxy import Direction

pytestmark = pytest.mark.anyio

RACES = 12
LONGEST_DELAY_SECONDS = 0.1

CANCELLED = replace(PAID, order="cancelled", payment="voided", stock=(STOCK, 0))


@pytest.fixture(scope="module")
async def deployed_shop(
    database: str | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DeployedShop]:
    async with deploy_shop(tmp_path_factory.mktemp("drivers"), database) as deployed:
        await deployed.start()
        yield deployed
        await deployed.require_clean_audit()


async def _replays(buyer: Buyer, first: httpx2.Response | None = None) -> None:
    responses = [await buyer.buy(), await buyer.buy()]
    assert [each.status_code for each in responses] == [201, 201]
    assert [each.headers["idempotent-replayed"] for each in responses] == ["true", "true"]
    assert len({each.text for each in [*responses, *([first] if first else [])]}) == 1


@pytest.mark.parametrize("point", ["C-m"])
async def test_event_before_the_response_pays_the_order_once(
    deployed_shop: DeployedShop, point: str
) -> None:
    (ada,) = await deployed_shop.buyers(point)
    reply = deployed_shop.gateway_proxy.add_breakpoint(Direction.RESPONSE, Call.AUTHORISE)
    request = asyncio.create_task(ada.buy())
    await reply.reached()
    order_id = await deployed_shop.order_id(ada)
    await asyncio.gather(
        *(deployed_shop.receive_gateway_event(f"evt-{n}-{order_id}", order_id) for n in (1, 1, 2))
    )
    await deployed_shop.wait_for_status(ada, "paid")

    reply.forward()

    await _replays(ada, await request)
    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == PAID
    assert await deployed_shop.authorisation_calls(ada) == 1


@pytest.mark.parametrize("point", ["C-m"])
async def test_concurrent_responses_events_and_retries_complete_an_order_once(
    deployed_shop: DeployedShop, point: str
) -> None:
    choose = random.Random(point)
    buyers = await deployed_shop.buyers(*[point] * RACES)

    async def race(buyer: Buyer) -> None:
        reply = deployed_shop.gateway_proxy.add_breakpoint(Direction.RESPONSE, Call.AUTHORISE)
        first = asyncio.create_task(buyer.buy())
        await reply.reached()
        order_id = order_id_of(reply)

        async def send_event() -> None:
            await asyncio.sleep(choose.uniform(0, LONGEST_DELAY_SECONDS))
            await deployed_shop.receive_gateway_event(f"evt-{order_id}", order_id)

        async def forward() -> None:
            await asyncio.sleep(choose.uniform(0, LONGEST_DELAY_SECONDS))
            reply.forward()

        again, *_ = await asyncio.gather(buyer.buy(), forward(), send_event(), send_event())
        assert {(await first).status_code, again.status_code} == {201}
        await _replays(buyer, again)

    await asyncio.gather(*(race(each) for each in buyers))

    await deployed_shop.wait_until_idle()
    assert [await deployed_shop.order_state(each) for each in buyers] == [PAID] * RACES


@pytest.mark.parametrize("point", ["C-n"])
async def test_early_repeated_and_late_events_have_no_second_effect(
    deployed_shop: DeployedShop, point: str
) -> None:
    (ada,) = await deployed_shop.buyers(point)
    request = deployed_shop.gateway_proxy.add_breakpoint(Direction.REQUEST, Call.AUTHORISE)
    response = asyncio.create_task(ada.buy())
    await request.reached()
    order_id = await deployed_shop.order_id(ada)
    await deployed_shop.receive_gateway_event(f"evt-2-{order_id}", order_id)
    await deployed_shop.wait_until_events_are_handled()
    assert await deployed_shop.order_state(ada) == PENDING

    request.forward()
    first = await response
    for number in (2, 1, 1):
        await deployed_shop.receive_gateway_event(f"evt-{number}-{order_id}", order_id)
    await deployed_shop.wait_until_idle()
    await deployed_shop.receive_gateway_event(f"evt-3-{order_id}", order_id)

    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == PAID
    await _replays(ada, first)


@pytest.mark.parametrize("point", ["C-n"])
async def test_event_answered_before_a_crash_completes_the_order_after_it(
    deployed_shop: DeployedShop, point: str
) -> None:
    (ada,) = await deployed_shop.buyers(point)
    deployed_shop.gateway_proxy.add_breakpoint(Direction.RESPONSE, Call.AUTHORISE).reset()
    assert (await ada.buy()).status_code == 202
    order_id = await deployed_shop.order_id(ada)
    await deployed_shop.kill()
    await deployed_shop.receive_gateway_event(f"evt-{order_id}", order_id)
    await deployed_shop.receive_gateway_event(f"evt-{order_id}", order_id)
    assert sorted(await deployed_shop.jobs()) == [
        "handle_gateway_event: None",
        "resolve_payment: None",
    ]

    await deployed_shop.start()

    # No time passes: only the event's job is due.
    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == PAID
    assert await deployed_shop.authorisation_calls(ada) == 1
    await _replays(ada)


@pytest.mark.parametrize("point", ["C-n"])
async def test_event_without_an_order_is_stored_and_logged(
    deployed_shop: DeployedShop, point: str, caplog: pytest.LogCaptureFixture
) -> None:
    with deployed_shop.paused(), caplog.at_level(logging.ERROR):
        await deployed_shop.receive_gateway_event(f"evt-{point}-{uuid4()}", str(uuid4()))
        assert await deployed_shop.jobs() == ["handle_gateway_event: None"]
        deployed_shop.clock.advance(LEASE_SECONDS)
        await deployed_shop.run_jobs()
    assert [each.levelname for each in caplog.records] == ["ERROR"]
    assert await deployed_shop.jobs() == []


@pytest.mark.parametrize("point", ["C-s"])
async def test_concurrent_authorisations_create_one_payment(
    deployed_shop: DeployedShop, point: str
) -> None:
    (ada,) = await deployed_shop.buyers(point)
    deployed_shop.gateway_proxy.add_breakpoint(Direction.REQUEST, Call.AUTHORISE).reset()
    assert (await ada.buy()).status_code == 202
    request = deployed_shop.gateway_proxy.add_breakpoint(Direction.REQUEST, Call.AUTHORISE)
    deployed_shop.clock.advance(LEASE_SECONDS)
    await request.reached()

    # The first one's lease ends while it stands still, and it goes on without having noticed.
    with deployed_shop.paused():
        deployed_shop.clock.advance(LEASE_SECONDS)
        await deployed_shop.run_jobs()
        assert await deployed_shop.order_state(ada) == PAID
        request.forward()

    await _replays(ada)
    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == PAID


@pytest.mark.parametrize("point", ["C-s"])
async def test_concurrent_captures_capture_once(deployed_shop: DeployedShop, point: str) -> None:
    (ada,) = await deployed_shop.buyers(point)
    reply = deployed_shop.gateway_proxy.add_breakpoint(Direction.RESPONSE, Call.CAPTURE)
    first = await ada.buy()
    await reply.reached()

    with deployed_shop.paused():
        deployed_shop.clock.advance(LEASE_SECONDS)
        await deployed_shop.run_jobs()
        assert await deployed_shop.order_state(ada) == PAID
        reply.forward()

    await _replays(ada, first)
    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == PAID


@pytest.mark.parametrize(
    ("side", "dies"),
    [(Direction.REQUEST, False), (Direction.RESPONSE, False), (Direction.RESPONSE, True)],
    ids=["C-t before", "C-t after", "C-t killed after"],
)
async def test_order_cancelled_during_its_capture_is_refunded(
    deployed_shop: DeployedShop, side: Direction, *, dies: bool
) -> None:
    (ada,) = await deployed_shop.buyers("C-t")
    capture = deployed_shop.gateway_proxy.add_breakpoint(side, Call.CAPTURE)
    first = await ada.buy()
    await capture.reached()
    cancelled = await ada.request("POST", f"/orders/{order_id_of(capture)}/cancel")
    assert cancelled.status_code == 200

    if dies:
        await deployed_shop.kill()
        capture.reset()
        await deployed_shop.start()
        deployed_shop.clock.advance(LEASE_SECONDS)
    else:
        deployed_shop.clock.advance(LEASE_SECONDS)
        await deployed_shop.run_jobs()
        capture.forward()

    await deployed_shop.wait_until_idle()
    at_gateway = "voided" if side is Direction.REQUEST else "refunded"
    assert await deployed_shop.order_state(ada) == replace(CANCELLED, at_gateway=(at_gateway,))
    await _replays(ada, first)
