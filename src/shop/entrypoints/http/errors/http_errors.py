"""What HTTP itself refuses, before any rule of the shop is asked; and how failures are told."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Self

from shop.domain.shared.errors import AccessDenied, NotFound, ShopError

MAX_BODY_BYTES = 64 * 1024
MAX_FIELD_ERRORS = 20
"""More would help nobody, and an answer is not to outgrow its request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong in a request, and where: a JSON pointer into the body (RFC 6901).

    What is not in the body is pointed to as `/query/limit`, `/path/sku` and the like.
    """

    pointer: str
    detail: str


@dataclass(kw_only=True, unsafe_hash=True)
class InvalidRequest(ShopError):
    """The request does not say what this operation takes; every fault is pointed to."""

    errors: tuple[FieldError, ...]

    code = "invalid-request"
    message = "The request is malformed; `errors` says where."

    @classmethod
    def at(cls, pointer: str, detail: str) -> Self:
        """Return the refusal for one fault."""
        return cls(errors=(FieldError(pointer=pointer, detail=detail),))

    @classmethod
    def of(cls, errors: Iterable[FieldError]) -> Self:
        """Return the refusal for a number of faults, of which the first ones are told."""
        return cls(errors=tuple(islice(errors, MAX_FIELD_ERRORS)))


class InvalidIdempotencyKey(ShopError):
    """The header Idempotency-Key is missing or malformed."""

    code = "invalid-idempotency-key"
    message = "This takes one Idempotency-Key of 8 to 255 visible ASCII characters."


class CrossSiteRequest(AccessDenied):
    """A page of another site asked the browser to send this."""

    code = "cross-site"
    message = "Requests that change something come from this site alone."


class InvalidSignature(ShopError):
    """What claims to come from the payment gateway is not signed by it, or was long ago."""

    code = "invalid-signature"
    message = "The payment gateway has not sent this, or not just now."


class RouteNotFound(NotFound):
    """There is nothing at this address."""

    code = "route-not-found"
    message = "There is nothing at this address."


class ProblemNotFound(NotFound):
    """The shop knows no such problem."""

    code = "problem-not-found"
    message = "The shop knows no such problem."


@dataclass(kw_only=True, unsafe_hash=True)
class MethodNotAllowed(ShopError):
    """The address exists, but takes other methods."""

    allow: tuple[str, ...]

    code = "method-not-allowed"
    message = "This address takes other methods; `allow` names them."


@dataclass(kw_only=True, unsafe_hash=True)
class ContentTooLarge(ShopError):
    """The body of the request is larger than any that this API takes."""

    limit_bytes: int

    code = "content-too-large"
    message = "A body has at most {limit_bytes} bytes."


@dataclass(kw_only=True, unsafe_hash=True)
class UnsupportedMediaType(ShopError):
    """The body of the request is not declared as JSON."""

    accept: tuple[str, ...]

    code = "unsupported-media-type"
    message = "A body is JSON, and its Content-Type says so; `accept` names the media types."


class InternalError(ShopError):
    """Something broke in the shop; the operator finds it in the log under the request's id."""

    code = "internal-error"
    message = "Something broke on our side. Quote X-Request-ID when you report it."


class ServiceUnavailable(ShopError):
    """The shop cannot serve this now; nothing was changed."""

    code = "service-unavailable"
    message = "The shop cannot serve this now, and nothing was changed; try again."


class OutcomeUnknown(ShopError):
    """The shop lost its database in the middle: it cannot tell whether this happened."""

    code = "outcome-unknown"
    message = "Whether this happened is unknown; the same request under the same key tells."


class DatabaseNotMigrated(ShopError):
    """The shop's database has not the shape that this release needs."""

    code = "database-not-migrated"
    message = "The database is not migrated; `shop migrate` does it."
