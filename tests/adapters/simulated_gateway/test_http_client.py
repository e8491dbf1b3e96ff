"""The client of the gateway's process: what it takes for an answer, and what for none."""

import asyncio
from collections.abc import Awaitable, Callable

import orjson
import pytest
from starlette.types import Receive, Scope, Send

from shop.adapters.simulated_gateway.http_payment_gateway import HttpPaymentGateway
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    Declined,
    GatewayOutcomeUnknown,
    GatewayRejected,
)
from tests.contract.payment_gateway.gateway_under_test import authorisation_request
from tests.factories import NOW, eur, id_of
from tests.gateway_app import serve
from tests.servers import reserved_port
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

REQUEST = authorisation_request("order", "tok_visa")
APPROVED = b'{"id": "pay_1", "authorised": true, "challenged": false, "declined": false}'

Call = Callable[[HttpPaymentGateway], Awaitable[object]]

QUESTIONS: dict[str, Call] = {
    "authorise": lambda gateway: gateway.authorise(REQUEST),
    "capture": lambda gateway: gateway.capture(key="1", payment_id="pay_1", amount=eur(1)),
    "void": lambda gateway: gateway.void(key="1", payment_id="pay_1"),
    "refund": lambda gateway: gateway.refund(key="1", payment_id="pay_1", amount=eur(1)),
    "look_up": lambda gateway: gateway.find_payment(id_of("order")),
    "payments": lambda gateway: anext(gateway.list_payments(NOW, NOW)),
}


class FakeGatewayServer:
    """Answers everything alike, and keeps what it was asked."""

    def __init__(self, status: int, content: bytes, *, is_silent: bool = False) -> None:
        self._status = status
        self._content = content
        self._is_silent = is_silent
        self.asked: list[tuple[str, bytes]] = []
        self.clients: set[object] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for said in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{said}.complete"})
            return
        self.asked.append((scope["method"], scope["raw_path"]))
        self.clients.add(scope["client"])
        while self._is_silent:
            if (await receive())["type"] == "http.disconnect":
                return
        headers = [(b"content-length", b"%d" % len(self._content)), (b"location", b"/elsewhere")]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._content})


async def call_gateway(
    peer: FakeGatewayServer, question: Call, *, timeout_seconds: float = TEST_TIMEOUT_SECONDS
) -> object:
    async with serve(peer) as url:
        gateway = HttpPaymentGateway(url, timeout_seconds=timeout_seconds)
        try:
            return await question(gateway)
        finally:
            await gateway.close()


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("status", "content"),
    [
        (500, b'{"reason": "internal_error"}'),
        (503, b""),
        (504, b'{"reason": "gateway_timeout"}'),
        (408, b'{"reason": "request_timeout"}'),
        (429, b'{"reason": "too_many_requests"}'),
        (409, b'{"reason": "request_in_progress"}'),
        (307, b"{}"),
        (200, b""),
        (200, b"<html>Welcome</html>"),
        (200, b"[]"),
        (404, b"<html>Nothing here</html>"),
        (422, b'{"detail": "what else"}'),
    ],
)
async def test_meaningless_response_leaves_the_outcome_unknown(
    question: str, status: int, content: bytes
) -> None:
    peer = FakeGatewayServer(status, content)

    with pytest.raises(GatewayOutcomeUnknown):
        await call_gateway(peer, QUESTIONS[question])

    # Who was not answered does not ask again unasked.
    assert len(peer.asked) == 1


@pytest.mark.parametrize("question", QUESTIONS)
async def test_slow_response_leaves_the_outcome_unknown(question: str) -> None:
    with pytest.raises(GatewayOutcomeUnknown):
        await call_gateway(
            FakeGatewayServer(200, b"{}", is_silent=True), QUESTIONS[question], timeout_seconds=0.1
        )


@pytest.mark.parametrize("question", QUESTIONS)
async def test_unreachable_gateway_leaves_the_outcome_unknown(question: str) -> None:
    with reserved_port() as port:
        gateway = HttpPaymentGateway(
            f"http://127.0.0.1:{port}", timeout_seconds=TEST_TIMEOUT_SECONDS
        )
        with pytest.raises(
            GatewayOutcomeUnknown,
            match=rf"^nothing answers at http://127\.0\.0\.1:{port}; start `shop gateway` there",
        ):
            await QUESTIONS[question](gateway)
        await gateway.close()


