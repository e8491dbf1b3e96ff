"""What Stripe answers: the answer itself, a definite no, or nothing that could be relied upon."""

import logging
from collections.abc import Awaitable
from typing import TypeVar

import aiohttp
import stripe

from shop.application.ports.payment_gateway import GatewayOutcomeUnknown, GatewayRejected

T = TypeVar("T")

UNKNOWN_TOKEN = "unknown_token"  # noqa: S105  It is a reason.
KEY_REUSED = "key_reused"

_log = logging.getLogger(__name__)


async def call(pending_response: Awaitable[T]) -> T:
    """Return the response; raise `GatewayRejected`, or `GatewayOutcomeUnknown` if there is none.

    No is what Stripe says of a card (402) and of a request that it cannot carry out (400, 404).
    Its messages may repeat what was sent, tokens included, and are not passed on; its codes are.
    What the operator ought to know is logged with the id that Stripe's dashboard shows it under.
    """
    try:
        return await pending_response
    except stripe.CardError as error:
        raise GatewayRejected(_reason(error)) from None
    except stripe.InvalidRequestError as error:
        reason = _reason(error)
        if reason != UNKNOWN_TOKEN:
            _log.warning("Stripe cannot do what was asked: %s, %s", reason, _describe(error))
        raise GatewayRejected(reason) from None
    except stripe.IdempotencyError as error:
        _log.error("Stripe was asked for two things under one key: %s", _describe(error))
        raise GatewayRejected(KEY_REUSED) from None
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        _log.error("Stripe does not accept SHOP_STRIPE_SECRET_KEY: %s", _describe(error))
        raise GatewayOutcomeUnknown(_describe(error)) from None
    except stripe.StripeError as error:
        raise GatewayOutcomeUnknown(_describe(error)) from None
    except (aiohttp.ClientError, TimeoutError) as error:
        # The library lets pass what fails once the head of an answer has arrived.
        raise GatewayOutcomeUnknown(f"{type(error).__name__} within an answer") from None


def _reason(error: stripe.CardError | stripe.InvalidRequestError) -> str:
    if isinstance(error, stripe.InvalidRequestError) and error.param == "payment_method":
        return UNKNOWN_TOKEN
    decline_code = error.error.decline_code if error.error else None
    return decline_code or error.code or "invalid_request"


def _describe(error: stripe.StripeError) -> str:
    return f"{type(error).__name__}, status {error.http_status}, request {error.request_id}"
