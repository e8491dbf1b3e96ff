"""The exchange: what is told beside the answer or the refusal, to the visitor and to the log."""

from typing import TypeVar

import structlog
from starlette.datastructures import Headers

from shop.application.admission import Visit
from shop.application.idempotency import Reply
from shop.application.ports.session_store import SessionToken
from shop.domain.session import Session
from shop.entrypoints.http.cookie import SessionCookie

T = TypeVar("T")

_log = structlog.get_logger()

CLEAR_SITE_DATA = '"cache", "cookies", "storage"'


class Exchange:
    """One request and its answer, whichever it will be.

    What is noted here goes out with a success and with a problem alike: a token that was issued
    before the request was refused is the only one that still opens the session.
    """

    def __init__(self, cookie: SessionCookie) -> None:
        self._cookie = cookie
        self._session: Session | None = None
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
        if visit is not None:
            self._session = visit.session
            self.hold(visit.issued)

    def end(self, session: Session | None) -> None:
        """Have the browser forget everything that it keeps of this site (ASVS 5.0, 14.3.1)."""
        self._session = session
        self.forget()
        self.headers["clear-site-data"] = CLEAR_SITE_DATA

    def log(self, event: str, **facts: str) -> None:
        """Log a decision about security, and whose it is as far as known (ASVS 5.0, 16.3).

        Nothing that a visitor has written is told, and of the session nothing that opens it.
        """
        session = self._session
        _log.info(
            event,
            user_id=str(session.user_id) if session and session.user_id else None,
            session=str(session.id) if session else None,
            **facts,
        )

    def forget(self, *, when: bool = True) -> None:
        """Have the visitor hold nothing any more."""
        if when:
            self.headers["set-cookie"] = self._cookie.cleared()

    def unwrap(self, reply: Reply[T]) -> T:
        """Return what was made, or raise the refusal; note either way whether it is a replay."""
        if reply.replayed:
            self.headers["idempotent-replayed"] = "true"
        return reply.unwrap()
