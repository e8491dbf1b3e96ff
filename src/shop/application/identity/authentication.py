"""Admission: who is behind a token, and whether the session still holds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.session import NotSignedIn, Session, SessionExpired, SessionPolicy
from shop.domain.user import Role, User


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentSession:
    """A session that holds, and the user who is signed in to it, as the database knows both now.

    `token` is what opened the session, None for a new one. `new_token` is what the visitor has to
    hold from now on, None where that is the same.
    """

    session: Session
    user: User | None
    token: SessionToken | None
    new_token: SessionToken | None

    @property
    def roles_changed(self) -> bool:
        """Whether the user's roles are others than when the token was issued."""
        return self.user is not None and self.user.roles != self.session.roles

    @property
    def signed_in_user(self) -> User:
        """The signed-in user; raise `NotSignedIn` where there is none."""
        if self.user is None:
            raise NotSignedIn
        return self.user


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedSessions:
    """The visits behind a number of tokens, and the users' sessions that have expired."""

    by_token: Mapping[SessionToken, CurrentSession]
    expired_tokens: frozenset[SessionToken]

    def find(self, token: SessionToken | None) -> CurrentSession | None:
        """Return the visit behind a token, signed in or not; None where it opens nothing now."""
        return None if token is None else self.by_token.get(token)

    def find_unexpired(self, token: SessionToken | None) -> CurrentSession | None:
        """Do the same, but raise `SessionExpired` where a user's session ended by itself."""
        if token in self.expired_tokens:
            raise SessionExpired
        return self.find(token)

    def require_signed_in(self, token: SessionToken | None) -> CurrentSession:
        """Return the visit of a signed-in user; raise `NotSignedIn` or `SessionExpired`."""
        current_session = self.find_unexpired(token)
        if current_session is None or current_session.user is None:
            raise NotSignedIn
        return current_session


class SessionAuthenticator:
    """Opens sessions in a unit of work, and keeps what a request made of them."""

    def __init__(self, policy: SessionPolicy, clock: Clock, ids: IdGenerator) -> None:
        self.policy = policy
        self._clock = clock
        self._ids = ids

    async def resolve(
        self, uow: UnitOfWork, tokens: Collection[SessionToken | None]
    ) -> ResolvedSessions:
        """Return who is behind these tokens."""
        return await self._resolve(uow, await uow.sessions.find(_without_none(tokens)))

    async def resolve_for_update(
        self, uow: UnitOfWork, tokens: Collection[SessionToken | None]
    ) -> ResolvedSessions:
        """Do the same, and keep others from changing these sessions until the end."""
        return await self._resolve(uow, await uow.sessions.lock(_without_none(tokens)))

    async def require_user(self, uow: UnitOfWork, token: SessionToken | None) -> User:
        """Return the signed-in user behind a token; raise `NotSignedIn` or `SessionExpired`."""
        return (await self.resolve(uow, [token])).require_signed_in(token).signed_in_user

    async def require_admin(self, uow: UnitOfWork, token: SessionToken | None) -> User:
        """Do the same for an admin; raise `Forbidden` for anybody else."""
        user = await self.require_user(uow, token)
        user.require(Role.ADMIN)
        return user

    async def require_signed_in_for_update(
        self, uow: UnitOfWork, token: SessionToken | None
    ) -> CurrentSession:
        """Return the locked visit of a signed-in user; raise `NotSignedIn` or `SessionExpired`."""
        return (await self.resolve_for_update(uow, [token])).require_signed_in(token)

    async def resolve_or_create(
        self, uow: UnitOfWork, token: SessionToken | None
    ) -> CurrentSession:
        """Return the locked visit behind a token, or a new one where the token opens nothing.

        Raise `SessionExpired` where a user's session ended by itself.
        """
        return self.find_or_create(await self.resolve_for_update(uow, [token]), token)

    def find_or_create(
        self, resolved_sessions: ResolvedSessions, token: SessionToken | None
    ) -> CurrentSession:
        """Return the visit behind a token, or a new one where the token opens nothing.

        Raise `SessionExpired` where a user's session ended by itself.
        """
        return resolved_sessions.find_unexpired(token) or self._new_session()

    async def resolve_for_sign_in(
        self, uow: UnitOfWork, token: SessionToken | None, earlier_tokens: Sequence[SessionToken]
    ) -> CurrentSession:
        """Do the same, but begin a new visit also in place of an expired one.

        The tokens that earlier attempts of this unit of work have issued go first: where one of
        them opens a session, that attempt's commit did happen and was never answered.
        """
        resolved_sessions = await self.resolve_for_update(uow, [token, *earlier_tokens])
        candidates = (resolved_sessions.find(each) for each in (*reversed(earlier_tokens), token))
        return (
            next((current_session for current_session in candidates if current_session), None)
            or self._new_session()
        )

    def sign_in(
        self,
        uow: UnitOfWork,
        current_session: CurrentSession,
        user: User,
        earlier_tokens: list[SessionToken],
    ) -> CurrentSession:
        """Stage the session of a locked or new visit as this user's, under a new token.

        The token joins those of earlier attempts.
        """
        session = current_session.session.signed_in_as(user, at=self._clock.now())
        new_token = (
            uow.sessions.rotate(session) if current_session.token else uow.sessions.create(session)
        )
        earlier_tokens.append(new_token)
        return replace(current_session, session=session, user=user, new_token=new_token)

    def save(
        self, uow: UnitOfWork, current_session: CurrentSession, session: Session
    ) -> CurrentSession:
        """Stage what has become of the session of a visit, under the token that it has."""
        session = session.used_at(self._clock.now())
        if current_session.token is None:
            return replace(current_session, session=session, new_token=uow.sessions.create(session))
        token = uow.sessions.save(session)
        is_unchanged = token == current_session.token and not uow.sessions.needs_rotation(session)
        return replace(current_session, session=session, new_token=None if is_unchanged else token)

    def refresh(self, uow: UnitOfWork, current_session: CurrentSession) -> CurrentSession:
        """Stage what has become of the user's roles, which takes a new token; or of the keys."""
        if not current_session.roles_changed:
            return self.save(uow, current_session, current_session.session)
        session = current_session.session.with_roles(current_session.signed_in_user.roles).used_at(
            self._clock.now()
        )
        return replace(current_session, session=session, new_token=uow.sessions.rotate(session))

    def _new_session(self) -> CurrentSession:
        session = Session.new(id=self._ids.new(), at=self._clock.now())
        return CurrentSession(session=session, user=None, token=None, new_token=None)

    async def _resolve(
        self, uow: UnitOfWork, sessions: Mapping[SessionToken, Session]
    ) -> ResolvedSessions:
        now = self._clock.now()
        user_ids = {session.user_id for session in sessions.values() if session.user_id}
        users = await uow.users.get_many(user_ids) if user_ids else {}
        by_token: dict[SessionToken, CurrentSession] = {}
        expired_tokens: set[SessionToken] = set()
        for token, session in sessions.items():
            user = users.get(session.user_id) if session.user_id else None
            if session.user_id and (user is None or not user.enabled):
                continue
            if not session.is_expired(self.policy, now):
                by_token[token] = CurrentSession(
                    session=session, user=user, token=token, new_token=None
                )
            elif user is not None:
                expired_tokens.add(token)
        return ResolvedSessions(by_token=by_token, expired_tokens=frozenset(expired_tokens))


def _without_none(tokens: Collection[SessionToken | None]) -> set[SessionToken]:
    return {token for token in tokens if token is not None}
