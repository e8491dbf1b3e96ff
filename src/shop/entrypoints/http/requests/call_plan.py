"""The order in which a route's dependencies are called, worked out once."""

from collections.abc import Callable, Iterator, Mapping
from inspect import (
    isasyncgenfunction,
    iscoroutinefunction,
    isfunction,
    isgeneratorfunction,
)
from typing import Any, Final

from fastapi.dependencies.models import Dependant
from starlette.requests import Request
from starlette.responses import Response

from shop.domain.shared.value import value

REQUEST: Final = "request"
RESPONSE: Final = "response"

Source = Callable[..., Any] | str
"""Where an argument comes from: the request, the response, or another dependency's result."""

Sources = tuple[tuple[str, Source], ...]
"""The source of each argument, by its name."""


@value
class _Call:
    """A dependency: a function, and where its arguments come from.

    A function that is not a coroutine runs at once, so it must not block.
    """

    function: Callable[..., Any]
    is_coroutine: bool
    sources: Sources


@value
class CallPlan:
    """The dependencies of a route, each called once and before those that need it."""

    calls: tuple[_Call, ...]
    sources: Sources
    changes_response: bool

    @classmethod
    def of(cls, dependant: Dependant) -> "CallPlan":
        """Plan the calls of a route; raise `TypeError` for what the shop's routes do not use."""
        calls = {each.call: _call_of(each) for each in _innermost_first(dependant)}
        sources = [dict(each.sources).values() for each in calls.values()]
        own = _sources_of(dependant)
        return cls(
            calls=tuple(calls.values()),
            sources=own,
            changes_response=any(RESPONSE in each for each in (*sources, dict(own).values())),
        )

    async def provide(self, request: Request) -> Mapping[Source, Any]:
        """Call the dependencies, and return what each of them has returned."""
        given: dict[Source, Any] = {REQUEST: request}
        if self.changes_response:
            given[RESPONSE] = _UnwrittenResponse()
        for call in self.calls:
            result = call.function(**{name: given[source] for name, source in call.sources})
            given[call.function] = await result if call.is_coroutine else result
        return given

    def arguments(self, given: Mapping[Source, Any]) -> dict[str, Any]:
        """Return the arguments of the route's function that are no parameters."""
        return {name: given[source] for name, source in self.sources}

    def response(self, given: Mapping[Source, Any]) -> Response | None:
        """Return the response whose status and headers the route can set, if it asked for it."""
        return given.get(RESPONSE)


def _innermost_first(dependant: Dependant) -> Iterator[Dependant]:
    for each in dependant.dependencies:
        yield from _innermost_first(each)
        yield each


def _call_of(dependant: Dependant) -> _Call:
    function = dependant.call
    parameters = (*dependant.path_params, *dependant.query_params, *dependant.body_params)
    if function is None or parameters:
        raise TypeError(f"{function} must take its values from the request")
    if not isfunction(function) or isgeneratorfunction(function) or isasyncgenfunction(function):
        raise TypeError(f"{function} must be a function that returns its value")
    return _Call(
        function=function,
        is_coroutine=iscoroutinefunction(function),
        sources=_sources_of(dependant),
    )


def _sources_of(dependant: Dependant) -> Sources:
    unknown = (
        *dependant.header_params,
        *dependant.cookie_params,
        dependant.background_tasks_param_name,
        dependant.http_connection_param_name,
        dependant.security_scopes_param_name,
    )
    if any(unknown):
        raise TypeError(f"{dependant.call} asks for what routes of the shop do not have")
    sources: dict[str, Source] = {
        each.name: each.call for each in dependant.dependencies if each.name and each.call
    }
    if dependant.request_param_name:
        sources[dependant.request_param_name] = REQUEST
    if dependant.response_param_name:
        sources[dependant.response_param_name] = RESPONSE
    return tuple(sources.items())


class _UnwrittenResponse(Response):
    """A response for routes to set a status and headers in, as FastAPI's."""

    def __init__(self) -> None:
        self.status_code = None  # type: ignore[assignment]  # Until the route has set one.
        self.raw_headers = []
