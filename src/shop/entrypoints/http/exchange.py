"""The exchange: what a visitor is told in headers, beside the answer or the refusal."""

from typing import TypeVar

from starlette.datastructures import Headers

from shop.application.admission import Visit
from shop.application.idempotency import Reply
from shop.application.ports.session_store import SessionToken
from shop.entrypoints.http.cookie import SessionCookie

T = TypeVar("T")

CLEAR_SITE_DATA = '"cache", "cookies", "storage"'


class Exchange:
    """One request and its answer, whichever it will be.

    What is noted here goes out with a success and with a problem alike: a token that was issued
    before the request was refused is the only one that still opens the session.
    """

    def __init__(self, cookie: SessionCookie) -> None:
        self._cookie = cookie
        self.headers: dict[str, str] = {}

    def token(self, headers: Headers) -> SessionToken | None:
        """Return what the visitor holds."""
        return self._cookie.read(headers)

    def hold(self, issued: SessionToken | None) -> None:
        """Have the visitor hold a new token from now on; None leaves it at the old one."""
        if issued is not None:
            self.headers["set-cookie"] = self._cookie.set_to(issued)

    def follow(self, visit: Visit | None) -> None:
        """Have the visitor hold what was issued in the course of a visit, if anything was."""
        self.hold(None if visit is None else visit.issued)

    def forget(self, *, when: bool = True) -> None:
        """Have the visitor hold nothing any more."""
        if when:
            self.headers["set-cookie"] = self._cookie.cleared()

    def clear_site(self) -> None:
        """Have the browser forget everything that it keeps of this site (ASVS 5.0, 14.3.1)."""
        self.forget()
        self.headers["clear-site-data"] = CLEAR_SITE_DATA

    def unwrap(self, reply: Reply[T]) -> T:
        """Return what was made, or raise the refusal; note either way whether it is a replay."""
        if reply.replayed:
            self.headers["idempotent-replayed"] = "true"
        return reply.unwrap()
