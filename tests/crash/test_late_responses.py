"""Card orders that expire, or whose key the gateway forgets, before a response arrives.

The points C-o to C-r of docs/concepts/crash-points.md, and the late event of C-n.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.crash.system import (
    EXPIRED,
    IDEMPOTENCY_SECONDS,
    LEASE_SECONDS,
    PAID,
    PENDING,
    PENDING_PAYMENT_SECONDS,
    Buyer,
    Call,
    DeployedShop,
    deploy_shop,
    order_id_of,
)
from tests.fault_proxy import Breakpoint, Direction

pytestmark = pytest.mark.anyio

RACES = 12
EXPIRY_SECONDS, LATEST_SECONDS = 0.2, 1.4
"""When, in a race, an order's time is over, and when the last of all others comes."""

AUTHORISED_AT_GATEWAY = replace(PENDING, at_gateway=("authorised",))


@pytest.fixture(scope="module")
async def deployed_shop(
    database: str | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DeployedShop]:
    async with deploy_shop(tmp_path_factory.mktemp("late"), database) as deployed:
        await deployed.start()
        yield deployed
        await deployed.require_clean_audit()


async def _assert_same_response(buyer: Buyer, status: int) -> None:
    first, second = await buyer.buy(), await buyer.buy()
    assert (first.status_code, second.status_code) == (status, status)
    assert first.text == second.text


@pytest.mark.parametrize("point", ["C-o"])
async def test_approval_after_the_expiry_is_voided(deployed_shop: DeployedShop, point: str) -> None:
    (ada,) = await deployed_shop.buyers(point)
    request = deployed_shop.gateway_proxy.add_breakpoint(Direction.REQUEST, Call.AUTHORISE)
    response = asyncio.create_task(ada.buy())
    await request.reached()
    deployed_shop.clock.advance(PENDING_PAYMENT_SECONDS)
    await deployed_shop.wait_for_status(ada, "expired")

    request.forward()

    assert (await response).status_code == 409
    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == EXPIRED
    await _assert_same_response(ada, 409)


@pytest.mark.parametrize("point", ["C-o"])
async def test_concurrent_approval_event_and_expiry_have_one_winner(
    deployed_shop: DeployedShop, point: str
) -> None:
    choose = random.Random(point)
    buyers = await deployed_shop.buyers(*[point] * RACES)

    all_have_begun = asyncio.Barrier(RACES + 1)

    async def race(buyer: Buyer) -> None:
        request = deployed_shop.gateway_proxy.add_breakpoint(Direction.REQUEST, Call.AUTHORISE)
        times = [choose.uniform(0, LATEST_SECONDS) for _ in range(3)]
        response = asyncio.create_task(buyer.buy())
        await request.reached()
        await all_have_begun.wait()
        order_id = order_id_of(request)

        async def send_event(seconds: float) -> None:
            await asyncio.sleep(seconds)
            await deployed_shop.receive_gateway_event(f"evt-{order_id}", order_id)

        async def forward(seconds: float) -> None:
            await asyncio.sleep(seconds)
            request.forward()

        await asyncio.gather(forward(times[0]), send_event(times[1]), send_event(times[2]))
        assert (await response).status_code in {201, 409}

    async def expire() -> None:
        await all_have_begun.wait()
        await asyncio.sleep(EXPIRY_SECONDS)
        deployed_shop.clock.advance(PENDING_PAYMENT_SECONDS)

    await asyncio.gather(expire(), *(race(each) for each in buyers))

    deployed_shop.clock.advance(LEASE_SECONDS)
    await deployed_shop.wait_until_idle()
    for each in buyers:
        state = await deployed_shop.order_state(each)
        assert state in (PAID, EXPIRED)
        await _assert_same_response(each, 201 if state == PAID else 409)


@pytest.mark.parametrize("point", ["C-n"])
async def test_late_approval_is_voided_when_an_event_reports_it(
    deployed_shop: DeployedShop, point: str
) -> None:
    (ada,) = await deployed_shop.buyers(point)
    request = deployed_shop.gateway_proxy.add_breakpoint(Direction.REQUEST, Call.AUTHORISE)
    response = asyncio.create_task(ada.buy())
    await request.reached()
    request.delay()
    assert (await response).status_code == 202
    deployed_shop.clock.advance(PENDING_PAYMENT_SECONDS)
    await deployed_shop.wait_for_status(ada, "expired")
    deployed_shop.clock.advance(LEASE_SECONDS)
    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == replace(EXPIRED, at_gateway=())

    # It was on its way all the time.
    request.deliver()
    await deployed_shop.wait_until_gateway_knows(ada)
    order_id = await deployed_shop.order_id(ada)
    await asyncio.gather(
        *(deployed_shop.receive_gateway_event(f"evt-{order_id}", order_id) for _ in range(2))
    )

    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == EXPIRED
    await _assert_same_response(ada, 409)


@pytest.mark.parametrize("point", ["C-p"])
async def test_worker_killed_before_the_void_causes_one_void(
    deployed_shop: DeployedShop, point: str
) -> None:
    (ada,) = await deployed_shop.buyers(point)
    void = await _stopped_void(deployed_shop, ada, Direction.REQUEST)

    await deployed_shop.kill()
    void.reset()
    assert await deployed_shop.order_state(ada) == replace(EXPIRED, at_gateway=("authorised",))
    await deployed_shop.start()
    deployed_shop.clock.advance(LEASE_SECONDS)

    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == EXPIRED
    await _assert_same_response(ada, 409)


