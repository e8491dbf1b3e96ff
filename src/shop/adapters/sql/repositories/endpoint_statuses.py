"""The statuses of webhook endpoints in a relational database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select

from shop.adapters.sql.schema.tables import webhook_endpoints
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    insert_missing_rows,
    update_rows,
)
from shop.application.ports.repositories.endpoint_statuses import EndpointStatuses
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.endpoint import EndpointStatus

STATUSES = select(webhook_endpoints).order_by(webhook_endpoints.c.url)


class SqlEndpointStatuses(EndpointStatuses):
    """The table of webhook endpoints."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._locked: set[str] = set()
        self._added: dict[str, Fields] = {}
        self._saved: dict[str, Fields] = {}

    async def get_many(self, urls: Collection[str]) -> Mapping[str, EndpointStatus]:
        """Return the stored statuses by URL."""
        rows = await self._connection.fetch_where_in(STATUSES, webhook_endpoints.c.url, urls)
        return {row.url: _status(row) for row in rows}

    async def lock(self, urls: Collection[str]) -> Mapping[str, EndpointStatus]:
        """Like `get_many`, and lock the rows."""
        rows = await self._connection.fetch_where_in(
            STATUSES, webhook_endpoints.c.url, urls, lock=LockOrder.WEBHOOK_ENDPOINTS
        )
        self._locked.update(row.url for row in rows)
        return {row.url: _status(row) for row in rows}

    async def list(self) -> Sequence[EndpointStatus]:
        """Return all stored statuses, sorted by URL."""
        return [_status(row) for row in await self._connection.fetch_all(STATUSES)]

    def add(self, status: EndpointStatus) -> None:
        """Stage a new status."""
        self._connection.require_staging()
        self._added[status.url] = _fields(status)

    def save(self, status: EndpointStatus) -> None:
        """Stage the next state of a locked status."""
        self._connection.require_staging()
        if status.url not in self._locked:
            raise RuntimeError("the status of the endpoint was not locked in this unit of work")
        self._saved[status.url] = _fields(status)

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        row_parameters = self._connection.row_parameters
        yield from insert_missing_rows(webhook_endpoints, self._added.values(), row_parameters)
        yield from update_rows(webhook_endpoints, ["url"], self._saved.values())


def _status(row: Row[Any]) -> EndpointStatus:
    return EndpointStatus(
        url=row.url,
        failures=row.failures,
        paused_until=row.paused_until,
        disabled_at=row.disabled_at,
    )


def _fields(status: EndpointStatus) -> Fields:
    return {
        "url": status.url,
        "failures": status.failures,
        "paused_until": status.paused_until,
        "disabled_at": status.disabled_at,
    }
