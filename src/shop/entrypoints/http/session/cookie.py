"""The session cookie, the only carrier of a session token."""

import re

from starlette.datastructures import Headers

from shop.application.ports.repositories.session_store import SessionToken

MAX_TOKEN_CHARACTERS = 4096
"""No browser keeps a longer cookie (RFC 6265, section 6.1)."""

_VISIBLE_ASCII = re.compile(rf"[!-~]{{1,{MAX_TOKEN_CHARACTERS}}}")


class SessionCookie:
    """Reads the token from a request, and writes the headers that set and clear it.

    The name of a secure cookie makes browsers enforce `Secure`, `Path=/` and no `Domain`
    (RFC 6265bis, section 4.1.3.2). That is not possible over the plain HTTP of development.
    """

    def __init__(self, *, secure: bool, lifetime_seconds: float) -> None:
        self.name = "__Host-shop_session" if secure else "shop_session"
        self._lifetime_seconds = int(lifetime_seconds)
        self._attributes = f"Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"

    def read(self, headers: Headers) -> SessionToken | None:
        """Return the token; None if it is missing, repeated or malformed."""
        values = [
            value.strip()
            for header in headers.getlist("cookie")
            for pair in header.split(";")
            for name, _, value in (pair.partition("="),)
            if name.strip() == self.name
        ]
        if len(values) != 1 or not _VISIBLE_ASCII.fullmatch(values[0]):
            return None
        return values[0]

    def set_header(self, token: SessionToken) -> str:
        """Return the `Set-Cookie` header that stores this token."""
        return f"{self.name}={token}; Max-Age={self._lifetime_seconds}; {self._attributes}"

    def clear_header(self) -> str:
        """Return the `Set-Cookie` header that deletes the cookie."""
        return f"{self.name}=; Max-Age=0; {self._attributes}"
