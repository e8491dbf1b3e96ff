"""Reads idempotency keys from requests."""

import re

from starlette.datastructures import Headers

from shop.entrypoints.http.errors.http_errors import InvalidIdempotencyKey

HEADER = "Idempotency-Key"

PATTERN = r'^(?:"[!-~]{8,255}"|[!#-~][!-~]{7,254}|[!-~]{7,254}[!#-~])$'
"""8 to 255 visible ASCII characters. Quotes around them are syntax (a string of RFC 9651)."""

_KEY = re.compile(PATTERN.removesuffix("$"))


def idempotency_key(headers: Headers) -> str:
    """Return the key of a request without quotes; raise `InvalidIdempotencyKey`."""
    # Surrounding white space is not part of a value (RFC 9110, section 5.5).
    values = [value.strip(" \t") for value in headers.getlist(HEADER)]
    if len(values) != 1 or not _KEY.fullmatch(values[0]):
        raise InvalidIdempotencyKey
    (value,) = values
    is_quoted = value.startswith('"') and value.endswith('"')
    return value[1:-1] if is_quoted else value
