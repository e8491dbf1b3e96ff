"""What is a request: bounds on its head, and no two ways to see where it ends."""

import asyncio

import pytest

from shop.entrypoints.http_server import protocol
from tests.entrypoints.http_server.test_deadlines import assert_rejected
from tests.entrypoints.http_server.wire import GET, HEAD, Response, serving
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

START = b"GET /echo HTTP/1.1\r\n"
HOST = b"Host: shop.test\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"

LARGE_HEADS = {
    "a line of a megabyte": START + HOST + b"X: " + b"x" * 1_000_000,
    "a line of 33 kB": START + HOST + b"X: " + b"x" * 33_000 + b"\r\n\r\n",
    "five thousand lines": START + HOST + b"X: y\r\n" * 5_000,
    "101 lines": START + HOST + b"X: y\r\n" * 100 + b"\r\n",
    "many lines of 33 kB together": START + HOST + (b"X: " + b"x" * 400 + b"\r\n") * 85 + b"\r\n",
    "a target of 33 kB": b"GET /" + b"x" * 33_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target that does not end": b"GET /" + b"x" * 40_000_000,
    "a name that does not end": START + b"x" * 300_000,
    "line ends without a request": b"\r\n" * 20_000,
    "a large head behind a small one": GET % b"echo" + START + HOST + b"X: " + b"x" * 60_000,
}

MALFORMED = {
    "no Host": START + b"\r\n",
    "two Hosts": START + HOST + HOST + b"\r\n",
    "two Hosts of HTTP/1.0": b"GET / HTTP/1.0\r\n" + HOST + b"host: b\r\n\r\n",
    "an empty Host": START + b"Host:\r\n\r\n",
    "a Host with a path": START + b"Host: shop.test/x\r\n\r\n",
    "a Host with a user": START + b"Host: a@shop.test\r\n\r\n",
    "a Host with a space": START + b"Host: shop test\r\n\r\n",
    "a Host that is a list": START + b"Host: a.test, b.test\r\n\r\n",
    "a Host with a wrong port": START + b"Host: shop.test:80a\r\n\r\n",
    "a Host with bytes beyond ASCII": START + b"Host: sh\xc3\xb6p.test\r\n\r\n",
    "a Host without a closing bracket": START + b"Host: [::1\r\n\r\n",
    "Content-Length twice": HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "two lengths in one": HEAD + b"Content-Length: 1, 1\r\n\r\nx",
    "a signed length": HEAD + b"Content-Length: +1\r\n\r\nx",
    "a length and chunks": HEAD + b"Content-Length: 5\r\n" + CHUNKED[len(HEAD) :] + b"0\r\n\r\n",
    "chunks and a length": CHUNKED[:-2] + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": CHUNKED.replace(b"1.1", b"1.0") + b"0\r\n\r\n",
    "gzip below chunks": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks that are not last": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "nearly chunks": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a folded line": START + HOST + b"X: a\r\n b\r\n\r\n",
    "a line end without a return": START + b"Host: shop.test\n\r\n",
    "a return without a line end": START + HOST + b"X: a\rY: b\r\n\r\n",
    "a space before a colon": START + HOST + b"X : a\r\n\r\n",
    "a line without a colon": START + HOST + b"X\r\n\r\n",
    "NUL in a value": START + HOST + b"X: a\0b\r\n\r\n",
    "a control in a value": START + HOST + b"X: a\x1bb\r\n\r\n",
    "DEL in a value": START + HOST + b"X: a\x7fb\r\n\r\n",
    "a control in a target": b"GET /\x01 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in a target": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "HTTP/0.9": b"GET /echo\r\n\r\n",
    "HTTP/2.0": START.replace(b"1.1", b"2.0") + HOST + b"\r\n",
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an unknown method": b"BREW /echo HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT": b"CONNECT shop.test:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target with a user": b"GET http://a@shop.test/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target that is no path": b"GET :// HTTP/1.1\r\n" + HOST + b"\r\n",
    "a chunk without a return": CHUNKED + b"1\nx\r\n0\r\n\r\n",
    "a chunk longer than it says": CHUNKED + b"1\r\nxy\r\n0\r\n\r\n",
    "a chunk's size in another base": CHUNKED + b"0x1\r\nx\r\n0\r\n\r\n",
    "a negative chunk": CHUNKED + b"-1\r\nx\r\n0\r\n\r\n",
}


