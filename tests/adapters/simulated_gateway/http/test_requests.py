"""Requests that the gateway rejects or cannot answer, and requests for its lists."""

import re
from uuid import UUID

import httpx2
import pytest

from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore
from tests.adapters.simulated_gateway.http.requests import (
    assert_problem,
    authorise,
    items,
    order_body,
)
from tests.factories import id_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"order_id": "17"}, "order_id"),
        ({"order_id": None}, "order_id"),
        ({"amount": "1999"}, "amount"),
        ({"amount": 19.99}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 10**15 + 1}, "amount"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": 978}, "currency"),
        ({"token": ""}, "token"),
        ({"token": "x" * 256}, "token"),
        ({"token": ["tok_visa"]}, "token"),
    ],
)
async def test_invalid_field_is_named(
    client: httpx2.AsyncClient, changes: dict[str, object], field: str
) -> None:
    response = await client.post(
        "/payments", json=order_body(**changes), headers={"Idempotency-Key": "1"}
    )

    assert_problem(response, 422, "invalid-request", "invalid_request")
    assert [each["pointer"] for each in response.json()["errors"]] == [f"/{field}"]
    assert await items(client) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 5000])
async def test_body_that_is_no_json_object_returns_422(
    client: httpx2.AsyncClient, content: bytes
) -> None:
    headers = {"Idempotency-Key": "1", "content-type": "application/json; charset=utf-8"}

    response = await client.post("/payments", content=content, headers=headers)

    assert_problem(response, 422, "invalid-request", "invalid_request")
    assert [each["pointer"] for each in response.json()["errors"]] == [""]


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_cross_site_content_type_returns_415(
    client: httpx2.AsyncClient, media_type: str
) -> None:
    headers = {"Idempotency-Key": "1", "content-type": media_type}

    response = await client.post("/payments", content=b"{}", headers=headers)

    assert_problem(response, 415, "unsupported-media-type", "unsupported_media_type")


async def test_oversized_body_returns_413(client: httpx2.AsyncClient) -> None:
    response = await authorise(client, "x" * 20_000)

    assert_problem(response, 413, "content-too-large", "content_too_large")


@pytest.mark.parametrize("key", [None, "", "with space", "ü", "x" * 256])
async def test_key_is_required(client: httpx2.AsyncClient, key: str | None) -> None:
    headers = {} if key is None else {b"Idempotency-Key": key.encode()}

    response = await client.post("/payments", json=order_body(), headers=headers)

    assert_problem(response, 400, "invalid-idempotency-key", "invalid_idempotency_key")
    assert await items(client) == []


async def test_two_keys_are_rejected(client: httpx2.AsyncClient) -> None:
    headers = [("Idempotency-Key", "1"), ("Idempotency-Key", "2")]

    response = await client.post("/payments", json=order_body(), headers=headers)

    assert response.status_code == 400
    assert await items(client) == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/payments", "GET, HEAD, POST"),
        ("DELETE", "/payments/pay_1", "GET, HEAD"),
        ("GET", "/payments/pay_1/capture", "POST"),
        ("TRACE", "/healthz", "GET, HEAD"),
    ],
)
async def test_wrong_method_returns_405(
    client: httpx2.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)

    assert_problem(response, 405, "method-not-allowed", "method_not_allowed")
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/payment",
        "/payments/",
        "/payments//capture",
        "/payments/1/2/3",
        "/payments/1/",
        "/x/y",
    ],
)
async def test_unknown_path_returns_404(client: httpx2.AsyncClient, path: str) -> None:
    assert_problem(await client.get(path), 404, "not-found", "not_found")


async def test_health_endpoint_responds(client: httpx2.AsyncClient) -> None:
    response = await client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "alive"})


