"""Admission: who is behind a token, and whether the session still holds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from shop.application.ports.clock import Clock
from shop.application.ports.ids import Ids
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.session import NotSignedIn, Session, SessionExpired, SessionPolicy
from shop.domain.user import Role, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A session that holds, and the user who is signed in to it, as the database knows both now.

    `token` is what opened the session, None for a new one. `issued` is what the visitor has to
    hold from now on, None where that is the same.
    """

    session: Session
    user: User | None
    token: SessionToken | None
    issued: SessionToken | None

    @property
    def privilege_changed(self) -> bool:
        """Whether the user's roles are others than when the token was issued."""
        return self.user is not None and self.user.roles != self.session.roles

    @property
    def signed_in_user(self) -> User:
        """The signed-in user; raise `NotSignedIn` where there is none."""
        if self.user is None:
            raise NotSignedIn
        return self.user


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """The visits behind a number of tokens, and the users' sessions that have expired."""

    visits: Mapping[SessionToken, Visit]
    expired: frozenset[SessionToken]

    def holding(self, token: SessionToken | None) -> Visit | None:
        """Return the visit behind a token, signed in or not; None where it opens nothing now."""
        return None if token is None else self.visits.get(token)

    def anyone(self, token: SessionToken | None) -> Visit | None:
        """Do the same, but raise `SessionExpired` where a user's session ended by itself."""
        if token in self.expired:
            raise SessionExpired
        return self.holding(token)

    def signed_in(self, token: SessionToken | None) -> Visit:
        """Return the visit of a signed-in user; raise `NotSignedIn` or `SessionExpired`."""
        visit = self.anyone(token)
        if visit is None or visit.user is None:
            raise NotSignedIn
        return visit


class Admission:
    """Opens sessions in a unit of work, and keeps what a request made of them."""

    def __init__(self, policy: SessionPolicy, clock: Clock, ids: Ids) -> None:
        self.policy = policy
        self._clock = clock
        self._ids = ids

    async def look(self, uow: UnitOfWork, tokens: Collection[SessionToken | None]) -> Arrivals:
        """Return who is behind these tokens."""
        return await self._arrivals(uow, await uow.sessions.find(_given(tokens)))

    async def lock(self, uow: UnitOfWork, tokens: Collection[SessionToken | None]) -> Arrivals:
        """Do the same, and keep others from changing these sessions until the end."""
        return await self._arrivals(uow, await uow.sessions.lock(_given(tokens)))

    async def user(self, uow: UnitOfWork, token: SessionToken | None) -> User:
        """Return the signed-in user behind a token; raise `NotSignedIn` or `SessionExpired`."""
        return (await self.look(uow, [token])).signed_in(token).signed_in_user

    async def admin(self, uow: UnitOfWork, token: SessionToken | None) -> User:
        """Do the same for an admin; raise `Forbidden` for anybody else."""
        user = await self.user(uow, token)
        user.require(Role.ADMIN)
        return user

    async def lock_signed_in(self, uow: UnitOfWork, token: SessionToken | None) -> Visit:
        """Return the locked visit of a signed-in user; raise `NotSignedIn` or `SessionExpired`."""
        return (await self.lock(uow, [token])).signed_in(token)

    async def lock_or_begin(self, uow: UnitOfWork, token: SessionToken | None) -> Visit:
        """Return the locked visit behind a token, or a new one where the token opens nothing.

        Raise `SessionExpired` where a user's session ended by itself.
        """
        return self.anyone_or_new(await self.lock(uow, [token]), token)

    def anyone_or_new(self, arrivals: Arrivals, token: SessionToken | None) -> Visit:
        """Return the visit behind a token, or a new one where the token opens nothing.

        Raise `SessionExpired` where a user's session ended by itself.
        """
        return arrivals.anyone(token) or self._new_visit()

    async def lock_for_sign_in(
        self, uow: UnitOfWork, token: SessionToken | None, earlier: Sequence[SessionToken]
    ) -> Visit:
        """Do the same, but begin a new visit also in place of an expired one.

        The tokens that earlier attempts of this unit of work have issued go first: where one of
        them opens a session, that attempt's commit did happen and was never answered.
        """
        arrivals = await self.lock(uow, [token, *earlier])
        visits = (arrivals.holding(each) for each in (*reversed(earlier), token))
        return next((visit for visit in visits if visit), None) or self._new_visit()

    def sign_in(
        self, uow: UnitOfWork, visit: Visit, user: User, earlier: list[SessionToken]
    ) -> Visit:
        """Stage the session of a locked or new visit as this user's, under a new token.

        The token joins those of earlier attempts.
        """
        session = visit.session.signed_in(user, at=self._clock.now())
        issued = uow.sessions.rotate(session) if visit.token else uow.sessions.begin(session)
        earlier.append(issued)
        return replace(visit, session=session, user=user, issued=issued)

    def keep(self, uow: UnitOfWork, visit: Visit, session: Session) -> Visit:
        """Stage what has become of the session of a visit, under the token that it has."""
        session = session.seen(self._clock.now())
        if visit.token is None:
            return replace(visit, session=session, issued=uow.sessions.begin(session))
        token = uow.sessions.save(session)
        unchanged = token == visit.token and not uow.sessions.is_outdated(session)
        return replace(visit, session=session, issued=None if unchanged else token)

    def renew(self, uow: UnitOfWork, visit: Visit) -> Visit:
        """Stage what has become of the user's roles, which takes a new token; or of the keys."""
        if not visit.privilege_changed:
            return self.keep(uow, visit, visit.session)
        session = visit.session.with_roles(visit.signed_in_user.roles).seen(self._clock.now())
        return replace(visit, session=session, issued=uow.sessions.rotate(session))

    def _new_visit(self) -> Visit:
        session = Session.begin(id=self._ids.new(), at=self._clock.now())
        return Visit(session=session, user=None, token=None, issued=None)

    async def _arrivals(
        self, uow: UnitOfWork, sessions: Mapping[SessionToken, Session]
    ) -> Arrivals:
        now = self._clock.now()
        user_ids = {session.user_id for session in sessions.values() if session.user_id}
        users = await uow.users.get_many(user_ids) if user_ids else {}
        visits: dict[SessionToken, Visit] = {}
        expired: set[SessionToken] = set()
        for token, session in sessions.items():
            user = users.get(session.user_id) if session.user_id else None
            if session.user_id and (user is None or not user.enabled):
                continue
            if not session.is_expired(self.policy, now):
                visits[token] = Visit(session=session, user=user, token=token, issued=None)
            elif user is not None:
                expired.add(token)
        return Arrivals(visits=visits, expired=frozenset(expired))


def _given(tokens: Collection[SessionToken | None]) -> set[SessionToken]:
    return {token for token in tokens if token is not None}
