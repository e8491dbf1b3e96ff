"""Deciding many in one unit of work comes to the same as deciding one after the other."""

from collections.abc import Sequence

from hypothesis import given

from tests.property.books import Outcome
from tests.property.deeds import Deed, Order, Pass
from tests.property.effort import Effort
from tests.property.lockstep import Lockstep
from tests.property.scenes import (
    APART,
    KEYS,
    TOGETHER,
    Group,
    Scene,
    groups_of,
    orders,
    scenes,
    sent,
    set_scene,
    transfers,
)
from tests.property.shops import Shop


def test_orders_in_one_unit_of_work_end_as_those_one_after_the_other(
    twins: Lockstep, effort: Effort
) -> None:
    @given(scene=scenes, group=groups_of(orders))
    def check(scene: Scene, group: Group[Order]) -> None:
        requests = sent(set_scene(twins, scene), group)

        together = twins.one(TOGETHER, lambda shop: shop.order(requests))
        apart = _one_by_one(twins, requests)

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
        apart = _one_by_one(twins, requests)

        assert together == apart
        _require_alike(twins)

    effort.spend(check)


def _one_by_one(twins: Lockstep, requests: Sequence[tuple[int | None, Deed]]) -> list[Outcome]:
    async def one_by_one(shop: Shop) -> list[Outcome]:
        return [await shop.do(token, deed) for token, deed in requests]

    return twins.one(APART, one_by_one)


def _require_alike(twins: Lockstep) -> None:
    stored = twins.each(lambda shop: shop.stored())
    assert stored[TOGETHER] == stored[APART]
    books = twins.each(lambda shop: shop.books(KEYS))
    assert books[TOGETHER] == books[APART]
    assert twins.each(lambda shop: shop.findings()) == {TOGETHER: [], APART: []}
