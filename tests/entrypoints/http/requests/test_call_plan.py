"""The plan of a route's dependencies."""

from collections.abc import Callable, Iterator
from typing import Annotated

import pytest
from fastapi import BackgroundTasks, Depends, Header, Request, Response
from fastapi.dependencies.utils import get_dependant

from shop.entrypoints.http.requests.call_plan import CallPlan
from shop.entrypoints.http.requests.strict_route import StrictRoute
from shop.entrypoints.http.schemas import EmptyBody

pytestmark = pytest.mark.anyio

calls: list[str] = []


def inner(request: Request) -> str:
    calls.append("inner")
    return str(request.scope["path"])


async def outer(value: Annotated[str, Depends(inner)], response: Response) -> str:
    calls.append("outer")
    response.headers["x-outer"] = "yes"
    return f"outer {value}"


async def endpoint(
    first: Annotated[str, Depends(outer)], second: Annotated[str, Depends(inner)], request: Request
) -> None:
    del first, second, request


def asks_for_the_query(limit: int) -> int:
    return limit


async def unplannable(limit: Annotated[int, Depends(asks_for_the_query)]) -> None:
    del limit


def yields() -> Iterator[int]:
    yield 1


class _Callable:
    async def __call__(self) -> int:
        return 1


async def with_generator(value: Annotated[int, Depends(yields)]) -> None:
    del value


async def with_object(value: Annotated[int, Depends(_Callable())]) -> None:
    del value


async def with_header(x_a: Annotated[str, Header()]) -> None:
    del x_a


async def with_tasks(tasks: BackgroundTasks) -> None:
    del tasks


async def test_each_dependency_is_called_once_and_before_those_that_need_it() -> None:
    calls.clear()
    request = Request({"type": "http", "path": "/p", "headers": []})
    plan = CallPlan.of(get_dependant(path="/p", call=endpoint))

    given = await plan.provide(request)

    assert calls == ["inner", "outer"]
    assert plan.arguments(given) == {"first": "outer /p", "second": "/p", "request": request}
    response = plan.response(given)
    assert response is not None
    assert response.raw_headers == [(b"x-outer", b"yes")]


def test_dependency_that_takes_a_parameter_is_rejected_when_the_route_is_made() -> None:
    with pytest.raises(TypeError, match="must take its values from the request"):
        CallPlan.of(get_dependant(path="/p", call=unplannable))


@pytest.mark.parametrize("endpoint", [with_generator, with_object, with_header, with_tasks])
def test_declaration_that_the_plan_does_not_know_is_rejected(
    endpoint: Callable[..., object],
) -> None:
    with pytest.raises(TypeError):
        CallPlan.of(get_dependant(path="/p", call=endpoint))


def _not_awaitable() -> None: ...


async def _two_bodies(first: EmptyBody, second: EmptyBody) -> EmptyBody:
    del second
    return first


@pytest.mark.parametrize("endpoint", [_not_awaitable, _two_bodies])
def test_route_that_cannot_be_compiled_is_rejected_when_it_is_made(
    endpoint: Callable[..., object],
) -> None:
    with pytest.raises(TypeError):
        StrictRoute("/p", endpoint, methods=["POST"])
