"""Problems: every refusal and every failure, told as RFC 9457 has it."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from shop.application.idempotency import IdempotencyKeyReused
from shop.application.ports.idempotency import RequestInProgress
from shop.domain.errors import AccessDenied, Conflict, NotFound, RuleBroken, ShopError
from shop.domain.payment import CardDeclined
from shop.domain.session import NotSignedIn, SessionExpired
from shop.domain.user import WrongCredentials
from shop.entrypoints.http.refusals import (
    ContentTooLarge,
    InternalError,
    InvalidIdempotencyKey,
    InvalidRequest,
    InvalidSignature,
    MethodNotAllowed,
    OutcomeUnknown,
    Unavailable,
    Unmigrated,
    UnsupportedMediaType,
)

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How HTTP tells of a kind of error."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


# RFC 9110, section 15.5.2, has every 401 name a scheme; browsers leave one they do not know alone.
_UNAUTHENTICATED = Kind(status=401, headers={"WWW-Authenticate": 'Cookie realm="shop"'})
_AGAIN_SHORTLY = {"Retry-After": "1"}

KINDS: Mapping[type[ShopError], Kind] = {
    InvalidIdempotencyKey: Kind(status=400),
    InvalidSignature: Kind(status=400),
    NotSignedIn: _UNAUTHENTICATED,
    SessionExpired: _UNAUTHENTICATED,
    WrongCredentials: _UNAUTHENTICATED,
    CardDeclined: Kind(status=402),
    AccessDenied: Kind(status=403),
    NotFound: Kind(status=404),
    MethodNotAllowed: Kind(status=405),
    Conflict: Kind(status=409),
    RequestInProgress: Kind(status=409, headers=_AGAIN_SHORTLY),
    ContentTooLarge: Kind(status=413),
    UnsupportedMediaType: Kind(status=415),
    RuleBroken: Kind(status=422),
    InvalidRequest: Kind(status=422),
    IdempotencyKeyReused: Kind(status=422),
    InternalError: Kind(status=500),
    Unavailable: Kind(status=503, headers=_AGAIN_SHORTLY),
    OutcomeUnknown: Kind(status=503, headers=_AGAIN_SHORTLY),
    Unmigrated: Kind(status=503),
}
"""The kind of an error is that of its class, or of the nearest class above that has one."""


def kind_of(error: type[ShopError]) -> Kind:
    """Return the kind of an error."""
    return next(KINDS[ancestor] for ancestor in error.__mro__ if ancestor in KINDS)


def headers_of(error: ShopError) -> Mapping[str, str]:
    """Return the headers that go with an error: its kind's, and facts that HTTP has headers for."""
    match error:
        case MethodNotAllowed(allow=methods):
            return {"Allow": ", ".join(methods)}
        case UnsupportedMediaType(accept=media_types):
            return {"Accept": ", ".join(media_types)}
        case _:
            return kind_of(type(error)).headers


def problem(error: ShopError) -> dict[str, Any]:
    """Return the problem details of an error: RFC 9457's members, then the error's own."""
    standard = {
        "type": f"/problems/{error.code}",
        "title": title_of(error),
        "status": kind_of(type(error)).status,
        "detail": error.detail,
    }
    return standard | {each.name: getattr(error, each.name) for each in fields(error)}


def title_of(error: ShopError) -> str:
    """Return the same few words for every error of a class."""
    return error.code.replace("-", " ").capitalize()


def explanation_of(error: type[ShopError]) -> str:
    """Return what an error of this class says, in a sentence or two."""
    return " ".join((inspect.getdoc(error) or "").split())


class ProblemResponse(Response):
    """An error, on its way to the client."""

    media_type = MEDIA_TYPE

    def __init__(self, error: ShopError) -> None:
        super().__init__(
            to_json(problem(error)),
            status_code=kind_of(type(error)).status,
            headers=dict(headers_of(error)),
        )
