"""Settings of limits: how often and how much strangers and customers may ask of the shop."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shop.domain.shared.line_quantity import MAX_QUANTITY
from shop.domain.shared.money import MAX_AMOUNT
from shop.entrypoints.configuration.environment import EnvironmentSettings

Count = Annotated[int, Field(ge=1, le=1_000_000)]


class RateLimits(StrEnum):
    """Whether requests are limited in rate."""

    ON = "on"
    OFF = "off"


class LimitSettings(EnvironmentSettings):
    """How often and how much strangers and customers may ask of the shop."""

    rate_limits: RateLimits = RateLimits.ON
    sign_in_failures_per_account: Count = 5
    sign_in_failures_per_address: Count = 20
    sign_in_failures_per_password: Count = 10
    sign_ups_per_address: Count = 20
    visitor_sessions_per_address: Count = 100
    unknown_recipients_per_customer: Count = 10
    unknown_codes_per_customer: Count = 10
    letters_to_others_per_customer: Count = 20
    declined_cards_per_customer: Count = 10
    pending_orders_per_customer: Count = 5
    quantity_per_line: int = Field(default=MAX_QUANTITY, ge=1, le=MAX_QUANTITY)
    deposit_limit: int = Field(default=1_000_000, ge=1, le=MAX_AMOUNT)

    @property
    def limits_connections_per_address(self) -> bool:
        """Whether one address may have only so many connections."""
        return self.rate_limits is RateLimits.ON

    @property
    def is_unlimited_in_production(self) -> bool:
        """Whether production lets anyone guess passwords and try cards without end."""
        return self.is_production and self.rate_limits is RateLimits.OFF
