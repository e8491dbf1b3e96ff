"""The line `request` of the log says who has sent a request, whatever came of it."""

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.entrypoints.http.clients import Browser, HttpShop, Json, eur
from tests.entrypoints.http.openapi.test_examples import build_example
from tests.entrypoints.http.security.test_every_route import protected

pytestmark = pytest.mark.anyio


async def _user_id(browser: Browser) -> str:
    user_id: str = (await browser.get("/session")).json()["user"]["id"]
    return user_id


def _request_line(lines: list[EventDict]) -> EventDict:
    (line,) = [each for each in lines if each["event"] == "request"]
    return line


def _example_request(document: Json, method: str, path: str) -> tuple[str, object]:
    operation = document["paths"][path][method.lower()]
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["schema"]["examples"][0])
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return path, None if schema is None else build_example(document, schema)


async def test_every_route_that_takes_a_session_logs_its_user(shop: HttpShop) -> None:
    document = shop.app.openapi()
    admin = await shop.admin("root")
    user_id = await _user_id(admin)
    for method, path, _ in protected(document):
        url, body = _example_request(document, method, path)

        with capture_logs() as lines:
            await admin.request(method, f"/{url}", body, idempotency_key="key-0001")

        line = _request_line(lines)
        assert (line["path"], line["user_id"]) == (path, user_id), (method, line["status"])


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 201),
        ({"payment": {"method": "card", "token": "tok_timeout_after"}}, 202),
        ({"payment": {"method": "card", "token": "tok_visa"}}, 201),
        ({"payment": {"method": "card", "token": "tok_declined"}}, 402),
        ({"quantity": 1000}, 409),
        ({"sku": "POT"}, 404),
        ({"expected_total": eur(1)}, 409),
        ({"payment": {"method": "card", "token": "4242424242424242"}}, 422),
    ],
)
async def test_order_is_logged_with_its_user(shop: HttpShop, more: Json, status: int) -> None:
    await shop.add_product("TEA")
    ada = await shop.customer("ada")
    user_id = await _user_id(ada)

    # The second time it is replayed, unless the outcome was unknown.
    for _ in range(1 if status == 202 else 2):
        with capture_logs() as lines:
            response = await ada.order(**{"sku": "TEA", **more})

        line = _request_line(lines)
        assert (line["status"], line["user_id"]) == (status, user_id)
        assert response.status_code == status


async def test_order_under_a_key_of_another_is_logged_with_its_user(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    ada = await shop.customer("ada")
    user_id = await _user_id(ada)
    await ada.order("TEA")

    with capture_logs() as lines:
        await ada.order("TEA", quantity=2)

    line = _request_line(lines)
    assert (line["status"], line["user_id"]) == (422, user_id)


async def test_order_without_a_session_has_no_user(shop: HttpShop) -> None:
    with capture_logs() as lines:
        await shop.browser().order("TEA")

    line = _request_line(lines)
    assert (line["status"], line["user_id"]) == (401, None)
