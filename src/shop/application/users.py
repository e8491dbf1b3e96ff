"""Users: what the shop's operator decides about them."""

from collections.abc import Callable
from functools import partial

from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.user import Role, User, UserNotFound, normalise_email


class Users:
    """The operator's use cases around users; no session is asked for."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def promote(self, email: str, role: Role) -> User:
        """Give a user a role; raise `UserNotFound` where nobody has the address."""
        work = partial(self._change, email, lambda user: user.with_role(role))
        return await self._transact.write(work, repeatable=True)

    async def demote(self, email: str, role: Role) -> User:
        """Take a role from a user; raise `UserNotFound` where nobody has the address."""
        work = partial(self._change, email, lambda user: user.without_role(role))
        return await self._transact.write(work, repeatable=True)

    async def _change(self, email: str, change: Callable[[User], User], uow: UnitOfWork) -> User:
        address = normalise_email(email)
        found = (await uow.users.with_emails([address])).get(address)
        if found is None:
            raise UserNotFound
        user = change((await uow.users.lock([found.id]))[found.id])
        uow.users.save(user)
        await uow.commit()
        return user
