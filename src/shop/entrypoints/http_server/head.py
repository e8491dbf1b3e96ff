"""Checks of a request's head that the parser leaves to the server (RFC 9112)."""

import re
from collections.abc import Sequence
from functools import lru_cache

import httptools

from shop.domain.shared.errors import ShopError
from shop.entrypoints.http.errors.http_errors import HeadTooLarge, MalformedHttp
from shop.entrypoints.http_server.limits import HttpLimits

RawHeaders = Sequence[tuple[bytes, bytes]]

HTTP_VERSIONS = frozenset({"1.0", "1.1"})

_HOST = re.compile(rb"(?:[A-Za-z0-9._~%-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


class TooManyPipelined(Exception):
    """More requests were sent than may wait for their responses."""


class RejectedRequest(Exception):
    """The parser is stopped, because the request is answered with an error."""

    def __init__(self, error: ShopError) -> None:
        super().__init__(error)
        self.error = error


def error_of(failure: httptools.HttpParserError) -> ShopError:
    """Return the error that made the parser fail."""
    cause = failure.__context__
    if isinstance(cause, RejectedRequest):
        return cause.error
    if isinstance(failure, httptools.HttpParserCallbackError):
        return MalformedHttp(reason="its target is not a path")
    # The parser's messages have nothing of the request in them.
    return MalformedHttp(reason=str(failure).replace("`", ""))


def head_error(version: str, headers: RawHeaders) -> ShopError | None:
    """Return why a head is rejected, if it is.

    The parser has rejected ambiguous lengths, folded lines, bare line feeds, spaces before a
    colon and control characters.
    """
    if version not in HTTP_VERSIONS:
        return MalformedHttp(reason="the version must be HTTP/1.1 or HTTP/1.0")
    hosts = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
            if not _is_host(value):
                return MalformedHttp(reason="the Host header must be a host, or a host and a port")
        elif name == b"transfer-encoding" and (value.lower() != b"chunked" or version == "1.0"):
            # Other encodings would reach the app undecoded, and HTTP/1.0 has none (section 6.1).
            return MalformedHttp(reason="Transfer-Encoding must be chunked, and needs HTTP/1.1")
    if hosts != 1 and (hosts or version == "1.1"):
        return MalformedHttp(reason="exactly one Host header is required")
    return None


def use_authority(target: bytes, headers: list[tuple[bytes, bytes]]) -> ShopError | None:
    """Put the host of an absolute target in the place of `Host` (RFC 9112, section 3.2.2).

    Return why it is rejected, if it is.
    """
    if target.startswith((b"/", b"*")):
        return None
    url = httptools.parse_url(target)
    host = url.host or b""
    authority = b"[%b]" % host if b":" in host else host
    if url.port:
        authority += b":%d" % url.port
    if url.userinfo or not _is_host(authority):
        return MalformedHttp(reason="the target must be a path, or a URL with a host and no user")
    headers[:] = [each for each in headers if each[0] != b"host"]
    headers.append((b"host", authority))
    return None


@lru_cache(maxsize=256)
def _is_host(value: bytes) -> bool:
    return _HOST.fullmatch(value) is not None


def too_large_error(limits: HttpLimits) -> HeadTooLarge:
    """Return the error for a head that exceeds the limits."""
    return HeadTooLarge(limit_bytes=limits.max_head_bytes, limit_lines=limits.max_head_lines)


def size_of_head(url: bytes, headers: RawHeaders) -> int:
    """Return how many bytes a head has, without its method and optional spaces."""
    return len(url) + sum(len(name) + len(value) + len(b": \r\n") for name, value in headers)
