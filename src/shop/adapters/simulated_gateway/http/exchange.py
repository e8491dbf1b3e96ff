"""The exchange: a request as it is read, and the reply or the problem that goes back."""

import re
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson
import structlog
from starlette.types import Receive, Scope, Send

from shop.adapters.simulated_gateway.http.schemas import KEY_HEADER, Unreadable, document
from shop.adapters.simulated_gateway.responses import (
    KEY_REUSED,
    NOT_FOUND,
    Failed,
    NoResponse,
    SimulatedResponse,
)
from shop.application.ports.payment_gateway import Declined

MAX_BODY_BYTES = 16_384
ID_PART = 2

_KEY = re.compile(rb"[!-~]{1,255}")
_JSON = b"application/json"

_STATUSES = {
    NOT_FOUND: HTTPStatus.NOT_FOUND,
    KEY_REUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
    "amount_not_positive": HTTPStatus.UNPROCESSABLE_ENTITY,
    "amount_differs": HTTPStatus.UNPROCESSABLE_ENTITY,
    "currency_differs": HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""The status of each refusal; all others are about the state that the payment is in."""

_log = structlog.get_logger()


class Malformed(Exception):
    """A request that is none, by its status and the reason for it."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back."""

    status: int
    content: bytes
    headers: tuple[tuple[bytes, bytes], ...]

    def with_header(self, name: str, value: str) -> "Reply":
        """Return the reply with one more header."""
        return replace(self, headers=(*self.headers, (name.encode(), value.encode())))

    async def send(self, send: Send) -> None:
        """Send it."""
        length = (b"content-length", b"%d" % len(self.content))
        headers = [*self.headers, length]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.content})


class Request:
    """A request, of which nobody reads more than is needed.

    Its route is its path with `{id}` in the place of a payment's id.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope = scope
        self._receive = receive
        self.method: str = scope["method"]
        parts = scope["path"].split("/")
        self.id: str = "".join(parts[ID_PART : ID_PART + 1])
        if self.id:
            parts[ID_PART] = "{id}"
        self.route = "/".join(parts)

    def key(self) -> str:
        """Return the idempotency key; raise `Malformed`."""
        keys = self._headers(KEY_HEADER)
        if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
            raise Malformed(HTTPStatus.BAD_REQUEST, "invalid_idempotency_key")
        return keys[0].decode()

    def query(self) -> Mapping[str, str]:
        """Return what the address asks for."""
        return dict(parse_qsl(self._scope["query_string"].decode("latin-1")))

    async def document(self) -> Mapping[str, Any]:
        """Return the JSON object that was sent; raise `Malformed` or `Unreadable`."""
        # A page elsewhere cannot have a browser send JSON unasked.
        media_type = b"".join(self._headers(b"content-type")).partition(b";")[0].strip().lower()
        if media_type != _JSON:
            raise Malformed(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
        content, has_more = b"", True
        while has_more:
            message = await self._receive()
            content += message.get("body", b"")
            has_more = message.get("more_body", False)
            if len(content) > MAX_BODY_BYTES:
                raise Malformed(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "content_too_large")
        return document(content)

    async def gone(self) -> None:
        """Wait until the client has gone; the body has been read."""
        await self._receive()

    def _headers(self, name: bytes) -> list[bytes]:
        return [value for each, value in self._scope["headers"] if each == name]


async def reply_to(request: Request, handle: Callable[[Request], Awaitable[Reply]]) -> Reply:
    """Return what a request leads to, whatever happens."""
    try:
        return await handle(request)
    except Malformed as error:
        return problem(error.status, error.reason)
    except Unreadable as error:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", field=str(error))
    except (sqlite3.Error, OSError) as error:
        _log.error("books_unusable", error=str(error))
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable").with_header(
            "retry-after", "1"
        )
    except Exception:  # noqa: BLE001  Whatever it was, the client is told.
        _log.exception("unexpected_error")
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error")


def told(content: object, status: int = HTTPStatus.OK) -> Reply:
    """Return the reply that all is well."""
    return Reply(status, orjson.dumps(content), ((b"content-type", _JSON),))


def problem(status: int, reason: str, *, kind: str | None = None, **facts: str) -> Reply:
    """Return problem details (RFC 9457) of a kind, by default that of its reason, a word."""
    slug = (kind or reason).replace("_", "-")
    content = {
        "type": f"/problems/{slug}",
        "title": slug.replace("-", " ").capitalize(),
        "status": status,
        "reason": reason,
        **facts,
    }
    return Reply(status, orjson.dumps(content), ((b"content-type", b"application/problem+json"),))


def refusal(answer: SimulatedResponse | NoResponse) -> Reply:
    """Return the problem that an answer is to whoever asked."""
    match answer:
        case Declined(reason=reason):
            return problem(HTTPStatus.PAYMENT_REQUIRED, reason, kind="card_declined")
        case Failed(reason=reason):
            return problem(_STATUSES.get(reason, HTTPStatus.CONFLICT), reason)
        case _:
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error")
