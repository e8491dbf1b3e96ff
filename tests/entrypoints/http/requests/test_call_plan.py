"""The plan of a route's dependencies."""

from typing import Annotated

import pytest
from fastapi import Depends, Request, Response
from fastapi.dependencies.utils import get_dependant

from shop.entrypoints.http.requests.call_plan import CallPlan

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
