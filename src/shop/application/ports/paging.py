"""Pages of long lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from shop.domain.shared.value import value

T = TypeVar("T")
P = TypeVar("P")


@value
class TimeCursor:
    """A position in a list that is sorted from the newest to the oldest."""

    at: datetime
    id: UUID


@value
class TimeRange:
    """A range of time that excludes its end."""

    since: datetime
    until: datetime


@value
class PageRequest(Generic[P]):
    """A request for at most `limit` items after a position."""

    limit: int
    after: P | None


@value
class Page(Generic[T, P]):
    """The items of a page, and the position of the next page if there is one."""

    items: Sequence[T]
    next: P | None
