"""The records in a SQLite file that several processes may have open.

Operations that arrive together are committed together, as the shop's own commands are: a commit
waits for the disk, and costs as much for one operation as for a hundred.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.exc import SQLAlchemyError

from shop.adapters.simulated_gateway.operations import Operation, Unanswered
from shop.adapters.simulated_gateway.records import GatewayRecords, StoredPayment
from shop.adapters.simulated_gateway.responses import SimulatedResponse
from shop.adapters.simulated_gateway.store.payment_store import PaymentStore
from shop.adapters.simulated_gateway.store.schema import (
    create_tables,
    key_row,
    payment_row,
    stored_key,
    stored_payment,
    to_microseconds,
    write_again,
)
from shop.adapters.sql.engines.sqlite import SqliteEngines
from shop.adapters.sql.engines.write_probe import WriteProbe
from shop.application.ports.clock import Clock
from shop.application.ports.paging import TimeRange
from shop.application.ports.unit_of_work import DatabaseUnavailable
from shop.application.transactions.group_commit import GroupCommit

PURGE_INTERVAL = timedelta(minutes=1)

_SELECT_KEYS = "SELECT * FROM keys WHERE key IN (SELECT value FROM json_each(?))"
_SELECT_PAYMENTS = "SELECT * FROM payments WHERE id IN (SELECT value FROM json_each(?))"
_DELETE_KEYS = "DELETE FROM keys WHERE made_at <= ?"
_SAVE_PAYMENT = """
    INSERT INTO payments (id, reference, amount, currency, verdict, reason, captured, voided,
        refunded, calls, created_at)
    VALUES (:id, :reference, :amount, :currency, :verdict, :reason, :captured, :voided,
        :refunded, :calls, :created_at)
    ON CONFLICT (id) DO UPDATE SET verdict = :verdict, reason = :reason, captured = :captured,
        voided = :voided, refunded = :refunded, calls = :calls
"""
_SAVE_KEY = """
    INSERT INTO keys (key, request, payment_id, answer, detail, due_at, made_at)
    VALUES (:key, :request, :payment_id, :answer, :detail, :due_at, :made_at)
    ON CONFLICT (key) DO UPDATE SET answer = :answer, detail = :detail
"""

_PAYMENT = "SELECT * FROM payments WHERE id = ?"
_WITH_REFERENCE = "SELECT * FROM payments WHERE reference = ? ORDER BY created_at, position"
_FIRST_PAGE = """
    SELECT * FROM payments WHERE created_at >= ? AND created_at < ?
    ORDER BY created_at, position LIMIT ?
"""
_NEXT_PAGE = """
    SELECT * FROM payments WHERE created_at >= ? AND created_at < ? AND
    (created_at, position) > (SELECT created_at, position FROM payments WHERE id = ?)
    ORDER BY created_at, position LIMIT ?
