"""Settings of prices: where the seller is, and how taxes are part of prices."""

from typing import Annotated

from pydantic import AfterValidator

from shop.domain.pricing.rules import TaxRounding
from shop.entrypoints.configuration.countries import COUNTRIES
from shop.entrypoints.configuration.environment import EnvironmentSettings


def _country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError("must be a country of ISO 3166, such as DE")
    return code


class PricingSettings(EnvironmentSettings):
    """Where the seller is, and how taxes are part of prices."""

    prices_include_tax: bool = True
    tax_rounding: TaxRounding = TaxRounding.DOCUMENT
    country: Annotated[str, AfterValidator(_country)] | None = None

    @property
    def is_without_country(self) -> bool:
        """Whether production does not know where the seller is, so that nothing is taxed."""
        return self.is_production and self.country is None
