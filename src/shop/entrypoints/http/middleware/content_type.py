"""Requires a declared body: JSON in UTF-8 (ASVS 5.0, 3.5.2 and 4.1.1), or a form with files."""

import re
from collections.abc import Sequence

from starlette.datastructures import Headers

from shop.entrypoints.http.errors.http_errors import (
    UnsupportedCharset,
    UnsupportedEncoding,
    UnsupportedMediaType,
)

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
MULTIPART = "multipart/form-data"

UNSUPPORTED_BODY = (UnsupportedMediaType, UnsupportedCharset, UnsupportedEncoding)

MAX_SHOWN_CHARACTERS = 40

_UTF_8 = frozenset({"utf-8", "utf8"})
_CHARSET = re.compile(r";\s*charset\s*=\s*([^;]*[^;\s]|)", re.IGNORECASE)


def require_json(method: str, headers: Headers) -> None:
    """Reject a body that is not declared as JSON or, for PATCH, as a merge patch."""
    if not _has_body(headers):
        return
    declared = headers.getlist("content-type")
    if declared != [JSON]:
        _require_media_type(declared, (JSON, MERGE_PATCH) if method == "PATCH" else (JSON,))
    _require_no_encoding(headers)


def require_multipart(headers: Headers) -> None:
    """Reject a body that is not declared as a form with files."""
    if _has_body(headers):
        _require_media_type(headers.getlist("content-type"), (MULTIPART,))
        _require_no_encoding(headers)


def _require_no_encoding(headers: Headers) -> None:
    for encoding in headers.getlist("content-encoding"):
        if encoding.lower() != "identity":
            raise UnsupportedEncoding(encoding=encoding[:MAX_SHOWN_CHARACTERS])


def _require_media_type(declared: Sequence[str], accept: tuple[str, ...]) -> None:
    if len(declared) != 1 or _media_type(declared[0]) not in accept:
        raise UnsupportedMediaType(accept=accept)
    for charset in _CHARSET.findall(declared[0]):
        if charset.strip('"').lower() not in _UTF_8:
            raise UnsupportedCharset(charset=charset[:MAX_SHOWN_CHARACTERS])


def _has_body(headers: Headers) -> bool:
    # RFC 9112, section 6: a request without either has none.
    return bool(headers.get("content-length", "").strip("0")) or "transfer-encoding" in headers


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()
