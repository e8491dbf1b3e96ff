"""A way to PostgreSQL that can be cut or stalled at will."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy import make_url

SOCKET = ".s.PGSQL.5432"


class Proxy:
    """Passes on what is said, until what is said to the server contains `stop_at`.

    Then nothing is passed on any more; where it cuts, both ends are closed. With `answers`, the
    server still hears the fatal words, and only its answer is lost.
    """

    def __init__(self) -> None:
        self.url = ""
        self.stop_at: bytes | None = None
        self.cuts = True
        self.answers = False
        self.stopped = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def meet(
        self, upstream: str, client: asyncio.StreamReader, answer: asyncio.StreamWriter
    ) -> None:
        replies, server = await asyncio.open_unix_connection(upstream)
        self._writers |= {answer, server}
        silent = [False]
        for source, sink, heard in (
            (client, server, True),
            (replies, answer, False),
        ):
            run = self._pass_on(source, sink, (server, answer), silent, heard=heard)
            task = asyncio.create_task(run)
            self._tasks.add(task)

    async def _pass_on(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        both: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        silent: list[bool],
        *,
        heard: bool,
    ) -> None:
        with suppress(OSError):
            while said := await source.read(65_536):
                if heard and self.stop_at is not None and self.stop_at in said:
                    silent[0] = True
                    if self.answers:
                        sink.write(said)
                        await sink.drain()
                        # The server has time to do as it was told.
                        await asyncio.sleep(0.2)
                    if self.cuts:
                        for each in both:
                            each.transport.abort()
                    self.stopped.set()
                if not silent[0]:
                    sink.write(said)
                    await sink.drain()
        sink.close()

    async def end(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def a_proxy(url: str, folder: Path) -> AsyncIterator[Proxy]:
    """Listen on a socket in a folder, on behalf of a server."""
    proxy = Proxy()
    host = str(make_url(url).query["host"])
    upstream = str(Path(host, SOCKET))

    async def meet(client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        await proxy.meet(upstream, client, answer)

    listener = await asyncio.start_unix_server(meet, path=str(folder / SOCKET))
    proxy.url = make_url(url).set(query={"host": str(folder)}).render_as_string(hide_password=False)
    try:
        yield proxy
    finally:
        listener.close()
        await proxy.end()
