"""What fails unexpectedly has changed nothing, for nobody in its group."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.property.breakdowns import Calls, Fault, watched
from tests.property.deeds import Order
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
)


def test_a_group_that_fails_at_whatever_call_changes_nothing(
    twins: Lockstep, effort: Effort
) -> None:
    @given(scene=scenes, group=groups_of(orders), moment=st.integers(0, 999))
    def check(scene: Scene, group: Group[Order], moment: int) -> None:
        requests = sent(set_scene(twins, scene), group)
        well, ill = Calls(), Calls()
        with watched(twins.shops[TOGETHER], well):
            expected = twins.one(TOGETHER, lambda shop: shop.order(requests))
        # A group of nobody asks a database nothing.
        assume(well.made > 0)
        before = _everything(twins)

        ill.fails_at = 1 + moment % well.made
        with watched(twins.shops[APART], ill), pytest.raises(Fault):
            twins.one(APART, lambda shop: shop.order(requests))

        assert _everything(twins) == before
        assert twins.one(APART, lambda shop: shop.findings()) == []
        assert twins.one(APART, lambda shop: shop.order(requests)) == expected

    effort.spend(check)


def _everything(twins: Lockstep) -> tuple[object, object]:
    return (
        twins.one(APART, lambda shop: shop.stored()),
        twins.one(APART, lambda shop: shop.books(KEYS)),
    )
