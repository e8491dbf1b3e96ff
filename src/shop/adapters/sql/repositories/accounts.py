"""Accounts in a relational database, and the rows of transfers."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Row,
    Select,
    Table,
    Text,
    and_,
    cast,
    literal_column,
    select,
    union_all,
)

from shop.adapters.sql.repositories.table_repository import SqlTableRepository
from shop.adapters.sql.schema.tables import accounts, transfers, users
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import newest_first
from shop.adapters.sql.statements.writes import Fields, PendingWrite
from shop.application.ports.paging import PageRequest, TimeCursor
from shop.application.ports.repositories.accounts import AccountEntry, Accounts
from shop.application.ports.unit_of_work import LockOrder, TransactionConflict
from shop.domain.account import Account, ShopAccount, Transfer, TransferKind
from shop.domain.shared.money import MAX_AMOUNT, Currency, Money

CUSTOMER = "customer"

TRANSFERS = select(transfers)
CUSTOMERS = select(accounts).where(accounts.c.user_id.is_not(None)).order_by(accounts.c.id)


class SqlAccounts(Accounts):
    """The customers' rows in the table of accounts."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._locked: dict[UUID, Account] = {}
        self._counts_card_use = False
        self._accounts = SqlTableRepository(
            connection, CUSTOMERS, accounts.c.id, to_entity=_account, to_fields=_account_fields
        )

    async def for_users(
        self, user_ids: Collection[UUID], currency: Currency
    ) -> Mapping[UUID, Account]:
        """Return the users' accounts in the currency, by user id."""
        return _by_user(currency, await self._accounts.get_many(user_ids, by=accounts.c.user_id))

    async def lock_for_users(
        self, user_ids: Collection[UUID], currency: Currency
    ) -> Mapping[UUID, Account]:
        """Like `for_users`, and lock the rows."""
        return _by_user(currency, await self._lock(user_ids, accounts.c.user_id))

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Account]:
        """Like `get_many`, and lock the rows."""
        return {each.id: each for each in await self._lock(ids, accounts.c.id)}

    def add(self, account: Account) -> None:
        """Stage a new account."""
        self._accounts.add(account)

    def save(self, account: Account) -> None:
        """Stage the new balance of a locked account."""
        self._accounts.save(account)

    def note_counted(self, user_ids: Collection[UUID]) -> None:
        """Note that what these users have begun by card was counted, to decide about one more.

        Each such decision changes the row of the locked account, though not its balance. Otherwise
        a decision without locks could not tell that there was another one meanwhile.
        """
        self._counts_card_use = self._connection.row_parameters.combines_writes
        if self._counts_card_use:
            for account in self._locked.values():
                if account.user_id in user_ids:
                    self.save(account)

    @property
    def has_added(self) -> bool:
        """Whether new accounts are staged."""
        return self._accounts.has_added

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from self._accounts.inserts()
        yield from self._additions()

    def _additions(self) -> Iterator[PendingWrite]:
        return self._accounts.additions(["balance"])

    async def _lock(self, values: Collection[UUID], by: Column[Any]) -> Sequence[Account]:
        found = await self._accounts.lock(LockOrder.ACCOUNTS, values, by=by)
        self._locked |= {each.id: each for each in found}
        return found


class GuardedAccounts(SqlAccounts):
    """The accounts of a guarded unit of work, which may have changed since they were read."""

    def __init__(
        self, connection: SqlConnection, versions: Callable[[], Mapping[UUID, str]]
    ) -> None:
        super().__init__(connection)
        self._load_versions = versions
        self._bounds: dict[UUID, tuple[int, int]] = {}

    def note_counted(self, user_ids: Collection[UUID]) -> None:
        """Like that of any unit of work; raise `TransactionConflict` if no versions were read."""
        if not self._load_versions():
            raise TransactionConflict("without versions, what was counted needs locks")
        super().note_counted(user_ids)

    def save(self, account: Account) -> None:
        """Stage the new balance, and note the least and the most that was added so far."""
        super().save(account)
        added = account.balance.amount - self._locked[account.id].balance.amount
        least, most = self._bounds.get(account.id, (0, 0))
        self._bounds[account.id] = min(added, least), max(added, most)

    def _additions(self) -> Iterator[PendingWrite]:
        bounds = {
            each: {"least": least, "most": most} for each, (least, most) in self._bounds.items()
        }
        if not self._counts_card_use:
            return self._accounts.additions(
                ["balance"], allowed_if=_covers, for_guard=_BOUNDS, guard_fields=bounds
            )
        versions = self._load_versions()
        if not versions.keys() >= bounds.keys():
            raise TransactionConflict("an account that was not read ahead needs a lock")
        return self._accounts.additions(
            ["balance"],
            allowed_if=_covers_unchanged,
            for_guard=_BOUNDS_AND_VERSION,
            guard_fields={
                each: {**fields, "row_version": versions[each]} for each, fields in bounds.items()
            },
        )


