"""HTTP/1.1 as uvicorn speaks it, with bounds on what a client may send and on its time."""

import asyncio
from typing import Any, cast

import httptools
import structlog
from uuid_utils import uuid4
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from shop.domain.shared.errors import ShopError
from shop.entrypoints.http.errors.http_errors import (
    MalformedHttp,
    RequestTimeout,
    ServiceUnavailable,
)
from shop.entrypoints.http.errors.problem_details import ProblemResponse
from shop.entrypoints.http_server.connections import MAX_EXCESS, Connection, Connections
from shop.entrypoints.http_server.head import (
    RejectedRequest,
    TooManyPipelined,
    error_of,
    head_error,
    size_of_head,
    too_large_error,
    use_authority,
)
from shop.entrypoints.http_server.progress import Overdue, Phase, Progress
from shop.entrypoints.http_server.rejections import RawHeaders, rejection
from shop.entrypoints.http_server.response_cycle import ResponseCycle
from shop.entrypoints.http_server.transport import LingeringTransport

MAX_PIPELINED = 64
"""How many requests may wait for the responses to those before them."""

MAX_UNNEEDED_BYTES = 1024 * 1024
"""How much of a body is read after a response that did not need it, to keep the connection."""

MAX_OVERHEAD_BYTES = 64 * 1024
MAX_OVERHEAD_FACTOR = 8
"""How much the sizes, extensions and trailers of chunks may take; a chunk of one byte takes six."""

SHUTDOWN_GRACE_SECONDS = 0.2
"""How long an idle connection stays open at shutdown: a request may be on its way."""

_log = structlog.get_logger()


