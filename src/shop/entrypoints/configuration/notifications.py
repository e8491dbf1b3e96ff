"""Addressees: what the settings say of those who are told what happens in the shop."""

import base64
import binascii
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shop.domain.notification import EventType
from shop.domain.shared.text import is_single_line
from shop.entrypoints.configuration.json_lists import json_list

SECRET_PREFIX = "whsec_"  # noqa: S105  What a secret begins with is none.
MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64
"""How long a key is, by Standard Webhooks 1.0."""

MAX_URL_CHARACTERS = 2000


def _endpoint_url(text: str) -> str:
    url = _split_url(text)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("the url of an endpoint begins with https://")
    if url.username or url.password or url.fragment:
        raise ValueError("the url of an endpoint has no user, password or fragment in it")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("http is for endpoints of this machine alone; https for all others")
    return text


def _endpoint_secret(text: str) -> str:
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(SECRET_PREFIX) or not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise ValueError(
            f"the secret of an endpoint is {SECRET_PREFIX} and {MIN_KEY_BYTES} to {MAX_KEY_BYTES}"
            " bytes in base64; `shop secret --webhook` prints one"
        )
    return text


class WebhookEndpointSetting(BaseModel):
    """Where announcements go, the secret that signs them, and which of them; all by default."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_endpoint_url)]
    secret: Annotated[str, AfterValidator(_endpoint_secret)] = Field(repr=False)
    events: Annotated[frozenset[EventType], Field(min_length=1)] = frozenset(EventType)

    @property
    def is_safe(self) -> bool:
        """Whether nobody on the way can read along."""
        return _split_url(self.url).scheme == "https"


def parse_endpoints(text: object) -> object:
    """Return the list that a text holds; raise `ValueError` where it holds none."""
    return json_list(
        text,
        error_message='a JSON list is needed, such as [{"url": "https://…", "secret": "…"}]',
    )


def require_distinct(
    endpoints: tuple[WebhookEndpointSetting, ...],
) -> tuple[WebhookEndpointSetting, ...]:
    """Return the endpoints; raise `ValueError` where two have one URL."""
    if len({each.url for each in endpoints}) < len(endpoints):
        raise ValueError("each url stands once")
    return endpoints


def require_smtp_url(text: str) -> str:
    """Return the URL of a mail server; raise `ValueError` for any other text."""
    url = _split_url(text)
    if url.scheme not in {"smtp", "smtps"} or not url.hostname or url.path.strip("/"):
        raise ValueError("a mail server is smtp://user:password@host:port, or smtps://…")
    return text


def require_sender(text: str) -> str:
    """Return the sender of letters; raise `ValueError` where it is none."""
    try:
        address = Address(addr_spec=parseaddr(text)[1])
    except (MessageError, ValueError, IndexError):
        address = Address()
    if not is_single_line(text) or not address.username or not address.domain:
        raise ValueError("a sender looks like orders@example.com, or Shop <orders@example.com>")
    return text


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _split_url(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        raise ValueError("not a URL") from None
    if len(text) > MAX_URL_CHARACTERS or any(each <= " " or each == "\x7f" for each in text):
        raise ValueError("not a URL")
    return url
