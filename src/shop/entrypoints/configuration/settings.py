"""Settings: what an operator can choose, from the environment or `.env`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PlainValidator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    SettingsConfigDict,
)

from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import MAX_AMOUNT, Currency
from shop.entrypoints.configuration.database import DatabaseSettings
from shop.entrypoints.configuration.guests import GuestSettings
from shop.entrypoints.configuration.limits import LimitSettings
from shop.entrypoints.configuration.media import MediaSettings
from shop.entrypoints.configuration.metrics import MetricsSettings
from shop.entrypoints.configuration.notifications import NotificationSettings
from shop.entrypoints.configuration.payment_gateway import (
    PaymentGatewayKind,
    PaymentGatewaySettings,
)
from shop.entrypoints.configuration.pricing import PricingSettings
from shop.entrypoints.configuration.server import ServerSettings
from shop.entrypoints.configuration.sessions import SessionSettings

PREFIX = "SHOP_"


def _currency(code: object) -> Currency:
    try:
        return Currency(str(code))
    except InvalidValue as error:
        raise ValueError(error.rule) from error


class Settings(
    DatabaseSettings,
    PaymentGatewaySettings,
    SessionSettings,
    NotificationSettings,
    LimitSettings,
    PricingSettings,
    GuestSettings,
    ServerSettings,
    MetricsSettings,
    MediaSettings,
    BaseSettings,
):
    """The settings, validated. In development each of them has a default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        # Whether a default is right can depend on the settings before it.
        validate_default=True,
    )

    currency: Annotated[Currency, PlainValidator(_currency)] = Currency("EUR")
    welcome_credit: int | None = Field(default=None, ge=0, le=MAX_AMOUNT)
    run_jobs_in_server: bool = True
    job_lease_seconds: float = Field(default=60, gt=0, le=86_400)
    job_retry_delay_seconds: float = Field(default=5, gt=0, le=3_600)
    uuid_version: Literal[4, 7] = 7
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def gateway_adapter(self) -> Literal["memory", "in_process", "http", "stripe"]:
        """The adapter for payments; without a URL, the simulated gateway is in process."""
        if self.payment_gateway is PaymentGatewayKind.STRIPE:
            return "stripe"
        if self.simulated_gateway_url is not None:
            return "http"
        return "memory" if self.is_in_memory else "in_process"

    @property
    def image_folder(self) -> Path:
        """The folder of images; by default beside the database."""
        return self.media_folder or Path(f"{self.name_of_files}.media")

    @property
    def imports_folder(self) -> Path:
        """The folder in which files of products wait until they are imported."""
        return self.image_folder / "imports"


SETTINGS = tuple(f"{PREFIX}{name}".upper() for name in Settings.model_fields)
"""The environment variable of each setting."""


def unknown_settings() -> Sequence[str]:
    """Return the names of `SHOP_` variables that are not settings."""
    sources = (EnvSettingsSource(Settings), DotEnvSettingsSource(Settings))
    names = {name.upper() for source in sources for name in source.env_vars}
    return sorted(name for name in names.difference(SETTINGS) if name.startswith(PREFIX))
