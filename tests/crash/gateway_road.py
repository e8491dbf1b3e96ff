"""The road from the shop to the gateway, on which a request or its answer can be stopped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import parse_qs, urlsplit

from tests.patience import PATIENCE_SECONDS

ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Deed(Enum):
    """What the gateway is asked for."""

    AUTHORISE = "auth"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "undo"
    LOOK_UP = "look-up"


class Side(Enum):
    """On which way something is stopped: the gateway has not heard of it, or has done it."""

    BEFORE = auto()
    AFTER = auto()


class Fate(Enum):
    """What becomes of what was stopped."""

    GOES_ON = auto()
    IS_CUT = auto()
    IS_LATE = auto()
    FAILS = auto()


@dataclass(eq=False, kw_only=True)
class Stop:
    """A place at which one request is stopped: the first that fits."""

    deed: Deed
    side: Side
    order_id: str | None
    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _decided: asyncio.Event = field(default_factory=asyncio.Event)
    _arrives: asyncio.Event = field(default_factory=asyncio.Event)
    _fate: Fate = Fate.GOES_ON

    async def reached(self) -> None:
        """Wait until something has been stopped here."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._reached.wait()

    def go_on(self) -> None:
        """Let it pass, or pass without stopping."""
        self._decide(Fate.GOES_ON)

    def cut(self) -> None:
        """Close the connection on which it came; it never arrives."""
        self._decide(Fate.IS_CUT)

    def be_late(self) -> None:
        """Close the connection on which it came: nobody waits any more when it arrives."""
        self._decide(Fate.IS_LATE)

    def arrive(self) -> None:
        """Let what is late arrive at last."""
        self._arrives.set()

    async def arrival(self) -> None:
        """Wait until what is late is to arrive."""
        await self._arrives.wait()

    def fail(self) -> None:
        """Answer with an error in its place."""
        self._decide(Fate.FAILS)

    def _decide(self, fate: Fate) -> None:
        if not self._decided.is_set():
            self._fate = fate
            self._decided.set()

    async def fate(self) -> Fate:
        self._reached.set()
        await self._decided.wait()
        return self._fate


@dataclass(frozen=True, kw_only=True)
class _Request:
    content: bytes
    deed: Deed | None
    order_id: str | None


class GatewayRoad:
    """Listens on behalf of the gateway's process, which may be dead; one request a connection."""

    def __init__(self, gateway_port: int) -> None:
        self._gateway_port = gateway_port
        self._stops: list[Stop] = []
        self._on_their_way: set[asyncio.Task[None]] = set()
        self.is_closed = False
        """Whether nobody gets through at the moment."""
        self.url = ""

    def stop(self, deed: Deed, side: Side, order_id: str | None = None) -> Stop:
        """Stop the next request for a deed, or the next for an order's."""
        stop = Stop(deed=deed, side=side, order_id=order_id)
        self._stops.append(stop)
        return stop

    def clear(self) -> None:
        """Stop nobody any more who has not been stopped yet."""
        self._stops.clear()

    async def travel(self, shop: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._travel(shop, answer))
        self._keep(task)
        await asyncio.wait([task])

    async def end(self) -> None:
        for task in self._on_their_way:
            task.cancel()
        await asyncio.gather(*self._on_their_way, return_exceptions=True)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._on_their_way.add(task)
        task.add_done_callback(self._on_their_way.discard)

    async def _arrive_late(self, stop: Stop, request: _Request) -> None:
        await stop.arrival()
        await self._ask_gateway(request)

    async def _travel(self, shop: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                if not self.is_closed:
                    request = await _read(shop)
                    answer.write(await self._answer(request))
                    await answer.drain()
        finally:
            answer.close()

    async def _answer(self, request: _Request) -> bytes:
        stop = self._stop_of(request)
        if stop is None:
            return await self._ask_gateway(request)
        reply = b""
        if stop.side is Side.AFTER:
            reply = await self._ask_gateway(request)
        match await stop.fate():
            case Fate.IS_CUT:
                return b""
            case Fate.IS_LATE:
                self._keep(asyncio.ensure_future(self._arrive_late(stop, request)))
                return b""
            case Fate.FAILS:
                return ERROR
            case Fate.GOES_ON:
                return reply or await self._ask_gateway(request)

    def _stop_of(self, request: _Request) -> Stop | None:
        for stop in self._stops:
            if stop.deed is request.deed and stop.order_id in {None, request.order_id}:
                self._stops.remove(stop)
                stop.order_id = request.order_id
                return stop
        return None

    async def _ask_gateway(self, request: _Request) -> bytes:
        replies, gateway = await asyncio.open_connection("127.0.0.1", self._gateway_port)
        try:
            gateway.write(request.content)
            await gateway.drain()
            return await replies.read()
        finally:
            gateway.close()


async def _read(shop: asyncio.StreamReader) -> _Request:
    head = (await shop.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    body = await shop.readexactly(int(headers.get("content-length", 0)))
    # A connection carries one request: what is cut, cuts nothing else.
    content = (head.removesuffix("\r\n") + "Connection: close\r\n\r\n").encode() + body
    if "idempotency-key" in headers:
        _, order_id, deed, *_ = headers["idempotency-key"].split(":")
        return _Request(content=content, deed=Deed(deed), order_id=order_id)
    asked = parse_qs(urlsplit(first.split(" ")[1]).query).get("order_id", [None])
    return _Request(content=content, deed=Deed.LOOK_UP, order_id=asked[0])


@asynccontextmanager
async def gateway_road(gateway_port: int) -> AsyncIterator[GatewayRoad]:
    """Open a road to whoever listens on a port of this machine."""
    road = GatewayRoad(gateway_port)
    listener = await asyncio.start_server(road.travel, "127.0.0.1", 0)
    road.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield road
    finally:
        listener.close()
        await road.end()
