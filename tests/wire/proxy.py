"""A proxy that speaks PostgreSQL's protocol: it disturbs COMMIT, and rejects what is not portable.

`tests/fault_proxy.py` stops a single request that a test names by its words. This one understands
requests: it knows which of them commit, and can answer in place of the server.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.wire.faults import Fault, FaultChoice, no_fault
from tests.wire.listening import Streams, listening_instead, server_socket
from tests.wire.messages import (
    CANCEL_REQUEST,
    NO_TLS,
    TLS_REQUEST,
    Kind,
    error_response,
    query,
    read_message,
    read_start,
    ready,
)
from tests.wire.portability import find_not_portable, sets_only
from tests.wire.requests import Dialogue, Request

STARTING_UP = "57P03"
NOT_SUPPORTED = "0A000"


@dataclass
class WireProxy:
    """Connections to a server, with what is to be done to them and what was seen."""

    choose_fault: FaultChoice = no_fault
    rejects_not_portable: bool = False
    rejected_connections: int = 0
    """How many new connections fail from now on: closed, or with the error of a start, by turns."""
    url: str = ""
    commits: int = 0
    """How many requests have reached the server that commit what they write."""
    rejected: list[tuple[str, str]] = field(default_factory=list)
    """What was used that is not portable, and the statements."""
    texts: set[str] = field(default_factory=set)
    """All statements that were sent."""


class _Connection:
    def __init__(self, proxy: WireProxy, client: Streams) -> None:
        self._proxy = proxy
        self._client, self._client_writer = client
        self._dialogue = Dialogue()
        self._is_starting = True
        self._withheld: asyncio.Event | None = None
        """Set at the end of an answer that the client does not get."""

    async def serve(self, server: Streams) -> None:
        self._server, self._server_writer = server
        tasks = [
            asyncio.create_task(self._forward_requests()),
            asyncio.create_task(self._forward_responses()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in tasks:
                each.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        # A peer that is gone ends the connection, also in the middle of a message.
        gone = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)
        for end in ends:
            if end is not None and not isinstance(end, gone):
                raise end

    async def _forward_requests(self) -> None:
        while True:
            request = self._dialogue.add(await read_message(self._client))
            if request is None:
                continue
            self._proxy.texts.update(request.texts)
            if await self._is_rejected(request):
                continue
            fault = self._proxy.choose_fault(request) if request.commits else None
            if fault is None:
                await self._send(request.raw, commits=request.commits)
            elif await self._ends_with(fault, request):
                return

    async def _is_rejected(self, request: Request) -> bool:
        if self._is_starting and all(map(sets_only, request.texts)):
            return False
        self._is_starting = False
        for text in request.texts if self._proxy.rejects_not_portable else ():
            name = find_not_portable(text)
            if name is not None:
                self._proxy.rejected.append((name, text))
                await self._answer_error(NOT_SUPPORTED, f"not portable: {name}", request)
                return True
        return False

    async def _ends_with(self, fault: Fault, request: Request) -> bool:
        """Do what was chosen; return whether the connection ends with it."""
        await asyncio.sleep(fault.delay_seconds)
        if not fault.is_cut and fault.sqlstate is None:
            await self._send(request.raw, commits=True)
            return False
        if fault.is_done:
            await self._do_unheard(request.raw, commits=True)
        elif request.commits_transaction:
            await self._do_unheard(query("ROLLBACK").raw, commits=False)
        if fault.sqlstate is not None:
            await self._answer_error(
                fault.sqlstate, "chosen by the test", request, is_fatal=fault.is_cut
            )
        return fault.is_cut

    async def _send(self, raw: bytes, *, commits: bool) -> None:
        self._proxy.commits += commits
        self._server_writer.write(raw)
        await self._server_writer.drain()

    async def _do_unheard(self, raw: bytes, *, commits: bool) -> None:
        self._withheld = asyncio.Event()
        await self._send(raw, commits=commits)
        await self._withheld.wait()
        self._withheld = None

    async def _answer_error(
        self, sqlstate: str, text: str, request: Request, *, is_fatal: bool = False
    ) -> None:
        self._client_writer.write(error_response(sqlstate, text, is_fatal=is_fatal))
        if not is_fatal and request.is_answered:
            self._client_writer.write(ready(self._dialogue.state))
        await self._client_writer.drain()

    async def _forward_responses(self) -> None:
        while True:
            message = await read_message(self._server)
            is_end = message.kind == Kind.READY_FOR_QUERY
            if is_end:
                self._dialogue.state = message.body
            if self._withheld is None:
                self._client_writer.write(message.raw)
                await self._client_writer.drain()
            elif is_end:
                self._withheld.set()


async def _start(proxy: WireProxy, client: Streams, socket: str) -> None:
    reader, writer = client
    try:
        with suppress(OSError, asyncio.IncompleteReadError):
            code, start = await read_start(reader)
            while code == TLS_REQUEST:
                writer.write(NO_TLS)
                code, start = await read_start(reader)
            if proxy.rejected_connections and code != CANCEL_REQUEST:
                proxy.rejected_connections -= 1
                if proxy.rejected_connections % 2:
                    writer.write(error_response(STARTING_UP, "starting up", is_fatal=True))
                return
            server = await asyncio.open_unix_connection(socket)
            try:
                server[1].write(start)
                await _Connection(proxy, client).serve(server)
            finally:
                server[1].close()
    finally:
        writer.close()


@asynccontextmanager
async def wire_proxy(url: str) -> AsyncIterator[WireProxy]:
    """Open a proxy for a PostgreSQL server that listens on a Unix socket."""
    proxy, tasks = WireProxy(), set[asyncio.Task[None]]()
    socket = str(server_socket(url))

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(_start(proxy, (reader, writer), socket)))

    async with listening_instead(url, accept) as proxy.url:
        try:
            yield proxy
        finally:
            for each in tasks:
                each.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
    failures = [each for each in ends if isinstance(each, Exception)]
    if failures:
        raise ExceptionGroup("the proxy has failed", failures)