_BOUNDS = (("least", BigInteger()), ("most", BigInteger()))
_BOUNDS_AND_VERSION = (*_BOUNDS, ("row_version", Text()))


def _covers(table: Table, rows: FromClause) -> ColumnElement[bool]:
    """Allow the addition only if the balance stays within its bounds all the time."""
    return and_(
        table.c.balance + rows.c.least >= table.c.minimum_balance,
        table.c.balance + rows.c.most <= MAX_AMOUNT,
    )


def _covers_unchanged(table: Table, rows: FromClause) -> ColumnElement[bool]:
    """Allow the addition only if nothing has changed the row, not even by adding nothing."""
    row_version = cast(literal_column(f"{table.name}.xmin"), Text)
    return and_(_covers(table, rows), row_version == rows.c.row_version)


def _by_user(currency: Currency, found: Iterable[Account]) -> Mapping[UUID, Account]:
    return {each.user_id: each for each in found if each.balance.currency == currency}


def _account(row: Row[Any]) -> Account:
    currency = Currency(row.currency)
    return Account(
        id=row.id,
        user_id=row.user_id,
        balance=Money(amount=row.balance, currency=currency),
        minimum_balance=Money(amount=row.minimum_balance, currency=currency),
        created_at=row.created_at,
    )


def _account_fields(account: Account) -> Fields:
    return {
        "id": account.id,
        "kind": CUSTOMER,
        "user_id": account.user_id,
        "currency": account.balance.currency,
        "balance": account.balance.amount,
        "minimum_balance": account.minimum_balance.amount,
        "created_at": account.created_at,
    }


def _transfer(row: Row[Any]) -> Transfer:
    return Transfer(
        id=row.id,
        kind=TransferKind(row.kind),
        debit_account_id=row.debit_account_id,
        credit_account_id=row.credit_account_id,
        amount=Money(amount=row.amount, currency=Currency(row.currency)),
        order_id=row.order_id,
        note=row.note,
        created_at=row.created_at,
    )


def _transfer_fields(transfer: Transfer) -> Fields:
    return {
        "id": transfer.id,
        "kind": transfer.kind.value,
        "debit_account_id": transfer.debit_account_id,
        "credit_account_id": transfer.credit_account_id,
        "amount": transfer.amount.amount,
        "currency": transfer.amount.currency,
        "order_id": transfer.order_id,
        "note": transfer.note,
        "created_at": transfer.created_at,
    }


def _select_entries(account_id: UUID, page: PageRequest[TimeCursor]) -> Select[Any]:
    # Each side is read from its own index, and only one page of it.
    sides = [
        newest_first(
            select(transfers, other.label("other_account_id")).where(own == account_id),
            transfers.c.created_at,
            transfers.c.id,
            page,
        ).subquery()
        for own, other in (
            (transfers.c.debit_account_id, transfers.c.credit_account_id),
            (transfers.c.credit_account_id, transfers.c.debit_account_id),
        )
    ]
    both = union_all(*(select(side) for side in sides)).subquery()
    return (
        select(both, users.c.email)
        .outerjoin(accounts, accounts.c.id == both.c.other_account_id)
        .outerjoin(users, users.c.id == accounts.c.user_id)
        .order_by(both.c.created_at.desc(), both.c.id.desc())
        .limit(page.limit + 1)
    )


def _entry(row: Row[Any]) -> AccountEntry:
    transfer = _transfer(row)
    return AccountEntry(
        transfer=transfer,
        counterparty=row.email or _shop_account(row.other_account_id, transfer.amount.currency),
    )


def _shop_account(account_id: UUID, currency: Currency) -> str:
    return next(each.value for each in ShopAccount if each.account_id(currency) == account_id)
