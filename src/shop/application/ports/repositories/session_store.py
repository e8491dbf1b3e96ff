"""The port to sessions."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.domain.session import Session, SessionPolicy

SessionToken = str
"""What a visitor holds: the value of the cookie, to be told to nobody else."""


class SessionStore(ABC):
    """All sessions, as one unit of work sees them.

    A token that the store did not issue, has replaced, or whose session has ended opens nothing,
    whatever it looks like; it is never adopted. Expired sessions are returned like others: the
    policy is the callers'. What is staged happens when the unit of work commits, or never.
    """

    @abstractmethod
    async def find(self, tokens: Collection[SessionToken]) -> Mapping[SessionToken, Session]:
        """Return the sessions that these tokens open."""

    @abstractmethod
    async def lock(self, tokens: Collection[SessionToken]) -> Mapping[SessionToken, Session]:
        """Do the same, and keep others from changing these sessions until the end."""

    @abstractmethod
    async def lock_by_id(self, session_ids: Collection[UUID]) -> Mapping[UUID, Session]:
        """Return sessions by id, and keep others from changing them until the end.

        For what is done in a session after its visitor has gone: they may be saved, not rotated.
        A store that leaves their content with the visitors returns none.
        """

    @abstractmethod
    def needs_rotation(self, session: Session) -> bool:
        """Tell whether the token that opened the session here was made with an old key."""

    @abstractmethod
    def create(self, session: Session) -> SessionToken:
        """Stage a new session; return the token that will open it.

        Raise `SessionTooLarge` where it would not fit; what is refused is not staged.
        """

    @abstractmethod
    def save(self, session: Session) -> SessionToken:
        """Stage the next state of a session that was locked; return the token to hold from now on.

        That is the same token wherever the store can keep it. Raise `SessionTooLarge` where the
        session would not fit, `SessionConflict` where somebody else has changed it since the
        token was issued and the two changes cannot be merged; what is refused is not staged.
        """

    @abstractmethod
    def rotate(self, session: Session) -> SessionToken:
        """Do the same under a new token; the old one opens nothing once this is committed."""

    @abstractmethod
    def touch(self, session_id: UUID, at: datetime) -> None:
        """Stage that the session was used; one that has ended meanwhile stays ended."""

    @abstractmethod
    def revoke(self, session_id: UUID) -> None:
        """Stage the end of a session, for good; one that has ended already stays so."""

    @abstractmethod
    async def revoke_one(self, user_id: UUID, session_id: UUID) -> bool:
        """End a session of this user; return whether there was one."""

    @abstractmethod
    async def revoke_all(self, user_id: UUID, *, except_session_id: UUID | None) -> int:
        """End all sessions of a user but the one to keep; return how many."""

    @abstractmethod
    async def for_user(
        self, user_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[Session, TimeCursor]:
        """Return a page of a user's sessions, the newest first."""

    @abstractmethod
    async def purge_expired(self, policy: SessionPolicy, now: datetime) -> int:
        """End the sessions that have expired; return how many."""


def unwrapped(sessions: SessionStore) -> SessionStore:
    """Put nothing in front of a store."""
    return sessions
