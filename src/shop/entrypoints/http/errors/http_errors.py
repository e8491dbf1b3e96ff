"""Errors of the HTTP layer itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Self

from shop.domain.shared.errors import AccessDenied, NotFound, ShopError
from shop.domain.shared.value import value

MAX_BODY_BYTES = 64 * 1024
_MAX_BODY_BYTES_BELOW = {"/api/v1/webhooks/": 256 * 1024}
"""Gateways decide how large their events are."""

MAX_FIELD_ERRORS = 20
"""A response should not become much larger than its request."""


def max_body_bytes(path: str) -> int:
    """Return how large the body of a request to a path may be."""
    for prefix, limit_bytes in _MAX_BODY_BYTES_BELOW.items():
        if path.startswith(prefix):
            return limit_bytes
    return MAX_BODY_BYTES


@value
class FieldError:
    """One fault of a request and its place: a JSON pointer into the body (RFC 6901).

    A place outside the body is named like `/query/limit` or `/path/sku`.
    """

    pointer: str
    detail: str


@dataclass(kw_only=True, unsafe_hash=True)
class InvalidRequest(ShopError):
    """The request is malformed; each fault is listed with its place."""

    errors: tuple[FieldError, ...]

    code = "invalid-request"
    message = "The request is malformed; `errors` lists the faults."

    @classmethod
    def at(cls, pointer: str, detail: str) -> Self:
        """Return the error for one fault."""
        return cls(errors=(FieldError(pointer=pointer, detail=detail),))

    @classmethod
    def of(cls, errors: Iterable[FieldError]) -> Self:
        """Return the error for several faults, limited to the first `MAX_FIELD_ERRORS`."""
        return cls(errors=tuple(islice(errors, MAX_FIELD_ERRORS)))


class InvalidIdempotencyKey(ShopError):
    """The Idempotency-Key header is repeated or malformed, or missing where it is required."""

    code = "invalid-idempotency-key"
    message = (
        "Exactly one Idempotency-Key header is required, with 8 to 255 visible ASCII characters."
    )


class CrossSiteRequest(AccessDenied):
    """A state-changing request came from another origin."""

    code = "cross-site"
    message = "State-changing requests from other origins are not allowed."


class UnknownHost(ShopError):
    """The request is for a host name that the shop does not answer to."""

    code = "unknown-host"
    message = (
        "The shop does not answer to the host name of this request; its operator lists the names"
        " in SHOP_HOSTS."
    )


class HttpsRequired(AccessDenied):
    """The request reached the proxy by plain HTTP."""

    code = "https-required"
    message = "The shop answers HTTPS only; send the request to its https address."


class InvalidSignature(ShopError):
    """A webhook request is not signed by the payment gateway just now, or cannot be read."""

    code = "invalid-signature"
    message = (
        "The webhook signature is missing, invalid, or not of the last five minutes; or the event "
        "cannot be read."
    )


class RouteNotFound(NotFound):
    """No route has this path."""

    code = "route-not-found"
    message = "This path does not exist."


class ProblemNotFound(NotFound):
    """No problem type has this code."""

    code = "problem-not-found"
    message = "This problem type does not exist."


@dataclass(kw_only=True, unsafe_hash=True)
class MethodNotAllowed(ShopError):
    """The path exists, but not for this method."""

    allow: tuple[str, ...]

    code = "method-not-allowed"
    message = "Method not allowed; `allow` lists the allowed methods."


@dataclass(kw_only=True, unsafe_hash=True)
class ContentTooLarge(ShopError):
    """The request body is larger than the API accepts."""

    limit_bytes: int

    code = "content-too-large"
    message = "The request body is too large; the limit is {limit_bytes} bytes."


@dataclass(kw_only=True, unsafe_hash=True)
class HeadTooLarge(ShopError):
    """The request line and the headers are larger than the server accepts."""

    limit_bytes: int
    limit_lines: int

    code = "head-too-large"
    message = (
        "The request's head is too large; the limits are {limit_bytes} bytes and {limit_lines}"
        " lines."
    )


@dataclass(kw_only=True, unsafe_hash=True)
class MalformedHttp(ShopError):
    """The request is not valid HTTP, or its end would be ambiguous."""

    reason: str

    code = "malformed-http"
    message = "The request is not valid HTTP: {reason}."


class RequestTimeout(ShopError):
    """The request did not arrive in time."""

    code = "request-timeout"
    message = "The request did not arrive in time and nothing was changed; send it again."


@dataclass(kw_only=True, unsafe_hash=True)
class UnsupportedMediaType(ShopError):
    """The request body is not declared as JSON."""

    accept: tuple[str, ...]

    code = "unsupported-media-type"
    message = "Unsupported Content-Type; `accept` lists the supported media types."


@dataclass(kw_only=True, unsafe_hash=True)
class UnsupportedEncoding(ShopError):
    """The request body is compressed, or encoded in another way."""

    encoding: str

    code = "unsupported-encoding"
    message = "Content-Encoding {encoding!r} is not supported; send the body without one."


@dataclass(kw_only=True, unsafe_hash=True)
class UnsupportedCharset(ShopError):
    """The request body is declared in another charset than UTF-8."""

    charset: str

    code = "unsupported-charset"
    message = "The charset {charset!r} is not supported; send the body in UTF-8."


class InternalError(ShopError):
    """An unexpected error occurred; the log has it under the request's id."""

    code = "internal-error"
    message = "An unexpected error occurred. Quote X-Request-ID when you report it."


class ServiceUnavailable(ShopError):
    """The shop cannot serve the request now; nothing was changed."""

    code = "service-unavailable"
    message = "The shop cannot serve this now and nothing was changed; try again."


class RequestOutcomeUnknown(ShopError):
    """The database connection was lost during the commit, so the outcome is unknown."""

    code = "outcome-unknown"
    message = (
        "The outcome is unknown. Repeat the request to find out, under the same Idempotency-Key if "
        "it has one."
    )


class DatabaseNotMigrated(ShopError):
    """The database schema is older than this release needs."""

    code = "database-not-migrated"
    message = "The database schema is out of date; run `shop migrate`."


class DatabaseIncompatible(ShopError):
    """The database schema is newer than this release."""

    code = "database-incompatible"
    message = (
        "The database schema does not fit this release; run the newer release, or restore a backup"
        " from before the upgrade."
    )


class DatabaseMoved(ShopError):
    """The shop has moved to another database, and this server serves the one before."""

    code = "shop-moved"
    message = "The shop has moved to another database; its operator serves it there."