"""
_NO_LIMIT = -1


class SqlitePaymentStore(PaymentStore):
    """Opens its file on first use. A response means that its effect is on the disk."""

    def __init__(self, file: Path, *, clock: Clock, idempotency_seconds: float) -> None:
        super().__init__(clock)
        self._file = file
        self._idempotency_window = timedelta(seconds=idempotency_seconds)
        self._engines = SqliteEngines(file)
        self._queue: GroupCommit[Operation, SimulatedResponse | Unanswered] = GroupCommit(
            self._run_group
        )
        self._write_probe = WriteProbe(self._engines, write_again)
        self._is_open = False
        self._next_purge = clock.now()

    async def open(self) -> None:
        """Create the file, accessible to its owner only, unless it exists; check its tables."""
        if self._is_open:
            return
        await self._engines.require_unchanged()
        with _translating_errors():
            # SQLite creates the files beside it with the same mode.
            with suppress(FileExistsError):
                self._file.touch(0o600, exist_ok=False)
            await self._engines.run_in_transaction(create_tables)
        self._queue.open()
        self._is_open = True

    async def payment(self, payment_id: str) -> StoredPayment | None:
        """Return a payment by its id."""
        found = await self._read(_PAYMENT, payment_id)
        return found[0] if found else None

    async def with_reference(self, reference: UUID) -> Sequence[StoredPayment]:
        """Return the payments of a reference, oldest first."""
        return await self._read(_WITH_REFERENCE, reference.hex)

    async def page(
        self, time_range: TimeRange, *, after: str | None, limit: int | None
    ) -> Sequence[StoredPayment]:
        """Return payments created in a time range after the one with this id, oldest first."""
        times = to_microseconds(time_range.since), to_microseconds(time_range.until)
        rows = _NO_LIMIT if limit is None else limit
        if after is None:
            return await self._read(_FIRST_PAGE, *times, rows)
        return await self._read(_NEXT_PAGE, *times, after, rows)

    def missing_file(self) -> Path | None:
        """Return the file if it does not exist."""
        return None if self._file.exists() else self._file.absolute()

    async def check(self) -> None:
        """Commit something small to the file, at most once in two seconds, if there is one."""
        try:
            await self._engines.require_unchanged()
            if self._is_open or self._file.exists():
                await self._write_probe.require_writable()
        except DatabaseUnavailable as failure:
            raise DatabaseUnavailable(
                f"the simulated gateway's file {self._file} cannot be used: {failure}"
            ) from failure

    async def close(self) -> None:
        """Cancel delayed decisions, finish the running group and close the file."""
        await super().close()
        await self._queue.drain()
        await self._write_probe.close()
        await self._engines.close()
        self._is_open = False

    async def _execute(self, operation: Operation) -> SimulatedResponse | Unanswered:
        await self.open()
        return await self._queue.submit(operation)

    async def _run_group(
        self, operations: Sequence[Operation]
    ) -> Sequence[SimulatedResponse | Unanswered]:
        now = self._clock.now()

        def run(connection: sqlite3.Connection) -> Sequence[SimulatedResponse | Unanswered]:
            records = _load(connection, operations)
            self._purge(connection, records, now)
            before = _rows(records)
            responses = [operation.run(records, now) for operation in operations]
            _save(connection, before, _rows(records))
            return responses

        with _translating_errors():
            return await self._engines.run_in_transaction(run)

    def _purge(
        self, connection: sqlite3.Connection, records: GatewayRecords, now: datetime
    ) -> None:
        """Delete expired keys if an operation needs one of them, or else now and then."""
        oldest = now - self._idempotency_window
        if records.forget_keys(oldest) or now >= self._next_purge:
            connection.execute(_DELETE_KEYS, (to_microseconds(oldest),))
            self._next_purge = now + PURGE_INTERVAL

    async def _read(self, query: str, *parameters: object) -> Sequence[StoredPayment]:
        if not self._is_open and not self._file.exists():
            # It may have been there when this process started.
            await self._engines.require_unchanged()
            return ()
        await self.open()
        await self._engines.require_unchanged()
        with _translating_errors():
            async with self._engines.reader.begin() as connection:
                rows = (await connection.exec_driver_sql(query, parameters)).mappings().all()
        return tuple(stored_payment(dict(row)) for row in rows)


_Rows = tuple[Mapping[str, Mapping[str, Any]], Mapping[str, Mapping[str, Any]]]


def _load(connection: sqlite3.Connection, operations: Sequence[Operation]) -> GatewayRecords:
    """Return the records that operations need: their keys, and the payments named by either."""
    records = GatewayRecords()
    for row in _select(connection, _SELECT_KEYS, [each.key for each in operations]):
        records.keys[row["key"]] = stored_key(row)
    ids = [each.payment_id for each in operations]
    ids += [each.payment_id for each in records.keys.values()]
    for row in _select(connection, _SELECT_PAYMENTS, ids):
        stored = stored_payment(row)
        records.payments[row["id"]], records.calls[row["id"]] = stored.payment, stored.calls
    return records


def _select(
    connection: sqlite3.Connection, query: str, values: Collection[str | None]
) -> Iterator[Mapping[str, Any]]:
    found = connection.execute(query, (orjson.dumps(values).decode(),))
    names = [name for name, *_ in found.description]
    return (dict(zip(names, row, strict=True)) for row in found)


def _save(connection: sqlite3.Connection, before: _Rows, after: _Rows) -> None:
    """Write the rows that are new, in the order of their creation, and those that differ."""
    for statement, old, new in zip((_SAVE_PAYMENT, _SAVE_KEY), before, after, strict=True):
        connection.executemany(
            statement, [row for name, row in new.items() if old.get(name) != row]
        )


def _rows(records: GatewayRecords) -> _Rows:
    return (
        {id_: payment_row(each, records.calls[id_]) for id_, each in records.payments.items()},
        {key: key_row(key, each) for key, each in records.keys.items()},
    )


@contextmanager
def _translating_errors() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise DatabaseUnavailable(str(getattr(error, "orig", None) or error)) from error
