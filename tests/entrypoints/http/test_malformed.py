"""Malformed requests end in a 4xx status with little work, and change nothing."""

import re
import time
from collections.abc import AsyncIterator
from functools import cache

import httpx2
import pytest

from tests.entrypoints.http.clients import Browser, HttpShop, assert_invalid, assert_problem

pytestmark = pytest.mark.anyio

REFERENCE_STEPS = 10_000_000
MAX_WORK = 8
"""How many times the reference work a rejection may take: about a second."""

DEEP = b"[" * 1000 + b"]" * 1000

NUMBERS = {
    "minus one": b"-1",
    "zero": b"0",
    "a fraction": b"1.5",
    "infinity": b"1e309",
    "minus infinity": b"-Infinity",
    "not a number": b"NaN",
    "2^63": b"9223372036854775808",
    "five thousand digits": b"9" * 5000,
    "a number as text": b'"1"',
    "a truth": b"true",
    "nothing": b"null",
    "a list": b"[1]",
    "a thousand lists": DEEP,
}
TEXTS = {
    "NUL": rb'"a\u0000b"',
    "a raw NUL": b'"a\x00b"',
    "a line end": rb'"a\nb"',
    "an escape": rb'"\u001b[31m"',
    "a C1 control": rb'"\u0085"',
    "a lone surrogate": rb'"\ud800"',
    "half a pair": rb'"\udc00a"',
    "invalid UTF-8": b'"\xff\xfe"',
    "overlong UTF-8": b'"\xc0\x80"',
    "sixty thousand characters": b'"' + b"x" * 60_000 + b'"',
    "a number": b"1",
    "a thousand lists": DEEP,
}
BODIES = {
    "nothing at all": b"",
    "no JSON": b"hello",
    "half an object": b'{"name": ',
    "two objects": b"{} {}",
    "a list": b"[]",
    "text": b'"text"',
    "null": b"null",
    "a thousand objects": b'{"a":' * 1000 + b"1" + b"}" * 1000,
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "a lone surrogate as a name": rb'{"\ud800": 1}',
    "NUL": b"\x00",
    "a hundred thousand items": b'{"lines": [' + b"1," * 99_999 + b"1]}",
    "thirty thousand items": b'{"lines": [' + b"1," * 30_000 + b"1]}",
    "five thousand unknown names": b"{" + b",".join(b'"%d":1' % n for n in range(5_000)) + b"}",
}

NUMBER_PLACES = [
    ("POST", "/orders", b'{"lines":[{"sku":"TEA","quantity":%s}],"payment":{"method":"account"}}'),
    ("PUT", "/cart/lines/TEA", b'{"quantity":%s}'),
    ("POST", "/transfers", b'{"to":"root@example.com","amount":{"amount":%s,"currency":"EUR"}}'),
    (
        "PUT",
        "/products/TEA",
        b'{"name":"T","description":"","active":true,"price":{"amount":%s,"currency":"EUR"}}',
    ),
]
TEXT_PLACES = [
    ("POST", "/users", b'{"name":%s,"email":"eve@example.com","password":"a long phrase"}'),
    ("POST", "/users", b'{"name":"Eve","email":%s,"password":"a long phrase"}'),
    ("POST", "/orders", b'{"lines":[{"sku":%s,"quantity":1}],"payment":{"method":"account"}}'),
    (
        "POST",
        "/transfers",
        b'{"to":"root@example.com","amount":{"amount":1,"currency":"EUR"},"note":%s}',
    ),
    ("POST", "/products/TEA/stock", b'{"delta":1,"reason":%s}'),
]
PLACES = [
    ("POST", "/users"),
    ("POST", "/session"),
    ("PATCH", "/session"),
    ("POST", "/password"),
    ("POST", "/transfers"),
    ("PUT", "/products/TEA"),
    ("POST", "/products/TEA/stock"),
    ("PUT", "/cart/lines/TEA"),
    ("POST", "/orders"),
]
ADDRESSES = [
    "/products?q=%00",
    "/products?q=%FF",
    "/products?q=" + "x" * 101,
    "/products?limit=9223372036854775808",
    "/products?limit=" + "9" * 5000,
    "/products?limit=NaN",
    "/products?cursor=%00",
    "/products?cursor=" + "x" * 10_000,
    "/products?cursor=AAAA",
    "/products?cursor=A",
    "/products/%00",
    "/products/%FF",
    "/products/" + "x" * 10_000,
    "/orders/%00",
    "/orders?user_id=%00",
    "/session?" + "&".join(f"p{number}=1" for number in range(1000)),
]


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    """Return an admin with a new session, so that every operation is allowed."""
    await shop.add_product("TEA")
    admin = await shop.admin("root")
    await admin.get("/session")
    return admin


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
async def test_invalid_number_is_rejected(shop: HttpShop, admin: Browser, number: bytes) -> None:
    for method, path, body in NUMBER_PLACES:
        await assert_rejected(shop, admin, method, path, body % number)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_invalid_text_is_rejected(shop: HttpShop, admin: Browser, text: bytes) -> None:
    for method, path, body in TEXT_PLACES:
        await assert_rejected(shop, admin, method, path, body % text)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_invalid_body_is_rejected(shop: HttpShop, admin: Browser, body: bytes) -> None:
    for method, path in PLACES:
        await assert_rejected(shop, admin, method, path, body)


