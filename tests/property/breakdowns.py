"""Databases that break down at one of the calls that are made to them."""

from collections.abc import Iterator
from contextlib import contextmanager

from dependency_injector import providers
from sqlalchemy import event

from shop.adapters.sql.database import SqlDatabase
from tests.doubles import WatchedUnitOfWork
from tests.property.shops import Shop


class Fault(Exception):
    """What no adapter is expected to raise."""


class Calls:
    """Counts what is asked of a database, and makes one of the calls fail."""

    def __init__(self, *, also_answers: bool = False) -> None:
        self.made = 0
        self.fails_at = -1
        self._also_answers = also_answers

    def tell(self, what: object, *_: object) -> None:
        # What is told afterwards is no call, but nobody may hear of it.
        if what == "committed" and not self._also_answers:
            return
        self.made += 1
        if self.made == self.fails_at:
            raise Fault


@contextmanager
def watched(shop: Shop, calls: Calls) -> Iterator[None]:
    """Tell of the statements that a shop sends to its database; of one in memory, of the calls."""
    database = shop.container.database()
    if isinstance(database, SqlDatabase):
        event.listen(database.writer.sync_engine, "before_cursor_execute", calls.tell)
        yield
        event.remove(database.writer.sync_engine, "before_cursor_execute", calls.tell)
        return

    def new_unit_of_work() -> WatchedUnitOfWork:
        return WatchedUnitOfWork(shop.new_unit_of_work(), calls.tell)

    with shop.container.unit_of_work.override(providers.Callable(new_unit_of_work)):
        yield