async def test_lists_can_be_filtered(client: httpx2.AsyncClient) -> None:
    orders = [str(id_of(name)) for name in "abca"]
    for number, order in enumerate(orders):
        await authorise(client, key=str(number), order_id=order)
    listed = await items(client)

    assert [each["order_id"] for each in listed] == orders
    assert await items(client, f"?order_id={orders[0]}") == [listed[0], listed[3]]
    assert await items(client, "?limit=2") == listed[:2]
    assert await items(client, f"?limit=2&after={listed[1]['id']}") == listed[2:]
    assert await items(client, "?since=2026-11-21T12:00:00Z") == listed
    assert await items(client, "?until=2026-11-21T12:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("order_id=17", "order_id"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=ten", "limit"),
        ("since=yesterday", "since"),
        ("until=2026-11-21T12:00:00", "until"),
    ],
)
async def test_invalid_query_returns_422(
    client: httpx2.AsyncClient, query: str, field: str
) -> None:
    response = await client.get(f"/payments?{query}")

    assert_problem(response, 422, "invalid-request", "invalid_request")
    assert [each["pointer"] for each in response.json()["errors"]] == [f"/query/{field}"]


async def test_ids_are_unguessable(client: httpx2.AsyncClient) -> None:
    payment_id: str = (await authorise(client)).json()["id"]

    assert UUID(payment_id.removeprefix("pay_")).version == 4


async def test_unusable_file_returns_503(
    client: httpx2.AsyncClient, payment_store: SqlitePaymentStore
) -> None:
    payment_store._file.write_bytes(b"This is no database. " * 100)

    for response in (await authorise(client), await client.get("/payments")):
        assert_problem(response, 503, "unavailable", "unavailable")
        assert response.headers["retry-after"] == "1"


async def test_unexpected_error_returns_500_without_details(
    client: httpx2.AsyncClient, payment_store: SqlitePaymentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(payment_store, "run", fail)

    response = await authorise(client)

    assert_problem(response, 500, "internal-error", "internal_error")
    assert "secret" not in response.text
    assert await items(client) == []


async def test_tokens_are_neither_returned_nor_stored(
    client: httpx2.AsyncClient, payment_store: SqlitePaymentStore
) -> None:
    await authorise(client, "tok_somebodys_own")
    returned = (await client.get("/payments")).text
    await payment_store.close()

    kept = b"".join(each.read_bytes() for each in payment_store._file.parent.glob("gateway.db*"))

    assert "tok_" not in returned
    assert b"tok_" not in kept


async def test_problem_has_the_members_of_the_shops_problems(client: httpx2.AsyncClient) -> None:
    response = await authorise(client, token="", amount="1999")

    assert response.json() == {
        "type": "/problems/invalid-request",
        "title": "Invalid request",
        "status": 422,
        "detail": "The request is malformed; `errors` lists the faults.",
        "reason": "invalid_request",
        "errors": [
            {"pointer": "/amount", "detail": "must be a whole number without quotation marks."},
            {"pointer": "/token", "detail": "must have at least 1 character."},
        ],
    }


async def test_openapi_document_describes_every_operation(client: httpx2.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()

    operations = {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert operations.keys() == {
        ("post", "/payments"),
        ("get", "/payments"),
        ("get", "/payments/{payment_id}"),
        ("post", "/payments/{payment_id}/capture"),
        ("post", "/payments/{payment_id}/void"),
        ("post", "/payments/{payment_id}/refunds"),
        ("post", "/payments/{payment_id}/authentication"),
        ("get", "/healthz"),
    }
    for operation in operations.values():
        assert operation["responses"]["default"]["content"].keys() == {"application/problem+json"}
    keyed = {
        path
        for (_, path), operation in operations.items()
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "Idempotency-Key" and parameter["required"]
    }
    assert keyed == {
        "/payments",
        "/payments/{payment_id}/capture",
        "/payments/{payment_id}/void",
        "/payments/{payment_id}/refunds",
    }


async def test_documentation_page_needs_no_other_site(client: httpx2.AsyncClient) -> None:
    page = await client.get("/docs")

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sources != []
    for source in sources:
        assert (await client.get(source)).status_code == 200
