"""What surrounds every request."""

from collections.abc import AsyncIterator
from typing import Self

import pytest
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.entrypoints.observability.logging import add_request_fields
from tests.entrypoints.http.clients import PASSWORD, HttpShop, assert_problem

pytestmark = pytest.mark.anyio

LIMIT = 64 * 1024
WEBHOOK_LIMIT = 256 * 1024


async def test_every_request_gets_a_generated_id(shop: HttpShop) -> None:
    browser = shop.browser()
    responses = [await browser.get("//healthz", x_request_id="mine") for _ in range(2)]
    ids = [response.headers["x-request-id"] for response in responses]
    assert len({*ids, "mine"}) == 3
    assert all(len(each) == 32 for each in ids)


async def test_request_is_logged_in_one_line_without_secrets(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    with capture_logs([add_request_fields]) as lines:
        response = await browser.get("/products/SECRET-1?q=secret-2", x_secret="secret-3")
        await browser.get("//secret-4")
        await browser.get("/account")
    known, unknown, own = lines
    assert known.pop("duration_ms") > 0
    assert known == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": "/api/v1/products/{handle}",
        "status": 422,
        "user_id": None,
        "request_id": response.headers["x-request-id"],
        "client": "127.0.0.1",
    }
    assert (unknown["path"], unknown["status"]) == (None, 404)
    assert own["user_id"] == (await browser.get("/session")).json()["user"]["id"]
    assert "secret" not in str(lines).lower()


TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("traceparent", "trace"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", TRACE),
        (f"01-{TRACE}-b7ad6b7169203331-01-later", TRACE),
        (f"ff-{TRACE}-b7ad6b7169203331-01", None),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-b7ad6b7169203331-01", None),
        ("hunter2", None),
    ],
)
async def test_lines_of_a_request_carry_the_trace_of_its_caller(
    shop: HttpShop, traceparent: str, trace: str | None
) -> None:
    with capture_logs([add_request_fields]) as lines:
        await shop.browser().get("/account", traceparent=traceparent)

    assert [line["event"] for line in lines] == ["access_denied", "request"]
    assert [line.get("trace_id") for line in lines] == [trace, trace]


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/swagger-ui.css", "/openapi.json"])
async def test_request_for_a_page_is_logged_with_its_path(shop: HttpShop, path: str) -> None:
    with capture_logs() as lines:
        await shop.browser().get(f"/{path}")

    (line,) = lines
    assert (line["path"], line["status"]) == (path, 200)


PAYMENT_PAGE = "/gateway/payments/{payment_id}"


@pytest.mark.parametrize(
    ("method", "path", "headers", "template", "status"),
    [
        ("GET", "//gateway/payments/secret", {}, PAYMENT_PAGE, 404),
        ("HEAD", "//gateway/payments/secret", {}, PAYMENT_PAGE, 404),
        ("POST", "//gateway/payments/secret/approve", {}, f"{PAYMENT_PAGE}/approve", 404),
        ("POST", "//gateway/payments/secret/decline", {}, f"{PAYMENT_PAGE}/decline", 404),
        ("GET", "//gateway/payments/secret/decline", {}, f"{PAYMENT_PAGE}/decline", 405),
        ("GET", "/products/secret", {"host": "evil.test"}, "/api/v1/products/{handle}", 400),
        (
            "PUT",
            "/products/secret",
            {"sec_fetch_site": "cross-site"},
            "/api/v1/products/{handle}",
            403,
        ),
        ("GET", "//nowhere/secret", {"host": "evil.test"}, None, 400),
    ],
)
async def test_request_is_logged_and_counted_by_its_template_whatever_answers_it(
    shop: HttpShop,
    method: str,
    path: str,
    headers: dict[str, str],
    template: str | None,
    status: int,
) -> None:
    browser = shop.browser()
    with capture_logs() as lines:
        await browser.request(method, path, **headers)

    (line,) = [each for each in lines if each["event"] == "request"]
    assert (line["path"], line["status"]) == (template, status)
    labels = f'method="{method}",route="{template or "unmatched"}",status="{status}"'
    metrics = (await browser.get("//metrics")).text
    assert f"shop_http_requests_total{{{labels}}} 1.0" in metrics.splitlines()


class FailingUnitOfWork(MemoryUnitOfWork):
    """A unit of work with a fault in it."""

    async def __aenter__(self) -> Self:
        raise ZeroDivisionError("the password is hunter2")


async def test_unexpected_error_is_logged_with_a_traceback_and_answered_without(
    shop: HttpShop,
) -> None:
    shop.use_unit_of_work(FailingUnitOfWork)
    with capture_logs() as lines:
        response = await shop.browser().get("/products")
    problem = assert_problem(response, 500, "internal-error")
    assert "hunter2" not in response.text
    assert "ZeroDivision" not in response.text
    assert (
        problem["detail"] == "An unexpected error occurred. Quote X-Request-ID when you report it."
    )
    (error,) = [line for line in lines if line["log_level"] == "error"]
    assert error["event"] == "unexpected_error"
    assert isinstance(error["exc_info"], ZeroDivisionError)


