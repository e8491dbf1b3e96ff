"""Grants and revokes roles, for the operator."""

from collections.abc import Callable
from functools import partial

from shop.application.identity.email_lookup import find_by_email
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.user import Role, User, UserNotFound, normalise_email


class RoleService:
    """Grants and revokes roles; needs no session."""

    def __init__(self, transactions: TransactionRunner) -> None:
        self._transactions = transactions

    async def grant(self, email: str, role: Role) -> User:
        """Grant a role to a user; raise `UserNotFound` if no user has the address."""
        work = partial(self._change, email, lambda user: user.with_role(role))
        return await self._transactions.write(work, retryable=True)

    async def revoke(self, email: str, role: Role) -> User:
        """Revoke a role of a user; raise `UserNotFound` if no user has the address."""
        work = partial(self._change, email, lambda user: user.without_role(role))
        return await self._transactions.write(work, retryable=True)

    async def _change(self, email: str, change: Callable[[User], User], uow: UnitOfWork) -> User:
        found = await find_by_email(uow, normalise_email(email))
        if found is None:
            raise UserNotFound
        user = change((await uow.users.lock([found.id]))[found.id])
        uow.users.save(user)
        await uow.commit()
        return user
