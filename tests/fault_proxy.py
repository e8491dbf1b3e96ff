"""Fault proxy: forwards connections to a server, and stops requests or responses on their way.

A test adds a breakpoint for the next request that contains certain words, waits until that request
has reached it, and decides what becomes of it:

    forward    the request or its response is passed on
    reset      the connection is closed, and nothing is passed on
    delay      the connection is closed, and the request is delivered when the test says so
    silence    while the test decides nothing, the connection stays open and nothing passes
"""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeVar

from tests.timeouts import TEST_TIMEOUT_SECONDS
from tests.wire.listening import Streams, listening_instead, server_socket

CHUNK_BYTES = 65_536

T = TypeVar("T")


class Direction(Enum):
    """What a breakpoint stops: a request before the server has it, or the response to it."""

    REQUEST = auto()
    RESPONSE = auto()


class Fault(Enum):
    """What becomes of what was stopped; silence is the lack of a decision."""

    FORWARD = auto()
    RESET = auto()
    DELAY = auto()


@dataclass(eq=False, kw_only=True)
class Breakpoint:
    """Stops the first request that contains all of some words, or the response to it."""

    direction: Direction
    words: tuple[bytes, ...]
    request: bytes = b""
    """The request that was stopped."""
    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _decision: "asyncio.Future[Fault]" = field(default_factory=asyncio.Future)
    _delivered: asyncio.Event = field(default_factory=asyncio.Event)

    async def reached(self) -> None:
        """Wait until something has been stopped here."""
        try:
            async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
                await self._reached.wait()
        except TimeoutError as failure:
            failure.add_note(f"no {self.direction.name} with {self.words} came")
            raise

    def forward(self) -> None:
        """Pass it on."""
        self._decide(Fault.FORWARD)

    def reset(self) -> None:
        """Close the connection and drop what was stopped."""
        self._decide(Fault.RESET)

    def delay(self) -> None:
        """Close the connection, and keep the request until `deliver`."""
        self._decide(Fault.DELAY)

    def deliver(self) -> None:
        """Deliver the delayed request."""
        self._delivered.set()

    async def delivered(self) -> None:
        """Wait for `deliver`."""
        await self._delivered.wait()

    async def hit(self) -> Fault:
        """Report that something was stopped here, and wait for the decision."""
        self._reached.set()
        return await asyncio.shield(self._decision)

    def _decide(self, fault: Fault) -> None:
        if not self._decision.done():
            self._decision.set_result(fault)


class RequestReader(ABC):
    """Cuts what a client sends into requests."""

    def __init__(self, client: asyncio.StreamReader) -> None:
        self._client = client

    @abstractmethod
    async def read(self) -> tuple[bytes, bytes]:
        """Return what is to be forwarded, empty at the end, and the text that contains the words.

        Raise `IncompleteReadError` if the client hangs up within a request.
        """


class HttpRequests(RequestReader):
    """HTTP: each request has a connection to itself, so that a fault affects no other."""

    async def read(self) -> tuple[bytes, bytes]:
        head = await self._client.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        body = await self._client.readexactly(int(length[1]) if length else 0)
        request = head.removesuffix(b"\r\n") + b"Connection: close\r\n\r\n" + body
        return request, request


class PostgresqlRequests(RequestReader):
    """PostgreSQL: the words may be spread over a transaction; its end contains COMMIT."""

    _transaction = b""

    async def read(self) -> tuple[bytes, bytes]:
        data = await self._client.read(CHUNK_BYTES)
        self._transaction = text = self._transaction + data
        if b"COMMIT" in data or b"ROLLBACK" in data:
            self._transaction = b""
        return data, text