@pytest.mark.parametrize("point", ["C-p"])
async def test_void_without_a_response_is_repeated(deployed_shop: DeployedShop, point: str) -> None:
    (ada,) = await deployed_shop.buyers(point)
    void = await _stopped_void(deployed_shop, ada, Direction.RESPONSE)
    assert await deployed_shop.order_state(ada) == EXPIRED
    assert len(await deployed_shop.jobs()) == 1

    void.reset()

    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == EXPIRED
    await _assert_same_response(ada, 409)


async def _stopped_void(deployed_shop: DeployedShop, buyer: Buyer, side: Direction) -> Breakpoint:
    """Let an order expire before its approval, which is then given back as far as here."""
    request = deployed_shop.gateway_proxy.add_breakpoint(Direction.REQUEST, Call.AUTHORISE)
    response = asyncio.create_task(buyer.buy())
    await request.reached()
    deployed_shop.clock.advance(PENDING_PAYMENT_SECONDS)
    await deployed_shop.wait_for_status(buyer, "expired")
    void = deployed_shop.gateway_proxy.add_breakpoint(side, Call.VOID, order_id_of(request))
    request.forward()
    assert (await response).status_code == 409
    await void.reached()
    return void


@pytest.mark.parametrize("point", ["C-q"])
async def test_expired_key_is_not_used_again(deployed_shop: DeployedShop, point: str) -> None:
    (ada,) = await deployed_shop.buyers(point)
    reply = deployed_shop.gateway_proxy.add_breakpoint(Direction.RESPONSE, Call.AUTHORISE)
    reply.reset()
    assert (await ada.buy()).status_code == 202
    assert await deployed_shop.order_state(ada) == AUTHORISED_AT_GATEWAY
    deployed_shop.clock.advance(IDEMPOTENCY_SECONDS)

    await _assert_same_response(ada, 201)

    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == PAID
    assert await deployed_shop.authorisation_calls(ada) == 1


@pytest.mark.parametrize("point", ["C-q"])
async def test_outage_beyond_the_expiry_ends_with_the_money_returned(
    deployed_shop: DeployedShop, point: str
) -> None:
    (ada,) = await deployed_shop.buyers(point)
    deployed_shop.gateway_proxy.add_breakpoint(Direction.RESPONSE, Call.AUTHORISE).reset()
    assert (await ada.buy()).status_code == 202
    deployed_shop.gateway_proxy.is_down = True
    deployed_shop.clock.advance(PENDING_PAYMENT_SECONDS)
    await deployed_shop.wait_for_status(ada, "expired")
    assert await deployed_shop.order_state(ada) == replace(EXPIRED, at_gateway=("authorised",))

    deployed_shop.gateway_proxy.is_down = False

    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == EXPIRED
    await _assert_same_response(ada, 409)


@pytest.mark.parametrize("point", ["C-q"])
async def test_lost_request_is_not_repeated_once_its_key_may_have_expired(
    deployed_shop: DeployedShop, point: str
) -> None:
    (ada,) = await deployed_shop.buyers(point)
    deployed_shop.gateway_proxy.add_breakpoint(Direction.REQUEST, Call.AUTHORISE).reset()
    assert (await ada.buy()).status_code == 202
    deployed_shop.clock.advance(IDEMPOTENCY_SECONDS)
    assert (await ada.buy()).status_code in {202, 409}
    deployed_shop.clock.advance(PENDING_PAYMENT_SECONDS)
    await deployed_shop.wait_for_status(ada, "expired")
    deployed_shop.clock.advance(LEASE_SECONDS)

    await deployed_shop.wait_until_idle()

    assert await deployed_shop.order_state(ada) == replace(EXPIRED, at_gateway=())
    await _assert_same_response(ada, 409)


@pytest.mark.parametrize("point", ["C-q"])
async def test_capture_with_an_expired_key_is_found_by_a_lookup(
    deployed_shop: DeployedShop, point: str
) -> None:
    (ada,) = await deployed_shop.buyers(point)
    capture = deployed_shop.gateway_proxy.add_breakpoint(Direction.RESPONSE, Call.CAPTURE)
    assert (await ada.buy()).status_code == 201
    await capture.reached()
    deployed_shop.gateway_proxy.is_down = True
    capture.reset()
    deployed_shop.clock.advance(IDEMPOTENCY_SECONDS)

    deployed_shop.gateway_proxy.is_down = False

    await deployed_shop.wait_until_idle()
    assert await deployed_shop.order_state(ada) == PAID
    await _assert_same_response(ada, 201)


@pytest.mark.parametrize("point", ["C-r"])
async def test_stored_server_error_is_resolved_by_a_lookup(
    deployed_shop: DeployedShop, point: str
) -> None:
    (ada,) = await deployed_shop.buyers(point)
    assert (await ada.buy("tok_error")).status_code == 202
    assert await deployed_shop.order_state(ada) == AUTHORISED_AT_GATEWAY

    deployed_shop.clock.advance(LEASE_SECONDS)
    await deployed_shop.wait_until_idle()

    assert await deployed_shop.order_state(ada) == PAID
    again = await ada.buy("tok_error")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
