"""A way to PostgreSQL that can be cut or stalled at will."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy import make_url

SOCKET = ".s.PGSQL.5432"


class DatabaseProxy:
    """Passes on what is said, until what is said to the server contains `stop_at`.

    Then nothing is passed on any more; where it cuts, both ends are closed. With `answers`, the
    server still hears the fatal words, and only its answer is lost.
    """

    def __init__(self) -> None:
        self.url = ""
        self.stop_at: bytes | None = None
        self.closes_connections = True
        self.executes = False
        self.stopped = asyncio.Event()
        self.answered = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def handle_connection(
        self, upstream: str, client: asyncio.StreamReader, client_writer: asyncio.StreamWriter
    ) -> None:
        server, server_writer = await asyncio.open_unix_connection(upstream)
        self._writers |= {client_writer, server_writer}
        is_silent = [False]
        for source, sink, is_request in (
            (client, server_writer, True),
            (server, client_writer, False),
        ):
            run = self._forward(
                source, sink, (server_writer, client_writer), is_silent, is_request=is_request
            )
            task = asyncio.create_task(run)
            self._tasks.add(task)

    async def _forward(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        both: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        is_silent: list[bool],
        *,
        is_request: bool,
    ) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                if is_request and self.stop_at is not None and self.stop_at in data:
                    is_silent[0] = True
                    if self.executes:
                        self.answered.clear()
                        sink.write(data)
                        await sink.drain()
                        # The server has executed it once it responds.
                        await self.answered.wait()
                    if self.closes_connections:
                        for each in both:
                            each.transport.abort()
                    self.stopped.set()
                if is_silent[0] and not is_request:
                    self.answered.set()
                if not is_silent[0]:
                    sink.write(data)
                    await sink.drain()
        sink.close()

    async def close(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def open_database_proxy(url: str, folder: Path) -> AsyncIterator[DatabaseProxy]:
    """Listen on a socket in a folder, on behalf of a server."""
    proxy = DatabaseProxy()
    host = str(make_url(url).query["host"])
    upstream = str(Path(host, SOCKET))

    async def handle_connection(
        client: asyncio.StreamReader, client_writer: asyncio.StreamWriter
    ) -> None:
        await proxy.handle_connection(upstream, client, client_writer)

    listener = await asyncio.start_unix_server(handle_connection, path=str(folder / SOCKET))
    proxy.url = make_url(url).set(query={"host": str(folder)}).render_as_string(hide_password=False)
    try:
        yield proxy
    finally:
        listener.close()
        await proxy.close()
