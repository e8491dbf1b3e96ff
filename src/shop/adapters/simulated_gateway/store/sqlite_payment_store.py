"""The records in a SQLite file that several processes may have open.

Operations that arrive together are committed together, as the shop's own commands are: a commit
waits for the disk, and costs as much for one operation as for a hundred.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import URL, Select, bindparam, delete, select, tuple_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.adapters.simulated_gateway.operations import Operation, Unanswered
from shop.adapters.simulated_gateway.records import GatewayRecords, StoredPayment
from shop.adapters.simulated_gateway.responses import SimulatedResponse
from shop.adapters.simulated_gateway.store.payment_store import PaymentStore
from shop.adapters.simulated_gateway.store.schema import (
    create_tables,
    key_row,
    keys,
    payment_row,
    payments,
    stored_key,
    stored_payment,
    to_microseconds,
)
from shop.adapters.sql.engines.sqlite import create_reader, create_writer
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.row_parameters import SqliteRowParameters
from shop.adapters.sql.statements.writes import insert_rows, update_rows
from shop.application.ports.clock import Clock
from shop.application.ports.paging import TimeRange
from shop.application.ports.unit_of_work import DatabaseUnavailable
from shop.application.transactions.group_commit import GroupCommit

PURGE_INTERVAL = timedelta(minutes=1)

_KEYS = select(keys)
_PAYMENTS = select(payments)
_OLDEST_FIRST = select(payments).order_by(payments.c.created_at, payments.c.position)
_DELETE_KEYS = delete(keys).where(keys.c.made_at <= bindparam("oldest"))

_POSITION = tuple_(payments.c.created_at, payments.c.position)
_AFTER = (
    select(payments.c.created_at, payments.c.position)
    .where(payments.c.id == bindparam("after"))
    .correlate(None)
    .scalar_subquery()
)
_FIRST_PAGE = _OLDEST_FIRST.where(
    payments.c.created_at >= bindparam("since"), payments.c.created_at < bindparam("until")
).limit(bindparam("limit"))
_NEXT_PAGE = _FIRST_PAGE.where(_POSITION > _AFTER)
_NO_LIMIT = -1

_ROW_PARAMETERS = SqliteRowParameters()


class SqlitePaymentStore(PaymentStore):
    """Opens its file on first use. A response means that its effect is on the disk."""

    def __init__(self, file: Path, *, clock: Clock, idempotency_seconds: float) -> None:
        super().__init__(clock)
        url = URL.create("sqlite+aiosqlite", database=str(file))
        self._file = file
        self._idempotency_window = timedelta(seconds=idempotency_seconds)
        self._writer = create_writer(url)
        self._reader = create_reader(url)
        self._queue: GroupCommit[Operation, SimulatedResponse | Unanswered] = GroupCommit(
            self._run_group
        )
        self._is_open = False
        self._next_purge = clock.now()

    async def open(self) -> None:
        """Create the file, accessible to its owner only, unless it exists; check its tables."""
        if self._is_open:
            return
        with _translating_errors():
            # SQLite creates the files beside it with the same mode.
            with suppress(FileExistsError):
                self._file.touch(0o600, exist_ok=False)
            async with self._writer.begin() as connection:
                await create_tables(connection)
        self._queue.open()
        self._is_open = True

    async def payment(self, payment_id: str) -> StoredPayment | None:
        """Return a payment by its id."""
        found = await self._read(_PAYMENTS.where(payments.c.id == payment_id), {})
        return found[0] if found else None

    async def with_reference(self, reference: UUID) -> Sequence[StoredPayment]:
        """Return the payments of a reference, oldest first."""
        return await self._read(_OLDEST_FIRST.where(payments.c.reference == reference.hex), {})

    async def page(
        self, time_range: TimeRange, *, after: str | None, limit: int | None
    ) -> Sequence[StoredPayment]:
        """Return payments created in a time range after the one with this id, oldest first."""
        parameters = {
            "since": to_microseconds(time_range.since),
            "until": to_microseconds(time_range.until),
            "limit": _NO_LIMIT if limit is None else limit,
        }
        if after is None:
            return await self._read(_FIRST_PAGE, parameters)
        return await self._read(_NEXT_PAGE, {**parameters, "after": after})

    async def close(self) -> None:
        """Cancel delayed decisions, finish the running group and close the file."""
        await super().close()
        await self._queue.drain()
        # The last connection to close moves the log into the file, which a reader must not.
        await self._reader.dispose()
        await self._writer.dispose()
        self._is_open = False

    async def _execute(self, operation: Operation) -> SimulatedResponse | Unanswered:
        await self.open()
        return await self._queue.submit(operation)

    async def _run_group(
        self, operations: Sequence[Operation]
    ) -> Sequence[SimulatedResponse | Unanswered]:
        now = self._clock.now()
        async with self._transaction(self._writer, writing=True) as connection:
            records = await _load(connection, operations)
            await self._purge(connection, records, now)
            before = _rows(records)
            responses = [operation.run(records, now) for operation in operations]
            await _save(connection, before, _rows(records))
        return responses

    async def _purge(
        self, connection: SqlConnection, records: GatewayRecords, now: datetime
    ) -> None:
        """Delete expired keys if an operation needs one of them, or else now and then."""
        oldest = now - self._idempotency_window
        if records.forget_keys(oldest) or now >= self._next_purge:
            await connection.execute(_DELETE_KEYS, {"oldest": to_microseconds(oldest)})
            self._next_purge = now + PURGE_INTERVAL

    async def _read(
        self, query: Select[Any], parameters: Mapping[str, Any]
    ) -> Sequence[StoredPayment]:
        if not self._file.exists():
            # Connecting would create it.
            return ()
        await self.open()
        async with self._transaction(self._reader, writing=False) as connection:
            rows = await connection.fetch_all(query, parameters)
        return tuple(map(stored_payment, rows))

    @asynccontextmanager
    async def _transaction(
        self, engine: AsyncEngine, *, writing: bool
    ) -> AsyncIterator[SqlConnection]:
        with _translating_errors():
            async with engine.begin() as connection:
                yield SqlConnection(connection, _ROW_PARAMETERS, writing=writing)


_Rows = tuple[Mapping[str, Mapping[str, Any]], Mapping[str, Mapping[str, Any]]]


async def _load(connection: SqlConnection, operations: Sequence[Operation]) -> GatewayRecords:
    """Return the records that operations need: their keys, and the payments named by either."""
    wanted = {each.key for each in operations if each.key is not None}
    records = GatewayRecords()
    for row in await connection.fetch_where_in(_KEYS, keys.c.key, wanted):
        records.keys[row.key] = stored_key(row)
    ids = {each.payment_id for each in operations if each.payment_id is not None}
    ids |= {each.payment_id for each in records.keys.values()}
    for row in await connection.fetch_where_in(_PAYMENTS, payments.c.id, ids):
        stored = stored_payment(row)
        records.payments[row.id], records.calls[row.id] = stored.payment, stored.calls
    return records


async def _save(connection: SqlConnection, before: _Rows, after: _Rows) -> None:
    """Write the rows that are new, in the order of their creation, and those that differ."""
    for table, key, old, new in zip((payments, keys), ("id", "key"), before, after, strict=True):
        created = [row for name, row in new.items() if name not in old]
        changed = [row for name, row in new.items() if name in old and old[name] != row]
        writes = [*insert_rows(table, created), *update_rows(table, [key], changed)]
        await connection.write(writes)


def _rows(records: GatewayRecords) -> _Rows:
    return (
        {id_: payment_row(each, records.calls[id_]) for id_, each in records.payments.items()},
        {key: key_row(key, each) for key, each in records.keys.items()},
    )


@contextmanager
def _translating_errors() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise DatabaseUnavailable(str(getattr(error, "orig", None) or error)) from error