class TestATargetThatIsAUrl:
    @pytest.mark.parametrize(
        ("target", "host", "path"),
        [
            (b"http://other.test/echo", "other.test", "/echo"),
            (b"http://Other.test:8000/echo?x=1", "Other.test:8000", "/echo"),
            (b"http://[::1]:8000/echo", "[::1]:8000", "/echo"),
            (b"http://other.test", "other.test", "/"),
        ],
    )
    @pytest.mark.parametrize("version", [b"1.1", b"1.0"])
    async def test_names_the_host_instead_of_the_header(
        self, target: bytes, host: str, path: str, version: bytes
    ) -> None:
        async with serving() as server:
            response = await server.answer(
                b"GET %b HTTP/%b\r\n" % (target, version) + HOST + b"X: y\r\n\r\n"
            )

            assert response.json["path"] == path
            assert response.json["headers"] == [["x", "y"], ["host", host]]

    async def test_still_needs_a_host_header(self) -> None:
        async with serving() as server:
            response = await server.answer(b"GET http://shop.test/echo HTTP/1.1\r\n\r\n")

            assert response.status == 400


class TestAnExpectation:
    async def test_of_http_1_0_is_ignored(self) -> None:
        async with serving() as server:
            client = await server.client()
            head = HEAD.replace(b"1.1", b"1.0") + b"Content-Length: 1\r\n"
            await client.send(head + b"Expect: 100-continue\r\n\r\n")
            await client.send(b"x")

            response = await client.response()
            assert (response.status, response.json["body"]) == (200, "x")


class TestAHeadThatIsTooLarge:
    @pytest.mark.parametrize("sent", LARGE_HEADS.values(), ids=LARGE_HEADS.keys())
    async def test_is_answered_431_and_not_kept(self, sent: bytes) -> None:
        async with serving() as server:
            client = await server.client()
            client.writer.write(sent)
            if sent.startswith(GET % b"echo"):
                assert (await client.response()).status == 200

            response = await client.response()
            assert_rejected(response, 431, "head-too-large")
            assert response.json["limit_bytes"] == 32_768
            assert response.json["limit_lines"] == 100
            assert await client.ends()

    async def test_begins_after_32_kilobytes_and_a_hundred_lines(self) -> None:
        async with serving() as server:
            lines = b"".join(b"X-%d: %b\r\n" % (n, b"x" * 300) for n in range(99))
            response = await server.answer(START + HOST + lines + b"\r\n")

            assert response.status == 200
            assert len(response.json["headers"]) == 100

    async def test_is_not_a_small_head_with_a_large_body(self) -> None:
        async with serving() as server:
            body = b"x" * 50_000
            request = HEAD + b"Content-Length: 50000\r\n\r\n" + body
            client = await server.client()
            client.writer.write(request * 3)

            assert [(await client.response()).status for _ in range(3)] == [200] * 3


class TestAMalformedRequest:
    @pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
    async def test_is_answered_400_and_ends_the_connection(self, sent: bytes) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(sent + GET % b"smuggled")

            response = await client.response()
            assert_rejected(response, 400, "malformed-http")
            assert response.json["reason"] in response.json["detail"]
            assert await client.ends()
            assert server.app.requests == []

    async def test_behind_another_is_answered_after_it(self) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(GET % b"waiting" + b"nonsense\r\n\r\n")
            server.app.may_respond.set()

            assert (await client.response()).json["path"] == "/waiting"
            assert_rejected(await client.response(), 400, "malformed-http")
            assert await client.ends()

    async def test_whose_body_is_malformed_is_answered_after_the_one_before(self) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(GET % b"waiting" + CHUNKED + b"nonsense")
            server.app.may_respond.set()

            assert (await client.response()).json["path"] == "/waiting"
            response = await client.response()
            assert response.status == 400
            assert response.json["type"] == "/problems/malformed-http"
            assert await client.ends()

    async def test_leaves_the_response_that_has_begun_whole(self) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(CHUNKED.replace(b"echo", b"early") + b"1\r\n")
            assert (await client.response()).status == 200
            await client.send(b"nonsense")

            assert await client.ends()


@pytest.mark.parametrize(
    "host", [b"shop.test", b"shop.test:8000", b"127.0.0.1:80", b"[::1]:80", b"a_b-c.test."]
)
async def test_host_may_have_a_port(host: bytes) -> None:
    async with serving() as server:
        assert (await server.answer(START + b"Host: " + host + b"\r\n\r\n")).status == 200


async def test_http_1_0_needs_no_host() -> None:
    async with serving() as server:
        client = await server.client()
        await client.send(b"GET /echo HTTP/1.0\r\n\r\n")

        response = await client.response()
        assert response.status == 200
        assert response.headers["connection"] == "close"
        assert await client.ends()


async def test_trailers_do_not_become_headers() -> None:
    async with serving() as server:
        response = await server.answer(CHUNKED + b"1\r\nx\r\n0\r\nCookie: forged\r\n\r\n")

        assert response.json["body"] == "x"
        assert [name for name, _ in response.json["headers"]] == ["host", "transfer-encoding"]


