"""Session authentication: resolves session tokens to users and checks expiry."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from shop.application.identity.session_carts import SessionCarts
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.session import NotSignedIn, Session, SessionExpired, SessionPolicy
from shop.domain.shared.value import value
from shop.domain.user import Role, User


@value
class CurrentSession:
    """An unexpired session and its signed-in user, as the database has them now.

    `guest` has ordered in it without signing in; only orders know guests. `token` opened the
    session; None for a new one. `new_token` replaces it; None if it stays.
    """

    session: Session
    user: User | None
    token: SessionToken | None
    new_token: SessionToken | None
    guest: User | None = None

    @property
    def buyer(self) -> User:
        """The signed-in user or the guest; raise `NotSignedIn` if there is neither."""
        return self.signed_in_user if self.guest is None else self.guest

    @property
    def has_buyer(self) -> bool:
        """Whether there is a signed-in user or a guest."""
        return self.user is not None or self.guest is not None

    @property
    def roles_changed(self) -> bool:
        """Whether the user's roles changed after the token was issued."""
        return self.user is not None and self.user.roles != self.session.roles

    @property
    def signed_in_user(self) -> User:
        """The signed-in user; raise `NotSignedIn` if there is none."""
        if self.user is None:
            raise NotSignedIn
        return self.user


@value
class ResolvedSessions:
    """The sessions of a group of tokens, and the tokens of users' expired sessions."""

    by_token: Mapping[SessionToken, CurrentSession]
    expired_tokens: frozenset[SessionToken]

    def find(self, token: SessionToken | None) -> CurrentSession | None:
        """Return the token's session, signed in or not; None if it opens none."""
        return None if token is None else self.by_token.get(token)

    def find_unexpired(self, token: SessionToken | None) -> CurrentSession | None:
        """Like `find`, and raises `SessionExpired` if a user's session has expired."""
        if token in self.expired_tokens:
            raise SessionExpired
        return self.find(token)

    def require_signed_in(self, token: SessionToken | None) -> CurrentSession:
        """Return a signed-in user's session; raise `NotSignedIn` or `SessionExpired`."""
        current_session = self.find_unexpired(token)
        if current_session is None or current_session.user is None:
            raise NotSignedIn
        return current_session

    def require_customer(self, token: SessionToken | None) -> CurrentSession:
        """Like `require_signed_in`, and raises `Forbidden` unless the user may buy."""
        current_session = self.require_signed_in(token)
        current_session.signed_in_user.require(Role.CUSTOMER)
        return current_session


