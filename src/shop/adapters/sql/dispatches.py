"""Dispatches in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select

from shop.adapters.sql.changes import Change, Fields
from shop.adapters.sql.connection import SqlConnection
from shop.adapters.sql.entities import SqlEntities
from shop.adapters.sql.paging import listing, newest_first
from shop.adapters.sql.tables import dispatches
from shop.application.ports.dispatches import Dispatches, DispatchFilter
from shop.application.ports.paging import Listing, Moment, Page
from shop.domain.announcement import Channel, Dispatch, DispatchStatus, Topic

DISPATCHES = select(dispatches).order_by(dispatches.c.id)


class SqlDispatches(Dispatches):
    """The table of dispatches."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._dispatches = SqlEntities(
            connection, DISPATCHES, dispatches.c.id, entity=_dispatch, fields=_fields
        )

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Dispatch]:
        """Return those dispatches that exist, by id."""
        found = await self._dispatches.get_many(ids, by=dispatches.c.id)
        return {each.id: each for each in found}

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Dispatch]:
        """Return those dispatches that exist, their rows locked."""
        return {each.id: each for each in await self._dispatches.lock(ids, by=dispatches.c.id)}

    async def search(self, which: DispatchFilter, page: Page[Moment]) -> Listing[Dispatch, Moment]:
        """Return a page of dispatches, the newest first."""
        statement = select(dispatches).where(dispatches.c.channel == which.channel.value)
        if which.status is not None:
            statement = statement.where(dispatches.c.status == which.status.value)
        rows = await self._connection.all(
            newest_first(statement, dispatches.c.created_at, dispatches.c.id, page)
        )
        return listing(
            [_dispatch(row) for row in rows],
            page,
            lambda dispatch: Moment(at=dispatch.created_at, id=dispatch.id),
        )

    def add(self, dispatch: Dispatch) -> None:
        """Stage a new dispatch."""
        self._dispatches.add(dispatch)

    def save(self, dispatch: Dispatch) -> None:
        """Stage the next state of a locked dispatch."""
        self._dispatches.save(dispatch)

    async def sweep(self, before: datetime) -> Collection[UUID]:
        """Remove those made before then that are not pending; return their ids."""
        rows = await self._connection.all(
            delete(dispatches)
            .where(
                dispatches.c.status != DispatchStatus.PENDING.value,
                dispatches.c.created_at < before,
            )
            .returning(dispatches.c.id)
        )
        return [row.id for row in rows]

    def changes(self) -> Iterator[Change]:
        """Return what was staged."""
        yield from self._dispatches.insertions()
        yield from self._dispatches.alterations()


def _dispatch(row: Row[Any]) -> Dispatch:
    return Dispatch(
        id=row.id,
        topic=Topic(row.topic),
        channel=Channel(row.channel),
        addressee=row.addressee,
        payload=row.payload,
        status=DispatchStatus(row.status),
        attempts=row.attempts,
        last_status_code=row.last_status_code,
        last_error=row.last_error,
        created_at=row.created_at,
        delivered_at=row.delivered_at,
    )


def _fields(dispatch: Dispatch) -> Fields:
    return {
        "id": dispatch.id,
        "topic": dispatch.topic.value,
        "channel": dispatch.channel.value,
        "addressee": dispatch.addressee,
        "payload": dispatch.payload,
        "status": dispatch.status.value,
        "attempts": dispatch.attempts,
        "last_status_code": dispatch.last_status_code,
        "last_error": dispatch.last_error,
        "created_at": dispatch.created_at,
        "delivered_at": dispatch.delivered_at,
    }
