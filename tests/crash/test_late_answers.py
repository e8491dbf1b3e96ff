"""Orders whose time is over, or whose keys the gateway has forgotten, before anybody knows.

Rows C-o to C-r of the crash points, and of C-n what comes last.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.crash.gateway_road import Deed, Side, Stop
from tests.crash.stage import (
    EXPIRED,
    HOLD_SECONDS,
    KEY_SECONDS,
    LEASE_SECONDS,
    PAID,
    PENDING,
    Shopper,
    Stage,
    a_stage,
)

pytestmark = pytest.mark.anyio

RACES = 12
EXPIRY_SECONDS, LATEST_SECONDS = 0.2, 1.4
"""When, in a race, an order's time is over, and when the last of all others comes."""

AUTHORISED_THERE = replace(PENDING, at_gateway=("authorised",))


@pytest.fixture(scope="module")
async def stage(
    database: str | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path_factory.mktemp("late"), database) as made:
        await made.start()
        yield made
        await made.require_sound_books()


async def _answers_alike(shopper: Shopper, status: int) -> None:
    first, second = await shopper.buy(), await shopper.buy()
    assert (first.status_code, second.status_code) == (status, status)
    assert first.text == second.text


@pytest.mark.parametrize("row", ["C-o"])
async def test_an_approval_after_the_expiry_is_voided(stage: Stage, row: str) -> None:
    (ada,) = await stage.shoppers(row)
    request = stage.gateway_road.stop(Deed.AUTHORISE, Side.BEFORE)
    answer = asyncio.create_task(ada.buy())
    await request.reached()
    stage.time.passes(HOLD_SECONDS)
    await stage.becomes(ada, "expired")

    request.go_on()

    assert (await answer).status_code == 409
    await stage.quiet()
    assert await stage.standing(ada) == EXPIRED
    await _answers_alike(ada, 409)


@pytest.mark.parametrize("row", ["C-o"])
async def test_approval_notice_and_expiry_at_the_same_time_have_one_winner(
    stage: Stage, row: str
) -> None:
    choose = random.Random(row)
    shoppers = await stage.shoppers(*[row] * RACES)

    all_have_begun = asyncio.Barrier(RACES + 1)

    async def race(shopper: Shopper) -> None:
        request = stage.gateway_road.stop(Deed.AUTHORISE, Side.BEFORE)
        moments = [choose.uniform(0, LATEST_SECONDS) for _ in range(3)]
        answer = asyncio.create_task(shopper.buy())
        await request.reached()
        await all_have_begun.wait()
        order_id = request.order_id or ""

        async def tell(seconds: float) -> None:
            await asyncio.sleep(seconds)
            await stage.tell(f"evt-{order_id}", order_id)

        async def go_on(seconds: float) -> None:
            await asyncio.sleep(seconds)
            request.go_on()

        await asyncio.gather(go_on(moments[0]), tell(moments[1]), tell(moments[2]))
        assert (await answer).status_code in {201, 409}

    async def expire() -> None:
        await all_have_begun.wait()
        await asyncio.sleep(EXPIRY_SECONDS)
        stage.time.passes(HOLD_SECONDS)

    await asyncio.gather(expire(), *(race(each) for each in shoppers))

    stage.time.passes(LEASE_SECONDS)
    await stage.quiet()
    for each in shoppers:
        standing = await stage.standing(each)
        assert standing in (PAID, EXPIRED)
        await _answers_alike(each, 201 if standing == PAID else 409)


@pytest.mark.parametrize("row", ["C-n"])
async def test_an_approval_after_everything_is_voided_once_a_notice_tells_of_it(
    stage: Stage, row: str
) -> None:
    (ada,) = await stage.shoppers(row)
    request = stage.gateway_road.stop(Deed.AUTHORISE, Side.BEFORE)
    answer = asyncio.create_task(ada.buy())
    await request.reached()
    request.be_late()
    assert (await answer).status_code == 202
    stage.time.passes(HOLD_SECONDS)
    await stage.becomes(ada, "expired")
    stage.time.passes(LEASE_SECONDS)
    await stage.quiet()
    assert await stage.standing(ada) == replace(EXPIRED, at_gateway=())

    # It was on its way all the time.
    request.arrive()
    await stage.is_known_to_the_gateway(ada)
    order_id = await stage.order_id(ada)
    await asyncio.gather(*(stage.tell(f"evt-{order_id}", order_id) for _ in range(2)))

    await stage.quiet()
    assert await stage.standing(ada) == EXPIRED
    await _answers_alike(ada, 409)


