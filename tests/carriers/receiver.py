"""A merchant's endpoint on this machine, which may be out of order."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

SECRET = "whsec_" + "c2hvcCdzIG93biBzZWNyZXQgb2YgdGhlIHRlc3RzLi4="


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it came in."""

    headers: Mapping[str, str]
    body: bytes


class Receiver:
    """Answers 200, unless the next answers were scripted."""

    HANG, DIE = -1, -2

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.has_received = asyncio.Event()
        self.delay_seconds = 0.0
        self.port = 0
        self._answers: deque[int | web.Response] = deque()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=hunter2"

    def script(self, *answers: int | web.Response) -> None:
        """Have the next requests answered with these: statuses, or what happens instead."""
        self._answers.extend(answers)

    async def open(self) -> None:
        """Listen: on a port of its own, the same one after every time."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(headers=headers, body=await request.read()))
        self.has_received.set()
        await asyncio.sleep(self.delay_seconds)
        answer = self._answers.popleft() if self._answers else 200
        if isinstance(answer, web.Response):
            return answer
        if answer == self.HANG:
            await asyncio.sleep(60)
        if answer == self.DIE and request.transport is not None:
            request.transport.abort()
        return web.Response(status=max(answer, 200))
