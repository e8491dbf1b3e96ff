"""One order is driven by several at once: workers, notices, its customer.

Rows C-m, C-n, C-s and C-t of the crash points. Notices and one more worker come from this process:
to the shop's server it is another process on the same database.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import httpx2
import pytest

from tests.crash.gateway_road import Deed, Side
from tests.crash.stage import LEASE_SECONDS, PAID, PENDING, STOCK, Shopper, Stage, a_stage

pytestmark = pytest.mark.anyio

RACES = 12
LONGEST_DELAY_SECONDS = 0.1

CANCELLED = replace(PAID, order="cancelled", payment="voided", stock=(STOCK, 0))


@pytest.fixture(scope="module")
async def stage(
    database: str | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path_factory.mktemp("drivers"), database) as made:
        await made.start()
        yield made
        await made.require_sound_books()


async def _replays(shopper: Shopper, first: httpx2.Response | None = None) -> None:
    answers = [await shopper.buy(), await shopper.buy()]
    assert [each.status_code for each in answers] == [201, 201]
    assert [each.headers["idempotent-replayed"] for each in answers] == ["true", "true"]
    assert len({each.text for each in [*answers, *([first] if first else [])]}) == 1


@pytest.mark.parametrize("row", ["C-m"])
async def test_a_notice_that_is_faster_than_the_answer_pays_the_order_once(
    stage: Stage, row: str
) -> None:
    (ada,) = await stage.shoppers(row)
    reply = stage.gateway_road.stop(Deed.AUTHORISE, Side.AFTER)
    request = asyncio.create_task(ada.buy())
    await reply.reached()
    order_id = await stage.order_id(ada)
    await asyncio.gather(*(stage.tell(f"evt-{n}-{order_id}", order_id) for n in (1, 1, 2)))
    assert (await stage.standing(ada)).order == "paid"

    reply.go_on()

    await _replays(ada, await request)
    await stage.quiet()
    assert await stage.standing(ada) == PAID
    assert await stage.calls(ada) == 1


@pytest.mark.parametrize("row", ["C-m"])
async def test_answers_notices_and_repeated_requests_race_and_one_decides(
    stage: Stage, row: str
) -> None:
    choose = random.Random(row)
    shoppers = await stage.shoppers(*[row] * RACES)

    async def race(shopper: Shopper) -> None:
        reply = stage.gateway_road.stop(Deed.AUTHORISE, Side.AFTER)
        first = asyncio.create_task(shopper.buy())
        await reply.reached()
        order_id = reply.order_id or ""

        async def tell() -> None:
            await asyncio.sleep(choose.uniform(0, LONGEST_DELAY_SECONDS))
            await stage.tell(f"evt-{order_id}", order_id)

        async def go_on() -> None:
            await asyncio.sleep(choose.uniform(0, LONGEST_DELAY_SECONDS))
            reply.go_on()

        again, *_ = await asyncio.gather(shopper.buy(), go_on(), tell(), tell())
        assert {(await first).status_code, again.status_code} == {201}
        await _replays(shopper, again)

    await asyncio.gather(*(race(each) for each in shoppers))

    await stage.quiet()
    assert [await stage.standing(each) for each in shoppers] == [PAID] * RACES


@pytest.mark.parametrize("row", ["C-n"])
async def test_early_repeated_and_late_notices_change_nothing_twice(stage: Stage, row: str) -> None:
    (ada,) = await stage.shoppers(row)
    request = stage.gateway_road.stop(Deed.AUTHORISE, Side.BEFORE)
    answer = asyncio.create_task(ada.buy())
    await request.reached()
    order_id = await stage.order_id(ada)
    await stage.tell(f"evt-2-{order_id}", order_id)
    assert await stage.standing(ada) == PENDING

    request.go_on()
    first = await answer
    for number in (2, 1, 1):
        await stage.tell(f"evt-{number}-{order_id}", order_id)
    await stage.quiet()
    await stage.tell(f"evt-3-{order_id}", order_id)

    assert await stage.jobs() == []
    assert await stage.standing(ada) == PAID
    await _replays(ada, first)


@pytest.mark.parametrize("row", ["C-n"])
async def test_a_notice_of_no_order_is_taken_and_alarms(
    stage: Stage, row: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        await stage.tell(f"evt-{row}-{uuid4()}", str(uuid4()))
    assert [each.levelname for each in caplog.records] == ["ERROR"]
    assert await stage.jobs() == []


@pytest.mark.parametrize("row", ["C-s"])
async def test_two_drivers_of_one_authorisation_make_one(stage: Stage, row: str) -> None:
    (ada,) = await stage.shoppers(row)
    stage.gateway_road.stop(Deed.AUTHORISE, Side.BEFORE).cut()
    assert (await ada.buy()).status_code == 202
    request = stage.gateway_road.stop(Deed.AUTHORISE, Side.BEFORE)
    stage.time.passes(LEASE_SECONDS)
    await request.reached()

    # The first one's lease ends while it stands still, and it goes on without having noticed.
    with stage.frozen():
        stage.time.passes(LEASE_SECONDS)
        await stage.work()
        assert await stage.standing(ada) == PAID
        request.go_on()

    await _replays(ada)
    await stage.quiet()
    assert await stage.standing(ada) == PAID


@pytest.mark.parametrize("row", ["C-s"])
async def test_two_drivers_of_one_capture_take_the_money_once(stage: Stage, row: str) -> None:
    (ada,) = await stage.shoppers(row)
    reply = stage.gateway_road.stop(Deed.CAPTURE, Side.AFTER)
    first = await ada.buy()
    await reply.reached()

    with stage.frozen():
        stage.time.passes(LEASE_SECONDS)
        await stage.work()
        assert await stage.standing(ada) == PAID
        reply.go_on()

    await _replays(ada, first)
    await stage.quiet()
    assert await stage.standing(ada) == PAID


@pytest.mark.parametrize(
    ("side", "dies"),
    [(Side.BEFORE, False), (Side.AFTER, False), (Side.AFTER, True)],
    ids=["C-t before", "C-t after", "C-t killed after"],
)
async def test_an_order_cancelled_during_its_capture_keeps_no_money(
    stage: Stage, side: Side, *, dies: bool
) -> None:
    (ada,) = await stage.shoppers("C-t")
    capture = stage.gateway_road.stop(Deed.CAPTURE, side)
    first = await ada.buy()
    await capture.reached()
    cancelled = await ada.ask("POST", f"/orders/{capture.order_id}/cancel")
    assert cancelled.status_code == 200

    if dies:
        await stage.kill()
        capture.cut()
        await stage.start()
        stage.time.passes(LEASE_SECONDS)
    else:
        stage.time.passes(LEASE_SECONDS)
        await stage.work()
        capture.go_on()

    await stage.quiet()
    at_gateway = "voided" if side is Side.BEFORE else "refunded"
    assert await stage.standing(ada) == replace(CANCELLED, at_gateway=(at_gateway,))
    await _replays(ada, first)
