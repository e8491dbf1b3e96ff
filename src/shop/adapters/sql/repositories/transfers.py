"""Transfers in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from shop.adapters.sql.repositories.accounts import (
    TRANSFERS,
    _entry,
    _select_entries,
    _transfer,
    _transfer_fields,
)
from shop.adapters.sql.schema.tables import transfers
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import to_page
from shop.adapters.sql.statements.writes import Fields, PendingWrite, insert_rows
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.accounts import AccountEntry
from shop.application.ports.repositories.transfers import Transfers
from shop.domain.account import Transfer


class SqlTransfers(Transfers):
    """The table of transfers."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._added: list[Fields] = []

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Transfer]:
        """Return transfers by id."""
        rows = await self._connection.fetch_where_in(TRANSFERS, transfers.c.id, ids)
        return {row.id: _transfer(row) for row in rows}

    async def entries(
        self, account_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[AccountEntry, TimeCursor]:
        """Return a page of an account's transfers, newest first."""
        rows = await self._connection.fetch_all(_select_entries(account_id, page))
        return to_page(
            [_entry(row) for row in rows],
            page,
            lambda entry: TimeCursor(at=entry.transfer.created_at, id=entry.transfer.id),
        )

    def add(self, transfer: Transfer) -> None:
        """Stage a new transfer."""
        self._connection.require_staging()
        self._added.append(_transfer_fields(transfer))

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        return insert_rows(transfers, self._added)
