"""Pages of long lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

T = TypeVar("T")
P = TypeVar("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeCursor:
    """A place in a list that runs from the newest to the oldest."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """A stretch of time, its end excluded."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest(Generic[P]):
    """A question for at most `limit` items that come after a place in the list."""

    limit: int
    after: P | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T, P]):
    """The items of a page, and the place after which the next page begins, if there is one."""

    items: Sequence[T]
    next: P | None