@pytest.mark.parametrize(
    "value",
    [rb"1e309", rb"9007199254740992", rb'"\u0000"', rb'"\ud800"', rb"NaN", DEEP, rb'{"a\u007f":1}'],
)
async def test_invalid_preferences_are_rejected(
    shop: HttpShop, admin: Browser, value: bytes
) -> None:
    body = b'{"preferences": {"a": %s}}' % value
    await assert_rejected(shop, admin, "PATCH", "/session", body)


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        (b"[]", "", "The body must be a JSON object."),
        (b"", "", "The body is required."),
        (b"{", "", "The body must be valid JSON: EOF while parsing an object at line 1 column 1."),
        (b"{}", "/quantity", "is required."),
        (b'{"quantity": 0}', "/quantity", "must be at least 1."),
        (b'{"quantity": "1"}', "/quantity", "must be a whole number without quotation marks."),
        (b'{"quantity": 1, "size": 2}', "/size", "is unknown; correct its name or remove it."),
    ],
)
async def test_fault_is_explained_in_plain_words(
    admin: Browser, body: bytes, pointer: str, detail: str
) -> None:
    response = await admin.send_raw("PUT", "/cart/lines/TEA", body)

    assert response.json()["errors"] == [{"pointer": pointer, "detail": detail}]


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
async def test_nan_and_infinity_are_not_json(admin: Browser, number: bytes) -> None:
    assert_invalid(
        await admin.send_raw("PATCH", "/session", b'{"preferences":{"a":%s}}' % number), ""
    )


@pytest.mark.parametrize("path", ADDRESSES)
async def test_invalid_path_is_rejected(shop: HttpShop, admin: Browser, path: str) -> None:
    with shop.unchanged():
        assert_is_problem(await admin.get(path))


async def assert_rejected(
    shop: HttpShop, browser: Browser, method: str, path: str, body: bytes
) -> None:
    """Require a problem after a bounded amount of work, and nothing stored."""
    with shop.unchanged():
        began = time.process_time()
        response = await browser.send_raw(method, path, body)
        took_seconds = time.process_time() - began
    assert_is_problem(response)
    assert took_seconds < MAX_WORK * reference_seconds()


class TestADeclaredLength:
    @pytest.mark.parametrize(
        ("length", "status"),
        [
            ("0" * 5000 + "2", 422),
            ("0" * 5000, 422),
            ("9" * 5000, 413),
            ("65537", 413),
            ("0065536", 422),
        ],
    )
    async def test_may_have_any_number_of_digits(
        self, shop: HttpShop, length: str, status: int
    ) -> None:
        headers = {"content-type": "application/json", "content-length": length}
        response = await shop.browser().client.post("/api/v1/users", content=b"{}", headers=headers)
        assert response.status_code == status, response.text

    async def test_of_zeros_is_that_of_no_body(self, shop: HttpShop) -> None:
        browser = shop.browser()
        for length in ("0", "000"):
            response = await browser.client.delete(
                "/api/v1/cart", headers={"content-length": length}
            )
            assert response.status_code == 200, response.text


