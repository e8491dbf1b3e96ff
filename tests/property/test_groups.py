"""Deciding many in one unit of work comes to the same as deciding one after the other."""

from collections.abc import Awaitable, Callable

from hypothesis import given

from tests.property.books import Outcome
from tests.property.deeds import Finish, Order, Pass
from tests.property.effort import Effort
from tests.property.lockstep import Lockstep
from tests.property.scenes import (
    APART,
    KEYS,
    TOGETHER,
    Group,
    K,
    Requests,
    Scene,
    card_orders,
    finishes,
    groups_of,
    orders,
    scenes,
    sent,
    set_scene,
    transfers,
)


def test_orders_in_one_unit_of_work_end_as_those_one_after_the_other(
    twins: Lockstep, effort: Effort
) -> None:
    @given(scene=scenes, group=groups_of(orders))
    def check(scene: Scene, group: Group[Order]) -> None:
        requests = sent(set_scene(twins, scene), group)

        together = twins.one(TOGETHER, lambda shop: shop.order(requests))
        apart = twins.one(APART, lambda shop: _one_by_one(shop.order, requests))

        assert together == apart
        _require_alike(twins)

    effort.spend(check)


def test_orders_finished_in_one_unit_of_work_end_as_those_one_after_the_other(
    twins: Lockstep, effort: Effort
) -> None:
    @given(scene=scenes, waiting=groups_of(card_orders), group=groups_of(finishes))
    def check(scene: Scene, waiting: Group[Order], group: Group[Finish]) -> None:
        holds = set_scene(twins, scene)
        twins.each(lambda shop: shop.order(sent(holds, waiting)))
        requests = sent(holds, group)

        together = twins.one(TOGETHER, lambda shop: shop.finish(requests))
        apart = twins.one(APART, lambda shop: _one_by_one(shop.finish, requests))

        assert together == apart
        _require_alike(twins)

    effort.spend(check)


def test_transfers_in_one_unit_of_work_end_as_those_one_after_the_other(
    twins: Lockstep, effort: Effort
) -> None:
    @given(scene=scenes, group=groups_of(transfers))
    def check(scene: Scene, group: Group[Pass]) -> None:
        requests = sent(set_scene(twins, scene), group)

        together = twins.one(TOGETHER, lambda shop: shop.transfer(requests))
        apart = twins.one(APART, lambda shop: _one_by_one(shop.transfer, requests))

        assert together == apart
        _require_alike(twins)

    effort.spend(check)


async def _one_by_one(
    decide: Callable[[Requests[K]], Awaitable[list[Outcome]]], requests: Requests[K]
) -> list[Outcome]:
    return [outcome for each in requests for outcome in await decide([each])]


def _require_alike(twins: Lockstep) -> None:
    stored = twins.each(lambda shop: shop.stored())
    assert stored[TOGETHER] == stored[APART]
    books = twins.each(lambda shop: shop.books(KEYS))
    assert books[TOGETHER] == books[APART]
    assert twins.each(lambda shop: shop.findings()) == {TOGETHER: [], APART: []}
