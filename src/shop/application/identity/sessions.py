"""Sessions: come in, sign in and out, and everything that belongs to being signed in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from shop.application.identity.authentication import (
    CurrentSession,
    ResolvedSessions,
    SessionAuthenticator,
)
from shop.application.ports.clock import Clock
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues, result_or_error
from shop.application.transactions.runner import TransactionRunner
from shop.domain.session import (
    Preferences,
    Session,
    SessionConflict,
    SessionNotFound,
)
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.user import (
    MAX_PASSWORD_CHARACTERS,
    InvalidCredentials,
    User,
    normalise_email,
    require_password,
)

MAX_CONCURRENT_LOOKUPS = 4
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
class RevokeSession:
    """End one of my sessions, by its handle."""

    session: SessionToken | None
    handle: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lookup:
    """Who is behind a token, and whether something of the session has to be written."""

    current_session: CurrentSession | None
    needs_refresh: bool


class SessionService:
    """The use cases around a visitor's sessions."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        password_hasher: PasswordHasher,
        clock: Clock,
        queues: CommandQueues,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._password_hasher = password_hasher
        self._clock = clock
        self._lookup_queue = queues.queue_for(
            self._look_up_all, max_concurrent_groups=MAX_CONCURRENT_LOOKUPS
        )

    async def authenticate(self, token: SessionToken | None) -> CurrentSession | None:
        """Tell who is behind a token: None where it opens nothing. Raise `SessionExpired`.

        Nothing is written but, once in a while, that the session was used, and what a change of
        the user's roles or of the keys asks for. A new token replaces the old one with no time of
        grace: what was sent in parallel with the old one is nobody's.
        """
        if token is None:
            return None
        lookup = await self._lookup_queue.submit(token)
        if not lookup.needs_refresh:
            return lookup.current_session
        return await self._transactions.write(partial(self._refresh, token, []), retryable=True)

    async def _look_up_all(self, tokens: Sequence[SessionToken]) -> Sequence[_Lookup | ShopError]:
        async def look_up_all(uow: UnitOfWork) -> Sequence[_Lookup | ShopError]:
            resolved_sessions = await self._authenticator.resolve(uow, tokens)
            look_up = partial(self._look_up, uow, resolved_sessions)
            return [result_or_error(token, look_up) for token in tokens]

        return await self._transactions.read(look_up_all)

    def _look_up(
        self, uow: UnitOfWork, resolved_sessions: ResolvedSessions, token: SessionToken
    ) -> _Lookup:
        current_session = resolved_sessions.find_unexpired(token)
        if current_session is None:
            return _Lookup(current_session=None, needs_refresh=False)
        unused_for = self._clock.now() - current_session.session.last_seen_at
        needs_refresh = unused_for >= self._authenticator.policy.last_seen_interval
        return _Lookup(
            current_session=current_session,
            needs_refresh=needs_refresh or self._needs_new_token(current_session, uow),
        )

    async def _refresh(
        self, token: SessionToken, issued_tokens: list[SessionToken], uow: UnitOfWork
    ) -> CurrentSession | None:
        resolved_sessions = await self._authenticator.resolve_for_update(
            uow, [token, *issued_tokens]
        )
        # What an earlier attempt has issued opens the session where its commit did happen.
        for earlier_token in issued_tokens:
            if current_session := resolved_sessions.find(earlier_token):
                return replace(current_session, new_token=earlier_token)
        current_session = resolved_sessions.find_unexpired(token)
        if current_session is None:
            return None
        if self._needs_new_token(current_session, uow):
            try:
                current_session = self._authenticator.refresh(uow, current_session)
            except SessionConflict:
                # A parallel request has renewed it already.
                return current_session
            issued_tokens.extend([current_session.new_token] if current_session.new_token else [])
        else:
            uow.sessions.touch(current_session.session.id, self._clock.now())
        await uow.commit()
        return current_session

    def _needs_new_token(self, current_session: CurrentSession, uow: UnitOfWork) -> bool:
        return current_session.roles_changed or uow.sessions.needs_rotation(current_session.session)

    async def sign_in(self, command: SignIn) -> CurrentSession:
        """Open a session for the user with this e-mail address and password, under a new token.

        Raise `InvalidCredentials`, after the same time whatever is wrong.
        """
        user = await self._transactions.read(partial(self._find_user, command.email))
        # Hashing a longer password than any user can have would only cost time.
        password = command.password[: MAX_PASSWORD_CHARACTERS + 1]
        password_matches = await self._password_hasher.verify(
            user.password_hash if user else None, password
        )
        if user is None or not password_matches:
            raise InvalidCredentials
        password_hash = user.password_hash
        if self._password_hasher.is_outdated(password_hash):
            password_hash = await self._password_hasher.hash(password)
        issued_tokens: list[SessionToken] = []
        work = partial(self._sign_in, command.session, user, password_hash, issued_tokens)
        current_session = await self._transactions.write(work, retryable=True)
        # Another hash meanwhile: of another password, or of this one, renewed by another sign-in.
        return current_session or await self.sign_in(command)

    async def _find_user(self, email: str, uow: UnitOfWork) -> User | None:
        try:
            normalised_email = normalise_email(email)
        except InvalidValue:
            return None
        return (await uow.users.with_emails([normalised_email])).get(normalised_email)

    async def _sign_in(
        self,
        token: SessionToken | None,
        verified_user: User,
        password_hash: str,
        issued_tokens: list[SessionToken],
        uow: UnitOfWork,
    ) -> CurrentSession | None:
        current_session = await self._authenticator.resolve_for_sign_in(uow, token, issued_tokens)
        user = (await uow.users.lock([verified_user.id]))[verified_user.id]
        if not user.enabled:
            raise InvalidCredentials
        if user.password_hash not in {verified_user.password_hash, password_hash}:
            return None
        if user.password_hash != password_hash:
            user = user.with_password_hash(password_hash)
            uow.users.save(user)
        current_session = self._authenticator.sign_in(uow, current_session, user, issued_tokens)
        await uow.commit()
        return current_session

    async def sign_out(self, token: SessionToken | None) -> Session | None:
        """End the session behind the token for good, and return it; None where there is none."""
        if token is None:
            return None
        return await self._transactions.write(partial(self._sign_out, token), retryable=True)

    async def _sign_out(self, token: SessionToken, uow: UnitOfWork) -> Session | None:
        session = (await uow.sessions.lock([token])).get(token)
        if session is not None:
            uow.sessions.revoke(session.id)
            await uow.commit()
        return session

    async def change_password(self, command: ChangePassword) -> CurrentSession:
        """Replace the user's password; all of the user's other sessions end.

        Raise `NotSignedIn`, `SessionExpired`, `InvalidValue`, or `InvalidCredentials` where the
        current password is another one.
        """
        require_password(command.new, field="new")

        async def current_user(uow: UnitOfWork) -> User:
            return await self._authenticator.require_user(uow, command.session)

        user = await self._transactions.read(current_user)
        if not await self._password_hasher.verify(user.password_hash, command.current):
            raise InvalidCredentials
        password_hash = await self._password_hasher.hash(command.new)
        work = partial(self._change_password, command.session, user, password_hash)
        # Run again after it was committed, it would not find the session under its old token.
        return await self._transactions.write(work, retryable=False)

    async def _change_password(
        self, token: SessionToken | None, verified_user: User, password_hash: str, uow: UnitOfWork
    ) -> CurrentSession:
        current_session = await self._authenticator.require_signed_in_for_update(uow, token)
        user = (await uow.users.lock([verified_user.id]))[verified_user.id]
        if user.password_hash != verified_user.password_hash:
            raise InvalidCredentials
        user = user.with_password_hash(password_hash)
        uow.users.save(user)
        current_session = self._authenticator.sign_in(uow, current_session, user, [])
        await uow.sessions.revoke_all(user.id, except_session_id=current_session.session.id)
        await uow.commit()
        return current_session

    async def change_preferences(self, command: ChangePreferences) -> CurrentSession:
        """Patch the preferences of the visitor, known or not.

        Raise `SessionExpired`, `SessionConflict`, `SessionTooLarge`, or `InvalidValue` where they
        would take too much room.
        """
        work = partial(self._change_preferences, command)
        return await self._transactions.write(work, retryable=True)

    async def _change_preferences(
        self, command: ChangePreferences, uow: UnitOfWork
    ) -> CurrentSession:
        current_session = await self._authenticator.resolve_or_create(uow, command.session)
        session = current_session.session.with_preferences(command.patch)
        current_session = self._authenticator.save(uow, current_session, session)
        await uow.commit()
        return current_session

    async def list_for_user(
        self, user: User, page: PageRequest[TimeCursor]
    ) -> Page[Session, TimeCursor]:
        """Return a page of the user's sessions that hold, the newest first."""

        async def list_for_user(uow: UnitOfWork) -> Page[Session, TimeCursor]:
            return await uow.sessions.for_user(user.id, page)

        found = await self._transactions.read(list_for_user)
        policy, now = self._authenticator.policy, self._clock.now()
        # Those that have expired are there until they are swept, but open nothing any more.
        unexpired = [each for each in found.items if not each.is_expired(policy, now)]
        return Page(items=unexpired, next=found.next)

    async def revoke(self, command: RevokeSession) -> None:
        """End one of the user's sessions; raise `SessionNotFound` for anybody else's."""
        await self._transactions.write(partial(self._revoke, command), retryable=False)

    async def _revoke(self, command: RevokeSession, uow: UnitOfWork) -> None:
        user = await self._authenticator.require_user(uow, command.session)
        if not await uow.sessions.revoke_one(user.id, command.handle):
            raise SessionNotFound
        await uow.commit()

    async def revoke_others(self, token: SessionToken | None) -> None:
        """End all of the user's sessions but this one."""
        await self._transactions.write(partial(self._revoke_others, token), retryable=True)

    async def _revoke_others(self, token: SessionToken | None, uow: UnitOfWork) -> None:
        current_session = (await self._authenticator.resolve(uow, [token])).require_signed_in(token)
        await uow.sessions.revoke_all(
            current_session.signed_in_user.id, except_session_id=current_session.session.id
        )
        await uow.commit()

    async def purge_expired(self) -> int:
        """End the sessions that have expired; return how many."""
        return await self._transactions.write(self._purge_expired, retryable=True)

    async def _purge_expired(self, uow: UnitOfWork) -> int:
        purged_count = await uow.sessions.purge_expired(
            self._authenticator.policy, self._clock.now()
        )
        await uow.commit()
        return purged_count
