"""A merchant's endpoint on this machine, which may be out of order."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from tests.timeouts import TEST_TIMEOUT_SECONDS

SECRET = "whsec_" + "c2hvcCdzIG93biBzZWNyZXQgb2YgdGhlIHRlc3RzLi4="


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRequest:
    """A request as it came in."""

    headers: Mapping[str, str]
    body: bytes


class WebhookReceiver:
    """Answers 200, unless the next answers were scripted."""

    NO_RESPONSE, CLOSE_CONNECTION = -1, -2

    def __init__(self) -> None:
        self.received: list[ReceivedRequest] = []
        self._has_received = asyncio.Condition()
        self.delay_seconds = 0.0
        self.port = 0
        self._responses: deque[int | web.Response] = deque()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=hunter2"

    def script(self, *responses: int | web.Response) -> None:
        """Have the next requests answered with these: statuses, or what happens instead."""
        self._responses.extend(responses)

    async def wait_for_requests(self, count: int) -> None:
        """Wait until so many requests have come in."""
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS), self._has_received:
            await self._has_received.wait_for(lambda: len(self.received) >= count)

    async def open(self) -> None:
        """Listen: on a port of its own, the same one after every time."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._respond)
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

    async def _respond(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(ReceivedRequest(headers=headers, body=await request.read()))
        async with self._has_received:
            self._has_received.notify_all()
        await asyncio.sleep(self.delay_seconds)
        response = self._responses.popleft() if self._responses else 200
        if isinstance(response, web.Response):
            return response
        if response == self.NO_RESPONSE:
            await asyncio.sleep(TEST_TIMEOUT_SECONDS)
        if response == self.CLOSE_CONNECTION and request.transport is not None:
            request.transport.abort()
        return web.Response(status=max(response, 200))
