"""Payment gateways: which there are, and the form of their settings."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from shop.entrypoints.configuration.checks import matching, split_url


class PaymentGatewayKind(StrEnum):
    """Which payment gateway charges cards."""

    SIMULATED = "simulated"
    STRIPE = "stripe"


def _gateway_url(text: str) -> str:
    split_url(text, schemes=("http", "https"), forbidden="?#", example="http://127.0.0.1:8100")
    return text.rstrip("/")


SimulatedGatewayUrl = Annotated[str, AfterValidator(_gateway_url)]
StripeKey = Annotated[
    str, matching(r"(sk|rk)_[A-Za-z0-9_]+", "must begin with sk_, or with rk_ if it is restricted")
]
StripeWebhookSecret = Annotated[str, matching(r"whsec_[!-~]+", "must begin with whsec_")]
# Plain HTTP would show the key to everyone on the way, so it is for this machine only.
StripeApiBase = Annotated[
    str,
    matching(
        r"https://[^/?#\s]+|http://(127\.0\.0\.1|localhost)(:\d+)?",
        "must be a URL without a path, such as https://api.stripe.com",
    ),
]
