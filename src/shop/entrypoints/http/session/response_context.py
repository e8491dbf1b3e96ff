"""Collects headers for a response while its request is handled."""

from typing import TypeVar
from uuid import UUID

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
    """The headers that a request adds to its response.

    They are sent with a success and with a problem alike: if a token was issued before the
    request failed, only that token still opens the session.
    """

    def __init__(self, cookie: SessionCookie, *, rehearses_payments: bool) -> None:
        self._cookie = cookie
        self.payments_are_simulated = True if rehearses_payments else None
        self._session: Session | None = None
        self._user_of_command: UUID | None = None
        self._tried_account: str | None = None
        self.headers: dict[str, str] = {}

    def token(self, headers: Headers) -> SessionToken | None:
        """Return the session token of the request, if any."""
        return self._cookie.read(headers)

    def set_session_cookie(self, token: SessionToken | None) -> None:
        """Send a new token to the browser; None keeps the old one."""
        if token is not None:
            self.headers["set-cookie"] = self._cookie.set_header(token)

    def update_session(self, current_session: CurrentSession | None) -> None:
        """Send the token that was issued during the request, if any."""
        if current_session is not None:
            self._session = current_session.session
            self.set_session_cookie(current_session.new_token)

    def clear_site_data(self, session: Session | None) -> None:
        """Tell the browser to delete all data of this site (ASVS 5.0, 14.3.1)."""
        self._session = session
        self.clear_session_cookie()
        self.headers["clear-site-data"] = CLEAR_SITE_DATA

    @property
    def user_id(self) -> str | None:
        """The id of the signed-in user, if known."""
        user_id = self._session.user_id if self._session else self._user_of_command
        return str(user_id) if user_id else None

    def trace_account(self, account_hash: str) -> None:
        """Remember the keyed hash of the address that a visitor tries to sign in with.

        Lines of denied attempts carry it (ASVS 5.0, 16.2.1): the address itself may be a password
        in the wrong field.
        """
        self._tried_account = account_hash

    def log_security_event(self, event: str, **fields: str | int) -> None:
        """Log a security event with the user and session, if known (ASVS 5.0, 16.3).

        The line contains no text that a visitor has sent, and no session token.
        """
        if self._tried_account is not None:
            fields["account_hash"] = self._tried_account
        _log.info(
            event,
            user_id=self.user_id,
            session_id=str(self._session.id) if self._session else None,
            **fields,
        )

    def clear_session_cookie(self, *, when: bool = True) -> None:
        """Tell the browser to delete the session cookie."""
        if when:
            self.headers["set-cookie"] = self._cookie.clear_header()

    def unwrap(self, result: CommandResult[T]) -> T:
        """Return the value of a result or raise its error; mark a replay in the headers."""
        # The session of an order is read with those of its group, so only its result says whose.
        self._user_of_command = result.user_id
        if result.replayed:
            self.headers["idempotent-replayed"] = "true"
        return result.unwrap()
