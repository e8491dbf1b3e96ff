"""Pages of rows in memory."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor

T = TypeVar("T")


def newest_first(
    items: Iterable[T], page: PageRequest[TimeCursor], cursor_of: Callable[[T], TimeCursor]
) -> Page[T, TimeCursor]:
    """Return a page of the items, sorted by time and id, newest first."""

    def position(item: T) -> tuple[datetime, UUID]:
        return cursor_of(item).at, cursor_of(item).id

    ordered = sorted(items, key=position, reverse=True)
    if page.after is not None:
        last = (page.after.at, page.after.id)
        ordered = [item for item in ordered if position(item) < last]
    selected = ordered[: page.limit]
    return Page(
        items=selected, next=cursor_of(selected[-1]) if len(selected) < len(ordered) else None
    )


def by_key(items: Iterable[T], page: PageRequest[str], key_of: Callable[[T], str]) -> Page[T, str]:
    """Return a page of the items, sorted by key."""
    ordered = sorted(items, key=key_of)
    if page.after is not None:
        after = page.after
        ordered = [item for item in ordered if key_of(item) > after]
    selected = ordered[: page.limit]
    has_more = len(selected) < len(ordered)
    return Page(items=selected, next=key_of(selected[-1]) if has_more else None)
