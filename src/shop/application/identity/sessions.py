"""Finds, changes, lists and revokes sessions."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from shop.application.identity.authentication import (
    CurrentSession,
    ResolvedSessions,
    SessionAuthenticator,
)
from shop.application.ports.clock import Clock
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues, result_or_error
from shop.application.transactions.runner import TransactionRunner
from shop.domain.session import Preferences, Session, SessionConflict, SessionNotFound
from shop.domain.shared.errors import ShopError
from shop.domain.shared.value import value
from shop.domain.user import User

MAX_CONCURRENT_LOOKUPS = 4
"""Groups of tokens at once, so that a stuck one does not stop all."""


@value
class ChangePreferences:
    """Apply a merge patch (RFC 7396) to the preferences of the session."""

    session: SessionToken | None
    patch: Preferences


@value
class RevokeSession:
    """Revoke one of the user's sessions, by its handle."""

    session: SessionToken | None
    handle: UUID


@value
class SessionLookup:
    """The session of a token, and whether it has to be written."""

    current_session: CurrentSession | None
    needs_refresh: bool


class SessionService:
    """Authenticates, changes, lists and revokes sessions."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        clock: Clock,
        queues: CommandQueues,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock
        self._lookup_queue = queues.queue_for(
            self._look_up_all, max_concurrent_groups=MAX_CONCURRENT_LOOKUPS
        )

    async def authenticate(self, token: SessionToken | None) -> CurrentSession | None:
        """Return the session of a token, None if it opens none; raise `SessionExpired`.

        The session is written only if its last use is long ago, or if the user's roles or the keys
        changed. A new token replaces the old one at once, so a parallel request with the old token
        finds no session.
        """
        if token is None:
            return None
        return await self.finish(token, await self._lookup_queue.submit(token))

    async def _look_up_all(
        self, tokens: Sequence[SessionToken]
    ) -> Sequence[SessionLookup | ShopError]:
        async def look_up_all(uow: UnitOfWork) -> Sequence[SessionLookup | ShopError]:
            await uow.read_ahead([RowsWanted(session=each) for each in tokens])
            look_up = await self.lookups(uow, tokens)
            return [result_or_error(token, look_up) for token in tokens]

        return await self._transactions.read(look_up_all)

    async def lookups(
        self, uow: UnitOfWork, tokens: Collection[SessionToken]
    ) -> Callable[[SessionToken], SessionLookup]:
        """Return what looks up the session of one of these tokens, or raises `SessionExpired`."""
        resolved_sessions = await self._authenticator.resolve(uow, tokens)
        return partial(self._look_up, uow, resolved_sessions)

    def _look_up(
        self, uow: UnitOfWork, resolved_sessions: ResolvedSessions, token: SessionToken
    ) -> SessionLookup:
        current_session = resolved_sessions.find_unexpired(token)
        if current_session is None:
            return SessionLookup(current_session=None, needs_refresh=False)
        needs_refresh = self._authenticator.is_use_due(current_session.session)
        return SessionLookup(
            current_session=current_session,
            needs_refresh=needs_refresh or self._needs_new_token(current_session, uow),
        )

    async def finish(self, token: SessionToken, lookup: SessionLookup) -> CurrentSession | None:
        """Return the session that was looked up; write its use if that is due."""
        if not lookup.needs_refresh:
            return lookup.current_session
        return await self._transactions.write(partial(self._refresh, token, []), retryable=True)

    async def _refresh(
        self, token: SessionToken, issued_tokens: list[SessionToken], uow: UnitOfWork
    ) -> CurrentSession | None:
        resolved_sessions = await self._authenticator.resolve_for_update(
            uow, [token, *issued_tokens]
        )
        # A token that an earlier attempt issued opens the session if that attempt was committed.
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
                # A parallel request has refreshed it already.
                return current_session
            issued_tokens.extend([current_session.new_token] if current_session.new_token else [])
        else:
            uow.sessions.touch(current_session.session.id, self._clock.now())
        await uow.commit()
        return current_session

    def _needs_new_token(self, current_session: CurrentSession, uow: UnitOfWork) -> bool:
        return current_session.roles_changed or uow.sessions.needs_rotation(current_session.session)

    async def sign_out(self, token: SessionToken | None) -> Session | None:
        """Revoke the session of the token and return it; return None if there is none."""
        if token is None:
            return None
        return await self._transactions.write(partial(self._sign_out, token), retryable=True)

    async def _sign_out(self, token: SessionToken, uow: UnitOfWork) -> Session | None:
        session = (await uow.sessions.lock([token])).get(token)
        if session is not None:
            uow.sessions.revoke(session.id)
            await uow.commit()
        return session

    async def change_preferences(self, command: ChangePreferences) -> CurrentSession:
        """Patch the preferences of the session, signed in or not.

        Raise `SessionExpired`, `SessionConflict`, `SessionTooLarge`, or `InvalidValue` if the
        preferences would be too large.
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
        """Return a page of the user's sessions that have not expired, newest first."""

        async def list_for_user(uow: UnitOfWork) -> Page[Session, TimeCursor]:
            return await uow.sessions.for_user(user.id, page)

        found = await self._transactions.read(list_for_user)
        policy, now = self._authenticator.policy, self._clock.now()
        # Expired sessions are stored until they are purged, but open nothing.
        unexpired = [each for each in found.items if not each.is_expired(policy, now)]
        return Page(items=unexpired, next=found.next)

    async def revoke(self, command: RevokeSession) -> None:
        """Revoke one of the user's sessions; raise `SessionNotFound` for other handles."""
        await self._transactions.write(partial(self._revoke, command), retryable=False)

    async def _revoke(self, command: RevokeSession, uow: UnitOfWork) -> None:
        user = await self._authenticator.require_user(uow, command.session)
        if not await uow.sessions.revoke_one(user.id, command.handle):
            raise SessionNotFound
        await uow.commit()

    async def revoke_others(self, token: SessionToken | None) -> None:
        """Revoke all of the user's sessions except this one."""
        await self._transactions.write(partial(self._revoke_others, token), retryable=True)

    async def _revoke_others(self, token: SessionToken | None, uow: UnitOfWork) -> None:
        current_session = (await self._authenticator.resolve(uow, [token])).require_signed_in(token)
        await uow.sessions.revoke_all(
            current_session.signed_in_user.id, except_session_id=current_session.session.id
        )
        await uow.commit()

    async def purge_expired(self) -> int:
        """Delete the sessions that have expired; return how many."""
        return await self._transactions.write(self._purge_expired, retryable=True)

    async def _purge_expired(self, uow: UnitOfWork) -> int:
        purged_count = await uow.sessions.purge_expired(
            self._authenticator.policy, self._clock.now()
        )
        await uow.commit()
        return purged_count
