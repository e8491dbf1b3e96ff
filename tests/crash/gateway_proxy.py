"""The road from the shop to the gateway, on which a request or its answer can be stopped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import parse_qs, urlsplit

from tests.timeouts import TEST_TIMEOUT_SECONDS

ERROR_RESPONSE = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
)


class Call(Enum):
    """What the gateway is asked for."""

    AUTHORISE = "auth"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "undo"
    FIND_PAYMENT = "look-up"


class Direction(Enum):
    """On which way something is stopped: the gateway has not heard of it, or has done it."""

    REQUEST = auto()
    RESPONSE = auto()


class Fault(Enum):
    """What becomes of what was stopped."""

    NONE = auto()
    CONNECTION_CUT = auto()
    DELAY = auto()
    SERVER_ERROR = auto()


@dataclass(eq=False, kw_only=True)
class Breakpoint:
    """A place at which one request is stopped: the first that fits."""

    call: Call
    direction: Direction
    order_id: str | None
    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _decided: asyncio.Event = field(default_factory=asyncio.Event)
    _sent: asyncio.Event = field(default_factory=asyncio.Event)
    _fault: Fault = Fault.NONE

    async def reached(self) -> None:
        """Wait until something has been stopped here."""
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            await self._reached.wait()

    def resume(self) -> None:
        """Let it pass, or pass without stopping."""
        self._decide(Fault.NONE)

    def cut(self) -> None:
        """Close the connection on which it came; it never arrives."""
        self._decide(Fault.CONNECTION_CUT)

    def delay(self) -> None:
        """Close the connection on which it came: nobody waits any more when it arrives."""
        self._decide(Fault.DELAY)

    def send_delayed(self) -> None:
        """Let what is late arrive at last."""
        self._sent.set()

    async def wait_for_delayed(self) -> None:
        """Wait until what is late is to arrive."""
        await self._sent.wait()

    def fail(self) -> None:
        """Answer with an error in its place."""
        self._decide(Fault.SERVER_ERROR)

    def _decide(self, fault: Fault) -> None:
        if not self._decided.is_set():
            self._fault = fault
            self._decided.set()

    async def hit(self) -> Fault:
        self._reached.set()
        await self._decided.wait()
        return self._fault


@dataclass(frozen=True, kw_only=True)
class _Request:
    content: bytes
    call: Call | None
    order_id: str | None


class FaultInjectingProxy:
    """Listens on behalf of the gateway's process, which may be dead; one request a connection."""

    def __init__(self, gateway_port: int) -> None:
        self._gateway_port = gateway_port
        self._breakpoints: list[Breakpoint] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_closed = False
        """Whether nobody gets through at the moment."""
        self.url = ""

    def add_breakpoint(
        self, call: Call, direction: Direction, order_id: str | None = None
    ) -> Breakpoint:
        """Stop the next request for a deed, or the next for an order's."""
        added = Breakpoint(call=call, direction=direction, order_id=order_id)
        self._breakpoints.append(added)
        return added

    def clear_breakpoints(self) -> None:
        """Stop nobody any more who has not been stopped yet."""
        self._breakpoints.clear()

    async def handle_connection(
        self, client: asyncio.StreamReader, client_writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.ensure_future(self._handle_request(client, client_writer))
        self._track(task)
        await asyncio.wait([task])

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _track(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forward_late(self, delayed: Breakpoint, request: _Request) -> None:
        await delayed.wait_for_delayed()
        await self._forward(request)

    async def _handle_request(
        self, client: asyncio.StreamReader, client_writer: asyncio.StreamWriter
    ) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                if not self.is_closed:
                    request = await _read_request(client)
                    client_writer.write(await self._respond(request))
                    await client_writer.drain()
        finally:
            client_writer.close()

    async def _respond(self, request: _Request) -> bytes:
        hit_breakpoint = self._take_breakpoint(request)
        if hit_breakpoint is None:
            return await self._forward(request)
        response = b""
        if hit_breakpoint.direction is Direction.RESPONSE:
            response = await self._forward(request)
        match await hit_breakpoint.hit():
            case Fault.CONNECTION_CUT:
                return b""
            case Fault.DELAY:
                self._track(asyncio.ensure_future(self._forward_late(hit_breakpoint, request)))
                return b""
            case Fault.SERVER_ERROR:
                return ERROR_RESPONSE
            case Fault.NONE:
                return response or await self._forward(request)

    def _take_breakpoint(self, request: _Request) -> Breakpoint | None:
        for candidate in self._breakpoints:
            if candidate.call is request.call and candidate.order_id in {None, request.order_id}:
                self._breakpoints.remove(candidate)
                candidate.order_id = request.order_id
                return candidate
        return None

    async def _forward(self, request: _Request) -> bytes:
        responses, gateway = await asyncio.open_connection("127.0.0.1", self._gateway_port)
        try:
            gateway.write(request.content)
            await gateway.drain()
            return await responses.read()
        finally:
            gateway.close()


async def _read_request(client: asyncio.StreamReader) -> _Request:
    head = (await client.readuntil(b"\r\n\r\n")).decode()
    request_line, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    body = await client.readexactly(int(headers.get("content-length", 0)))
    # A connection carries one request: what is cut, cuts nothing else.
    content = (head.removesuffix("\r\n") + "Connection: close\r\n\r\n").encode() + body
    if "idempotency-key" in headers:
        _, order_id, call, *_ = headers["idempotency-key"].split(":")
        return _Request(content=content, call=Call(call), order_id=order_id)
    order_ids = parse_qs(urlsplit(request_line.split(" ")[1]).query).get("order_id", [None])
    return _Request(content=content, call=Call.FIND_PAYMENT, order_id=order_ids[0])


@asynccontextmanager
async def gateway_proxy(gateway_port: int) -> AsyncIterator[FaultInjectingProxy]:
    """Open a road to whoever listens on a port of this machine."""
    proxy = FaultInjectingProxy(gateway_port)
    listener = await asyncio.start_server(proxy.handle_connection, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        listener.close()
        await proxy.close()
