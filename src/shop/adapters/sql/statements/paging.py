"""Pages of rows by key, so that a page costs the same at any position."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, literal, tuple_

from shop.application.ports.paging import Page, PageRequest, TimeCursor

T = TypeVar("T")
P = TypeVar("P")


def newest_first(
    statement: Select[Any],
    at: ColumnElement[Any],
    key: ColumnElement[Any],
    page: PageRequest[TimeCursor],
) -> Select[Any]:
    """Limit a query to a page and one more row, which shows whether a page follows."""
    if page.after is not None:
        after = tuple_(literal(page.after.at, at.type), literal(page.after.id, key.type))
        statement = statement.where(tuple_(at, key) < after)
    return statement.order_by(at.desc(), key.desc()).limit(page.limit + 1)


def to_page(items: Sequence[T], page: PageRequest[P], cursor_of: Callable[[T], P]) -> Page[T, P]:
    """Create the page from its items, without the extra row."""
    shown = items[: page.limit]
    has_more = len(items) > len(shown)
    return Page(items=shown, next=cursor_of(shown[-1]) if has_more else None)
