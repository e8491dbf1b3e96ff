"""Settings: what an operator can choose, from the environment or `.env`."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PlainValidator, Secret, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    SettingsConfigDict,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from shop.domain.inventory import MAX_ON_HAND
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import MAX_AMOUNT, Currency
from shop.entrypoints.configuration.checks import json_list, matching
from shop.entrypoints.configuration.notifications import (
    Sender,
    SmtpUrl,
    WebhookEndpointSetting,
    require_distinct,
)
from shop.entrypoints.configuration.payment_gateway import (
    PaymentGatewayKind,
    SimulatedGatewayUrl,
    StripeApiBase,
    StripeKey,
    StripeWebhookSecret,
)

PREFIX = "SHOP_"

MIN_SECRET_CHARACTERS = 32
MIN_DISTINCT_CHARACTERS = 12
PLACEHOLDERS = ("changeme", "change-me", "change_me", "default", "example", "placeholder")
MAX_GATEWAY_TIMEOUT_SECONDS = 60

SQLITE, POSTGRESQL = "sqlite+aiosqlite", "postgresql+asyncpg"
IN_MEMORY = "memory://"
"""The URL of a database that lives in the process of `shop serve`, and ends with it."""


class Environment(StrEnum):
    """Whether a shop is developed or in production."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class SessionStoreKind(StrEnum):
    """Where the content of sessions is stored."""

    DATABASE = "database"
    COOKIE = "cookie"


def _currency(code: object) -> Currency:
    try:
        return Currency(str(code))
    except InvalidValue as error:
        raise ValueError(error.rule) from error


def _database_url(text: str) -> str:
    if text == IN_MEMORY:
        return text
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(f"must be a URL such as {SQLITE}:///shop.db") from None
    if url.drivername not in {SQLITE, POSTGRESQL}:
        raise ValueError(
            f"must begin with {SQLITE}:/// or {POSTGRESQL}://, or be {IN_MEMORY} for demonstrations"
        )
    if url.drivername == SQLITE and url.database in {None, "", ":memory:"}:
        raise ValueError(f"must name a file, or be {IN_MEMORY} for a database in memory")
    return text


def _session_secret(text: str) -> str:
    is_repetition = text in (text + text)[1:-1]
    has_variety = len(set(text)) >= MIN_DISTINCT_CHARACTERS
    if len(text) < MIN_SECRET_CHARACTERS or not has_variety or is_repetition:
        raise ValueError("is too short or too regular; `shop secret` prints a secret")
    return text


