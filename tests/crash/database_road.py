"""The road from the shop to PostgreSQL, on which a COMMIT or its answer can be stopped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from tests.crash.gateway_road import Side
from tests.patience import PATIENCE_SECONDS

SOCKET = ".s.PGSQL.5432"


@dataclass(eq=False, kw_only=True)
class CommitStop:
    """A place at which one transaction is stopped for good: the first that spoke these words.

    Its COMMIT never arrives, or is carried out and its answer never arrives.
    """

    words: tuple[bytes, ...]
    side: Side
    _reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def reached(self) -> None:
        """Wait until that has happened."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._reached.wait()

    def tell(self) -> None:
        self._reached.set()

    def fits(self, said: bytes) -> bool:
        return all(word in said for word in self.words)


class DatabaseRoad:
    """Listens on behalf of a server; who is stopped stays so until its process is dead."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._stops: list[CommitStop] = []
        self._on_their_way: set[asyncio.Task[None]] = set()

    def stop(self, *words: str, side: Side) -> CommitStop:
        """Stop the next transaction that speaks all of these words at its COMMIT."""
        stop = CommitStop(words=tuple(word.encode() for word in words), side=side)
        self._stops.append(stop)
        return stop

    async def travel(self, shop: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        replies, server = await asyncio.open_unix_connection(self._upstream)
        connection = _Connection(self._stops)
        both = [
            asyncio.ensure_future(connection.speak(shop, server)),
            asyncio.ensure_future(connection.answer(replies, answer)),
        ]
        self._on_their_way.update(both)
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for each in both:
            each.cancel()
        await asyncio.wait(both)
        self._on_their_way.difference_update(both)
        for writer in (server, answer):
            writer.transport.abort()

    async def end(self) -> None:
        for task in self._on_their_way:
            task.cancel()
        await asyncio.gather(*self._on_their_way, return_exceptions=True)


class _Connection:
    def __init__(self, stops: list[CommitStop]) -> None:
        self._stops = stops
        self._said = b""
        self._stopped: CommitStop | None = None

    async def speak(self, shop: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while words := await shop.read(65_536):
                if self._stopped is not None:
                    continue
                self._said += words
                if b"COMMIT" in words:
                    self._stopped = self._stop()
                if b"COMMIT" in words or b"ROLLBACK" in words:
                    self._said = b""
                if self._stopped is not None and self._stopped.side is Side.BEFORE:
                    self._stopped.tell()
                    continue
                server.write(words)
                await server.drain()

    async def answer(self, replies: asyncio.StreamReader, shop: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while words := await replies.read(65_536):
                if self._stopped is not None:
                    self._stopped.tell()
                    continue
                shop.write(words)
                await shop.drain()

    def _stop(self) -> CommitStop | None:
        for stop in self._stops:
            if stop.fits(self._said):
                self._stops.remove(stop)
                return stop
        return None


@asynccontextmanager
async def database_road(url: str) -> AsyncIterator[tuple[DatabaseRoad, str]]:
    """Open a road to a server; give it with the URL under which it is travelled."""
    road = DatabaseRoad(str(Path(str(make_url(url).query["host"]), SOCKET)))
    with TemporaryDirectory(prefix="shop-road-") as folder:
        listener = await asyncio.start_unix_server(road.travel, path=str(Path(folder, SOCKET)))
        travelled = make_url(url).set(query={"host": folder})
        try:
            yield road, travelled.render_as_string(hide_password=False)
        finally:
            listener.close()
            await road.end()
