"""Responses are the bytes that uvicorn would send, in one write where that is possible."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import httptools
import pytest
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from shop.entrypoints.http.middleware.request_log import CLIENT_LEFT
from shop.entrypoints.http_server.response_cycle import ResponseCycle

pytestmark = pytest.mark.anyio

TEXT = (b"content-type", b"text/plain")
LENGTH = (b"content-length", b"4")


class Transport(asyncio.Transport):
    """Keeps each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.is_closed = False

    def write(self, data: Any) -> None:  # noqa: ANN401  As asyncio's.
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


def cycle_of(method: str, version: str) -> ResponseCycle:
    parser = httptools.HttpRequestParser(SimpleNamespace())
    parser.feed_data(f"{method} /path HTTP/{version}\r\nHost: shop.test\r\n\r\n".encode())
    transport = Transport()
    protocol: Any = SimpleNamespace(
        scope={},
        url=b"/path",
        parser=parser,
        transport=transport,
        flow=FlowControl(transport),
        logger=None,
        access_logger=None,
        server_state=SimpleNamespace(default_headers=[(b"date", b"today")]),
        expect_100_continue=False,
        on_response_complete=lambda: None,
    )
    return ResponseCycle(protocol, version)


def head(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


RESPONSES: dict[str, tuple[Sequence[dict[str, Any]], int]] = {
    "whole": ([head(TEXT, LENGTH), part(b"body")], 1),
    "empty": ([head(TEXT, (b"content-length", b"0")), part(b"")], 1),
    "an error": ([head(LENGTH, status=404), part(b"gone")], 1),
    "without content": ([head(status=204), part(b"")], 2),
    "in parts": ([head(LENGTH), part(b"bo", more=True), part(b"dy")], 3),
    "in chunks": ([head(TEXT), part(b"body")], 2),
    "the last": ([head(LENGTH, (b"connection", b"close")), part(b"body")], 2),
}


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("messages", [each for each, _ in RESPONSES.values()], ids=RESPONSES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_response_is_the_one_that_uvicorn_would_send(
    messages: Sequence[Any], method: str, version: str
) -> None:
    own, uvicorns = cycle_of(method, version), cycle_of(method, version)
    for message in messages:
        await own.send(message)
        await RequestResponseCycle.send(uvicorns, message)

    assert b"".join(_writes(own)) == b"".join(_writes(uvicorns))
    assert own.response_complete
    assert _is_closed(own) is _is_closed(uvicorns)


@pytest.mark.parametrize(("messages", "writes"), RESPONSES.values(), ids=RESPONSES)
async def test_response_of_one_part_is_written_at_once(
    messages: Sequence[Any], writes: int
) -> None:
    cycle = cycle_of("GET", "1.1")
    for message in messages:
        await cycle.send(message)

    assert len(_writes(cycle)) == writes


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"a\0b", b"a\x7f"])
async def test_header_with_a_control_character_is_not_sent(value: bytes) -> None:
    cycle = cycle_of("GET", "1.1")
    await cycle.send(head(LENGTH, (b"location", value)))
    with pytest.raises(RuntimeError, match="control character"):
        await cycle.send(part(b"body"))

    assert _writes(cycle) == []


async def test_body_of_another_length_than_declared_is_an_error() -> None:
    cycle = cycle_of("GET", "1.1")
    await cycle.send(head(LENGTH))
    with pytest.raises(RuntimeError, match="longer than Content-Length"):
        await cycle.send(part(b"bodies"))


class TestAClientThatHasLeft:
    async def test_is_sent_nothing(self) -> None:
        cycle = cycle_of("GET", "1.1")
        await cycle.send(head(LENGTH))
        cycle.transport.close()

        await cycle.send(part(b"text"))

        assert _writes(cycle) == []
        assert cycle.disconnected
        assert cycle.scope["state"] == {CLIENT_LEFT: True}

    async def test_is_sent_nothing_more_of_a_long_response(self) -> None:
        cycle = cycle_of("GET", "1.1")
        await cycle.send(head(TEXT))
        await cycle.send(part(b"text", more=True))
        written = list(_writes(cycle))
        cycle.transport.close()

        await cycle.send(part(b"more"))

        assert _writes(cycle) == written
        assert cycle.scope["state"] == {CLIENT_LEFT: True}

    async def test_may_leave_while_the_response_waits(self) -> None:
        cycle = cycle_of("GET", "1.1")
        cycle.flow.pause_writing()
        await cycle.send(head(LENGTH))
        sending = asyncio.create_task(cycle.send(part(b"text")))
        await asyncio.sleep(0)
        cycle.transport.close()

        cycle.flow.resume_writing()
        await sending

        assert _writes(cycle) == []
        assert cycle.scope["state"] == {CLIENT_LEFT: True}


def _writes(cycle: ResponseCycle) -> Sequence[bytes]:
    transport: Any = cycle.transport
    writes: Sequence[bytes] = transport.writes
    return writes


def _is_closed(cycle: ResponseCycle) -> bool:
    transport: Any = cycle.transport
    return bool(transport.is_closed)
