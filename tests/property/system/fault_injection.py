"""Databases that break down at one of the calls that are made to them."""

from collections.abc import Iterator
from contextlib import contextmanager

from dependency_injector import providers
from sqlalchemy import event

from shop.adapters.sql.database import SqlDatabase
from tests.doubles import SpyUnitOfWork
from tests.property.system.system_under_test import ShopUnderTest


class InjectedFault(Exception):
    """What no adapter is expected to raise."""


class CallCounter:
    """Counts what is asked of a database, and makes one of the calls fail."""

    def __init__(self, *, counts_responses: bool = False) -> None:
        self.count_so_far = 0
        self.fails_at = -1
        self._counts_responses = counts_responses

    def count(self, name: object, *_: object) -> None:
        # The report after a commit is no call, but the caller may be gone.
        if name == "committed" and not self._counts_responses:
            return
        self.count_so_far += 1
        if self.count_so_far == self.fails_at:
            raise InjectedFault


@contextmanager
def counting_calls(shop: ShopUnderTest, counter: CallCounter) -> Iterator[None]:
    """Count the statements that a shop sends to its database, or the calls of one in memory."""
    database = shop.container.database()
    if isinstance(database, SqlDatabase):
        event.listen(database.writer.sync_engine, "before_cursor_execute", counter.count)
        yield
        event.remove(database.writer.sync_engine, "before_cursor_execute", counter.count)
        return

    def new_unit_of_work() -> SpyUnitOfWork:
        return SpyUnitOfWork(shop.new_unit_of_work(), counter.count)

    with shop.container.unit_of_work.override(providers.Callable(new_unit_of_work)):
        yield