@pytest.mark.parametrize(
    "sent",
    [
        b"1;" + b"e" * 300_000,
        b"1\r\nx\r\n0\r\nX: " + b"x" * 300_000,
        b"0\r\n" + b"X: y\r\n" * 60_000,
    ],
    ids=["a chunk extension", "a trailer", "many trailers"],
)
async def test_chunks_that_hold_too_little_are_rejected(sent: bytes) -> None:
    async with serving() as server:
        client = await server.client()
        await client.send(CHUNKED)
        client.writer.write(sent)

        assert_rejected(await client.response(), 400, "malformed-http")
        assert await client.ends()


async def test_chunks_of_one_byte_are_read() -> None:
    async with serving() as server:
        client = await server.client()
        await client.send(CHUNKED)
        client.writer.write(b"1\r\nx\r\n" * 60_000 + b"0\r\n\r\n")

        assert len((await client.response()).json["body"]) == 60_000


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 3\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
)
async def test_offer_of_another_protocol_is_ignored(body: bytes) -> None:
    async with serving() as server:
        client = await server.client()
        await client.send(HEAD + UPGRADE + body + GET % b"next")

        first = await client.response()
        assert (first.json["path"], first.json["body"]) == ("/echo", "abc")
        assert (await client.response()).json["path"] == "/next"


async def test_body_behind_an_offer_of_another_protocol_is_no_request() -> None:
    async with serving() as server:
        client = await server.client()
        smuggled = GET % b"smuggled"
        await client.send(HEAD + UPGRADE + b"Content-Length: %d\r\n\r\n" % len(smuggled))
        await client.send(smuggled)

        assert (await client.response()).json["body"] == smuggled.decode()
        assert [each["path"] for each in server.app.requests] == ["/echo"]


class TestPipelinedRequests:
    async def test_are_answered_in_their_order(self) -> None:
        async with serving() as server:
            client = await server.client()
            paths = [f"/{number}" for number in range(40)]
            await client.send(b"".join(GET % path[1:].encode() for path in paths))

            assert [(await client.response()).json["path"] for _ in paths] == paths

    async def test_are_answered_up_to_a_bound(self) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(GET % b"waiting" + GET % b"echo" * 5_000)
            server.app.may_respond.set()

            responses = [await client.response() for _ in range(protocol.MAX_PIPELINED + 1)]
            assert {each.status for each in responses} == {200}
            assert responses[-1].headers["connection"] == "close"
            assert await client.ends()


async def test_body_is_asked_for_with_100_continue() -> None:
    async with serving() as server:
        client = await server.client()
        await client.send(HEAD + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(b"abc")

        assert (await client.response()).json["body"] == "abc"


async def test_unneeded_body_does_not_end_the_connection_unless_it_is_long() -> None:
    async with serving() as server:
        client = await server.client()
        early = HEAD.replace(b"echo", b"early")
        await client.send(early + b"Content-Length: 100000\r\n\r\n")
        assert (await client.response()).status == 200
        await client.send(b"x" * 100_000 + GET % b"echo")
        assert (await client.response()).json["path"] == "/echo"

        await client.send(early + b"Content-Length: 9000000\r\n\r\n")
        assert (await client.response()).status == 200
        client.writer.write(b"x" * 8_000_000)
        assert await client.ends()


class TestAtShutdown:
    async def test_request_that_is_on_its_way_is_answered(self) -> None:
        async with serving() as server:
            idle, used = await server.client(), await server.client()
            await used.send(GET % b"echo")
            assert (await used.response()).status == 200

            server.shut_down()
            for client in (idle, used):
                client.writer.write(GET % b"echo")
            responses: list[Response] = [await each.response() for each in (idle, used)]

            assert [each.status for each in responses] == [200, 200]
            assert {each.headers["connection"] for each in responses} == {"close"}
            assert await idle.ends()
            assert await used.ends()

    async def test_idle_connection_is_closed(self) -> None:
        async with serving() as server:
            clients = [await server.client(), await server.client()]
            await clients[0].send(GET % b"echo")
            assert (await clients[0].response()).status == 200

            server.shut_down()

            assert [await each.ends() for each in clients] == [True, True]

    async def test_running_request_is_answered(self) -> None:
        async with serving() as server:
            client = await server.client()
            await client.send(GET % b"waiting")
            server.shut_down()
            await asyncio.sleep(2 * protocol.SHUTDOWN_GRACE_SECONDS)
            server.app.may_respond.set()

            async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
                assert (await client.response()).headers["connection"] == "close"
            assert await client.ends()


async def test_client_that_sends_several_requests_and_leaves_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving() as server:
        client = await server.client()
        await client.send(GET % b"waiting" + GET % b"echo" * 3)
        client.writer.transport.abort()
        while server.open_connections:  # noqa: ASYNC110  The protocol has no event for this.
            await asyncio.sleep(0)
        server.app.may_respond.set()

    assert [each["path"] for each in server.app.requests] == ["/waiting"]
    assert server.app.unread == 1
    assert caplog.records == []
