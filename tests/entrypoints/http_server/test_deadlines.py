"""Peers that never finish what they began do not keep their connections."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tests.entrypoints.http_server.wire import GET, HEAD, LARGE, Response, serving
from tests.timeouts import LoopTime

pytestmark = pytest.mark.anyio


@pytest.fixture
async def time(monkeypatch: pytest.MonkeyPatch) -> LoopTime:
    return LoopTime(monkeypatch)


async def pass_seconds(time: LoopTime, seconds: int) -> None:
    """Let time pass second by second, as the server looks once a second."""
    for _ in range(seconds):
        await time.advance(1)


def assert_rejected(response: Response, status: int, code: str) -> None:
    assert response.status == status, response
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["connection"] == "close"
    assert response.headers["x-content-type-options"] == "nosniff"
    problem = response.json
    assert problem["type"] == f"/problems/{code}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


class TestAHeadThatDoesNotEnd:
    @pytest.mark.parametrize("sent", [b"G", HEAD, HEAD + b"X: ", b"\r\n", GET[:-2] % b"echo"])
    async def test_is_answered_408_after_ten_seconds(self, sent: bytes, time: LoopTime) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(sent)
            await pass_seconds(time, 9)
            assert client.is_open
            with capture_logs() as lines:
                await pass_seconds(time, 3)
                response = await client.response()

            assert_rejected(response, 408, "request-timeout")
            assert await client.ends()
            assert lines == [
                {
                    "event": "request_rejected",
                    "log_level": "info",
                    "code": "request-timeout",
                    "reason": response.json["detail"],
                    "client": "127.0.0.1",
                    "request_id": response.headers["x-request-id"],
                }
            ]
            assert server.app.requests == []

    async def test_is_not_saved_by_a_byte_a_second(self, time: LoopTime) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(HEAD + b"X: ")
            for _ in range(12):
                await client.send(b"x")
                await time.advance(1)

            assert_rejected(await client.response(), 408, "request-timeout")

    async def test_ends_a_connection_that_was_used_before(self, time: LoopTime) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(GET % b"echo")
            assert (await client.response()).status == 200
            await pass_seconds(time, 20)
            await client.send(HEAD)
            await pass_seconds(time, 9)
            assert client.is_open
            await pass_seconds(time, 3)

            assert_rejected(await client.response(), 408, "request-timeout")

    async def test_that_follows_a_running_request_is_answered_after_it(
        self, time: LoopTime
    ) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(GET % b"waiting" + HEAD)
            await pass_seconds(time, 12)
            server.app.may_respond.set()

            assert (await client.response()).status == 200
            assert_rejected(await client.response(), 408, "request-timeout")
            assert await client.ends()


class TestASilentConnection:
    async def test_is_closed_without_a_response(self, time: LoopTime) -> None:
        async with serving() as server:
            client = await server.client()
            await pass_seconds(time, 9)
            assert client.is_open
            await pass_seconds(time, 3)

            assert await client.ends()
            assert server.open_connections == 0

    async def test_may_wait_75_seconds_for_its_next_request(self, time: LoopTime) -> None:
        async with serving() as server:
            client = await server.client()
            for _ in range(2):
                await client.send(GET % b"echo")
                assert (await client.response()).status == 200
                await pass_seconds(time, 74)
                assert client.is_open
            await pass_seconds(time, 3)

            assert await client.ends()


class TestABodyThatDoesNotEnd:
    @pytest.mark.parametrize(
        "sent",
        [
            b"Content-Length: 9\r\n\r\n",
            b"Content-Length: 9\r\n\r\n12345678",
            b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
            b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n",
        ],
    )
    async def test_is_answered_408_after_thirty_silent_seconds(
        self, sent: bytes, time: LoopTime
    ) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(HEAD + sent)
            if b"Expect" in sent:
                assert (
                    await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
                )
            await pass_seconds(time, 29)
            assert client.is_open
            await pass_seconds(time, 3)

            assert_rejected(await client.response(), 408, "request-timeout")
            assert await client.ends()
            assert server.app.disconnected == 1

    @pytest.mark.parametrize("framing", [b"Content-Length: 65000", b"Transfer-Encoding: chunked"])
    async def test_is_answered_408_if_it_comes_by_ten_bytes_a_second(
        self, framing: bytes, time: LoopTime
    ) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(HEAD + framing + b"\r\n\r\n")
            for _ in range(33):
                await client.send(b"5\r\nxxxxx\r\n")
                await time.advance(1)

            assert_rejected(await client.response(), 408, "request-timeout")

    async def test_gets_nothing_more_if_its_response_was_sent(self, time: LoopTime) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(HEAD.replace(b"echo", b"early") + b"Content-Length: 9\r\n\r\n1")
            assert (await client.response()).status == 200
            await pass_seconds(time, 33)

            assert await client.ends()

    async def test_counts_no_time_in_which_the_server_does_not_read(self, time: LoopTime) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(GET % b"waiting")
            await client.send(HEAD + b"Content-Length: 3\r\n\r\n12")
            await pass_seconds(time, 60)
            server.app.may_respond.set()
            assert (await client.response()).json["path"] == "/waiting"
            await pass_seconds(time, 5)
            await client.send(b"3")

            assert (await client.response()).json["body"] == "123"


class TestAnHonestSlowClient:
    async def test_sends_a_body_at_ten_kilobytes_a_second(self, time: LoopTime) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(HEAD + b"Content-Length: 400000\r\n\r\n")
            for _ in range(40):
                await client.send(b"x" * 10_000)
                await time.advance(1)

            assert len((await client.response()).json["body"]) == 400_000

    async def test_sends_a_large_head_within_its_time(self, time: LoopTime) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(HEAD)
            for number in range(8):
                await client.send(b"X-%d: %b\r\n" % (number, b"x" * 3_900))
                await time.advance(1)
            await client.send(b"\r\n")

            assert len((await client.response()).json["headers"]) == 9

    async def test_reads_a_large_response(self, time: LoopTime) -> None:
        async with serving() as server:
            client = await server.client(reads=10_000)
            await client.send(GET % b"large")
            await client.reader.readuntil(b"\r\n\r\n")
            received = 0
            while received < len(LARGE) and (part := await client.reader.read(100_000)):
                received += len(part)
                await time.advance(1)

            assert received == len(LARGE)


class TestASlowReader:
    @pytest.mark.parametrize("closes", [b"", b"Connection: close\r\n"])
    async def test_is_cut_after_thirty_seconds(self, closes: bytes, time: LoopTime) -> None:
        async with serving() as server:
            client = await server.client(reads=4_096)
            await client.send(GET[:-2] % b"large" + closes + b"\r\n")
            await pass_seconds(time, 29)
            assert server.open_connections == 1
            await pass_seconds(time, 3)

            assert server.open_connections == 0
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await client.reader.readexactly(len(LARGE))


class TestARejectedClient:
    async def test_that_goes_on_sending_still_gets_its_response(self) -> None:
        async with serving() as server:
            client = await server.client()
            for _ in range(30):
                client.writer.write(b"nonsense\r\n" * 10_000)
                await client.writer.drain()

            assert_rejected(await client.response(), 400, "malformed-http")

    async def test_that_never_closes_is_cut(self, time: LoopTime) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(b"nonsense\r\n\r\n")
            assert_rejected(await client.response(), 400, "malformed-http")
            client.writer.write(b"x")
            await pass_seconds(time, 4)
            assert server.open_connections == 1
            await pass_seconds(time, 3)

            assert server.open_connections == 0


async def test_deadlines_wait_after_the_process_was_held_up(time: LoopTime) -> None:
    async with serving() as server:
        client = await server.client()
        await client.send(HEAD)
        await time.advance(600)
        await client.send(b"Content-Length: 0\r\n\r\n")

        assert (await client.response()).status == 200
