"""The courier over HTTP, at an endpoint that checks the signature and may be out of order."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from shop.adapters.webhooks.webhook_sender import MAX_CONCURRENT_REQUESTS, HttpWebhookSender
from shop.application.ports.webhook_sender import NotificationFailed, WebhookRequest
from tests.carriers.receiver import SECRET, Receiver
from tests.factories import an_id
from tests.servers import port_of_our_own

pytestmark = pytest.mark.anyio

TIMEOUT_SECONDS = 0.3


@pytest.fixture
async def courier() -> AsyncIterator[HttpWebhookSender]:
    courier = HttpWebhookSender(timeout_seconds=TIMEOUT_SECONDS)
    yield courier
    await courier.close()


def parcel(receiver: Receiver) -> WebhookRequest:
    return WebhookRequest(
        id=an_id("dispatch 1"),
        url=receiver.url,
        secret=SECRET,
        payload='{"type":"order.paid","data":{"name":"Tee ☕"}}',
        sent_at=datetime.now(UTC),
    )


async def _missed(courier: HttpWebhookSender, parcel: WebhookRequest) -> tuple[str, int | None]:
    with pytest.raises(NotificationFailed) as missed:
        await courier.send(parcel)
    assert not missed.value.is_permanent
    assert "hunter2" not in str(missed.value)
    return missed.value.reason, missed.value.status_code


async def test_a_parcel_arrives_to_the_letter_and_its_signature_is_right(
    courier: HttpWebhookSender, receiver: Receiver
) -> None:
    sent = parcel(receiver)
    assert await courier.send(sent) == 200

    (request,) = receiver.received
    assert request.body.decode() == sent.payload
    assert Webhook(SECRET).verify(request.body, dict(request.headers)) == {
        "type": "order.paid",
        "data": {"name": "Tee ☕"},
    }
    assert request.headers["webhook-id"] == str(sent.id)
    assert request.headers["content-type"] == "application/json"


async def test_another_secret_or_another_body_does_not_fit_the_signature(
    courier: HttpWebhookSender, receiver: Receiver
) -> None:
    await courier.send(parcel(receiver))
    (request,) = receiver.received
    other = "whsec_" + "YW5vdGhlciBzZWNyZXQgb2YgdGhlIHRlc3RzLi4uLi4="
    for secret, body in ((other, request.body), (SECRET, request.body + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, dict(request.headers), json_parse=False)


async def test_a_later_attempt_has_the_same_id_and_a_signature_of_its_own_time(
    courier: HttpWebhookSender, receiver: Receiver
) -> None:
    first = parcel(receiver)
    for each in (replace(first, sent_at=first.sent_at - timedelta(minutes=1)), first):
        await courier.send(each)

    early, late = receiver.received
    assert early.headers["webhook-id"] == late.headers["webhook-id"]
    assert int(late.headers["webhook-timestamp"]) - int(early.headers["webhook-timestamp"]) == 60
    for request in (early, late):
        Webhook(SECRET).verify(request.body, dict(request.headers))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_delivered(
    courier: HttpWebhookSender, receiver: Receiver, status: int
) -> None:
    receiver.script(status)
    assert await courier.send(parcel(receiver)) == status


@pytest.mark.parametrize("status", [304, 400, 401, 404, 410, 429, 500, 503])
async def test_any_other_status_is_not(
    courier: HttpWebhookSender, receiver: Receiver, status: int
) -> None:
    receiver.script(status)
    assert await _missed(courier, parcel(receiver)) == (f"answered {status}", status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed_nowhere(
    courier: HttpWebhookSender, receiver: Receiver, status: int
) -> None:
    receiver.script(web.Response(status=status, headers={"Location": "/elsewhere"}))
    assert await _missed(courier, parcel(receiver)) == (f"answered {status}", status)
    assert len(receiver.received) == 1


async def test_whoever_hangs_has_not_answered_in_time(
    courier: HttpWebhookSender, receiver: Receiver
) -> None:
    receiver.script(Receiver.HANG)
    assert await _missed(courier, parcel(receiver)) == ("no answer within 0.3 seconds", None)


async def test_to_wait_for_a_turn_is_not_to_wait_for_an_answer(
    courier: HttpWebhookSender, receiver: Receiver
) -> None:
    receiver.delay_seconds = TIMEOUT_SECONDS / 2
    parcels = [parcel(receiver)] * MAX_CONCURRENT_REQUESTS * 3

    assert await asyncio.gather(*map(courier.send, parcels)) == [200] * MAX_CONCURRENT_REQUESTS * 3


async def test_whoever_dies_has_not_answered_and_is_asked_anew(
    courier: HttpWebhookSender, receiver: Receiver
) -> None:
    receiver.script(Receiver.DIE)
    reason, status = await _missed(courier, parcel(receiver))
    assert (reason.partition(":")[0], status) == ("ServerDisconnectedError", None)
    assert await courier.send(parcel(receiver)) == 200


async def test_where_nobody_listens_nothing_is_delivered(
    courier: HttpWebhookSender, receiver: Receiver
) -> None:
    with port_of_our_own() as port:
        gone = replace(parcel(receiver), url=f"http://127.0.0.1:{port}/?token=hunter2")
        reason, status = await _missed(courier, gone)
    assert (reason.partition(":")[0], status) == ("ClientConnectorError", None)


async def test_what_an_endpoint_says_is_not_read_however_much_it_is(
    courier: HttpWebhookSender, receiver: Receiver
) -> None:
    receiver.script(web.Response(body=b"x" * 5_000_000), 200)
    for _ in range(2):
        assert await courier.send(parcel(receiver)) == 200


async def test_what_is_no_http_is_no_answer(courier: HttpWebhookSender, receiver: Receiver) -> None:
    import asyncio  # noqa: PLC0415

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP hunter2\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/?token=hunter2"
        told = await _missed(courier, replace(parcel(receiver), url=url))
    assert told == ("the answer is not HTTP", None)
