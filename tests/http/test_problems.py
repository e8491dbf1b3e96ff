"""Problems: what every refusal and failure has in common."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Self

import pytest

import shop.application
import shop.domain
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, DatabaseUnavailable
from shop.domain.shared.errors import AccessDenied, Conflict, InvalidValue, NotFound, ShopError
from shop.entrypoints.http.errors.problem_details import explanation_of, problem, problem_type_of
from shop.entrypoints.http.openapi.error_examples import examples
from tests.http.shops import Json, Shop, refused

KINDS_ALONE = {ShopError, NotFound, Conflict, AccessDenied, InvalidValue}


def kinds_of(error: type[ShopError]) -> Iterator[type[ShopError]]:
    yield error
    for each in error.__subclasses__():
        yield from kinds_of(each)


def load(package: object) -> None:
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):  # type: ignore[attr-defined]
        importlib.import_module(module.name)


def test_every_error_has_an_example_and_an_explanation() -> None:
    load(shop.domain)
    load(shop.application)
    exemplified = {type(example) for example in examples()}
    assert set(kinds_of(ShopError)) - KINDS_ALONE == exemplified
    assert all(explanation_of(each).endswith((".", ".)")) for each in exemplified)


@pytest.mark.parametrize("error", list(examples()), ids=lambda error: error.code)
def test_an_errors_own_facts_do_not_hide_what_every_problem_has(error: ShopError) -> None:
    details = problem(error)
    assert details["type"] == f"/problems/{error.code}"
    assert details["status"] == problem_type_of(type(error)).status
    assert details["detail"] == error.detail
    assert list(details)[:4] == ["type", "title", "status", "detail"]


@pytest.mark.anyio
async def test_every_type_of_problem_explains_itself(shop: Shop) -> None:
    visitor = shop.visitor()
    for error in examples():
        answer = await visitor.get(f"//problems/{error.code}")
        assert answer.status_code == 200
        explanation = answer.json()
        assert explanation["type"] == f"/problems/{error.code}"
        assert explanation["status"] == problem_type_of(type(error)).status
        assert explanation["explanation"] == explanation_of(type(error))
        assert explanation["example"]["detail"] == error.detail
    refused(await visitor.get("//problems/nonsense"), 404, "problem-not-found")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path", ["//nowhere", "/nowhere", "/orders/", "//api/v2/orders", "//api/v1//orders"]
)
async def test_an_unknown_address_is_a_problem(shop: Shop, path: str) -> None:
    refused(await shop.visitor().get(path), 404, "route-not-found")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/orders", ["GET", "HEAD", "POST"]),
        ("PUT", "/session", ["DELETE", "GET", "HEAD", "PATCH", "POST"]),
        ("POST", "/cart", ["DELETE", "GET", "HEAD"]),
        ("POST", "/cart/lines/TEA", ["DELETE", "PUT"]),
        ("PATCH", "/products/TEA", ["GET", "HEAD", "PUT"]),
        ("OPTIONS", "/transfers", ["POST"]),
        ("TRACE", "//", ["GET", "HEAD"]),
        ("CONNECT", "//healthz", ["GET", "HEAD"]),
        ("BREW", "/session/order", ["GET", "HEAD"]),
    ],
)
async def test_another_method_is_refused_with_all_that_are_allowed(
    shop: Shop, method: str, path: str, allow: list[str]
) -> None:
    answer = await shop.visitor().ask(method, path)
    assert answer.headers["allow"] == ", ".join(allow)
    refused(answer, 405, "method-not-allowed", allow=allow)


class Unreachable(MemoryUnitOfWork):
    """A unit of work without a database."""

    async def __aenter__(self) -> Self:
        raise DatabaseUnavailable("no connection")


class Unanswered(MemoryUnitOfWork):
    """A unit of work whose commits are never answered."""

    async def commit(self) -> None:
        raise CommitOutcomeUnknown("connection lost")


@pytest.mark.anyio
async def test_without_a_database_everything_is_unavailable_and_recovers(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    shop.use(Unreachable)
    with shop.unchanged():
        for answer in (await visitor.order("TEA"), await visitor.get("/products")):
            refused(answer, 503, "service-unavailable")
            assert answer.headers["retry-after"] == "1"
    shop.use(MemoryUnitOfWork)
    assert (await visitor.order("TEA")).status_code == 201


@pytest.mark.anyio
async def test_an_outcome_that_is_unknown_is_told_as_such(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    shop.use(Unanswered)
    refused(await visitor.order("TEA"), 503, "outcome-unknown")


@pytest.mark.anyio
async def test_a_list_of_faults_is_not_endless(shop: Shop) -> None:
    body: Json = {f"unknown{number}": 1 for number in range(1000)}
    answer = await shop.visitor().post("/users", body)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 20


@pytest.mark.anyio
async def test_pointers_are_escaped(shop: Shop) -> None:
    answer = await shop.visitor().post("/session", {"a/b~c": 1, "email": "", "password": ""})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/a~1b~0c"]
