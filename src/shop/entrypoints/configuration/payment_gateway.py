"""Gateways: what the settings say of those who charge cards."""

import re
from enum import StrEnum
from urllib.parse import urlsplit

from shop.entrypoints.configuration.json_lists import secrets_list


class PaymentGatewayKind(StrEnum):
    """Who holds the customers' cards to account."""

    SIMULATED = "simulated"
    STRIPE = "stripe"


def require_gateway_url(text: str) -> str:
    """Return the URL of a simulated gateway; raise `ValueError` for any other text."""
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        has_host = False
    if not has_host or not re.fullmatch(r"https?://[^?#\s]+", text):
        raise ValueError("the URL of a gateway looks like http://127.0.0.1:8100")
    return text.rstrip("/")


def parse_webhook_secrets(text: object) -> object:
    """Return the list that a text holds; raise `ValueError` where it holds none."""
    return secrets_list(text, example='["whsec_..."]')


def require_stripe_key(text: str) -> str:
    """Return a secret key of Stripe's; raise `ValueError` for any other text."""
    if not re.fullmatch(r"(sk|rk)_[A-Za-z0-9_]+", text):
        raise ValueError("a secret key of Stripe's begins with sk_, a restricted one with rk_")
    return text


def require_webhook_secret(text: str) -> str:
    """Return the secret that signs Stripe's events; raise `ValueError` for any other text."""
    if not re.fullmatch(r"whsec_[!-~]+", text):
        raise ValueError("a webhook's secret of Stripe's begins with whsec_")
    return text


def require_stripe_api_base(text: str) -> str:
    """Return where Stripe is; raise `ValueError` for any other text."""
    # Over plain HTTP the key would be there for all to read, but on this machine.
    if not re.fullmatch(r"https://[^/?#\s]+|http://(127\.0\.0\.1|localhost)(:\d+)?", text):
        raise ValueError("Stripe's address looks like https://api.stripe.com, without a path")
    return text
