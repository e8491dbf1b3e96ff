"""Imports of product files in a relational database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from shop.adapters.sql.repositories.table_repository import SqlTableRepository
from shop.adapters.sql.schema.tables import imports
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import Fields, PendingWrite
from shop.application.ports.repositories.catalogue.imports import Imports
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.catalogue.product_import import (
    ImportInProgress,
    ImportMessage,
    ImportStatus,
    ProductImport,
)

IMPORTS = select(imports).order_by(imports.c.id)


class SqlImports(Imports):
    """The table of imports."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._imports = SqlTableRepository(
            connection, IMPORTS, imports.c.id, to_entity=_product_import, to_fields=_fields
        )

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, ProductImport]:
        """Return imports by id."""
        return {each.id: each for each in await self._imports.get_many(ids, by=imports.c.id)}

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, ProductImport]:
        """Like `get_many`, and lock the rows."""
        found = await self._imports.lock(LockOrder.IMPORTS, ids, by=imports.c.id)
        return {each.id: each for each in found}

    async def running(self) -> ProductImport | None:
        """Return the import that is running, if any."""
        rows = await self._connection.fetch_where_in(IMPORTS, imports.c.running, [True])
        return next(map(_product_import, rows), None)

    def add(self, product_import: ProductImport) -> None:
        """Stage a new import."""
        self._imports.add(product_import)

    def save(self, product_import: ProductImport) -> None:
        """Stage the next state of a locked import."""
        self._imports.save(product_import)

    async def insert_unique(self) -> None:
        """Insert a new import; raise `ImportInProgress` if one is running by now."""
        if await self._imports.insert_if_absent():
            raise ImportInProgress

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the other staged writes."""
        return self._imports.updates()


def _product_import(row: Row[Any]) -> ProductImport:
    return ProductImport(
        id=row.id,
        user_id=row.user_id,
        status=ImportStatus(row.status),
        dry_run=row.dry_run,
        format=row.format,
        encoding=row.encoding,
        rows=row.rows,
        applied=row.applied,
        added=row.added,
        changed=row.changed,
        unchanged=row.unchanged,
        errors=_messages(row.errors),
        remarks=_messages(row.remarks),
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _messages(document: Sequence[Mapping[str, Any]]) -> Sequence[ImportMessage]:
    return tuple(ImportMessage(**each) for each in document)


def _fields(product_import: ProductImport) -> Fields:
    return {
        "id": product_import.id,
        "user_id": product_import.user_id,
        "status": product_import.status.value,
        # One can run at a time: null differs from null.
        "running": True if product_import.is_running else None,
        "dry_run": product_import.dry_run,
        "format": product_import.format,
        "encoding": product_import.encoding,
        "rows": product_import.rows,
        "applied": product_import.applied,
        "added": product_import.added,
        "changed": product_import.changed,
        "unchanged": product_import.unchanged,
        "errors": _documents(product_import.errors),
        "remarks": _documents(product_import.remarks),
        "created_at": product_import.created_at,
        "finished_at": product_import.finished_at,
    }


def _documents(messages: Sequence[ImportMessage]) -> Sequence[Mapping[str, Any]]:
    return [{"line": each.line, "column": each.column, "detail": each.detail} for each in messages]