class _BreaksOff:
    """An endpoint that fails in the middle of its response."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  ASGI.
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError


async def test_started_response_is_not_started_again(shop: HttpShop) -> None:
    shop.app.router.routes.append(Route("/breaks-off", _BreaksOff(), methods=["GET"]))
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/breaks-off", "query_string": b""}
    with pytest.raises(ZeroDivisionError):
        await shop.app({**scope, "headers": [(b"host", b"shop.test")]}, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start"]


async def chunks(size: int, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * size


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_body_declared_too_large_is_rejected_unread(shop: HttpShop, method: str) -> None:
    with shop.unchanged():
        response = await shop.browser().send_raw(method, "/session", b" " * (LIMIT + 1))
    assert_problem(response, 413, "content-too-large", limit_bytes=LIMIT)
    assert response.headers["connection"] == "close"


@pytest.mark.parametrize("declared", [True, False])
async def test_body_of_a_webhook_may_be_larger(shop: HttpShop, declared: bool) -> None:  # noqa: FBT001  A parameter.
    def body(size: int) -> object:
        return b" " * size if declared else chunks(size // 4, 4)

    browser = shop.browser()
    response = await browser.send_raw("POST", "/webhooks/stripe", body(WEBHOOK_LIMIT))
    assert_problem(response, 400, "invalid-signature")
    response = await browser.send_raw("POST", "/webhooks/stripe", body(WEBHOOK_LIMIT + 4))
    assert_problem(response, 413, "content-too-large", limit_bytes=WEBHOOK_LIMIT)


async def test_body_of_undeclared_length_is_rejected_at_the_limit(
    shop: HttpShop,
) -> None:
    with shop.unchanged():
        response = await shop.browser().send_raw("POST", "/session", chunks(1024, 65))
    assert_problem(response, 413, "content-too-large", limit_bytes=LIMIT)


async def test_body_within_the_limit_is_read(shop: HttpShop) -> None:
    await shop.customer("ada")
    body = b'{"email": "ada@example.com", "password": "%s"}' % PASSWORD.encode()
    browser = shop.browser()
    response = await browser.send_raw("POST", "/session", body + b" " * (LIMIT - len(body)))
    assert response.status_code == 200
    assert (await browser.send_raw("POST", "/session", chunks(1024, 64))).status_code == 422


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
async def test_body_not_declared_as_json_is_not_read(
    shop: HttpShop, method: str, content_type: str
) -> None:
    with shop.unchanged():
        response = await shop.browser().send_raw(method, "/session", b"{}", content_type)
    assert_problem(response, 415, "unsupported-media-type", accept=["application/json"])


async def test_body_without_a_content_type_is_not_read(shop: HttpShop) -> None:
    response = await shop.browser().client.post("/api/v1/session", content=b"{}")
    assert_problem(response, 415, "unsupported-media-type", accept=["application/json"])


async def test_body_of_undeclared_length_needs_a_content_type(shop: HttpShop) -> None:
    response = await shop.browser().send_raw("POST", "/session", chunks(10, 2), "text/plain")
    assert_problem(response, 415, "unsupported-media-type", accept=["application/json"])


async def test_patch_accepts_merge_patch_only(shop: HttpShop) -> None:
    response = await shop.browser().send_raw("PATCH", "/session", b"{}", "text/plain")
    accept = ["application/json", "application/merge-patch+json"]
    assert_problem(response, 415, "unsupported-media-type", accept=accept)
    assert response.headers["accept"] == ", ".join(accept)


@pytest.mark.parametrize("encoding", ["gzip", "br", "Deflate", "gzip, identity", ""])
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_encoded_body_is_not_read(shop: HttpShop, method: str, encoding: str) -> None:
    headers = {"content-type": "application/json", "content-encoding": encoding}
    with shop.unchanged():
        response = await shop.browser().client.request(
            method, "/api/v1/session", content=b"{}", headers=headers
        )
    assert_problem(response, 415, "unsupported-encoding", encoding=encoding)
    assert response.headers["accept-encoding"] == "identity"
    assert f"Content-Encoding {encoding!r} is not" in response.json()["detail"]


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("application/json; charset=utf-16", "utf-16"),
        ('application/json;charset="UTF-16LE"', '"UTF-16LE"'),
        ("application/json; Charset=iso-8859-1; x=y", "iso-8859-1"),
        ("application/json; charset=utf-8; charset=utf-7", "utf-7"),
        ("application/json; charset=", ""),
        ("application/json; charset=" + "x" * 500, "x" * 40),
    ],
)
async def test_body_in_another_charset_is_not_read(
    shop: HttpShop, content_type: str, charset: str
) -> None:
    with shop.unchanged():
        response = await shop.browser().send_raw("POST", "/session", b"{}", content_type)
    problem = assert_problem(response, 415, "unsupported-charset", charset=charset)
    assert f"The charset {charset!r} is not" in problem["detail"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; charset=utf-8",
        'application/json; charset="UTF-8"',
        "application/json;",
    ],
)
async def test_json_content_type_may_vary(shop: HttpShop, content_type: str) -> None:
    browser = shop.browser()
    assert (await browser.send_raw("POST", "/session", b"{}", content_type)).status_code == 422


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
async def test_same_origin_requests_pass(shop: HttpShop, headers: dict[str, str]) -> None:
    await shop.customer("ada")
    body = {"email": "ada@example.com", "password": PASSWORD}
    assert (await shop.browser().post("/session", body, **headers)).status_code == 200


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
async def test_cross_origin_writes_are_rejected(
    shop: HttpShop, method: str, path: str, headers: dict[str, str]
) -> None:
    browser = await shop.customer("ada")
    with shop.unchanged():
        response = await browser.request(method, path, {"quantity": 1}, **headers)
    assert_problem(response, 403, "cross-site")
    assert "set-cookie" not in response.headers


async def test_cross_origin_reads_pass(shop: HttpShop) -> None:
    response = await shop.browser().get("/products", sec_fetch_site="cross-site", **FOREIGN)
    assert response.status_code == 200
    assert not [name for name in response.headers if name.startswith("access-control-")]
