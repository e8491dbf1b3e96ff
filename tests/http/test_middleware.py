"""What surrounds every request."""

import logging
from collections.abc import AsyncIterator
from typing import Self

import pytest
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.entrypoints.http.middleware.unexpected_errors import UnexpectedErrors
from shop.entrypoints.observability.logging import add_request_id
from tests.http.shops import PASSWORD, Shop, refused

pytestmark = pytest.mark.anyio

LIMIT = 64 * 1024


async def test_every_request_has_an_id_of_the_shops_own(shop: Shop) -> None:
    visitor = shop.visitor()
    answers = [await visitor.get("//healthz", x_request_id="mine") for _ in range(2)]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len({*ids, "mine"}) == 3
    assert all(len(each) == 32 for each in ids)


async def test_a_request_is_logged_in_one_line_without_secrets(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    with capture_logs([add_request_id]) as lines:
        answer = await visitor.get("/products/SECRET-1?q=secret-2", x_secret="secret-3")
        await visitor.get("//secret-4")
    known, unknown = lines
    assert known.pop("duration_ms") > 0
    assert known == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": "/api/v1/products/{sku}",
        "status": 422,
        "request_id": answer.headers["x-request-id"],
    }
    assert (unknown["path"], unknown["status"]) == (None, 404)
    assert "secret" not in str(lines).lower()


class Broken(MemoryUnitOfWork):
    """A unit of work with a fault in it."""

    async def __aenter__(self) -> Self:
        raise ZeroDivisionError("the password is hunter2")


async def test_a_fault_is_logged_with_its_trace_and_told_without(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.use(Broken)
    with caplog.at_level(logging.ERROR):
        answer = await shop.visitor().get("/products")
    problem = refused(answer, 500, "internal-error")
    assert "hunter2" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert (
        problem["detail"] == "Something broke on our side. Quote X-Request-ID when you report it."
    )
    (record,) = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ZeroDivisionError)


async def test_an_answer_that_has_begun_is_not_begun_again() -> None:
    async def breaks_off(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  ASGI.
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    with pytest.raises(ZeroDivisionError):
        await UnexpectedErrors(breaks_off)({"type": "http"}, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start"]


async def chunks(size: int, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * size


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_a_body_declared_too_large_is_refused_unread(shop: Shop, method: str) -> None:
    with shop.unchanged():
        answer = await shop.visitor().send(method, "/session", b" " * (LIMIT + 1))
    refused(answer, 413, "content-too-large", limit_bytes=LIMIT)


async def test_a_body_of_undeclared_length_is_refused_where_it_becomes_too_large(
    shop: Shop,
) -> None:
    with shop.unchanged():
        answer = await shop.visitor().send("POST", "/session", chunks(1024, 65))
    refused(answer, 413, "content-too-large", limit_bytes=LIMIT)


async def test_a_body_just_within_the_limit_is_read(shop: Shop) -> None:
    await shop.customer("ada")
    body = b'{"email": "ada@example.com", "password": "%s"}' % PASSWORD.encode()
    visitor = shop.visitor()
    answer = await visitor.send("POST", "/session", body + b" " * (LIMIT - len(body)))
    assert answer.status_code == 200
    assert (await visitor.send("POST", "/session", chunks(1024, 64))).status_code == 422


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/merge-patch+json",
        "application/jsonp",
        "text/json",
        "application/json, text/plain",
        "",
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_body_that_is_not_declared_as_json_is_not_read(
    shop: Shop, method: str, content_type: str
) -> None:
    with shop.unchanged():
        answer = await shop.visitor().send(method, "/session", b"{}", content_type)
    refused(answer, 415, "unsupported-media-type", accept=["application/json"])


async def test_a_body_without_a_type_is_not_read(shop: Shop) -> None:
    answer = await shop.visitor().client.post("/api/v1/session", content=b"{}")
    refused(answer, 415, "unsupported-media-type", accept=["application/json"])


async def test_a_body_of_undeclared_length_has_a_type_as_well(shop: Shop) -> None:
    answer = await shop.visitor().send("POST", "/session", chunks(10, 2), "text/plain")
    refused(answer, 415, "unsupported-media-type", accept=["application/json"])


async def test_a_patch_may_be_a_merge_patch_but_nothing_else(shop: Shop) -> None:
    answer = await shop.visitor().send("PATCH", "/session", b"{}", "text/plain")
    accept = ["application/json", "application/merge-patch+json"]
    refused(answer, 415, "unsupported-media-type", accept=accept)
    assert answer.headers["accept"] == ", ".join(accept)


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/json;"]
)
async def test_json_is_declared_in_several_ways(shop: Shop, content_type: str) -> None:
    visitor = shop.visitor()
    assert (await visitor.send("POST", "/session", b"{}", content_type)).status_code == 422


SAME = {"origin": "http://shop.test"}
FOREIGN = {"origin": "https://evil.test"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        SAME,
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin", **SAME},
    ],
)
async def test_requests_of_this_site_pass(shop: Shop, headers: dict[str, str]) -> None:
    await shop.customer("ada")
    body = {"email": "ada@example.com", "password": PASSWORD}
    assert (await shop.visitor().post("/session", body, **headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "nonsense"},
        {"sec_fetch_site": "cross-site", **SAME},
        FOREIGN,
        {"origin": "null"},
        {"origin": ""},
        {"origin": "https://shop.test"},
        {"origin": "http://shop.test:8000"},
        {"origin": "http://shop.test.evil.test"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/session"), ("POST", "/orders"), ("PUT", "/cart/lines/TEA"), ("DELETE", "/session")],
)
async def test_requests_of_other_sites_change_nothing(
    shop: Shop, method: str, path: str, headers: dict[str, str]
) -> None:
    visitor = await shop.customer("ada")
    with shop.unchanged():
        answer = await visitor.ask(method, path, {"quantity": 1}, **headers)
    refused(answer, 403, "cross-site")
    assert "set-cookie" not in answer.headers


async def test_requests_of_other_sites_may_look(shop: Shop) -> None:
    answer = await shop.visitor().get("/products", sec_fetch_site="cross-site", **FOREIGN)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]