class HttpProtocol(HttpToolsProtocol, Connection):
    """One connection, from which requests arrive within the limits or not at all."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        connections: Connections,
        rejection_headers: RawHeaders,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._open_connections = connections
        self._limits = connections.limits
        self._rejection_headers = rejection_headers
        self._now = self.loop.time()
        """When the bytes that are being parsed arrived."""
        self._progress = Progress(self._now)
        self._head_bytes = self._chunk_bytes = self._wire_bytes = self._unneeded_bytes = 0
        self._deferred_rejection: bytes | None = None
        self._is_shutting_down = False

    @property
    def client_host(self) -> str | None:
        """The peer's address."""
        return None if self.client is None else self.client[0]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection, and reject it if there are too many."""
        super().connection_made(transport)
        self.transport = LingeringTransport(
            transport, needed=lambda: self._progress.is_receiving, began=self._begin_closing
        )
        excess = self._open_connections.add(self)
        if excess:
            self._progress.phase = Phase.NOTHING
        if excess > MAX_EXCESS:
            transport.abort()
        elif excess:
            self._end_with(rejection(ServiceUnavailable(), self._headers()))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._open_connections.remove(self)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Answer what was sent, and close."""
        self._is_shutting_down = True
        if self._is_responding():
            super().shutdown()
        else:
            self.loop.call_later(SHUTDOWN_GRACE_SECONDS, self._close_unless_responding)

    def enforce_deadlines(self, now: float) -> None:
        """End the connection if its peer has taken too long."""
        if self.flow.read_paused and not self.transport.is_closing():
            self._progress.wait_for_server(now)
        overdue = self._progress.overdue(
            now,
            self._limits,
            unread_bytes=self.transport.get_write_buffer_size(),
            is_responding=self._is_responding(),
        )
        match overdue:
            case Overdue.REQUEST:
                self._reject(RequestTimeout())
            case Overdue.NO_REQUEST:
                self.transport.close()
            case Overdue.READING:
                self.transport.abort()

    def pause_writing(self) -> None:
        """Measure from now on how fast the client reads."""
        super().pause_writing()
        self._progress.fall_behind(self.transport.get_write_buffer_size(), self.loop.time())

    def resume_writing(self) -> None:
        """Measure no longer."""
        super().resume_writing()
        self._progress.catch_up(self.loop.time())

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived; reject what is malformed or too large."""
        progress = self._progress
        if progress.phase is Phase.NOTHING:
            return
        progress.heard_at = self._now = now = self.loop.time()
        self._chunk_bytes = len(data)
        if progress.phase is Phase.NEXT_REQUEST:
            progress.begin(Phase.HEAD, now)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._parse_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, TooManyPipelined):
                self._end_after_pipelined()
            else:
                self._reject(error_of(error))
        else:
            self._require_bounded_size()

    def on_message_begin(self) -> None:
        """Start a request, and the time for its head."""
        if len(self.pipeline) >= MAX_PIPELINED:
            raise TooManyPipelined
        super().on_message_begin()
        self._progress.begin(Phase.HEAD, self._now)
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """Check the head; hand the request to the app."""
        limits = self._limits
        if len(self.headers) > limits.max_head_lines or (
            self._head_bytes + self._chunk_bytes > limits.max_head_bytes
            and size_of_head(self.url, self.headers) > limits.max_head_bytes
        ):
            raise RejectedRequest(too_large_error(limits))
        version = self.parser.get_http_version()
        if error := head_error(version, self.headers) or use_authority(self.url, self.headers):
            raise RejectedRequest(error)
        if self.parser.should_upgrade():
            return
        is_first = not self._is_responding()
        self.cycle = ResponseCycle(self, version)
        if self._is_shutting_down:
            self.cycle.keep_alive = False
        if is_first:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))
        # Trailers go nowhere: they would change a head that was checked and is being read.
        self.headers = []
        self._progress.begin_body(self._now)
        self._wire_bytes = self._unneeded_bytes = 0

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on."""
        self._progress.body.size += len(body)
        if self.cycle.response_complete:
            self._unneeded_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request, unless it is about to be parsed again."""
        if self._progress.phase is Phase.BODY:
            super().on_message_complete()
            self._progress.begin(Phase.NEXT_REQUEST, self._now)

    def on_response_complete(self) -> None:
        """Go on with the next request, or end the connection with a rejection.

        Unlike uvicorn's, it starts no timer for each response: the deadlines are enforced by one.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._deferred_rejection is not None:
            self._end_with(self._deferred_rejection)
        elif self._progress.phase is Phase.NEXT_REQUEST:
            self._progress.began_at = self.loop.time()

    def _require_bounded_size(self) -> None:
        """Reject a request that exceeds a limit although it has not arrived completely."""
        limits = self._limits
        if self._progress.phase is Phase.HEAD:
            self._head_bytes += self._chunk_bytes
            lines = len(self.headers or ())
            if self._head_bytes > limits.max_head_bytes or lines > limits.max_head_lines:
                self._reject(too_large_error(limits))
        elif self._progress.phase is Phase.BODY:
            self._wire_bytes += self._chunk_bytes
            overhead_bytes = self._wire_bytes - MAX_OVERHEAD_FACTOR * self._progress.body.size
            if overhead_bytes > MAX_OVERHEAD_BYTES:
                self._reject(MalformedHttp(reason="its chunks hold too little"))
            elif self._unneeded_bytes > MAX_UNNEEDED_BYTES:
                self.transport.close()

    def _parse_without_upgrade(self, rest: bytes) -> None:
        """Parse a request again without `Upgrade`, which servers may ignore (RFC 9110, 7.8)."""
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._reject(MalformedHttp(reason="CONNECT is for proxies"))
            return
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (method, self.url, version)]
        lines += [b"%s: %s" % each for each in self.headers if each[0] != b"upgrade"]
        self.data_received(b"\r\n".join([*lines, b"", rest]))

    def _reject(self, error: ShopError) -> None:
        """Answer with an error, after the responses to earlier requests, and close."""
        was_in_body = self._progress.phase is Phase.BODY
        self._progress.phase = Phase.NOTHING
        if was_in_body and self.pipeline:
            # A response is an app, although the types of uvicorn and Starlette differ.
            self.pipeline[0] = (self.cycle, cast("Any", ProblemResponse(error)))
        elif was_in_body and self.cycle.response_started:
            self.cycle.keep_alive = False
            if self.cycle.response_complete:
                self.transport.close()
        elif was_in_body:
            # The app reads the end of the connection.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._end_with(self._logged_rejection(error))
        elif self._is_responding():
            self._deferred_rejection = self._logged_rejection(error)
        else:
            self._end_with(self._logged_rejection(error))

    def _end_after_pipelined(self) -> None:
        """Answer what is waiting, and close: clients repeat the others (RFC 9112, 9.3.2)."""
        self._progress.phase = Phase.NOTHING
        self.cycle.keep_alive = False

    def _logged_rejection(self, error: ShopError) -> bytes:
        request_id = uuid4().hex
        facts = {"code": error.code, "reason": str(error), "client": self.client_host}
        _log.info("request_rejected", **facts, request_id=request_id)
        return rejection(error, [*self._headers(), (b"x-request-id", request_id.encode())])

    def _headers(self) -> RawHeaders:
        return [*self.server_state.default_headers, *self._rejection_headers]

    def _end_with(self, response: bytes) -> None:
        self.transport.write(response)
        self.transport.close()

    def _begin_closing(self) -> None:
        self._progress.phase = Phase.NOTHING
        self._progress.closing_since = self.loop.time()
        self.flow.resume_reading()

    def _close_unless_responding(self) -> None:
        if not self._is_responding():
            self.transport.close()

    def _is_responding(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete
