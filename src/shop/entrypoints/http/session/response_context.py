"""The exchange: what is told beside the answer or the refusal, to the visitor and to the log."""

from typing import TypeVar

import structlog
from starlette.datastructures import Headers

from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import CurrentSession
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.session import Session
from shop.entrypoints.http.session.cookie import SessionCookie

T = TypeVar("T")

_log = structlog.get_logger()

CLEAR_SITE_DATA = '"cache", "cookies", "storage"'


class ResponseContext:
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

    def set_session_cookie(self, token: SessionToken | None) -> None:
        """Have the visitor hold a new token from now on; None leaves it at the old one."""
        if token is not None:
            self.headers["set-cookie"] = self._cookie.set_header(token)

    def update_session(self, current_session: CurrentSession | None) -> None:
        """Have the visitor hold what was issued in the course of a visit, if anything was."""
        if current_session is not None:
            self._session = current_session.session
            self.set_session_cookie(current_session.new_token)

    def clear_site_data(self, session: Session | None) -> None:
        """Have the browser forget everything that it keeps of this site (ASVS 5.0, 14.3.1)."""
        self._session = session
        self.clear_session_cookie()
        self.headers["clear-site-data"] = CLEAR_SITE_DATA

    def log_security_event(self, event: str, **fields: str) -> None:
        """Log a decision about security, and whose it is as far as known (ASVS 5.0, 16.3).

        Nothing that a visitor has written is told, and of the session nothing that opens it.
        """
        session = self._session
        _log.info(
            event,
            user_id=str(session.user_id) if session and session.user_id else None,
            session=str(session.id) if session else None,
            **fields,
        )

    def clear_session_cookie(self, *, when: bool = True) -> None:
        """Have the visitor hold nothing any more."""
        if when:
            self.headers["set-cookie"] = self._cookie.clear_header()

    def unwrap(self, result: CommandResult[T]) -> T:
        """Return what was made, or raise the refusal; note either way whether it is a replay."""
        if result.replayed:
            self.headers["idempotent-replayed"] = "true"
        return result.unwrap()
