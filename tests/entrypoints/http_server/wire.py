"""The server's protocol around a small app, and a client that sends bytes as they are."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import uvicorn
from starlette.types import Message, Receive, Scope, Send
from uvicorn.server import ServerState

from shop.entrypoints.cli.listener import bind_socket
from shop.entrypoints.http.middleware.request_log import CLIENT_LEFT
from shop.entrypoints.http_server.connections import Connections
from shop.entrypoints.http_server.limits import HttpLimits
from shop.entrypoints.http_server.protocol import HttpProtocol
from tests.timeouts import TEST_TIMEOUT_SECONDS

HEAD = b"POST /echo HTTP/1.1\r\nHost: shop.test\r\n"
GET = b"GET /%b HTTP/1.1\r\nHost: shop.test\r\n\r\n"
LARGE = b"x" * 4_000_000


@dataclass
class App:
    """Answers with what it got; what it got is also kept."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    may_respond: asyncio.Event = field(default_factory=asyncio.Event)
    disconnected: int = 0
    unread: int = 0
    """How many responses were sent to a client that had left."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        body = b"" if path == "/early" else await self._body(receive)
        if body is None:
            self.disconnected += 1
            return
        if path == "/waiting":
            await self.may_respond.wait()
        headers = [[name.decode(), value.decode()] for name, value in scope["headers"]]
        request = {"path": path, "headers": headers, "body": body.decode()}
        self.requests.append(request)
        content = LARGE if path == "/large" else json.dumps(request).encode()
        length = (b"content-length", str(len(content)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": content})
        self.unread += CLIENT_LEFT in scope["state"]

    async def _body(self, receive: Receive) -> bytes | None:
        body = b""
        while True:
            message: Message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part: bytes = message["body"]
            body += part
            if not message["more_body"]:
                return body


@dataclass(frozen=True)
class Response:
    """One response, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(self.body)
        return result


@dataclass(frozen=True)
class Client:
    """A connection on which bytes are sent as they are."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await turns()

    async def response(self) -> Response:
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            status_line, *lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            body = await self.reader.readexactly(int(headers["content-length"]))
            return Response(int(status_line.split()[1]), headers, body)

    async def ends(self) -> bool:
        """Return whether the server ends the connection, after nothing more."""
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            return await self.reader.read() == b""

    @property
    def is_open(self) -> bool:
        return not self.reader.at_eof()


@dataclass
class Server:
    """The protocol behind a port of this machine."""

    app: App
    state: ServerState
    port: int
    clients: list[Client] = field(default_factory=list)

    async def client(self, *, reads: int | None = None, host: str = "127.0.0.1") -> Client:
        """Connect; with `reads`, the client takes in no more than about as many bytes."""
        connection = socket.socket()
        if reads is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, reads)
        connection.setblocking(False)
        connection.bind((host, 0))
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", self.port))
        limit = 2**16 if reads is None else reads
        client = Client(*await asyncio.open_connection(sock=connection, limit=limit))
        self.clients.append(client)
        await turns()
        return client

    async def answer(self, data: bytes) -> Response:
        """Send bytes on a new connection; return the first response."""
        client = await self.client()
        await client.send(data)
        return await client.response()

    @property
    def open_connections(self) -> int:
        return len(self.state.connections)

    def shut_down(self) -> None:
        for connection in list(self.state.connections):
            connection.shutdown()


@asynccontextmanager
async def serving(**limits: Any) -> AsyncIterator[Server]:  # noqa: ANN401  As the limits' fields.
    """Serve within limits until the block ends."""
    app, state = App(), ServerState()
    config = uvicorn.Config(app, http="httptools", ws="none", log_config=None, lifespan="off")
    config.load()
    protocol: Callable[[], asyncio.Protocol] = partial(
        HttpProtocol,
        config=config,
        server_state=state,
        app_state={},
        connections=Connections(HttpLimits(**limits)),
        rejection_headers=[(b"x-content-type-options", b"nosniff")],
    )
    listener = await asyncio.get_running_loop().create_server(
        protocol, sock=bind_socket("127.0.0.1", 0)
    )
    server = Server(app, state, listener.sockets[0].getsockname()[1])
    try:
        yield server
    finally:
        app.may_respond.set()
        for client in server.clients:
            client.writer.transport.abort()
        listener.close()
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            # The protocol has no event for its last connection.
            while state.connections or state.tasks:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def turns() -> None:
    """Let the loop run what bytes on this machine's own network make ready."""
    for _ in range(20):
        await asyncio.sleep(0)
