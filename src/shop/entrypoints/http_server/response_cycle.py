"""One request and its response, which is written at once if it has one part."""

import asyncio
import re
from typing import Any, cast
from urllib.parse import unquote

import httptools
from starlette.types import Message, Scope
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from shop.entrypoints.http.middleware.request_log import CLIENT_LEFT

_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Bytes that no header has; line ends are counted instead."""

_FRAMING = frozenset({b"connection", b"transfer-encoding"})


class ResponseCycle(RequestResponseCycle):
    """Sends a response of one part, with its length, in one write; uvicorn sends all others.

    Uvicorn looks at each header by itself, and writes head and body apart.
    """

    def __init__(self, protocol: HttpToolsProtocol, version: str) -> None:
        _add_request_line(cast("Scope", protocol.scope), protocol, version)
        super().__init__(
            scope=protocol.scope,
            transport=protocol.transport,
            flow=protocol.flow,
            logger=protocol.logger,
            access_logger=protocol.access_logger,
            access_log=False,
            default_headers=protocol.server_state.default_headers,
            message_event=asyncio.Event(),
            # HTTP/1.0 has no interim responses (RFC 9110, section 10.1.1).
            expect_100_continue=version != "1.0" and protocol.expect_100_continue,
            keep_alive=version != "1.0" and protocol.parser.should_keep_alive(),
            on_response=protocol.on_response_complete,
        )
        self._start: Message | None = None

    async def send(self, message: Any) -> None:  # noqa: ANN401  ASGI's messages.
        """Keep the head until the body follows, and send both."""
        if not self.response_started and message["type"] == "http.response.start":
            self._start = message
            self.response_started = True
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected or self.transport.is_closing():
            # A client may leave at any time: nothing is written to it, and nothing has failed.
            self.disconnected = True
            self.scope.setdefault("state", {})[CLIENT_LEFT] = True
            return
        start, self._start = self._start, None
        if start is not None:
            response = None if message.get("more_body") else self._whole(start, message)
            if response is not None:
                self._write(response)
                return
            self.response_started = False
            await super().send(cast("Any", start))
        await super().send(message)

    def _whole(self, start: Message, message: Message) -> bytes | None:
        """Return the response that this message completes; None if it has another form."""
        body: bytes = message.get("body", b"")
        headers = [*self.default_headers, *start["headers"]]
        by_name = dict(headers)
        has_length = by_name.get(b"content-length") == b"%d" % len(body)
        if not has_length or self.scope["method"] == "HEAD" or not _FRAMING.isdisjoint(by_name):
            return None
        lines = [b"%s: %s\r\n" % header for header in headers]
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        head = b"".join((STATUS_LINE[start["status"]], *lines, b"\r\n"))
        # Lines besides the headers: the status, and an empty one.
        if _CONTROLS.search(head) or not head.count(b"\r") == head.count(b"\n") == len(lines) + 2:
            raise RuntimeError("a header has a control character")
        return head + body

    def _write(self, response: bytes) -> None:
        self.transport.write(response)
        self.waiting_for_100_continue = False
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def _add_request_line(scope: Scope, protocol: HttpToolsProtocol, version: str) -> None:
    url = httptools.parse_url(protocol.url)
    # The target can be a URL without a path.
    raw_path = url.path or b"/"
    path = raw_path.decode("ascii")
    scope["method"] = protocol.parser.get_method().decode("ascii")
    scope["http_version"] = version
    scope["path"] = unquote(path) if "%" in path else path
    scope["raw_path"] = raw_path
    scope["query_string"] = url.query or b""
