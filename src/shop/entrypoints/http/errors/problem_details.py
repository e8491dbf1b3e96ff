"""Problem details (RFC 9457) for every error."""

import inspect
from collections.abc import Mapping
from dataclasses import field, fields
from random import randint
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from shop.application.catalogue.preconditions import PreconditionFailed
from shop.application.idempotency.results import IdempotencyKeyReused
from shop.application.ports.repositories.idempotency_keys import RequestInProgress
from shop.domain.catalogue.product_image import InvalidImage
from shop.domain.payment import CardDeclined
from shop.domain.pricing.quote_errors import AddressRequired
from shop.domain.rate_limit import TooManyRequests
from shop.domain.session import NotSignedIn, SessionExpired
from shop.domain.shared.errors import AccessDenied, Conflict, InvalidValue, NotFound, ShopError
from shop.domain.shared.value import value
from shop.domain.user import InvalidCredentials
from shop.entrypoints.http.errors.http_errors import (
    ContentTooLarge,
    DatabaseIncompatible,
    DatabaseMoved,
    DatabaseNotMigrated,
    HeadTooLarge,
    InternalError,
    InvalidIdempotencyKey,
    InvalidRequest,
    InvalidSignature,
    MalformedHttp,
    MethodNotAllowed,
    RequestOutcomeUnknown,
    RequestTimeout,
    ServiceUnavailable,
    UnknownHost,
    UnsupportedCharset,
    UnsupportedEncoding,
    UnsupportedMediaType,
)

MEDIA_TYPE = "application/problem+json"


@value
class ProblemType:
    """HTTP status and headers of a class of errors."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


# RFC 9110, section 15.5.2, requires a scheme in every 401; browsers ignore an unknown one.
_UNAUTHENTICATED = ProblemType(status=401, headers={"WWW-Authenticate": 'Cookie realm="shop"'})

MAX_RETRY_SECONDS = 3
"""The longest `Retry-After` of an overloaded shop."""

_RETRY_SHORTLY = {"Retry-After": "1"}
_CLOSE = {"Connection": "close"}

PROBLEM_TYPES: Mapping[type[ShopError], ProblemType] = {
    InvalidIdempotencyKey: ProblemType(status=400),
    InvalidSignature: ProblemType(status=400),
    MalformedHttp: ProblemType(status=400, headers=_CLOSE),
    UnknownHost: ProblemType(status=400),
    NotSignedIn: _UNAUTHENTICATED,
    SessionExpired: _UNAUTHENTICATED,
    InvalidCredentials: _UNAUTHENTICATED,
    CardDeclined: ProblemType(status=402),
    AccessDenied: ProblemType(status=403),
    NotFound: ProblemType(status=404),
    MethodNotAllowed: ProblemType(status=405),
    RequestTimeout: ProblemType(status=408, headers=_CLOSE),
    Conflict: ProblemType(status=409),
    RequestInProgress: ProblemType(status=409, headers=_RETRY_SHORTLY),
    PreconditionFailed: ProblemType(status=412),
    # Its body may still be on its way, and will not be read.
    ContentTooLarge: ProblemType(status=413, headers=_CLOSE),
    UnsupportedMediaType: ProblemType(status=415),
    UnsupportedEncoding: ProblemType(status=415, headers={"Accept-Encoding": "identity"}),
    UnsupportedCharset: ProblemType(status=415),
    AddressRequired: ProblemType(status=422),
    InvalidValue: ProblemType(status=422),
    InvalidRequest: ProblemType(status=422),
    InvalidImage: ProblemType(status=422),
    IdempotencyKeyReused: ProblemType(status=422),
    TooManyRequests: ProblemType(status=429),
    HeadTooLarge: ProblemType(status=431, headers=_CLOSE),
    InternalError: ProblemType(status=500),
    ServiceUnavailable: ProblemType(status=503, headers=_RETRY_SHORTLY),
    RequestOutcomeUnknown: ProblemType(status=503, headers=_RETRY_SHORTLY),
    DatabaseNotMigrated: ProblemType(status=503),
    DatabaseIncompatible: ProblemType(status=503),
    DatabaseMoved: ProblemType(status=503, headers=_RETRY_SHORTLY),
}
"""An error has the type of its class or, without one, of the nearest base class."""


def problem_type_of(error: type[ShopError]) -> ProblemType:
    """Return the problem type of an error."""
    return next(PROBLEM_TYPES[ancestor] for ancestor in error.__mro__ if ancestor in PROBLEM_TYPES)


def headers_of(error: ShopError) -> Mapping[str, str]:
    """Return the headers for an error: its type's, or those made from its fields."""
    match error:
        case MethodNotAllowed(allow=methods):
            return {"Allow": ", ".join(methods)}
        case UnsupportedMediaType(accept=media_types):
            return {"Accept": ", ".join(media_types)}
        case TooManyRequests(retry_after_seconds=seconds):
            return {"Retry-After": str(seconds)}
        case _:
            return problem_type_of(type(error)).headers


def retry_after_overload() -> str:
    """Return a random `Retry-After`: clients rejected together should not return together."""
    return str(randint(1, MAX_RETRY_SECONDS))


def problem(error: ShopError) -> dict[str, Any]:
    """Return the problem details of an error: RFC 9457's members, then its fields."""
    standard = {
        "type": f"/problems/{error.code}",
        "title": title_of(error),
        "status": problem_type_of(type(error)).status,
        "detail": error.detail,
    }
    members = {each.name: getattr(error, each.name) for each in fields(error)}
    # An error that an earlier release has stored lacks what was added since.
    added = {each.name for each in fields(error) if each.default is None}
    return standard | {
        name: each for name, each in members.items() if each is not None or name not in added
    }


def title_of(error: ShopError) -> str:
    """Return the title that all errors of a class share."""
    return error.code.replace("-", " ").capitalize()


def explanation_of(error: type[ShopError]) -> str:
    """Return the explanation of a class of errors: its docstring."""
    return " ".join((inspect.getdoc(error) or "").split())


class ProblemResponse(Response):
    """A response with the problem details of an error."""

    media_type = MEDIA_TYPE

    def __init__(self, error: ShopError) -> None:
        super().__init__(
            to_json(problem(error)),
            status_code=problem_type_of(type(error)).status,
            headers=dict(headers_of(error)),
        )
