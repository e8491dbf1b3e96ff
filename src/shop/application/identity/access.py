"""Says what users may do and which groups they are in, for staff and the operator."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

from shop.application.identity.authentication import SessionAuthenticator
from shop.application.identity.email_lookup import find_by_email
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.value import value
from shop.domain.user import User, UserNotFound, normalise_email

T = TypeVar("T")


@value
class ChangeAccess:
    """Enable or disable a user, or put the user into groups (admin); None changes nothing."""

    session: SessionToken | None
    user_id: UUID
    enabled: bool | None = None
    groups: frozenset[str] | None = None


@value
class EndSessions:
    """End all sessions of a user (admin)."""

    session: SessionToken | None
    user_id: UUID


class AccessService:
    """Disables and enables users, ends their sessions, and puts them into groups.

    All of it counts from the user's next request on. Signing in as a disabled user fails like a
    wrong password. Guests are no users to it: they cannot sign in.
    """

    def __init__(
        self, transactions: TransactionRunner, authenticator: SessionAuthenticator
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator

    async def change(self, command: ChangeAccess) -> User:
        """Enable or disable a user or change the groups, for an admin.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `UserNotFound`, or `InvalidValue` if
        the admin would disable themselves.
        """

        async def change(uow: UnitOfWork) -> User:
            admin = await self._authenticator.require_admin(uow, command.session)
            if admin.id == command.user_id and command.enabled is False:
                raise InvalidValue(field="disabled", rule="cannot be set by the user themselves")
            return await _change(
                uow, command.user_id, enabled=command.enabled, groups=command.groups
            )

        return await self._transactions.write(change, retryable=True)

    async def end_sessions(self, command: EndSessions) -> int:
        """End all sessions of a user, for an admin; return how many.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden` or `UserNotFound`.
        """

        async def end_sessions(uow: UnitOfWork) -> int:
            await self._authenticator.require_admin(uow, command.session)
            return await _end_sessions(uow, command.user_id)

        return await self._transactions.write(end_sessions, retryable=False)

    async def change_by_email(self, email: str, *, enabled: bool) -> User:
        """Enable or disable a user, for the operator; raise `UserNotFound` or `InvalidValue`."""
        return await self._for_email(email, partial(_change, enabled=enabled))

    async def end_sessions_by_email(self, email: str) -> int:
        """End all sessions of a user, for the operator; return how many.

        Raise `UserNotFound` or `InvalidValue`.
        """
        return await self._for_email(email, _end_sessions)

    async def _for_email(self, email: str, work: Callable[[UnitOfWork, UUID], Awaitable[T]]) -> T:
        normalised_email = normalise_email(email)

        async def find_and_work(uow: UnitOfWork) -> T:
            found = await find_by_email(uow, normalised_email)
            if found is None:
                raise UserNotFound
            return await work(uow, found.id)

        return await self._transactions.write(find_and_work, retryable=True)


async def _change(
    uow: UnitOfWork, user_id: UUID, *, enabled: bool | None, groups: frozenset[str] | None = None
) -> User:
    if enabled is False:
        # Sessions are locked before users.
        await uow.sessions.revoke_all(user_id, except_session_id=None)
    user = (await uow.users.lock([user_id])).get(user_id)
    if user is None or user.is_guest:
        raise UserNotFound
    if groups is not None:
        before = await uow.customer_groups.of_users([user.id])
        uow.customer_groups.change(user.id, before[user.id], groups)
    if enabled is not None:
        user = user.with_access(enabled=enabled)
        uow.users.save(user)
    if enabled is False:
        # Those that began meanwhile, or they would open again once the user is enabled.
        await uow.sessions.revoke_all(user.id, except_session_id=None)
    await uow.commit()
    return user


async def _end_sessions(uow: UnitOfWork, user_id: UUID) -> int:
    user = (await uow.users.get_many([user_id])).get(user_id)
    if user is None or user.is_guest:
        raise UserNotFound
    ended = await uow.sessions.revoke_all(user_id, except_session_id=None)
    await uow.commit()
    return ended
