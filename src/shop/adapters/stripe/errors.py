"""Translates Stripe's errors into those of the port."""

import logging
import re
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import aiohttp
import stripe

from shop.application.ports.payment_gateway import GatewayOutcomeUnknown, GatewayRejected
from shop.domain.shared.errors import InvalidValue

T = TypeVar("T")

UNKNOWN_TOKEN = "unknown_token"  # noqa: S105  A reason, not a secret.
KEY_REUSED = "key_reused"

_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    InvalidValue,
)
"""What the code that reads a document raises if the document has another form."""

_REASON = re.compile(r"[!-~]{1,100}")

_log = logging.getLogger(__name__)


async def call(pending_response: Awaitable[T]) -> T:
    """Return the response; raise `GatewayRejected` or `GatewayOutcomeUnknown`.

    Stripe rejects cards with 402 and requests with 400 or 404. Its messages may repeat tokens, so
    only its codes are used. Logs contain the request's id in Stripe's dashboard.
    """
    try:
        return await pending_response
    except stripe.CardError as error:
        raise GatewayRejected(_reason(error)) from None
    except stripe.InvalidRequestError as error:
        reason = _reason(error)
        if reason != UNKNOWN_TOKEN:
            _log.warning("stripe_request_rejected", extra={"reason": reason, **_log_fields(error)})
        raise GatewayRejected(reason) from None
    except stripe.IdempotencyError as error:
        _log.error("stripe_idempotency_key_reused", extra=_log_fields(error))
        raise GatewayRejected(KEY_REUSED) from None
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        _log.error(
            "stripe_access_denied",
            extra={"setting": "SHOP_STRIPE_SECRET_KEY", **_log_fields(error)},
        )
        raise GatewayOutcomeUnknown(_describe(error)) from None
    except stripe.StripeError as error:
        raise GatewayOutcomeUnknown(_describe(error)) from None
    except (aiohttp.ClientError, TimeoutError) as error:
        # The library does not translate failures after the response's headers.
        raise GatewayOutcomeUnknown(f"{type(error).__name__} within a response") from None
    except _UNREADABLE as error:
        raise GatewayOutcomeUnknown(f"unreadable response: {type(error).__name__}") from None


@contextmanager
def reading_response() -> Iterator[None]:
    """Raise `GatewayOutcomeUnknown` if a response is not what Stripe documents."""
    try:
        yield
    except _UNREADABLE as error:
        raise GatewayOutcomeUnknown(f"unreadable response: {type(error).__name__}") from None


def _reason(error: stripe.CardError | stripe.InvalidRequestError) -> str:
    if isinstance(error, stripe.InvalidRequestError) and error.param == "payment_method":
        return UNKNOWN_TOKEN
    decline_code = error.error.decline_code if error.error else None
    return plain_reason(decline_code or error.code) or "invalid_request"


def plain_reason(reason: object) -> str | None:
    """Return a reason as Stripe documents it, or None: reasons are stored and shown."""
    return reason if isinstance(reason, str) and _REASON.fullmatch(reason) else None


def _log_fields(error: stripe.StripeError) -> dict[str, object]:
    return {
        "error": type(error).__name__,
        "status": error.http_status,
        "stripe_request_id": error.request_id,
    }


def _describe(error: stripe.StripeError) -> str:
    return f"{type(error).__name__}, status {error.http_status}, request {error.request_id}"