@pytest.mark.parametrize("question", QUESTIONS)
async def test_broken_connection_leaves_the_outcome_unknown(question: str) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.transport.abort()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        gateway = HttpPaymentGateway(
            f"http://127.0.0.1:{port}", timeout_seconds=TEST_TIMEOUT_SECONDS
        )
        with pytest.raises(GatewayOutcomeUnknown):
            await QUESTIONS[question](gateway)
        await gateway.close()


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
async def test_definite_error_is_a_rejection_with_its_reason(question: str, status: int) -> None:
    with pytest.raises(GatewayRejected) as raised:
        await call_gateway(
            FakeGatewayServer(status, b'{"reason": "so_it_is"}'), QUESTIONS[question]
        )

    assert raised.value.reason == "so_it_is"


@pytest.mark.parametrize(
    ("status", "content", "result"),
    [
        (201, APPROVED, Approved(payment_id="pay_1")),
        (
            202,
            b'{"id": "pay_1", "authorised": false, "challenged": true, "declined": false}',
            ActionRequired(payment_id="pay_1"),
        ),
        (402, b'{"reason": "insufficient_funds"}', Declined(reason="insufficient_funds")),
    ],
)
async def test_authorisation_result_is_parsed(status: int, content: bytes, result: object) -> None:
    assert await call_gateway(FakeGatewayServer(status, content), QUESTIONS["authorise"]) == result


@pytest.mark.parametrize(
    "content",
    [
        b'{"id": "pay_1", "authorised": false, "challenged": false, "declined": false}',
        b'{"id": 1, "authorised": true}',
        b'{"id": "pay_1", "authorised": "yes"}',
        b'{"id": "pay_1"}',
        b'{"id": "", "authorised": true, "challenged": false, "declined": false}',
        b'{"id": "pay_\\u0000", "authorised": true, "challenged": false, "declined": false}',
        b'{"id": "pay_\\ud800", "authorised": true, "challenged": false, "declined": false}',
        b"[" * 10_000,
    ],
)
async def test_response_without_a_result_leaves_the_outcome_unknown(content: bytes) -> None:
    with pytest.raises(GatewayOutcomeUnknown):
        await call_gateway(FakeGatewayServer(201, content), QUESTIONS["authorise"])


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "1999"},
        {"currency": "EURO"},
        {"created_at": "yesterday"},
        {"created_at": "2026-11-21T12:00:00"},
        {"order_id": "17"},
        {"refunded": None},
    ],
)
async def test_unreadable_payment_leaves_the_outcome_unknown(change: dict[str, object]) -> None:
    payment = {
        "id": "pay_1",
        "order_id": str(id_of("order")),
        "amount": 1999,
        "currency": "EUR",
        "authorised": True,
        "captured": False,
        "refunded": 0,
        "voided": False,
        "declined": False,
        "challenged": False,
        "cancelled": False,
        "calls": 1,
        "created_at": "2026-11-21T12:00:00+00:00",
    }
    sound = await call_gateway(
        FakeGatewayServer(200, orjson.dumps({"items": [payment]})), QUESTIONS["look_up"]
    )
    assert sound is not None

    wrong: list[object] = [[{**payment, **change}], ["pay_1"], {}]
    for items in wrong:
        with pytest.raises(GatewayOutcomeUnknown):
            await call_gateway(
                FakeGatewayServer(200, orjson.dumps({"items": items})), QUESTIONS["look_up"]
            )


async def test_connections_are_reused_and_ids_are_escaped_in_the_path() -> None:
    peer = FakeGatewayServer(200, b"{}")
    async with serve(peer) as url:
        gateway = HttpPaymentGateway(url, timeout_seconds=TEST_TIMEOUT_SECONDS)
        for _ in range(5):
            await gateway.void(key="1", payment_id="../healthz?a=b")
        await gateway.close()

    assert set(peer.asked) == {("POST", b"/payments/..%2Fhealthz%3Fa%3Db/void")}
    assert len(peer.clients) == 1
