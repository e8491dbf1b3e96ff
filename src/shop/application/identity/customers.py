"""Shows customers to staff, with their accounts and orders."""

from collections.abc import Sequence
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.orders import OrderTotals
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import Account
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value
from shop.domain.user import Role, User, UserNotFound


@value
class CustomerView:
    """A user with groups, the account in the shop's currency, and the totals of the orders."""

    user: User
    account: Account | None
    orders: OrderTotals
    groups: frozenset[str]


class CustomerQueries:
    """Shows and searches customers, for admins."""

    def __init__(self, transactions: TransactionRunner, currency: Currency) -> None:
        self._transactions = transactions
        self._currency = currency

    async def search(
        self,
        user: User,
        words: str,
        page: PageRequest[TimeCursor],
        *,
        includes_guests: bool = False,
    ) -> Page[CustomerView, TimeCursor]:
        """Return a page of users whose name or address has the words, newest first.

        Guests are left out unless asked for. Raise `Forbidden` unless the user is an admin.
        """
        user.require(Role.ADMIN)

        async def search(uow: UnitOfWork) -> Page[CustomerView, TimeCursor]:
            found = await uow.users.search(words, page, includes_guests=includes_guests)
            return Page(items=await self._views(uow, found.items), next=found.next)

        return await self._transactions.read(search)

    async def show(self, user: User, user_id: UUID) -> CustomerView:
        """Return a user; raise `Forbidden` unless an admin asks, and `UserNotFound`."""
        user.require(Role.ADMIN)

        async def show(uow: UnitOfWork) -> CustomerView:
            found = await uow.users.get_many([user_id])
            if user_id not in found:
                raise UserNotFound
            return (await self._views(uow, [found[user_id]]))[0]

        return await self._transactions.read(show)

    async def _views(self, uow: UnitOfWork, users: Sequence[User]) -> Sequence[CustomerView]:
        ids = [user.id for user in users]
        accounts = await uow.accounts.for_users(ids, self._currency)
        totals = await uow.orders.totals_for_users(ids, self._currency)
        groups = await uow.customer_groups.of_users(ids)
        none = OrderTotals(count=0, amount=Money.zero(self._currency))
        return [
            CustomerView(
                user=user,
                account=accounts.get(user.id),
                orders=totals.get(user.id, none),
                groups=groups[user.id],
            )
            for user in users
        ]
