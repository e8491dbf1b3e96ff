"""Sessions: come in, sign in and out, and everything that belongs to being signed in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from shop.application.admission import Admission, Arrivals, Visit
from shop.application.group_commit import Lines, answer_or_refusal
from shop.application.ports.clock import Clock
from shop.application.ports.paging import Listing, Moment, Page
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.errors import RuleBroken, ShopError
from shop.domain.session import (
    Preferences,
    Session,
    SessionConflict,
    SessionNotFound,
)
from shop.domain.user import (
    MAX_PASSWORD_CHARACTERS,
    User,
    WrongCredentials,
    normalise_email,
    require_password,
)

LOOKS_AT_ONCE = 4
"""How many groups of visitors are looked up at once: one that is stuck is not to stop all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Become known again; the session that the token opens, with its cart, becomes the user's."""

    session: SessionToken | None
    email: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword:
    """Replace the password that is known by a new one."""

    session: SessionToken | None
    current: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePreferences:
    """Apply a merge patch (RFC 7396) to the preferences of the session."""

    session: SessionToken | None
    patch: Preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSession:
    """End one of my sessions, by its handle."""

    session: SessionToken | None
    handle: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """Who is behind a token, and whether something of the session has to be written."""

    visit: Visit | None
    is_due: bool


