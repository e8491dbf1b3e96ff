"""Settings of the payment gateway."""

from enum import StrEnum
from typing import Annotated, cast

from pydantic import AfterValidator, Field, Secret, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from shop.entrypoints.configuration.checks import json_list, matching, split_url
from shop.entrypoints.configuration.environment import EnvironmentSettings, is_in_production

MAX_GATEWAY_TIMEOUT_SECONDS = 60
STRIPE_API = "https://api.stripe.com"
STRIPE_TEST_KEYS = ("sk_test_", "rk_test_")
"""Keys of Stripe's test mode, which moves no money: https://docs.stripe.com/keys."""


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


_NOT_CHOSEN = cast("PaymentGatewayKind", object())
"""The default until it is validated: which gateway it is depends on the environment."""

_SECRETS_OF_STRIPE = {
    "stripe_secret_key": "SHOP_STRIPE_SECRET_KEY (in Stripe's dashboard: API keys)",
    "stripe_webhook_secrets": "SHOP_STRIPE_WEBHOOK_SECRETS (in Stripe's dashboard: Webhooks)",
}
"""The variable of each, and where it is found."""


class PaymentGatewaySettings(EnvironmentSettings):
    """Which gateway charges cards, and how to reach it."""

    payment_gateway: PaymentGatewayKind = _NOT_CHOSEN
    simulated_gateway_url: SimulatedGatewayUrl | None = None
    gateway_timeout_seconds: float = Field(default=10, gt=0, le=MAX_GATEWAY_TIMEOUT_SECONDS)
    gateway_idempotency_seconds: float = Field(default=86_400, gt=0, le=10 * 365 * 86_400)
    pending_payment_timeout_seconds: float = Field(default=900, gt=0, le=7 * 86_400)
    action_timeout_seconds: float = Field(default=300, gt=0, le=7 * 86_400)
    stripe_secret_key: Secret[StripeKey] | None = None
    stripe_webhook_secrets: Annotated[
        tuple[Secret[StripeWebhookSecret], ...],
        NoDecode,
        json_list('must be a JSON list of secrets, such as ["whsec_…"]'),
    ] = ()
    stripe_api_base: StripeApiBase = STRIPE_API

    @field_validator("payment_gateway", mode="before")
    @classmethod
    def _production_names_its_gateway(cls, chosen: object, info: ValidationInfo) -> object:
        if chosen is not _NOT_CHOSEN:
            return chosen
        if is_in_production(info):
            raise ValueError(
                "SHOP_PAYMENT_GATEWAY must be set in production: stripe, or simulated for a"
                " rehearsal in which no money moves"
            )
        return PaymentGatewayKind.SIMULATED

    @field_validator("stripe_secret_key", "stripe_webhook_secrets")
    @classmethod
    def _stripe_has_keys(cls, secret: object, info: ValidationInfo) -> object:
        if not secret and info.data.get("payment_gateway") is PaymentGatewayKind.STRIPE:
            raise ValueError(
                f"SHOP_PAYMENT_GATEWAY=stripe needs {_SECRETS_OF_STRIPE[str(info.field_name)]}"
            )
        return secret

    @property
    def rehearses_payments(self) -> bool:
        """Whether production uses a gateway that moves no money, and says so in each payment."""
        return self.is_production and not self._moves_money

    @property
    def _moves_money(self) -> bool:
        if self.payment_gateway is not PaymentGatewayKind.STRIPE or self.stripe_secret_key is None:
            return False
        key = self.stripe_secret_key.get_secret_value()
        return self.stripe_api_base == STRIPE_API and not key.startswith(STRIPE_TEST_KEYS)