class SessionAuthenticator:
    """Finds sessions in a unit of work, and stages their changes."""

    def __init__(self, policy: SessionPolicy, clock: Clock, ids: IdGenerator) -> None:
        self.policy = policy
        self._clock = clock
        self._ids = ids

    async def resolve(
        self, uow: UnitOfWork, tokens: Collection[SessionToken | None]
    ) -> ResolvedSessions:
        """Return the sessions of these tokens."""
        return await self._resolve(uow, await uow.sessions.find(_without_none(tokens)))

    async def resolve_for_update(
        self, uow: UnitOfWork, tokens: Collection[SessionToken | None]
    ) -> ResolvedSessions:
        """Like `resolve`, and locks the sessions."""
        return await self._resolve(uow, await uow.sessions.lock(_without_none(tokens)))

    async def require_user(self, uow: UnitOfWork, token: SessionToken | None) -> User:
        """Return the token's signed-in user; raise `NotSignedIn` or `SessionExpired`."""
        return (await self.resolve(uow, [token])).require_signed_in(token).signed_in_user

    async def require_buyer(self, uow: UnitOfWork, token: SessionToken | None) -> User:
        """Like `require_user`, and returns also the guest of a session without a user."""
        current_session = (await self.resolve(uow, [token])).find_unexpired(token)
        if current_session is None:
            raise NotSignedIn
        return current_session.buyer

    async def require_admin(self, uow: UnitOfWork, token: SessionToken | None) -> User:
        """Like `require_user`, and raises `Forbidden` unless the user is an admin."""
        user = await self.require_user(uow, token)
        user.require(Role.ADMIN)
        return user

    async def require_signed_in_for_update(
        self, uow: UnitOfWork, token: SessionToken | None
    ) -> CurrentSession:
        """Like `ResolvedSessions.require_signed_in`, and locks the session."""
        return (await self.resolve_for_update(uow, [token])).require_signed_in(token)

    async def resolve_or_create(
        self, uow: UnitOfWork, token: SessionToken | None
    ) -> CurrentSession:
        """Like `find_or_create`, and locks the session."""
        return self.find_or_create(await self.resolve_for_update(uow, [token]), token)

    def find_or_create(
        self, resolved_sessions: ResolvedSessions, token: SessionToken | None
    ) -> CurrentSession:
        """Like `find_unexpired`, but returns a new session if the token opens none."""
        return resolved_sessions.find_unexpired(token) or self._new_session()

    async def resolve_for_sign_in(
        self, uow: UnitOfWork, token: SessionToken | None, issued_tokens: Sequence[SessionToken]
    ) -> CurrentSession:
        """Lock the token's session; create one if the token opens none or it has expired.

        Tokens that earlier attempts issued come first: if one opens a session, that attempt was
        committed.
        """
        resolved_sessions = await self.resolve_for_update(uow, [token, *issued_tokens])
        candidates = (resolved_sessions.find(each) for each in (*reversed(issued_tokens), token))
        return next((each for each in candidates if each), None) or self._new_session()

    def sign_in(
        self,
        uow: UnitOfWork,
        current_session: CurrentSession,
        user: User,
        issued_tokens: list[SessionToken],
        carts: SessionCarts,
    ) -> CurrentSession:
        """Stage the session as this user's; add its new token to `issued_tokens`."""
        session = carts.merge(current_session.session.signed_in_as(user, at=self._clock.now()))
        new_token = (
            uow.sessions.rotate(session) if current_session.token else uow.sessions.create(session)
        )
        issued_tokens.append(new_token)
        return replace(current_session, session=session, user=user, guest=None, new_token=new_token)

    def save(
        self, uow: UnitOfWork, current_session: CurrentSession, session: Session
    ) -> CurrentSession:
        """Stage a changed session; a new session gets its first token."""
        session = session.used_at(self._clock.now())
        if current_session.token is None:
            return replace(current_session, session=session, new_token=uow.sessions.create(session))
        token = uow.sessions.save(session)
        is_unchanged = token == current_session.token and not uow.sessions.needs_rotation(session)
        return replace(current_session, session=session, new_token=None if is_unchanged else token)

    def save_if_due(self, uow: UnitOfWork, current_session: CurrentSession) -> CurrentSession:
        """Stage the use of a session, if its last use is long ago or its key is old."""
        session = current_session.session
        if self.is_use_due(session) or uow.sessions.needs_rotation(session):
            return self.save(uow, current_session, session)
        return current_session

    def is_use_due(self, session: Session) -> bool:
        """Check whether the last use is so long ago that the next one is written."""
        return self._clock.now() - session.last_seen_at >= self.policy.last_seen_interval

    def refresh(self, uow: UnitOfWork, current_session: CurrentSession) -> CurrentSession:
        """Stage changed roles under a new token, or else the session under current keys."""
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
        user_ids = {each.buyer_id for each in sessions.values() if each.buyer_id}
        users = await uow.users.get_many(user_ids) if user_ids else {}
        by_token: dict[SessionToken, CurrentSession] = {}
        expired_tokens: set[SessionToken] = set()
        for token, session in sessions.items():
            user = users.get(session.user_id) if session.user_id else None
            if session.user_id and (user is None or not user.enabled):
                continue
            if not session.is_expired(self.policy, now):
                guest_id = None if session.user_id else session.guest_id
                by_token[token] = CurrentSession(
                    session=session,
                    user=user,
                    token=token,
                    new_token=None,
                    guest=users.get(guest_id) if guest_id else None,
                )
            elif user is not None:
                expired_tokens.add(token)
        return ResolvedSessions(by_token=by_token, expired_tokens=frozenset(expired_tokens))


def _without_none(tokens: Collection[SessionToken | None]) -> set[SessionToken]:
    return {token for token in tokens if token is not None}
