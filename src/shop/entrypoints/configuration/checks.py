"""Checks of settings whose errors need more words than pydantic has."""

import json
import re
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator

MAX_URL_CHARACTERS = 2000


def matching(pattern: str, error_message: str) -> AfterValidator:
    """Return the check that a whole text matches a pattern."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(error_message)
        return text

    return AfterValidator(check)


def json_list(error_message: str, *, may_be_empty: bool = False) -> BeforeValidator:
    """Return the parser of a list in JSON; values that are not text pass unchanged."""

    def parse(text: object) -> object:
        if not isinstance(text, str):
            return text
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        if isinstance(parsed, list) and (parsed or may_be_empty):
            return parsed
        raise ValueError(error_message)

    return BeforeValidator(parse)


def split_url(
    text: str, *, schemes: Collection[str], forbidden: str = "", example: str
) -> SplitResult:
    """Return the parts of a URL; raise `ValueError` for any other text."""
    error = ValueError(f"must be a URL such as {example}")
    try:
        url = urlsplit(text)
        has_host = bool(url.hostname) and url.port != 0
    except ValueError:
        raise error from None
    has_forbidden = re.search(rf"[\0-\x20\x7f{forbidden}]", text)
    if url.scheme not in schemes or not has_host or has_forbidden or len(text) > MAX_URL_CHARACTERS:
        raise error
    return url


def is_loopback(host: str | None) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"