class FaultProxy:
    """Listens in place of a server at `url`; what no breakpoint stops is forwarded."""

    def __init__(
        self, connect: Callable[[], Awaitable[Streams]], reader: type[RequestReader]
    ) -> None:
        self._connect = connect
        self._reader = reader
        self._breakpoints: list[Breakpoint] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""
        self.is_down = False
        """Whether new connections are closed at once."""

    def add_breakpoint(self, direction: Direction, *words: str) -> Breakpoint:
        """Stop the next request that contains all of these words, or the response to it."""
        added = Breakpoint(direction=direction, words=tuple(word.encode() for word in words))
        self._breakpoints.append(added)
        return added

    def clear_breakpoints(self) -> None:
        """Remove the breakpoints that nothing has reached."""
        self._breakpoints.clear()

    def accept(self, client: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, self._reader(client), client, writer)
        self.run(connection.serve())

    async def close(self) -> None:
        """Close all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def run(self, work: Coroutine[None, None, None]) -> None:
        """Run something until it ends or the proxy is closed."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def connect(self) -> Streams:
        """Connect to the server."""
        return await self._connect()

    def take_breakpoint(self, request: bytes, text: bytes) -> Breakpoint | None:
        """Return the breakpoint that a request has reached, if there is one."""
        for candidate in self._breakpoints:
            if all(word in text for word in candidate.words):
                self._breakpoints.remove(candidate)
                candidate.request = request
                return candidate
        return None


class _Connection:
    def __init__(
        self,
        proxy: FaultProxy,
        requests: RequestReader,
        client: asyncio.StreamReader,
        client_writer: asyncio.StreamWriter,
    ) -> None:
        self._proxy = proxy
        self._requests = requests
        self._client = client
        self._client_writer = client_writer
        self._server: asyncio.Future[Streams] = asyncio.Future()
        self._stopped_response: Breakpoint | None = None

    async def serve(self) -> None:
        try:
            # A peer that is gone ends the connection, also in the middle of a request.
            with suppress(OSError, asyncio.IncompleteReadError):
                if not self._proxy.is_down:
                    await _first(self._forward_requests(), self._forward_responses())
        finally:
            self._client_writer.close()
            if self._server.done():
                _, server_writer = self._server.result()
                server_writer.close()

    async def _forward_requests(self) -> None:
        while True:
            request, text = await self._requests.read()
            stop = self._proxy.take_breakpoint(request, text)
            if not request or (stop is not None and await self._is_stopped(stop)):
                return
            if not self._server.done():
                # A server closes connections without a request, so none is opened before the first.
                self._server.set_result(await self._proxy.connect())
            await _write(self._server.result()[1], request)

    async def _is_stopped(self, stop: Breakpoint) -> bool:
        if stop.direction is Direction.RESPONSE:
            self._stopped_response = stop
            return False
        fault = await _first(stop.hit(), self._hang_up())
        if fault is Fault.DELAY:
            self._proxy.run(self._deliver(stop))
        return fault is not Fault.FORWARD

    async def _hang_up(self) -> Fault:
        await self._client.read()
        return Fault.RESET

    async def _deliver(self, stop: Breakpoint) -> None:
        await stop.delivered()
        responses, server_writer = await self._proxy.connect()
        await _write(server_writer, stop.request)
        await responses.read()
        server_writer.close()

    async def _forward_responses(self) -> None:
        server, _ = await asyncio.shield(self._server)
        while data := await server.read(CHUNK_BYTES):
            stop, self._stopped_response = self._stopped_response, None
            if stop is not None and await stop.hit() is not Fault.FORWARD:
                return
            await _write(self._client_writer, data)


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def _first(*runs: Coroutine[None, None, T]) -> T:
    """Return the result of what ends first, and cancel the rest."""
    tasks = [asyncio.ensure_future(each) for each in runs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def gateway_proxy(port: int) -> AsyncIterator[FaultProxy]:
    """Open a proxy for an HTTP server on this machine."""
    proxy = FaultProxy(lambda: asyncio.open_connection("127.0.0.1", port), HttpRequests)
    listener = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        listener.close()
        await proxy.close()


@asynccontextmanager
async def database_proxy(url: str) -> AsyncIterator[FaultProxy]:
    """Open a proxy for a PostgreSQL server that listens on a Unix socket."""
    proxy = FaultProxy(lambda: asyncio.open_unix_connection(server_socket(url)), PostgresqlRequests)
    async with listening_instead(url, proxy.accept) as proxy.url:
        try:
            yield proxy
        finally:
            await proxy.close()
