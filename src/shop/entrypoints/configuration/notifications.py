"""Settings of notifications: webhook endpoints and e-mails."""

import base64
import binascii
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Secret,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import NoDecode

from shop.domain.inventory import MAX_ON_HAND
from shop.domain.notification import EventType
from shop.domain.shared.text import is_single_line
from shop.entrypoints.configuration.checks import is_loopback, json_list, split_url
from shop.entrypoints.configuration.environment import EnvironmentSettings, is_in_production

SECRET_PREFIX = "whsec_"  # noqa: S105  The prefix of a secret is not secret.
MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64
"""The length of a signing key, by Standard Webhooks 1.0."""


def _endpoint_url(text: str) -> str:
    url = split_url(text, schemes=("http", "https"), example="https://example.com/webhooks")
    if url.username or url.password or url.fragment:
        raise ValueError("must not contain a user, a password or a fragment")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("must begin with https://; http:// is for this machine only")
    return text


def _endpoint_secret(text: str) -> str:
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(SECRET_PREFIX) or not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise ValueError(
            f"must be {SECRET_PREFIX} and {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes in base64;"
            " `shop secret --webhook` prints one"
        )
    return text


class WebhookEndpointSetting(BaseModel):
    """An endpoint, the secret that signs its webhooks, and its events."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_endpoint_url)]
    secret: Secret[Annotated[str, AfterValidator(_endpoint_secret)]]
    events: Annotated[frozenset[EventType], Field(min_length=1)] = frozenset(EventType)


def _require_distinct(
    endpoints: tuple[WebhookEndpointSetting, ...],
) -> tuple[WebhookEndpointSetting, ...]:
    if len({each.url for each in endpoints}) < len(endpoints):
        raise ValueError("must contain each url only once")
    return endpoints


def _smtp_url(text: str) -> str:
    example = "smtp://user:password@host:587 or smtps://user:password@host"
    url = split_url(text, schemes=("smtp", "smtps"), example=example)
    if url.path.strip("/"):
        raise ValueError(f"must be a URL such as {example}")
    return text


def _sender(text: str) -> str:
    try:
        address = Address(addr_spec=parseaddr(text)[1])
    except (MessageError, ValueError, IndexError):
        address = Address()
    if not is_single_line(text) or not address.username or not address.domain:
        raise ValueError("must be an address: orders@example.com or Shop <orders@example.com>")
    return text


SmtpUrl = Annotated[str, AfterValidator(_smtp_url)]
Sender = Annotated[str, AfterValidator(_sender)]


class NotificationSettings(EnvironmentSettings):
    """Who is notified of what."""

    webhook_endpoints: Annotated[
        tuple[WebhookEndpointSetting, ...],
        NoDecode,
        json_list(
            'must be a JSON list, such as [{"url": "https://…", "secret": "…"}]', may_be_empty=True
        ),
        AfterValidator(_require_distinct),
    ] = ()
    low_stock_threshold: int = Field(default=0, ge=0, le=MAX_ON_HAND)
    smtp_url: Secret[SmtpUrl] | None = None
    email_from: Sender | None = None

    @field_validator("webhook_endpoints")
    @classmethod
    def _production_encrypts_webhooks(
        cls, endpoints: tuple[WebhookEndpointSetting, ...], info: ValidationInfo
    ) -> tuple[WebhookEndpointSetting, ...]:
        is_plain = any(each.url.lower().startswith("http:") for each in endpoints)
        if is_in_production(info) and is_plain:
            raise ValueError("SHOP_WEBHOOK_ENDPOINTS must use https in production")
        return endpoints

    @field_validator("email_from")
    @classmethod
    def _emails_have_a_sender(cls, sender: str | None, info: ValidationInfo) -> str | None:
        # An invalid URL is not in the data, and is reported by itself.
        if "smtp_url" in info.data and (info.data["smtp_url"] is None) != (sender is None):
            raise ValueError("SHOP_SMTP_URL and SHOP_EMAIL_FROM must be set together")
        return sender
