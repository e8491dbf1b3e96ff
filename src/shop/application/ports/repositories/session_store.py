"""Port to sessions."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.domain.session import Session, SessionPolicy

SessionToken = str
"""The secret value of a visitor's cookie."""


class SessionStore(ABC):
    """All sessions.

    A token that is unknown, replaced or revoked finds no session and is never adopted. Expired
    sessions are returned like others: callers apply the `SessionPolicy`.
    """

    @abstractmethod
    async def find(self, tokens: Collection[SessionToken]) -> Mapping[SessionToken, Session]:
        """Return the sessions of tokens."""

    def stored_tokens(
        self, tokens: Collection[SessionToken]
    ) -> Mapping[SessionToken, SessionToken]:
        """Return the tokens by which the rows of these tokens are stored, often the same."""
        return {each: each for each in tokens}

    @abstractmethod
    async def lock(self, tokens: Collection[SessionToken]) -> Mapping[SessionToken, Session]:
        """Like `find`, and lock the sessions."""

    @abstractmethod
    async def lock_by_id(self, session_ids: Collection[UUID]) -> Mapping[UUID, Session]:
        """Return and lock sessions by id, for changes without the visitor's request.

        They can be saved but not rotated. A store that keeps the content in the visitor's cookie
        returns none.
        """

    @abstractmethod
    def needs_rotation(self, session: Session) -> bool:
        """Check whether the session's token was made with an old secret."""

    @abstractmethod
    def create(self, session: Session) -> SessionToken:
        """Stage a new session and return its token; may raise `SessionTooLarge`."""

    @abstractmethod
    def save(self, session: Session) -> SessionToken:
        """Stage the next state of a locked session; return its token, often the same.

        Raise `SessionTooLarge` if the session does not fit, and `SessionConflict` if another
        change since the token was issued cannot be merged. Then nothing is staged.
        """

    @abstractmethod
    def rotate(self, session: Session) -> SessionToken:
        """Like `save`, with a new token; the old one finds no session after the commit."""

    @abstractmethod
    def touch(self, session_id: UUID, at: datetime) -> None:
        """Stage the time of the last use; a revoked session stays revoked."""

    @abstractmethod
    def revoke(self, session_id: UUID) -> None:
        """Stage the permanent end of a session; may be repeated."""

    @abstractmethod
    async def revoke_one(self, user_id: UUID, session_id: UUID) -> bool:
        """Revoke a session of this user; return whether there was one."""

    @abstractmethod
    async def revoke_all(self, user_id: UUID, *, except_session_id: UUID | None) -> int:
        """Revoke all sessions of a user except one; return how many."""

    @abstractmethod
    async def revoke_oldest(self, user_id: UUID, *, keep: int, except_session_id: UUID) -> int:
        """Revoke the user's sessions beyond the newest `keep`, without one; return how many.

        That one is staged for this user in this unit of work, and not among the `keep`.
        """

    @abstractmethod
    async def for_user(
        self, user_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[Session, TimeCursor]:
        """Return a page of a user's sessions, newest first."""

    @abstractmethod
    async def purge_expired(self, policy: SessionPolicy, now: datetime) -> int:
        """Delete the expired sessions; return how many."""


def unwrapped(sessions: SessionStore) -> SessionStore:
    """Return the store itself: the store `database` has no wrapper."""
    return sessions