class Sessions:
    """The use cases around a visitor's sessions."""

    def __init__(
        self,
        transact: Transact,
        admission: Admission,
        hasher: PasswordHasher,
        clock: Clock,
        lines: Lines,
    ) -> None:
        self._transact = transact
        self._admission = admission
        self._hasher = hasher
        self._clock = clock
        self._entrance = lines.before(self._look, at_once=LOOKS_AT_ONCE)

    async def enter(self, token: SessionToken | None) -> Visit | None:
        """Tell who is behind a token: None where it opens nothing. Raise `SessionExpired`.

        Nothing is written but, once in a while, that the session was used, and what a change of
        the user's roles or of the keys asks for. A new token replaces the old one with no time of
        grace: what was sent in parallel with the old one is nobody's.
        """
        if token is None:
            return None
        look = await self._entrance.send(token)
        if not look.is_due:
            return look.visit
        return await self._transact.write(partial(self._renew, token, []), repeatable=True)

    async def _look(self, tokens: Sequence[SessionToken]) -> Sequence[_Look | ShopError]:
        async def look(uow: UnitOfWork) -> Sequence[_Look | ShopError]:
            arrivals = await self._admission.look(uow, tokens)
            look_of = partial(self._look_of, uow, arrivals)
            return [answer_or_refusal(token, look_of) for token in tokens]

        return await self._transact.read(look)

    def _look_of(self, uow: UnitOfWork, arrivals: Arrivals, token: SessionToken) -> _Look:
        visit = arrivals.anyone(token)
        if visit is None:
            return _Look(visit=None, is_due=False)
        unseen = self._clock.now() - visit.session.last_seen_at
        is_due = unseen >= self._admission.policy.touch_every
        return _Look(visit=visit, is_due=is_due or self._needs_token(visit, uow))

    async def _renew(
        self, token: SessionToken, issued: list[SessionToken], uow: UnitOfWork
    ) -> Visit | None:
        arrivals = await self._admission.lock(uow, [token, *issued])
        # What an earlier attempt has issued opens the session where its commit did happen.
        for earlier in issued:
            if visit := arrivals.holding(earlier):
                return replace(visit, issued=earlier)
        visit = arrivals.anyone(token)
        if visit is None:
            return None
        if self._needs_token(visit, uow):
            try:
                visit = self._admission.renew(uow, visit)
            except SessionConflict:
                # A parallel request has renewed it already.
                return visit
            issued.extend([visit.issued] if visit.issued else [])
        else:
            uow.sessions.touch(visit.session.id, self._clock.now())
        await uow.commit()
        return visit

    def _needs_token(self, visit: Visit, uow: UnitOfWork) -> bool:
        return visit.privilege_changed or uow.sessions.is_outdated(visit.session)

    async def sign_in(self, command: SignIn) -> Visit:
        """Open a session for the user with this e-mail address and password, under a new token.

        Raise `WrongCredentials`, after the same time whatever is wrong.
        """
        user = await self._transact.read(partial(self._user_with, command.email))
        # Hashing a longer password than any user can have would only cost time.
        password = command.password[: MAX_PASSWORD_CHARACTERS + 1]
        known = await self._hasher.verify(user.password_hash if user else None, password)
        if user is None or not known:
            raise WrongCredentials
        password_hash = user.password_hash
        if self._hasher.is_outdated(password_hash):
            password_hash = await self._hasher.hash(password)
        issued: list[SessionToken] = []
        work = partial(self._sign_in, command.session, user, password_hash, issued)
        visit = await self._transact.write(work, repeatable=True)
        # Another hash meanwhile: of another password, or of this one, renewed by another sign-in.
        return visit or await self.sign_in(command)

    async def _user_with(self, email: str, uow: UnitOfWork) -> User | None:
        try:
            address = normalise_email(email)
        except RuleBroken:
            return None
        return (await uow.users.with_emails([address])).get(address)

    async def _sign_in(
        self,
        token: SessionToken | None,
        verified: User,
        password_hash: str,
        issued: list[SessionToken],
        uow: UnitOfWork,
    ) -> Visit | None:
        visit = await self._admission.lock_for_sign_in(uow, token, issued)
        user = (await uow.users.lock([verified.id]))[verified.id]
        if not user.enabled:
            raise WrongCredentials
        if user.password_hash not in {verified.password_hash, password_hash}:
            return None
        if user.password_hash != password_hash:
            user = user.with_password_hash(password_hash)
            uow.users.save(user)
        visit = self._admission.sign_in(uow, visit, user, issued)
        await uow.commit()
        return visit

    async def sign_out(self, token: SessionToken | None) -> Session | None:
        """End the session behind the token for good, and return it; None where there is none."""
        if token is None:
            return None
        return await self._transact.write(partial(self._sign_out, token), repeatable=True)

    async def _sign_out(self, token: SessionToken, uow: UnitOfWork) -> Session | None:
        session = (await uow.sessions.lock([token])).get(token)
        if session is not None:
            uow.sessions.end(session.id)
            await uow.commit()
        return session

    async def change_password(self, command: ChangePassword) -> Visit:
        """Replace the user's password; all of the user's other sessions end.

        Raise `NotSignedIn`, `SessionExpired`, `RuleBroken`, or `WrongCredentials` where the
        current password is another one.
        """
        require_password(command.new, field="new")

        async def current_user(uow: UnitOfWork) -> User:
            return await self._admission.user(uow, command.session)

        user = await self._transact.read(current_user)
        if not await self._hasher.verify(user.password_hash, command.current):
            raise WrongCredentials
        password_hash = await self._hasher.hash(command.new)
        work = partial(self._change_password, command.session, user, password_hash)
        # Run again after it was committed, it would not find the session under its old token.
        return await self._transact.write(work, repeatable=False)

    async def _change_password(
        self, token: SessionToken | None, verified: User, password_hash: str, uow: UnitOfWork
    ) -> Visit:
        visit = await self._admission.lock_signed_in(uow, token)
        user = (await uow.users.lock([verified.id]))[verified.id]
        if user.password_hash != verified.password_hash:
            raise WrongCredentials
        user = user.with_password_hash(password_hash)
        uow.users.save(user)
        visit = self._admission.sign_in(uow, visit, user, [])
        await uow.sessions.end_all(user.id, keep=visit.session.id)
        await uow.commit()
        return visit

    async def change_preferences(self, command: ChangePreferences) -> Visit:
        """Patch the preferences of the visitor, known or not.

        Raise `SessionExpired`, `SessionConflict`, `SessionTooLarge`, or `RuleBroken` where they
        would take too much room.
        """
        work = partial(self._change_preferences, command)
        return await self._transact.write(work, repeatable=True)

    async def _change_preferences(self, command: ChangePreferences, uow: UnitOfWork) -> Visit:
        visit = await self._admission.lock_or_begin(uow, command.session)
        session = visit.session.with_preferences(command.patch)
        visit = self._admission.keep(uow, visit, session)
        await uow.commit()
        return visit

    async def of_user(self, user: User, page: Page[Moment]) -> Listing[Session, Moment]:
        """Return a page of the user's sessions that hold, the newest first."""

        async def of_user(uow: UnitOfWork) -> Listing[Session, Moment]:
            return await uow.sessions.of_user(user.id, page)

        found = await self._transact.read(of_user)
        policy, now = self._admission.policy, self._clock.now()
        # Those that have expired are there until they are swept, but open nothing any more.
        holding = [each for each in found.items if not each.is_expired(policy, now)]
        return Listing(items=holding, next=found.next)

    async def end(self, command: EndSession) -> None:
        """End one of the user's sessions; raise `SessionNotFound` for anybody else's."""
        await self._transact.write(partial(self._end, command), repeatable=False)

    async def _end(self, command: EndSession, uow: UnitOfWork) -> None:
        user = await self._admission.user(uow, command.session)
        if not await uow.sessions.end_one(user.id, command.handle):
            raise SessionNotFound
        await uow.commit()

    async def end_others(self, token: SessionToken | None) -> None:
        """End all of the user's sessions but this one."""
        await self._transact.write(partial(self._end_others, token), repeatable=True)

    async def _end_others(self, token: SessionToken | None, uow: UnitOfWork) -> None:
        visit = (await self._admission.look(uow, [token])).signed_in(token)
        await uow.sessions.end_all(visit.signed_in_user.id, keep=visit.session.id)
        await uow.commit()

    async def sweep(self) -> int:
        """End the sessions that have expired; return how many."""
        return await self._transact.write(self._sweep, repeatable=True)

    async def _sweep(self, uow: UnitOfWork) -> int:
        swept = await uow.sessions.sweep(self._admission.policy, self._clock.now())
        await uow.commit()
        return swept
