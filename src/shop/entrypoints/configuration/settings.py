"""The settings: everything that an operator may choose, from the environment or `.env`."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    SettingsConfigDict,
)
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from shop.domain.inventory import MAX_ON_HAND
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import MAX_AMOUNT, Currency
from shop.entrypoints.configuration.json_lists import secrets_list
from shop.entrypoints.configuration.notifications import (
    WebhookEndpointSetting,
    parse_endpoints,
    require_distinct,
    require_sender,
    require_smtp_url,
)
from shop.entrypoints.configuration.payment_gateway import (
    PaymentGatewayKind,
    parse_webhook_secrets,
    require_gateway_url,
    require_stripe_api_base,
    require_stripe_key,
    require_webhook_secret,
)

PREFIX = "SHOP_"

MIN_SECRET_CHARACTERS = 32
MIN_DISTINCT_CHARACTERS = 12
PLACEHOLDERS = ("changeme", "change-me", "change_me", "default", "example", "placeholder")
MAX_GATEWAY_TIMEOUT_SECONDS = 60

SQLITE, POSTGRESQL = "sqlite+aiosqlite", "postgresql+asyncpg"


class Environment(StrEnum):
    """Whether this is for real."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class SessionStoreKind(StrEnum):
    """Where the content of sessions is kept."""

    DATABASE = "database"
    COOKIE = "cookie"


def _currency(code: object) -> Currency:
    try:
        return Currency(str(code))
    except InvalidValue as error:
        raise ValueError(error.rule) from error


def _database_url(text: str) -> str:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("not a database URL") from None
    if url.drivername not in {SQLITE, POSTGRESQL}:
        raise ValueError(f"a database URL begins with {SQLITE}:/// or {POSTGRESQL}://")
    if url.drivername == SQLITE and url.database in {None, "", ":memory:"}:
        raise ValueError("name a file: a database in memory is one connection's alone")
    return text


def _secret(text: str) -> str:
    repeats_itself = text in (text + text)[1:-1]
    if (
        len(text) < MIN_SECRET_CHARACTERS
        or len(set(text)) < MIN_DISTINCT_CHARACTERS
        or repeats_itself
    ):
        raise ValueError("a secret is too short or too regular; `shop secret` prints a good one")
    return text


def _parse_secrets(secrets: object) -> object:
    return secrets_list(secrets, example='["..."]; `shop secret` prints a secret')


