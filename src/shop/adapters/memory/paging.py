"""Pages of what lies in memory."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from shop.application.ports.paging import Listing, Moment, Page

T = TypeVar("T")


def newest_first(
    items: Iterable[T], page: Page[Moment], moment: Callable[[T], Moment]
) -> Listing[T, Moment]:
    """Return a page of the items; those of the same time are in the order of their ids."""

    def place(item: T) -> tuple[datetime, UUID]:
        return moment(item).at, moment(item).id

    ordered = sorted(items, key=place, reverse=True)
    if page.after is not None:
        last = (page.after.at, page.after.id)
        ordered = [item for item in ordered if place(item) < last]
    shown = ordered[: page.limit]
    return Listing(items=shown, next=moment(shown[-1]) if len(shown) < len(ordered) else None)
