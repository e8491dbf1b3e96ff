"""Settings of sessions."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, Secret, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from shop.entrypoints.configuration.checks import json_list
from shop.entrypoints.configuration.environment import EnvironmentSettings, is_in_production

MIN_SECRET_CHARACTERS = 32
MIN_DISTINCT_CHARACTERS = 12
PLACEHOLDERS = ("changeme", "change-me", "change_me", "default", "example", "placeholder")


_DEFAULT_IDLE_SECONDS = 7 * 86_400.0


class SessionStoreKind(StrEnum):
    """Where the content of sessions is stored."""

    DATABASE = "database"
    COOKIE = "cookie"


def _session_secret(text: str) -> str:
    is_repetition = text in (text + text)[1:-1]
    has_variety = len(set(text)) >= MIN_DISTINCT_CHARACTERS
    if len(text) < MIN_SECRET_CHARACTERS or not has_variety or is_repetition:
        raise ValueError("is too short or too regular; `shop secret` prints a secret")
    return text


class SessionSettings(EnvironmentSettings):
    """Where sessions are stored, what signs them, and when they expire."""

    session_store: SessionStoreKind = SessionStoreKind.DATABASE
    session_secrets: Annotated[
        tuple[Secret[Annotated[str, AfterValidator(_session_secret)]], ...],
        NoDecode,
        json_list('must be a JSON list of secrets, such as ["…"]; `shop secret` prints a secret'),
    ] = ()
    # Before the idle time, whose check reads it.
    session_absolute_seconds: float = Field(default=30 * 86_400, gt=0, le=10 * 365 * 86_400)
    session_idle_seconds: float = Field(default=_DEFAULT_IDLE_SECONDS, gt=0, le=10 * 365 * 86_400)
    visitor_session_idle_seconds: float = Field(default=86_400, gt=0, le=10 * 365 * 86_400)
    sessions_per_user: int = Field(default=50, ge=1, le=10_000)

    @field_validator("session_secrets")
    @classmethod
    def _production_has_secrets(
        cls, sealed: tuple[Secret[str], ...], info: ValidationInfo
    ) -> tuple[Secret[str], ...]:
        if not is_in_production(info):
            return sealed
        secrets = [each.get_secret_value().lower() for each in sealed]
        if not secrets:
            raise ValueError(
                "SHOP_SESSION_SECRETS must be set in production; `shop secret` prints a secret"
            )
        if any(word in secret for secret in secrets for word in PLACEHOLDERS):
            raise ValueError(
                "SHOP_SESSION_SECRETS contains a placeholder; `shop secret` prints a secret"
            )
        return sealed

    @field_validator("session_idle_seconds", mode="wrap")
    @classmethod
    def _idle_sessions_expire_first(
        cls, given: object, validate: Callable[[object], float], info: ValidationInfo
    ) -> float:
        idle = validate(given)
        absolute = info.data.get("session_absolute_seconds")
        # The default may be longer: then each session ends after its absolute lifetime.
        is_chosen = given is not _DEFAULT_IDLE_SECONDS
        if is_chosen and absolute is not None and idle > absolute:
            raise ValueError(
                f"SHOP_SESSION_IDLE_SECONDS ({idle:.15g}) must not be more than"
                f" SHOP_SESSION_ABSOLUTE_SECONDS ({absolute:.15g})"
            )
        return idle
