"""Cursors: places in lists, as text that means nothing to anybody but the shop."""

import base64
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from shop.application.ports.paging import Moment
from shop.domain.catalogue import require_sku
from shop.domain.errors import RuleBroken
from shop.entrypoints.http.refusals import InvalidRequest

P = TypeVar("P")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOMENT = struct.Struct(">q16s")


def moment_cursor(moment: Moment | None) -> str | None:
    """Return the cursor for a moment; None where there is no next page."""
    if moment is None:
        return None
    return _text(_MOMENT.pack((moment.at - _EPOCH) // _MICROSECOND, moment.id.bytes))


def sku_cursor(sku: str | None) -> str | None:
    """Return the cursor for a SKU; None where there is no next page."""
    return None if sku is None else _text(sku.encode())


def moment_at(cursor: str | None) -> Moment | None:
    """Return the moment of a cursor, if there is one; raise `InvalidRequest` for any other text."""
    return _decoded(cursor, _moment)


def sku_at(cursor: str | None) -> str | None:
    """Return the SKU of a cursor, if there is one; raise `InvalidRequest` for any other text."""
    return _decoded(cursor, _sku)


def _decoded(cursor: str | None, decode: Callable[[bytes], P]) -> P | None:
    if cursor is None:
        return None
    try:
        return decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, OverflowError, struct.error, RuleBroken) as error:
        raise InvalidRequest.at(
            "/query/cursor", "A cursor is the `next` of a list like this one."
        ) from error


def _moment(content: bytes) -> Moment:
    microseconds, uuid = _MOMENT.unpack(content)
    return Moment(at=_EPOCH + microseconds * _MICROSECOND, id=UUID(bytes=uuid))


def _sku(content: bytes) -> str:
    sku = content.decode("ascii")
    require_sku(sku)
    return sku


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
