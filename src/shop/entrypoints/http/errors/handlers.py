"""Convert raised errors into problem responses."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from shop.application.ports.database import CurrencyMismatch, IncompatibleSchema, MigrationRequired
from shop.application.ports.image_store import ImageStoreUnavailable
from shop.application.ports.password_hasher import PasswordHasherBusy
from shop.application.ports.payment_gateway import InvalidGatewayEvent
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    DatabaseFailure,
    Overloaded,
    ShopMoved,
)
from shop.domain.address import InvalidAddress
from shop.domain.session import SessionExpired
from shop.domain.shared.errors import AccessDenied, InvalidValue, ShopError
from shop.entrypoints.http.errors import http_errors
from shop.entrypoints.http.errors.problem_details import ProblemResponse, retry_after_overload
from shop.entrypoints.http.session.response_context import ResponseContext
from shop.entrypoints.validation_messages import validation_message

_HTTP_ERRORS: Mapping[type[BaseException], type[ShopError]] = {
    CommitOutcomeUnknown: http_errors.RequestOutcomeUnknown,
    ShopMoved: http_errors.DatabaseMoved,
    DatabaseFailure: http_errors.ServiceUnavailable,
    MigrationRequired: http_errors.DatabaseNotMigrated,
    IncompatibleSchema: http_errors.DatabaseIncompatible,
    CurrencyMismatch: http_errors.ServiceUnavailable,
    InvalidGatewayEvent: http_errors.InvalidSignature,
    PasswordHasherBusy: http_errors.ServiceUnavailable,
    ImageStoreUnavailable: http_errors.ServiceUnavailable,
}

_log = structlog.get_logger()


async def handle_error(request: Request, error: Exception) -> Response:
    """Return the problem response for an error; log denied access.

    An expired session's cookie is cleared.
    """
    response_context: ResponseContext = request.state.response_context
    shop_error = _to_shop_error(error)
    response_context.clear_session_cookie(when=isinstance(shop_error, SessionExpired))
    if isinstance(shop_error, AccessDenied):
        response_context.log_security_event("access_denied", reason=shop_error.code)
    response = ProblemResponse(shop_error)
    if isinstance(error, Overloaded):
        response.headers["Retry-After"] = retry_after_overload()
    return response


def _to_shop_error(error: Exception) -> ShopError:
    match error:
        case InvalidValue() | InvalidAddress():
            return _invalid_values(error)
        case ShopError():
            return error
        case RequestValidationError():
            return _invalid_request(error.errors())
        case HTTPException() | ClientDisconnect():
            # A client that left in the middle of a body reads no response.
            return _framework_error(getattr(error, "status_code", 400))
        case _ if kind := _kind_of(error):
            _log.log(
                _level_of(error), "request_failed", error=type(error).__name__, reason=str(error)
            )
            return kind()
        case _:
            _log.error("unexpected_error", exc_info=error)
            return http_errors.InternalError()


def _kind_of(error: Exception) -> type[ShopError] | None:
    """Return what an error of an adapter is over HTTP; None for any other one."""
    return next((_HTTP_ERRORS[each] for each in type(error).__mro__ if each in _HTTP_ERRORS), None)


def _level_of(error: Exception) -> int:
    match error:
        case Overloaded():
            # The queue logs how many it shed; a line each would delay the others.
            return logging.DEBUG
        case InvalidGatewayEvent():
            # An invalid signature is the sender's fault, anything else the machine's.
            return logging.WARNING
        case _:
            return logging.ERROR


def _framework_error(status: int) -> ShopError:
    match status:
        case 404:
            return http_errors.RouteNotFound()
        case _:
            return http_errors.InvalidRequest.at("", "The request is not valid HTTP.")


def _invalid_values(error: InvalidValue | InvalidAddress) -> http_errors.InvalidRequest:
    if isinstance(error, InvalidValue):
        return http_errors.InvalidRequest.at(f"/{error.field}", error.rule)
    return http_errors.InvalidRequest.of(
        http_errors.FieldError(pointer=f"/{each.member}", detail=f"{each.rule}.")
        for each in error.faults
    )


def _invalid_request(errors: Sequence[Any]) -> http_errors.InvalidRequest:
    return http_errors.InvalidRequest.of(
        http_errors.FieldError(pointer=_pointer(error), detail=_detail(error)) for error in errors
    )


def _pointer(error: Any) -> str:  # noqa: ANN401  What pydantic reports has no type.
    if error["type"] == "json_invalid":
        return ""
    source, *path = error["loc"]
    steps = path if source == "body" else [source, *path]
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _detail(error: Any) -> str:  # noqa: ANN401  As above.
    message = validation_message(error)
    return f"{message}." if _pointer(error) else f"The body {message}."
