"""Failures: whatever was raised, turned into the refusal that tells of it."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from shop.application.ports.database import OtherCurrency, Unmigrated
from shop.application.ports.payment_gateway import GatewaySilent, NoticeRefused
from shop.application.ports.unit_of_work import OutcomeUnknown, StoreFailure
from shop.domain.errors import AccessDenied, RuleBroken, ShopError
from shop.domain.session import SessionExpired
from shop.entrypoints.http import refusals
from shop.entrypoints.http.exchange import Exchange
from shop.entrypoints.http.problems import ProblemResponse

HANDLED = (
    HTTPException,
    RequestValidationError,
    ShopError,
    StoreFailure,
    Unmigrated,
    OtherCurrency,
    GatewaySilent,
    NoticeRefused,
)
"""What is raised in the ordinary course of things; anything else is a fault of the shop."""

_FAILURES: Mapping[type[BaseException], type[ShopError]] = {
    OutcomeUnknown: refusals.OutcomeUnknown,
    StoreFailure: refusals.Unavailable,
    Unmigrated: refusals.Unmigrated,
    OtherCurrency: refusals.Unavailable,
    GatewaySilent: refusals.Unavailable,
    NoticeRefused: refusals.InvalidSignature,
}

_log = logging.getLogger(__name__)


async def answer(request: Request, error: Exception) -> Response:
    """Return the problem that tells of an error; a session that has expired is forgotten.

    What denies access is logged.
    """
    exchange: Exchange = request.state.exchange
    refusal = _refusal(error, request.scope)
    exchange.forget(when=isinstance(refusal, SessionExpired))
    if isinstance(refusal, AccessDenied):
        exchange.log("access denied", reason=refusal.code)
    return ProblemResponse(refusal)


def _refusal(error: Exception, scope: Scope) -> ShopError:
    match error:
        case RuleBroken():
            return refusals.InvalidRequest.at(f"/{error.field}", error.rule)
        case ShopError():
            return error
        case RequestValidationError():
            return _invalid(error.errors())
        case HTTPException():
            return _refused_by_framework(error.status_code, scope)
        case StoreFailure() | Unmigrated() | OtherCurrency() | GatewaySilent() | NoticeRefused():
            _log.warning("%s: %s", type(error).__name__, error)
            return next(_FAILURES[each] for each in type(error).__mro__ if each in _FAILURES)()
        case _:
            _log.error("request failed", exc_info=error)
            return refusals.InternalError()


def _refused_by_framework(status: int, scope: Scope) -> ShopError:
    match status:
        case 404:
            return refusals.RouteNotFound()
        case 405:
            return refusals.MethodNotAllowed(allow=_allowed_methods(scope))
        case 413:
            return refusals.ContentTooLarge(limit_bytes=refusals.MAX_BODY_BYTES)
        case _:
            return refusals.InvalidRequest.at("", "The request cannot be read.")


def _allowed_methods(scope: Scope) -> tuple[str, ...]:
    """Return the methods of all routes of this path; the router names but the first one's."""
    methods: set[str] = set()
    for route in iter_route_contexts(scope["app"].routes):
        if route.path_regex.match(scope["path"]):
            methods |= route.methods or set()
    return tuple(sorted(methods))


def _invalid(errors: Sequence[Any]) -> refusals.InvalidRequest:
    return refusals.InvalidRequest.of(
        refusals.Fault(pointer=_pointer(error), detail=_detail(error)) for error in errors
    )


def _pointer(error: Any) -> str:  # noqa: ANN401  What pydantic reports has no type.
    if error["type"] == "json_invalid":
        return ""
    place, *path = error["loc"]
    steps = path if place == "body" else [place, *path]
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _detail(error: Any) -> str:  # noqa: ANN401  As above.
    if error["type"] == "json_invalid":
        return f"This is not JSON: {error['ctx']['error']}."
    return f"{error['msg'].removeprefix('Value error, ')}."
