"""What every route has in common; the routes are those of the OpenAPI document."""

import re
from collections.abc import Iterator

import httpx2
import pytest

from shop.domain.catalogue.image_files import image_file
from tests.entrypoints.http.clients import Browser, HttpShop, Json, assert_problem, eur

pytestmark = pytest.mark.anyio

IMAGE = image_file("9f" * 32, 1600)


@pytest.fixture(params=["database", "cookie"])
def session_store(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


ROUTES_OF_CUSTOMERS = {"/api/v1/orders", "/api/v1/transfers", "/api/v1/deposits"}
"""A customer may use these; `test_roles.py` sends them as a user who is none."""


def protected(document: Json) -> Iterator[tuple[str, str, bool]]:
    """Return the operations that take a session, and whether they take an admin's."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if operation.get("security") == [{"session": []}]:
                is_for_admins = "forbidden" in str(operation["responses"].get("403"))
                yield method.upper(), path, is_for_admins


async def test_every_protected_route_authenticates(shop: HttpShop) -> None:
    stranger, customer = shop.browser(), await shop.customer("ada")
    operations = list(protected(shop.app.openapi()))
    assert len(operations) == 64
    with shop.unchanged():
        for method, path, _ in operations:
            assert_problem(await stranger.request(method, f"/{path}"), 401, "not-signed-in")
        for method, path, is_for_admins in operations:
            if is_for_admins and path not in ROUTES_OF_CUSTOMERS:
                response = await customer.request(method, f"/{path}")
                assert_problem(response, 403, "forbidden", role="admin")


PATH_ID = re.compile(r"\{(?:\w+_id|handle)\}")


async def _send_form(browser: Browser, url: str, body: Json) -> httpx2.Response:
    fields = {name: str(value) for name, value in body.items()}
    return await browser.client.post(url, data=fields, files={"file": ("a.png", b"image")})


async def test_undeclared_input_is_rejected(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    admin = await shop.admin("ada")
    await admin.get("/session")
    checked = 0
    with shop.unchanged():
        for path, item in shop.app.openapi()["paths"].items():
            for method, operation in item.items():
                url = _with_slug(path, operation).replace("{sku}", "TEA")
                url = PATH_ID.sub("01932b7e-8f3c-7a13-8a9b-28394a5b6c7d", url)
                # What Stripe sends may say anything, if it is signed.
                if "requestBody" in operation and "webhooks" not in path:
                    body = {"role": "admin", "is_admin": True}
                    response = await (
                        _send_form(admin, url, body)
                        if "multipart/form-data" in operation["requestBody"]["content"]
                        else admin.request(
                            method.upper(), f"/{url}", body, idempotency_key="key-0001"
                        )
                    )
                    pointers = {error["pointer"] for error in response.json()["errors"]}
                    assert {"/role", "/is_admin"} <= pointers
                    checked += 1
                if path.startswith("/api/"):
                    response = await admin.request(
                        method.upper(), f"/{url}?role=admin", idempotency_key="key-0001"
                    )
                    assert response.json()["errors"][0]["pointer"] == "/query/role"
    assert checked == 31


STREAMED = {"/api/v1/products/export"}
"""These begin their answer before they know how long it is."""


async def _begin_import(admin: Browser) -> str:
    file = ("products.csv", b"sku,name,price\nMUG,Mug,990\n", "text/csv")
    begun = await admin.client.post("/api/v1/imports", files={"file": file})
    import_id: str = begun.json()["id"]
    return import_id


async def _save_rules(admin: Browser, document: Json) -> None:
    """Save the example of each kind of rule."""
    for path, item in document["paths"].items():
        if path.endswith("{slug}") and {"get", "put"} <= item.keys():
            body = item["put"]["requestBody"]["content"]["application/json"]["example"]
            saved = await admin.put(f"/{_with_slug(path, item['put'])}", body)
            assert saved.status_code == 201, saved.text


def _with_slug(path: str, operation: Json) -> str:
    """Return the path with the slug of its example."""
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == "slug":
            return path.replace("{slug}", parameter["schema"]["examples"][0])
    return path


async def test_reading_never_writes(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.admin("ada")
    order = (await browser.order("TEA")).json()
    document = shop.app.openapi()
    body = {"amount": eur(100), "card": {"token": "tok_visa"}}
    deposit = (await browser.post("/deposits", body, idempotency_key="key-0002")).json()
    names = {
        "{sku}": "TEA",
        "{handle}": "TEA",
        "{import_id}": await _begin_import(browser),
        "{order_id}": order["id"],
        "{deposit_id}": deposit["id"],
        "{user_id}": (await browser.get("/session")).json()["user"]["id"],
        "{folder}/{name}": IMAGE,
    }
    await shop.container.image_store().put(IMAGE, b"image")
    await _save_rules(browser, document)
    with shop.unchanged():
        for path, item in document["paths"].items():
            if "get" in item:
                path = _with_slug(path, item["get"])  # noqa: PLW2901  As below.
                for name, value in names.items():
                    path = path.replace(name, value)  # noqa: PLW2901  One name after the other.
                looked, headed = [
                    await browser.request(each, f"/{path}") for each in ("GET", "HEAD")
                ]
                assert looked.status_code == headed.status_code == 200
                assert headed.headers["content-type"] == looked.headers["content-type"]
                length = looked.headers.get("content-length")
                assert headed.headers.get("content-length") == length
                assert (length is None) == (path in STREAMED)
                response = await browser.request("BREW", f"/{path}")
                assert response.status_code == 405
                assert {"GET", "HEAD"} <= set(response.headers["allow"].split(", "))