class Settings(BaseSettings):
    """The settings, validated. In development each of them has a default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Environment = Environment.DEVELOPMENT
    database_url: Annotated[str, AfterValidator(_database_url), Field(repr=False)] = (
        f"{SQLITE}:///shop.db"
    )
    database_schema: Annotated[
        str,
        matching(
            r"[a-z_][a-z0-9_]{0,62}",
            "must be 1 to 63 lower-case letters, digits or '_', and not begin with a digit",
        ),
    ] = "public"
    session_store: SessionStoreKind = SessionStoreKind.DATABASE
    session_secrets: Annotated[
        tuple[Secret[Annotated[str, AfterValidator(_session_secret)]], ...],
        NoDecode,
        json_list('must be a JSON list of secrets, such as ["…"]; `shop secret` prints a secret'),
    ] = ()
    session_idle_seconds: float = Field(default=7 * 86_400, gt=0, le=10 * 365 * 86_400)
    session_absolute_seconds: float = Field(default=30 * 86_400, gt=0, le=10 * 365 * 86_400)
    currency: Annotated[Currency, PlainValidator(_currency)] = Currency("EUR")
    welcome_credit: int | None = Field(default=None, ge=0, le=MAX_AMOUNT)
    payment_gateway: PaymentGatewayKind = PaymentGatewayKind.SIMULATED
    simulated_gateway_url: SimulatedGatewayUrl | None = None
    gateway_timeout_seconds: float = Field(default=10, gt=0, le=MAX_GATEWAY_TIMEOUT_SECONDS)
    gateway_idempotency_seconds: float = Field(default=86_400, gt=0, le=10 * 365 * 86_400)
    run_jobs_in_server: bool = True
    pending_payment_timeout_seconds: float = Field(default=900, gt=0, le=7 * 86_400)
    job_lease_seconds: float = Field(default=60, gt=0, le=86_400)
    job_retry_delay_seconds: float = Field(default=5, gt=0, le=3_600)
    stripe_secret_key: Secret[StripeKey] | None = None
    stripe_webhook_secrets: Annotated[
        tuple[Secret[StripeWebhookSecret], ...],
        NoDecode,
        json_list('must be a JSON list of secrets, such as ["whsec_…"]'),
    ] = ()
    stripe_api_base: StripeApiBase = "https://api.stripe.com"
    webhook_endpoints: Annotated[
        tuple[WebhookEndpointSetting, ...],
        NoDecode,
        json_list(
            'must be a JSON list, such as [{"url": "https://…", "secret": "…"}]', may_be_empty=True
        ),
        AfterValidator(require_distinct),
    ] = ()
    low_stock_threshold: int = Field(default=0, ge=0, le=MAX_ON_HAND)
    smtp_url: Secret[SmtpUrl] | None = None
    email_from: Sender | None = None
    uuid_version: Literal[4, 7] = 7
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        if not self.is_production:
            return self
        secrets = [each.get_secret_value().lower() for each in self.session_secrets]
        if not secrets:
            raise ValueError(
                "SHOP_SESSION_SECRETS must be set in production; `shop secret` prints a secret"
            )
        if any(word in secret for secret in secrets for word in PLACEHOLDERS):
            raise ValueError(
                "SHOP_SESSION_SECRETS contains a placeholder; `shop secret` prints a secret"
            )
        if self.is_in_memory:
            raise ValueError(
                f"SHOP_DATABASE_URL={IN_MEMORY} loses every order when the server stops;"
                " use a SQLite or PostgreSQL database in production"
            )
        if any(each.url.lower().startswith("http:") for each in self.webhook_endpoints):
            raise ValueError("SHOP_WEBHOOK_ENDPOINTS must use https in production")
        return self

    @model_validator(mode="after")
    def _stripe_has_keys(self) -> Self:
        needed = {
            "SHOP_STRIPE_SECRET_KEY": self.stripe_secret_key,
            "SHOP_STRIPE_WEBHOOK_SECRETS": self.stripe_webhook_secrets,
        }
        missing = " and ".join(name for name, value in needed.items() if not value)
        if missing and self.payment_gateway is PaymentGatewayKind.STRIPE:
            raise ValueError(f"SHOP_PAYMENT_GATEWAY=stripe needs {missing}")
        return self

    @model_validator(mode="after")
    def _idle_sessions_expire_first(self) -> Self:
        idle, absolute = self.session_idle_seconds, self.session_absolute_seconds
        # The default may be longer: then each session ends after its absolute lifetime.
        if "session_idle_seconds" in self.model_fields_set and idle > absolute:
            raise ValueError(
                f"SHOP_SESSION_IDLE_SECONDS ({idle:.15g}) must not be more than"
                f" SHOP_SESSION_ABSOLUTE_SECONDS ({absolute:.15g})"
            )
        return self

    @model_validator(mode="after")
    def _emails_have_a_sender(self) -> Self:
        if (self.smtp_url is None) != (self.email_from is None):
            raise ValueError("SHOP_SMTP_URL and SHOP_EMAIL_FROM must be set together")
        return self

    @property
    def is_production(self) -> bool:
        """Whether secrets must be set, and errors must show nothing internal."""
        return self.environment is Environment.PRODUCTION

    @property
    def is_in_memory(self) -> bool:
        """Whether the database lives in this process, and ends with it."""
        return self.database_url == IN_MEMORY

    @property
    def database_adapter(self) -> Literal["memory", "sql"]:
        """The adapters that store everything."""
        return "memory" if self.is_in_memory else "sql"

    @property
    def database_file(self) -> Path | None:
        """The file of a SQLite database; None for any other database."""
        if self.is_in_memory:
            return None
        url = make_url(self.database_url)
        return Path(url.database or "") if url.drivername == SQLITE else None

    @property
    def has_single_writer(self) -> bool:
        """Whether the database runs one writing transaction at a time."""
        return self.is_in_memory or self.database_file is not None

    @property
    def secret_file(self) -> Path:
        """The file, beside the database, in which development stores a generated secret."""
        return Path(f"{self.database_file or 'shop'}.secret")

    @property
    def gateway_adapter(self) -> Literal["memory", "in_process", "http", "stripe"]:
        """The adapter for payments; without a URL, the simulated gateway is in process."""
        if self.payment_gateway is PaymentGatewayKind.STRIPE:
            return "stripe"
        if self.simulated_gateway_url is not None:
            return "http"
        return "memory" if self.is_in_memory else "in_process"

    @property
    def simulates_payments_in_production(self) -> bool:
        """Whether production uses a gateway that moves no money."""
        return self.is_production and self.payment_gateway is PaymentGatewayKind.SIMULATED

    @property
    def gateway_file(self) -> Path:
        """The file of a simulated gateway in process, beside the database."""
        return Path(f"{self.database_file or 'shop'}.gateway")


SETTINGS = tuple(f"{PREFIX}{name}".upper() for name in Settings.model_fields)
"""The environment variable of each setting."""


def unknown_settings() -> Sequence[str]:
    """Return the names of `SHOP_` variables that are not settings."""
    sources = (EnvSettingsSource(Settings), DotEnvSettingsSource(Settings))
    names = {name.upper() for source in sources for name in source.env_vars}
    return sorted(name for name in names.difference(SETTINGS) if name.startswith(PREFIX))
