"""Encodes positions in lists as opaque cursors."""

import base64
import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from shop.application.ports.paging import TimeCursor
from shop.application.ports.repositories.catalogue.product_searches import (
    ProductSort,
    SearchPosition,
)
from shop.domain.catalogue.search_terms import TIERS
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.line_quantity import require_sku
from shop.entrypoints.http.errors.http_errors import InvalidRequest

P = TypeVar("P")

_SLUG = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST = 2**62
_POSITION = struct.Struct(">I")
_TIME_CURSOR = struct.Struct(">q16s")


def encode_time_cursor(position: TimeCursor | None) -> str | None:
    """Return the cursor for a time; None if there is no next page."""
    if position is None:
        return None
    return _encode(_TIME_CURSOR.pack((position.at - _EPOCH) // _MICROSECOND, position.id.bytes))


def encode_sku_cursor(sku: str | None) -> str | None:
    """Return the cursor for a SKU; None if there is no next page."""
    return None if sku is None else _encode(sku.encode())


def encode_slug_cursor(slug: str | None) -> str | None:
    """Return the cursor for a slug or a code; None if there is no next page."""
    return None if slug is None else _encode(slug.encode())


def encode_search_cursor(position: SearchPosition | None, sort: ProductSort) -> str | None:
    """Return the cursor for a position in a search; None if there is no next page."""
    if position is None:
        return None
    return _encode(f"{sort}/{position.rank}/{position.key}".encode())


def encode_position(position: int) -> str:
    """Return the cursor for a position in a list that grows only at its end."""
    return _encode(_POSITION.pack(position))


def decode_position(cursor: str | None) -> int:
    """Return the position of a cursor, else 0; raise `InvalidRequest` for other text."""
    return _decode(cursor, lambda content: int(_POSITION.unpack(content)[0])) or 0


def decode_time_cursor(cursor: str | None) -> TimeCursor | None:
    """Return the time of a cursor, if any; raise `InvalidRequest` for other text."""
    return _decode(cursor, _unpack_time_cursor)


def decode_sku_cursor(cursor: str | None) -> str | None:
    """Return the SKU of a cursor, if any; raise `InvalidRequest` for other text."""
    return _decode(cursor, _unpack_sku)


def decode_slug_cursor(cursor: str | None) -> str | None:
    """Return the slug or code of a cursor, if any; raise `InvalidRequest` for other text."""
    return _decode(cursor, _unpack_slug)


def decode_search_cursor(cursor: str | None, sort: ProductSort) -> SearchPosition | None:
    """Return the position of a cursor, if any; raise `InvalidRequest` for that of another sort."""
    return _decode(cursor, partial(_unpack_search, sort))


def _decode(cursor: str | None, decode: Callable[[bytes], P]) -> P | None:
    if cursor is None:
        return None
    try:
        return decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, OverflowError, struct.error, InvalidValue) as error:
        raise InvalidRequest.at(
            "/query/cursor", "Invalid cursor; use the `next` of the previous page."
        ) from error


def _unpack_time_cursor(content: bytes) -> TimeCursor:
    microseconds, uuid = _TIME_CURSOR.unpack(content)
    return TimeCursor(at=_EPOCH + microseconds * _MICROSECOND, id=UUID(bytes=uuid))


def _unpack_sku(content: bytes) -> str:
    sku = content.decode("ascii")
    require_sku(sku)
    return sku


def _unpack_slug(content: bytes) -> str:
    slug = content.decode("ascii")
    if not _SLUG.fullmatch(slug):
        raise ValueError(slug)
    return slug


def _unpack_search(sort: ProductSort, content: bytes) -> SearchPosition:
    sorted_by, rank, key = content.decode("ascii").split("/", 2)
    # The ranks of one sort mean nothing in another.
    if sorted_by != sort:
        raise ValueError(sorted_by)
    if sort in (ProductSort.RELEVANCE, ProductSort.NEWEST):
        ranks = TIERS if sort is ProductSort.RELEVANCE else 1
        if not 0 < int(key) < _LARGEST or int(rank) not in range(ranks):
            raise ValueError(key)
    else:
        require_sku(key)
    if not 0 <= int(rank) < _LARGEST:
        raise ValueError(rank)
    return SearchPosition(rank=int(rank), key=key)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
