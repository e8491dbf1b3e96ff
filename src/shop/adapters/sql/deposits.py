"""Deposits in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from shop.adapters.sql.changes import Change, Fields
from shop.adapters.sql.connection import SqlConnection
from shop.adapters.sql.entities import SqlEntities
from shop.adapters.sql.paging import listing, newest_first
from shop.adapters.sql.tables import deposits
from shop.application.ports.deposits import Deposits
from shop.application.ports.idempotency import KeyId
from shop.application.ports.paging import Listing, Moment, Page, Span
from shop.domain.deposit import Deposit
from shop.domain.money import Currency, Money
from shop.domain.payment import PaymentStatus

ALL = select(deposits)
DEPOSITS = ALL.order_by(deposits.c.id)


class SqlDeposits(Deposits):
    """The table of deposits."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._deposits = SqlEntities(
            connection, DEPOSITS, deposits.c.id, entity=_deposit, fields=_fields
        )

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
        """Return those deposits that exist, by id."""
        return {each.id: each for each in await self._deposits.get_many(ids, by=deposits.c.id)}

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
        """Return those deposits that exist, by id, their rows locked."""
        return {each.id: each for each in await self._deposits.lock(ids, by=deposits.c.id)}

    async def under_keys(self, keys: Collection[KeyId]) -> Mapping[KeyId, UUID]:
        """Return the ids of the deposits that were made under these keys."""
        wanted = [{"user_id": each.user_id, "idempotency_key": each.key} for each in keys]
        rows = await self._connection.matching(deposits, wanted)
        return {KeyId(user_id=row.user_id, key=row.idempotency_key): row.id for row in rows}

    async def search(self, span: Span, page: Page[Moment]) -> Listing[Deposit, Moment]:
        """Return a page of deposits, the newest first."""
        made_at = deposits.c.created_at
        asked = ALL.where(made_at >= span.since, made_at < span.until)
        rows = await self._connection.all(newest_first(asked, made_at, deposits.c.id, page))
        return listing(
            [_deposit(row) for row in rows],
            page,
            lambda deposit: Moment(at=deposit.created_at, id=deposit.id),
        )

    def add(self, deposit: Deposit) -> None:
        """Stage a new deposit."""
        self._deposits.add(deposit)

    def save(self, deposit: Deposit) -> None:
        """Stage the next state of a locked deposit."""
        self._deposits.save(deposit)

    def changes(self) -> Iterator[Change]:
        """Return what was staged."""
        yield from self._deposits.insertions()
        yield from self._deposits.alterations()


def _deposit(row: Row[Any]) -> Deposit:
    return Deposit(
        id=row.id,
        user_id=row.user_id,
        account_id=row.account_id,
        idempotency_key=row.idempotency_key,
        amount=Money(amount=row.amount, currency=Currency(row.currency)),
        status=PaymentStatus(row.status),
        token=row.card_token,
        gateway_id=row.gateway_id,
        expires_at=row.expires_at,
        created_at=row.created_at,
    )


def _fields(deposit: Deposit) -> Fields:
    return {
        "id": deposit.id,
        "user_id": deposit.user_id,
        "account_id": deposit.account_id,
        "idempotency_key": deposit.idempotency_key,
        "amount": deposit.amount.amount,
        "currency": deposit.amount.currency,
        "status": deposit.status.value,
        "card_token": deposit.token,
        "gateway_id": deposit.gateway_id,
        "expires_at": deposit.expires_at,
        "created_at": deposit.created_at,
    }
