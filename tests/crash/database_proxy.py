"""The road from the shop to PostgreSQL, on which a COMMIT or its answer can be stopped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from tests.crash.gateway_proxy import Direction
from tests.timeouts import TEST_TIMEOUT_SECONDS

SOCKET = ".s.PGSQL.5432"


@dataclass(eq=False, kw_only=True)
class CommitBreakpoint:
    """A place at which one transaction is stopped for good: the first that spoke these words.

    Its COMMIT never arrives, or is carried out and its answer never arrives.
    """

    fragments: tuple[bytes, ...]
    direction: Direction
    _reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def reached(self) -> None:
        """Wait until that has happened."""
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            await self._reached.wait()

    def mark_reached(self) -> None:
        self._reached.set()

    def matches(self, data: bytes) -> bool:
        return all(fragment in data for fragment in self.fragments)


class DatabaseProxy:
    """Listens on behalf of a server; who is stopped stays so until its process is dead."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._breakpoints: list[CommitBreakpoint] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def add_breakpoint(self, *words: str, direction: Direction) -> CommitBreakpoint:
        """Stop the next transaction that speaks all of these words at its COMMIT."""
        added = CommitBreakpoint(
            fragments=tuple(fragment.encode() for fragment in words), direction=direction
        )
        self._breakpoints.append(added)
        return added

    async def handle_connection(
        self, client: asyncio.StreamReader, client_writer: asyncio.StreamWriter
    ) -> None:
        server, server_writer = await asyncio.open_unix_connection(self._upstream)
        connection = _Connection(self._breakpoints)
        tasks = [
            asyncio.ensure_future(connection.forward_requests(client, server_writer)),
            asyncio.ensure_future(connection.forward_responses(server, client_writer)),
        ]
        self._tasks.update(tasks)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in tasks:
            each.cancel()
        await asyncio.wait(tasks)
        self._tasks.difference_update(tasks)
        for writer in (server_writer, client_writer):
            writer.transport.abort()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Connection:
    def __init__(self, breakpoints: list[CommitBreakpoint]) -> None:
        self._breakpoints = breakpoints
        self._transaction_data = b""
        self._breakpoint: CommitBreakpoint | None = None

    async def forward_requests(
        self, client: asyncio.StreamReader, server_writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while data := await client.read(65_536):
                if self._breakpoint is not None:
                    continue
                self._transaction_data += data
                if b"COMMIT" in data:
                    self._breakpoint = self._take_breakpoint()
                if b"COMMIT" in data or b"ROLLBACK" in data:
                    self._transaction_data = b""
                if self._breakpoint is not None and self._breakpoint.direction is Direction.REQUEST:
                    self._breakpoint.mark_reached()
                    continue
                server_writer.write(data)
                await server_writer.drain()

    async def forward_responses(
        self, server: asyncio.StreamReader, client_writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while data := await server.read(65_536):
                if self._breakpoint is not None:
                    self._breakpoint.mark_reached()
                    continue
                client_writer.write(data)
                await client_writer.drain()

    def _take_breakpoint(self) -> CommitBreakpoint | None:
        for candidate in self._breakpoints:
            if candidate.matches(self._transaction_data):
                self._breakpoints.remove(candidate)
                return candidate
        return None


@asynccontextmanager
async def database_proxy(url: str) -> AsyncIterator[tuple[DatabaseProxy, str]]:
    """Open a road to a server; give it with the URL under which it is travelled."""
    proxy = DatabaseProxy(str(Path(str(make_url(url).query["host"]), SOCKET)))
    with TemporaryDirectory(prefix="shop-road-") as folder:
        listener = await asyncio.start_unix_server(
            proxy.handle_connection, path=str(Path(folder, SOCKET))
        )
        proxied_url = make_url(url).set(query={"host": folder})
        try:
            yield proxy, proxied_url.render_as_string(hide_password=False)
        finally:
            listener.close()
            await proxy.close()