class Settings(BaseSettings):
    """What the environment says, checked; in development every setting has a default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Environment = Environment.DEVELOPMENT
    database_url: Annotated[str, AfterValidator(_database_url)] = f"{SQLITE}:///shop.db"
    database_schema: str = Field(default="public", pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    session_store: SessionStoreKind = SessionStoreKind.DATABASE
    session_secrets: Annotated[
        tuple[Annotated[str, AfterValidator(_secret)], ...],
        NoDecode,
        BeforeValidator(_parse_secrets),
    ] = ()
    session_idle_seconds: float = Field(default=7 * 86_400, gt=0, le=10 * 365 * 86_400)
    session_absolute_seconds: float = Field(default=30 * 86_400, gt=0, le=10 * 365 * 86_400)
    currency: Annotated[Currency, PlainValidator(_currency)] = Currency("EUR")
    welcome_credit: int | None = Field(default=None, ge=0, le=MAX_AMOUNT)
    payment_gateway: PaymentGatewayKind = PaymentGatewayKind.SIMULATED
    simulated_gateway_url: Annotated[str, AfterValidator(require_gateway_url)] | None = None
    gateway_timeout_seconds: float = Field(default=10, gt=0, le=MAX_GATEWAY_TIMEOUT_SECONDS)
    gateway_idempotency_seconds: float = Field(default=86_400, gt=0, le=10 * 365 * 86_400)
    run_jobs_in_server: bool = True
    pending_payment_timeout_seconds: float = Field(default=900, gt=0, le=7 * 86_400)
    job_lease_seconds: float = Field(default=60, gt=0, le=86_400)
    job_retry_delay_seconds: float = Field(default=5, gt=0, le=3_600)
    stripe_secret_key: Annotated[str, AfterValidator(require_stripe_key)] | None = Field(
        default=None, repr=False
    )
    stripe_webhook_secrets: Annotated[
        tuple[Annotated[str, AfterValidator(require_webhook_secret)], ...],
        NoDecode,
        BeforeValidator(parse_webhook_secrets),
        Field(repr=False),
    ] = ()
    stripe_api_base: Annotated[str, AfterValidator(require_stripe_api_base)] = (
        "https://api.stripe.com"
    )
    webhook_endpoints: Annotated[
        tuple[WebhookEndpointSetting, ...],
        NoDecode,
        BeforeValidator(parse_endpoints),
        AfterValidator(require_distinct),
    ] = ()
    low_stock_threshold: int = Field(default=0, ge=0, le=MAX_ON_HAND)
    smtp_url: Annotated[str, AfterValidator(require_smtp_url)] | None = Field(
        default=None, repr=False
    )
    email_from: Annotated[str, AfterValidator(require_sender)] | None = None
    uuid_version: Literal[4, 7] = 7
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _production_has_secrets(self) -> Self:
        if not self.is_production:
            return self
        if not self.session_secrets:
            raise ValueError(
                "production needs SHOP_SESSION_SECRETS, a JSON list; `shop secret` prints one"
            )
        if any(word in secret.lower() for secret in self.session_secrets for word in PLACEHOLDERS):
            raise ValueError(
                "SHOP_SESSION_SECRETS has a placeholder in it; `shop secret` prints a secret"
            )
        return self

    @model_validator(mode="after")
    def _stripe_has_keys(self) -> Self:
        if self.payment_gateway is PaymentGatewayKind.STRIPE:
            needed = {
                "SHOP_STRIPE_SECRET_KEY": self.stripe_secret_key,
                "SHOP_STRIPE_WEBHOOK_SECRETS, a JSON list": self.stripe_webhook_secrets,
            }
            missing = " and ".join(name for name, value in needed.items() if not value)
            if missing:
                raise ValueError(f"SHOP_PAYMENT_GATEWAY=stripe needs {missing}")
        return self

    @model_validator(mode="after")
    def _production_requires_https(self) -> Self:
        if self.is_production and not all(each.is_safe for each in self.webhook_endpoints):
            raise ValueError("production needs https for all of SHOP_WEBHOOK_ENDPOINTS")
        return self

    @model_validator(mode="after")
    def _emails_have_a_sender(self) -> Self:
        if (self.smtp_url is None) != (self.email_from is None):
            raise ValueError("SHOP_SMTP_URL and SHOP_EMAIL_FROM are set together, or neither")
        return self

    @property
    def is_production(self) -> bool:
        """Whether this is for real: then nothing is guessed and nothing is shown needlessly."""
        return self.environment is Environment.PRODUCTION

    @property
    def parsed_database_url(self) -> URL:
        """The database's URL, parsed; printing it hides the password."""
        return make_url(self.database_url)

    @property
    def database_file(self) -> Path | None:
        """The file that is the database, where it is one of this machine's."""
        url = self.parsed_database_url
        return Path(url.database or "") if url.drivername == SQLITE else None

    @property
    def secret_file(self) -> Path:
        """Where development keeps the secret that it made: beside the database."""
        return Path(f"{self.database_file or 'shop'}.secret")

    @property
    def gateway_adapter(self) -> Literal["in_process", "http", "stripe"]:
        """Which way payments go: the simulated gateway is in this process or has its own."""
        if self.payment_gateway is PaymentGatewayKind.STRIPE:
            return "stripe"
        return "in_process" if self.simulated_gateway_url is None else "http"

    @property
    def simulates_payments_in_production(self) -> bool:
        """Whether cards are charged nothing although this is for real."""
        return self.is_production and self.payment_gateway is PaymentGatewayKind.SIMULATED

    @property
    def gateway_file(self) -> Path:
        """Where the simulated gateway keeps its books while it is in this process."""
        return Path(f"{self.database_file or 'shop'}.gateway")


SETTINGS = tuple(f"{PREFIX}{name}".upper() for name in Settings.model_fields)
"""The name of every setting's variable."""


def unknown_settings() -> Sequence[str]:
    """Return the names of variables that look like settings of the shop and are none."""
    sources = (EnvSettingsSource(Settings), DotEnvSettingsSource(Settings))
    names = {name.upper() for source in sources for name in source.env_vars}
    return sorted(name for name in names.difference(SETTINGS) if name.startswith(PREFIX))
