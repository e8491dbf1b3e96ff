"""Settings of guests, who order without signing in, and of the links in their letters."""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from shop.entrypoints.configuration.checks import is_loopback, split_url
from shop.entrypoints.configuration.environment import EnvironmentSettings, is_in_production


def _public_url(text: str) -> str:
    url = split_url(
        text, schemes=("http", "https"), forbidden="?#", example="https://shop.example.com/api/v1"
    )
    if url.username or url.password:
        raise ValueError("must not contain a user or a password")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("must begin with https://; http:// is for this machine only")
    return text.rstrip("/")


class GuestSettings(EnvironmentSettings):
    """Whether visitors may order, and how letters open their orders."""

    guest_checkout: bool = False
    order_link_seconds: int = Field(default=90 * 86_400, ge=60, le=10 * 366 * 86_400)
    public_url: Annotated[str, AfterValidator(_public_url)] | None = None

    @field_validator("public_url")
    @classmethod
    def _production_encrypts_links(cls, url: str | None, info: ValidationInfo) -> str | None:
        if is_in_production(info) and url is not None and url.lower().startswith("http:"):
            raise ValueError("SHOP_PUBLIC_URL must use https in production")
        return url
