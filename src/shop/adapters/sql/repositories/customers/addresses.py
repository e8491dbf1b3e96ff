"""Saved addresses in a relational database."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from shop.adapters.sql.schema.address_documents import address_from_document, address_to_document
from shop.adapters.sql.schema.tables import addresses
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import newest_first, to_page
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    delete_rows,
    insert_rows,
    update_rows,
)
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.customers.addresses import Addresses
from shop.domain.address import SavedAddress

ADDRESSES = select(addresses)


class SqlAddresses(Addresses):
    """The table of addresses."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._added: list[Fields] = []
        self._saved: list[Fields] = []
        self._removed: list[Fields] = []

    async def find(self, user_id: UUID, address_id: UUID) -> SavedAddress | None:
        """Return an address of a user's book."""
        is_own = (addresses.c.id == address_id) & (addresses.c.user_id == user_id)
        rows = await self._connection.fetch_all(ADDRESSES.where(is_own))
        return _address(rows[0]) if rows else None

    async def count(self, user_id: UUID) -> int:
        """Return how many addresses the book of a user has."""
        number = select(func.count()).where(addresses.c.user_id == user_id)
        ((count,),) = await self._connection.fetch_all(number)
        return int(count)

    async def of_user(
        self, user_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[SavedAddress, TimeCursor]:
        """Return a page of a user's addresses, newest first."""
        book = ADDRESSES.where(addresses.c.user_id == user_id)
        rows = await self._connection.fetch_all(
            newest_first(book, addresses.c.created_at, addresses.c.id, page)
        )
        return to_page(
            [_address(row) for row in rows],
            page,
            lambda each: TimeCursor(at=each.created_at, id=each.id),
        )

    def add(self, address: SavedAddress) -> None:
        """Stage a new address."""
        self._connection.require_staging()
        self._added.append(_fields(address))

    def save(self, address: SavedAddress) -> None:
        """Stage the new content of an address."""
        self._connection.require_staging()
        self._saved.append(_fields(address))

    def remove(self, address: SavedAddress) -> None:
        """Stage the removal of an address."""
        self._connection.require_staging()
        self._removed.append({"id": address.id})

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from insert_rows(addresses, self._added)
        yield from update_rows(addresses, ["id"], self._saved)
        yield from delete_rows(addresses, self._removed)


def _address(row: Row[Any]) -> SavedAddress:
    return SavedAddress(
        id=row.id,
        user_id=row.user_id,
        address=address_from_document(row.document),
        created_at=row.created_at,
    )


def _fields(address: SavedAddress) -> Fields:
    return {
        "id": address.id,
        "user_id": address.user_id,
        "document": address_to_document(address.address),
        "created_at": address.created_at,
    }
