"""Problem documents: what all errors have in common."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Self
from unittest.mock import create_autospec

import pytest

import shop.application
import shop.domain
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.ports.repositories.catalogue.variants import Variants
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, DatabaseUnavailable
from shop.domain.address import InvalidAddress
from shop.domain.shared.errors import AccessDenied, Conflict, InvalidValue, NotFound, ShopError
from shop.entrypoints.http.errors.problem_details import explanation_of, problem, problem_type_of
from shop.entrypoints.http.openapi.error_examples import examples
from tests.entrypoints.http.clients import HttpShop, Json, assert_problem

TYPES_WITHOUT_ERROR = {ShopError, NotFound, Conflict, AccessDenied, InvalidValue, InvalidAddress}


def types_of(error: type[ShopError]) -> Iterator[type[ShopError]]:
    yield error
    for each in error.__subclasses__():
        yield from types_of(each)


def load(package: object) -> None:
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):  # type: ignore[attr-defined]
        importlib.import_module(module.name)


def test_every_error_has_an_example_and_an_explanation() -> None:
    load(shop.domain)
    load(shop.application)
    exemplified = {type(example) for example in examples()}
    assert set(types_of(ShopError)) - TYPES_WITHOUT_ERROR == exemplified
    assert all(explanation_of(each).endswith((".", ".)")) for each in exemplified)


@pytest.mark.parametrize("error", list(examples()), ids=lambda error: error.code)
def test_fields_of_an_error_do_not_hide_the_standard_members(error: ShopError) -> None:
    details = problem(error)
    assert details["type"] == f"/problems/{error.code}"
    assert details["status"] == problem_type_of(type(error)).status
    assert details["detail"] == error.detail
    assert list(details)[:4] == ["type", "title", "status", "detail"]


@pytest.mark.anyio
async def test_every_problem_type_has_a_page(shop: HttpShop) -> None:
    browser = shop.browser()
    for error in examples():
        response = await browser.get(f"//problems/{error.code}")
        assert response.status_code == 200
        explanation = response.json()
        assert explanation["type"] == f"/problems/{error.code}"
        assert explanation["status"] == problem_type_of(type(error)).status
        assert explanation["explanation"] == explanation_of(type(error))
        assert explanation["example"]["detail"] == error.detail
    assert_problem(await browser.get("//problems/nonsense"), 404, "problem-not-found")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path", ["//nowhere", "/nowhere", "/orders/", "//api/v2/orders", "//api/v1//orders"]
)
async def test_unknown_path_is_a_problem(shop: HttpShop, path: str) -> None:
    assert_problem(await shop.browser().get(path), 404, "route-not-found")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/orders", ["GET", "HEAD", "POST"]),
        ("PUT", "/session", ["DELETE", "GET", "HEAD", "PATCH", "POST"]),
        ("POST", "/cart", ["DELETE", "GET", "HEAD", "PATCH"]),
        ("POST", "/cart/lines/TEA", ["DELETE", "PUT"]),
        ("PATCH", "/products/TEA", ["DELETE", "GET", "HEAD", "PUT"]),
        ("OPTIONS", "/transfers", ["POST"]),
        ("TRACE", "//", ["GET", "HEAD"]),
        ("CONNECT", "//healthz", ["GET", "HEAD"]),
        ("BREW", "/session/order", ["GET", "HEAD"]),
    ],
)
async def test_wrong_method_lists_the_allowed_ones(
    shop: HttpShop, method: str, path: str, allow: list[str]
) -> None:
    response = await shop.browser().request(method, path)
    assert response.headers["allow"] == ", ".join(allow)
    assert_problem(response, 405, "method-not-allowed", allow=allow)


class UnavailableUnitOfWork(MemoryUnitOfWork):
    """A unit of work without a database."""

    async def __aenter__(self) -> Self:
        raise DatabaseUnavailable("no connection")


class UnknownCommitOutcome(MemoryUnitOfWork):
    """A unit of work whose commits are never answered."""

    async def commit(self) -> None:
        raise CommitOutcomeUnknown("connection lost")


class UnreadableVariants(MemoryUnitOfWork):
    """A unit of work that loses the database when it reads variants."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        variants = create_autospec(Variants, instance=True)
        variants.get_many.side_effect = DatabaseUnavailable("gone")
        self.variants = variants
        return self


@pytest.mark.anyio
async def test_database_outage_returns_503_and_recovers(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    shop.use_unit_of_work(UnavailableUnitOfWork)
    with shop.unchanged():
        for response in (await browser.order("TEA"), await browser.get("/products")):
            assert_problem(response, 503, "service-unavailable")
            assert response.headers["retry-after"] == "1"
    shop.use_unit_of_work(MemoryUnitOfWork)
    assert (await browser.order("TEA")).status_code == 201


@pytest.mark.anyio
async def test_unknown_commit_outcome_is_reported(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    shop.use_unit_of_work(UnknownCommitOutcome)
    assert_problem(await browser.order("TEA"), 503, "outcome-unknown")


@pytest.mark.anyio
async def test_session_that_was_changed_is_not_reported_as_unchanged(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    await browser.put("/cart/lines/TEA", {"quantity": 1})
    shop.use_unit_of_work(UnreadableVariants)

    changed = await browser.patch("/session", {"preferences": {"theme": "dark"}})
    signed_in = await browser.sign_in("ada")

    assert_problem(changed, 503, "outcome-unknown")
    assert_problem(signed_in, 503, "outcome-unknown")
    shop.use_unit_of_work(MemoryUnitOfWork)
    session = (await browser.get("/session")).json()
    assert session["preferences"] == {"theme": "dark"}


@pytest.mark.anyio
async def test_list_of_field_errors_is_limited(shop: HttpShop) -> None:
    body: Json = {f"unknown{number}": 1 for number in range(1000)}
    response = await shop.browser().post("/users", body)
    assert response.status_code == 422
    assert len(response.json()["errors"]) == 20


@pytest.mark.anyio
async def test_pointers_are_escaped(shop: HttpShop) -> None:
    response = await shop.browser().post("/session", {"a/b~c": 1, "email": "", "password": ""})
    assert [error["pointer"] for error in response.json()["errors"]] == ["/a~1b~0c"]
