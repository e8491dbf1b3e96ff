"""What fails unexpectedly has changed nothing, for nobody in its group."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from dependency_injector import providers
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import event

from shop.adapters.sql.database import SqlDatabase
from tests.doubles import WatchedUnitOfWork
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
from tests.property.shops import Shop


class Fault(Exception):
    """What no adapter is expected to raise."""


class Calls:
    """Counts what is asked of a database, and makes one of the calls fail."""

    def __init__(self) -> None:
        self.made = 0
        self.fails_at = -1

    def tell(self, what: object, *_: object) -> None:
        # What is told afterwards is no call.
        self.made += what != "committed"
        if self.made == self.fails_at:
            raise Fault


def test_a_group_that_fails_at_whatever_call_changes_nothing(
    twins: Lockstep, effort: Effort
) -> None:
    @given(scene=scenes, group=groups_of(orders), moment=st.integers(0, 999))
    def check(scene: Scene, group: Group[Order], moment: int) -> None:
        requests = sent(set_scene(twins, scene), group)
        well, ill = Calls(), Calls()
        with _watched(twins.shops[TOGETHER], well):
            expected = twins.one(TOGETHER, lambda shop: shop.order(requests))
        # A group of nobody asks a database nothing.
        assume(well.made > 0)
        before = _everything(twins)

        ill.fails_at = 1 + moment % well.made
        with _watched(twins.shops[APART], ill), pytest.raises(Fault):
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


@contextmanager
def _watched(shop: Shop, calls: Calls) -> Iterator[None]:
    """Tell of the statements that a shop sends to its database; of one in memory, of the calls."""
    database = shop.container.database()
    if isinstance(database, SqlDatabase):
        event.listen(database.writer.sync_engine, "before_cursor_execute", calls.tell)
        yield
        event.remove(database.writer.sync_engine, "before_cursor_execute", calls.tell)
        return

    def watched() -> WatchedUnitOfWork:
        return WatchedUnitOfWork(shop.new_unit_of_work(), calls.tell)

    with shop.container.unit_of_work.override(providers.Callable(watched)):
        yield