@pytest.mark.parametrize("row", ["C-p"])
async def test_who_dies_before_the_void_voids_once(stage: Stage, row: str) -> None:
    (ada,) = await stage.shoppers(row)
    void = await _stopped_void(stage, ada, Side.BEFORE)

    await stage.kill()
    void.cut()
    assert await stage.standing(ada) == replace(EXPIRED, at_gateway=("authorised",))
    await stage.start()
    stage.time.passes(LEASE_SECONDS)

    await stage.quiet()
    assert await stage.standing(ada) == EXPIRED
    await _answers_alike(ada, 409)


@pytest.mark.parametrize("row", ["C-p"])
async def test_a_void_without_an_answer_is_done_again(stage: Stage, row: str) -> None:
    (ada,) = await stage.shoppers(row)
    void = await _stopped_void(stage, ada, Side.AFTER)
    assert await stage.standing(ada) == EXPIRED
    assert len(await stage.jobs()) == 1

    void.cut()

    await stage.quiet()
    assert await stage.standing(ada) == EXPIRED
    await _answers_alike(ada, 409)


async def _stopped_void(stage: Stage, shopper: Shopper, side: Side) -> Stop:
    """Let an order expire before its approval, which is then given back as far as here."""
    request = stage.gateway_road.stop(Deed.AUTHORISE, Side.BEFORE)
    answer = asyncio.create_task(shopper.buy())
    await request.reached()
    stage.time.passes(HOLD_SECONDS)
    await stage.becomes(shopper, "expired")
    void = stage.gateway_road.stop(Deed.VOID, side, request.order_id)
    request.go_on()
    assert (await answer).status_code == 409
    await void.reached()
    return void


@pytest.mark.parametrize("row", ["C-q"])
async def test_a_forgotten_key_is_not_asked_for_again(stage: Stage, row: str) -> None:
    (ada,) = await stage.shoppers(row)
    reply = stage.gateway_road.stop(Deed.AUTHORISE, Side.AFTER)
    reply.cut()
    assert (await ada.buy()).status_code == 202
    assert await stage.standing(ada) == AUTHORISED_THERE
    stage.time.passes(KEY_SECONDS)

    await _answers_alike(ada, 201)

    await stage.quiet()
    assert await stage.standing(ada) == PAID
    assert await stage.calls(ada) == 1


@pytest.mark.parametrize("row", ["C-q"])
async def test_an_outage_past_the_expiry_ends_with_the_money_given_back(
    stage: Stage, row: str
) -> None:
    (ada,) = await stage.shoppers(row)
    stage.gateway_road.stop(Deed.AUTHORISE, Side.AFTER).cut()
    assert (await ada.buy()).status_code == 202
    stage.gateway_road.is_closed = True
    stage.time.passes(HOLD_SECONDS)
    await stage.becomes(ada, "expired")
    assert await stage.standing(ada) == replace(EXPIRED, at_gateway=("authorised",))

    stage.gateway_road.is_closed = False

    await stage.quiet()
    assert await stage.standing(ada) == EXPIRED
    await _answers_alike(ada, 409)


@pytest.mark.parametrize("row", ["C-q"])
async def test_what_never_arrived_is_not_asked_for_once_its_key_may_be_forgotten(
    stage: Stage, row: str
) -> None:
    (ada,) = await stage.shoppers(row)
    stage.gateway_road.stop(Deed.AUTHORISE, Side.BEFORE).cut()
    assert (await ada.buy()).status_code == 202
    stage.time.passes(KEY_SECONDS)
    assert (await ada.buy()).status_code in {202, 409}
    stage.time.passes(HOLD_SECONDS)
    await stage.becomes(ada, "expired")
    stage.time.passes(LEASE_SECONDS)

    await stage.quiet()

    assert await stage.standing(ada) == replace(EXPIRED, at_gateway=())
    await _answers_alike(ada, 409)


@pytest.mark.parametrize("row", ["C-q"])
async def test_a_capture_whose_key_is_forgotten_is_found_in_the_books(
    stage: Stage, row: str
) -> None:
    (ada,) = await stage.shoppers(row)
    capture = stage.gateway_road.stop(Deed.CAPTURE, Side.AFTER)
    assert (await ada.buy()).status_code == 201
    await capture.reached()
    stage.gateway_road.is_closed = True
    capture.cut()
    stage.time.passes(KEY_SECONDS)

    stage.gateway_road.is_closed = False

    await stage.quiet()
    assert await stage.standing(ada) == PAID
    await _answers_alike(ada, 201)


@pytest.mark.parametrize("row", ["C-r"])
async def test_a_stored_error_is_resolved_by_a_look_into_the_books(stage: Stage, row: str) -> None:
    (ada,) = await stage.shoppers(row)
    assert (await ada.buy("tok_error")).status_code == 202
    assert await stage.standing(ada) == AUTHORISED_THERE

    stage.time.passes(LEASE_SECONDS)
    await stage.quiet()

    assert await stage.standing(ada) == PAID
    again = await ada.buy("tok_error")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
