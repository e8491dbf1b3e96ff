"""The webhook sender, at an endpoint that checks signatures or fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from shop.adapters.webhooks.webhook_sender import MAX_CONCURRENT_REQUESTS, HttpWebhookSender
from shop.application.ports.webhook_sender import NotificationFailed, WebhookRequest
from tests.adapters.webhooks.webhook_receiver import SECRET, WebhookReceiver
from tests.factories import id_of
from tests.servers import reserved_port
from tests.timeouts import TEST_TIMEOUT_SECONDS, LoopTime

pytestmark = pytest.mark.anyio


@pytest.fixture
async def webhook_sender() -> AsyncIterator[HttpWebhookSender]:
    async with open_webhook_sender(TEST_TIMEOUT_SECONDS) as opened:
        yield opened


@asynccontextmanager
async def open_webhook_sender(timeout_seconds: float) -> AsyncIterator[HttpWebhookSender]:
    webhook_sender = HttpWebhookSender(timeout_seconds=timeout_seconds)
    try:
        yield webhook_sender
    finally:
        await webhook_sender.close()


def webhook_request(receiver: WebhookReceiver) -> WebhookRequest:
    return WebhookRequest(
        id=id_of("delivery 1"),
        url=receiver.url,
        secret=SECRET,
        payload='{"type":"order.paid","data":{"name":"Tee ☕"}}',
        sent_at=datetime.now(UTC),
    )


async def _failed_send(
    webhook_sender: HttpWebhookSender, webhook_request: WebhookRequest
) -> tuple[str, int | None]:
    with pytest.raises(NotificationFailed) as missed:
        await webhook_sender.send(webhook_request)
    assert not missed.value.is_permanent
    assert "hunter2" not in str(missed.value)
    return missed.value.reason, missed.value.status_code


async def test_webhook_arrives_unchanged_with_a_valid_signature(
    webhook_sender: HttpWebhookSender, receiver: WebhookReceiver
) -> None:
    sent = webhook_request(receiver)
    assert await webhook_sender.send(sent) == 200

    (request,) = receiver.received
    assert request.body.decode() == sent.payload
    assert Webhook(SECRET).verify(request.body, dict(request.headers)) == {
        "type": "order.paid",
        "data": {"name": "Tee ☕"},
    }
    assert request.headers["webhook-id"] == str(sent.id)
    assert request.headers["content-type"] == "application/json"


async def test_signature_does_not_match_another_secret_or_body(
    webhook_sender: HttpWebhookSender, receiver: WebhookReceiver
) -> None:
    await webhook_sender.send(webhook_request(receiver))
    (request,) = receiver.received
    other = "whsec_" + "YW5vdGhlciBzZWNyZXQgb2YgdGhlIHRlc3RzLi4uLi4="
    for secret, body in ((other, request.body), (SECRET, request.body + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, dict(request.headers), json_parse=False)


async def test_retry_has_the_same_id_and_a_signature_of_its_own_time(
    webhook_sender: HttpWebhookSender, receiver: WebhookReceiver
) -> None:
    first = webhook_request(receiver)
    for each in (replace(first, sent_at=first.sent_at - timedelta(minutes=1)), first):
        await webhook_sender.send(each)

    early, late = receiver.received
    assert early.headers["webhook-id"] == late.headers["webhook-id"]
    assert int(late.headers["webhook-timestamp"]) - int(early.headers["webhook-timestamp"]) == 60
    for request in (early, late):
        Webhook(SECRET).verify(request.body, dict(request.headers))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_status_counts_as_delivered(
    webhook_sender: HttpWebhookSender, receiver: WebhookReceiver, status: int
) -> None:
    receiver.script(status)
    assert await webhook_sender.send(webhook_request(receiver)) == status


@pytest.mark.parametrize("status", [304, 400, 401, 404, 429, 500, 503])
async def test_any_other_status_counts_as_failed(
    webhook_sender: HttpWebhookSender, receiver: WebhookReceiver, status: int
) -> None:
    receiver.script(status)
    assert await _failed_send(webhook_sender, webhook_request(receiver)) == (
        f"answered {status}",
        status,
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed(
    webhook_sender: HttpWebhookSender, receiver: WebhookReceiver, status: int
) -> None:
    receiver.script(web.Response(status=status, headers={"Location": "/elsewhere"}))
    assert await _failed_send(webhook_sender, webhook_request(receiver)) == (
        f"answered {status}",
        status,
    )
    assert len(receiver.received) == 1


async def test_hanging_endpoint_times_out(receiver: WebhookReceiver) -> None:
    receiver.script(WebhookReceiver.NO_RESPONSE)
    async with open_webhook_sender(0.3) as webhook_sender:
        failure = await _failed_send(webhook_sender, webhook_request(receiver))
    assert failure == ("no answer within 0.3 seconds", None)


async def test_waiting_for_a_free_slot_does_not_count_towards_the_timeout(
    webhook_sender: HttpWebhookSender, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop_time = LoopTime(monkeypatch)
    # Two rounds exceed the timeout; a single one is far below it.
    receiver.delay_seconds = TEST_TIMEOUT_SECONDS * 2 / 3
    requests = [webhook_request(receiver)] * MAX_CONCURRENT_REQUESTS * 3
    sending = asyncio.gather(*map(webhook_sender.send, requests))

    for sent in (1, 2, 3):
        await receiver.wait_for_requests(MAX_CONCURRENT_REQUESTS * sent)
        await loop_time.advance(receiver.delay_seconds)

    assert await sending == [200] * MAX_CONCURRENT_REQUESTS * 3


async def test_aborted_connection_fails_and_the_next_attempt_reconnects(
    webhook_sender: HttpWebhookSender, receiver: WebhookReceiver
) -> None:
    receiver.script(WebhookReceiver.CLOSE_CONNECTION)
    reason, status = await _failed_send(webhook_sender, webhook_request(receiver))
    assert (reason.partition(":")[0], status) == ("ServerDisconnectedError", None)
    assert await webhook_sender.send(webhook_request(receiver)) == 200


async def test_unreachable_endpoint_fails_the_delivery(
    webhook_sender: HttpWebhookSender, receiver: WebhookReceiver
) -> None:
    with reserved_port() as port:
        unreachable = replace(
            webhook_request(receiver), url=f"http://127.0.0.1:{port}/?token=hunter2"
        )
        reason, status = await _failed_send(webhook_sender, unreachable)
    assert (reason.partition(":")[0], status) == ("ClientConnectorError", None)


async def test_response_body_is_not_read_whatever_its_size(
    webhook_sender: HttpWebhookSender, receiver: WebhookReceiver
) -> None:
    receiver.script(web.Response(body=b"x" * 5_000_000), 200)
    for _ in range(2):
        assert await webhook_sender.send(webhook_request(receiver)) == 200


async def test_response_that_is_not_http_fails_the_delivery(
    webhook_sender: HttpWebhookSender, receiver: WebhookReceiver
) -> None:
    import asyncio  # noqa: PLC0415

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP hunter2\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/?token=hunter2"
        failure = await _failed_send(webhook_sender, replace(webhook_request(receiver), url=url))
    assert failure == ("the response is not HTTP", None)


async def test_endpoint_that_is_gone_fails_permanently(
    webhook_sender: HttpWebhookSender, receiver: WebhookReceiver
) -> None:
    receiver.script(410)
    with pytest.raises(NotificationFailed) as failure:
        await webhook_sender.send(webhook_request(receiver))
    assert (failure.value.reason, failure.value.status_code, failure.value.is_permanent) == (
        "answered 410",
        410,
        True,
    )