async def test_whole_number_of_a_query_is_written_in_digits(shop: HttpShop, admin: Browser) -> None:
    found = 0
    for path, item in shop.app.openapi()["paths"].items():
        for parameter in item.get("get", {}).get("parameters", ()):
            schemas = parameter["schema"].get("anyOf", [parameter["schema"]])
            if parameter["in"] == "query" and any(
                each.get("type") == "integer" for each in schemas
            ):
                name, found = parameter["name"], found + 1
                url = re.sub(r"\{\w+\}", "01932b7e-8f3c-7a13-8a9b-28394a5b6c7d", path)
                assert (await admin.get(f"/{url}?{name}=3")).status_code in {200, 404}
                for text in ("1_0", "3.0", "%2B3", "%203", "3%20", "0x3", "\u0663", "", "9" * 5000):
                    assert_invalid(await admin.get(f"/{url}?{name}={text}"), f"/query/{name}")
    assert found > 10


async def _chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for each in parts:
        yield each


class TestABodyOfUnknownLength:
    async def test_is_none_if_it_is_empty(self, shop: HttpShop) -> None:
        browser = shop.browser()
        for content_type in ("", "text/plain"):
            response = await browser.client.request(
                "DELETE",
                "/api/v1/cart",
                content=_chunks(b""),
                headers={"content-type": content_type},
            )
            assert response.status_code == 200, response.text

    async def test_is_json_if_there_is_one(self, shop: HttpShop) -> None:
        browser = await shop.customer("ada")
        with shop.unchanged():
            response = await browser.client.request(
                "DELETE",
                "/api/v1/cart",
                content=_chunks(b"", b"{", b"}"),
                headers={"content-type": "text/plain"},
            )
        assert_problem(response, 415, "unsupported-media-type", accept=["application/json"])


class TestABodyThatARequestDoesNotNeed:
    @pytest.mark.parametrize("path", ["/cart", "/cart/lines/TEA", "/sessions"])
    async def test_is_an_empty_object(self, shop: HttpShop, path: str) -> None:
        browser = await shop.customer("ada")
        allowed = await browser.send_raw("DELETE", path, b"{}")
        assert allowed.status_code in {200, 204}
        for body, pointer in ((b'{"all": true}', "/all"), (b"[]", ""), (b"{", "")):
            with shop.unchanged():
                assert_invalid(await browser.send_raw("DELETE", path, body), pointer)


@pytest.mark.parametrize("body", [rb'{"name":"\ud800"}', rb'{"name":"\ud800\u0041"}'])
async def test_lone_surrogate_is_called_so(shop: HttpShop, body: bytes) -> None:
    response = await shop.browser().send_raw("POST", "/users", body)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["detail"].startswith(
        "The body must be valid JSON: half of a character (a lone surrogate) at line 1 column "
    )


@cache
def reference_seconds() -> float:
    """Return the processor time of a fixed amount of work, which depends on the machine."""
    began = time.process_time()
    sum(range(REFERENCE_STEPS))
    return time.process_time() - began


def assert_is_problem(response: httpx2.Response) -> None:
    assert response.status_code in {413, 422}, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert len(response.content) < 64 * 1024


REPEATED_NAMES = {
    b'{"email":"a@example.com","email":"b@example.com","password":"12345678"}': "/email",
    rb'{"mail":"a@example.com","\u006dail":"b@example.com"}': "/mail",
    b'{"a":[{"b":":"},{"b":1,"b":2}]}': "/a/1/b",
    b'{"a/b":{"c~":{},"c~":9}, "n":%s}' % (b"9" * 400): "/a~1b/c~0",
    b'{"a":{"":1,"":1}}': "/a/",
}


@pytest.mark.parametrize("body", REPEATED_NAMES, ids=REPEATED_NAMES.values())
async def test_repeated_name_is_rejected_with_its_place(
    shop: HttpShop, admin: Browser, body: bytes
) -> None:
    with shop.unchanged():
        for method, path in PLACES:
            response = await admin.send_raw(method, path, body)
            errors = [{"pointer": REPEATED_NAMES[body], "detail": "Repeated name."}]
            assert_problem(response, 422, "invalid-request", errors=errors)


async def test_colon_in_a_text_and_equal_names_in_two_objects_are_no_repetition(
    admin: Browser,
) -> None:
    body = b'{"preferences": {"a": ":::", "b": "a:"}}'
    assert (await admin.send_raw("PATCH", "/session", body)).status_code == 200
    body = b'{"lines":[{"sku":"A:","quantity":1},{"sku":"B","quantity":1}]}'
    response = await admin.send_raw("POST", "/orders", body)
    assert "Repeated name." not in response.text
