"""Deposits in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select

from shop.adapters.sql.repositories.table_repository import SqlTableRepository
from shop.adapters.sql.schema.tables import deposits
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import newest_first, to_page
from shop.adapters.sql.statements.writes import Fields, PendingWrite
from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.application.ports.repositories.deposits import Deposits
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.deposit import Deposit
from shop.domain.payment import PaymentStatus
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.money import Currency, Money

ALL_DEPOSITS = select(deposits)
DEPOSITS = ALL_DEPOSITS.order_by(deposits.c.id)


class SqlDeposits(Deposits):
    """The table of deposits."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._deposits = SqlTableRepository(
            connection, DEPOSITS, deposits.c.id, to_entity=_deposit, to_fields=_fields
        )

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
        """Return deposits by id."""
        return {each.id: each for each in await self._deposits.get_many(ids, by=deposits.c.id)}

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
        """Like `get_many`, and lock the rows."""
        return {
            each.id: each
            for each in await self._deposits.lock(LockOrder.ORDERS, ids, by=deposits.c.id)
        }

    async def with_keys(self, keys: Collection[IdempotencyKey]) -> Mapping[IdempotencyKey, UUID]:
        """Return the ids of the deposits that were made under these keys."""
        key_fields = [{"user_id": each.user_id, "idempotency_key": each.value} for each in keys]
        rows = await self._connection.fetch_matching(deposits, key_fields)
        return {_idempotency_key(row): row.id for row in rows}

    async def search(
        self, time_range: TimeRange, page: PageRequest[TimeCursor]
    ) -> Page[Deposit, TimeCursor]:
        """Return a page of deposits, newest first."""
        made_at = deposits.c.created_at
        query = ALL_DEPOSITS.where(made_at >= time_range.since, made_at < time_range.until)
        return await self._page(query, page)

    async def of_user(
        self, user_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[Deposit, TimeCursor]:
        """Return a page of a user's deposits, newest first."""
        return await self._page(ALL_DEPOSITS.where(deposits.c.user_id == user_id), page)

    async def _page(
        self, query: Select[Any], page: PageRequest[TimeCursor]
    ) -> Page[Deposit, TimeCursor]:
        rows = await self._connection.fetch_all(
            newest_first(query, deposits.c.created_at, deposits.c.id, page)
        )
        return to_page(
            [_deposit(row) for row in rows],
            page,
            lambda deposit: TimeCursor(at=deposit.created_at, id=deposit.id),
        )

    def add(self, deposit: Deposit) -> None:
        """Stage a new deposit."""
        self._deposits.add(deposit)

    def save(self, deposit: Deposit) -> None:
        """Stage the next state of a locked deposit."""
        self._deposits.save(deposit)

    @property
    def has_added(self) -> bool:
        """Whether new deposits are staged."""
        return self._deposits.has_added

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from self._deposits.inserts()
        yield from self._deposits.updates()


def _deposit(row: Row[Any]) -> Deposit:
    return Deposit(
        id=row.id,
        account_id=row.account_id,
        idempotency_key=_idempotency_key(row),
        amount=Money(amount=row.amount, currency=Currency(row.currency)),
        status=PaymentStatus(row.status),
        token=row.card_token,
        gateway_payment_id=row.gateway_payment_id,
        expires_at=row.expires_at,
        created_at=row.created_at,
    )


def _idempotency_key(row: Row[Any]) -> IdempotencyKey:
    return IdempotencyKey(user_id=row.user_id, value=row.idempotency_key)


def _fields(deposit: Deposit) -> Fields:
    return {
        "id": deposit.id,
        "user_id": deposit.user_id,
        "account_id": deposit.account_id,
        "idempotency_key": deposit.idempotency_key.value,
        "amount": deposit.amount.amount,
        "currency": deposit.amount.currency,
        "status": deposit.status.value,
        "card_token": deposit.token,
        "gateway_payment_id": deposit.gateway_payment_id,
        "expires_at": deposit.expires_at,
        "created_at": deposit.created_at,
    }
