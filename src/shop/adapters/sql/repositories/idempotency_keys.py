"""Idempotency keys in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from sqlalchemy import ColumnElement, FromClause, Row, Table, and_, case, delete, exists

from shop.adapters.sql.schema.tables import deposits, idempotency_keys, orders
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    delete_rows,
    insert_rows,
    update_rows,
)
from shop.application.ports.repositories.idempotency_keys import (
    IdempotencyKeys,
    KeyRecord,
    Rejected,
    RequestInProgress,
    StoredOutcome,
    Succeeded,
)
from shop.application.ports.unit_of_work import LockOrder, LockTimeout, TransientFailure
from shop.domain.shared.errors import ShopError
from shop.domain.shared.idempotency_key import IdempotencyKey


class SqlIdempotencyKeys(IdempotencyKeys):
    """The table of idempotency keys."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._claimed: set[IdempotencyKey] = set()
        self._completed: dict[IdempotencyKey, Fields] = {}
        self._released: set[IdempotencyKey] = set()
        self._completed_pending: dict[IdempotencyKey, Fields] = {}
        self._late: dict[IdempotencyKey, Fields] = {}
        self._found: set[IdempotencyKey] = set()

    async def claim(
        self, fingerprints: Mapping[IdempotencyKey, str], at: datetime
    ) -> Mapping[IdempotencyKey, KeyRecord]:
        """Insert the keys that are free; return the records of those that are not."""
        self._connection.acquire(LockOrder.IDEMPOTENCY_KEYS)
        rows = [_claim_fields(*each, at) for each in fingerprints.items()]
        try:
            added = await self._connection.insert_if_absent(
                idempotency_keys, sorted(rows, key=_lock_order)
            )
        except LockTimeout:
            # A new row only waits for an unfinished claim of the same key.
            raise RequestInProgress from None
        inserted = {_key(row) for row in added}
        self._claimed |= inserted
        claimed_before = fingerprints.keys() - inserted
        records = await self._find(claimed_before)
        if len(records) < len(claimed_before):
            raise TransientFailure("an idempotency key was purged while it was claimed")
        return records

    def claim_for_new_users(self, fingerprints: Mapping[IdempotencyKey, str], at: datetime) -> None:
        """Stage the keys, which are inserted at the end, after their users."""
        self._connection.require_staging()
        for key, fingerprint in fingerprints.items():
            no_outcome = {"reference": None, "rejection": None}
            self._late[key] = {**_claim_fields(key, fingerprint, at), **no_outcome}
        self._claimed |= fingerprints.keys()

    def complete(self, key: IdempotencyKey, outcome: StoredOutcome) -> None:
        """Stage the outcome of a claimed key."""
        self._connection.require_staging()
        self._require_claimed(key)
        self._completed[key] = {**_id(key), **_outcome_fields(outcome)}
        self._released.discard(key)

    def complete_pending(self, key: IdempotencyKey, outcome: StoredOutcome) -> None:
        """Stage the outcome of a pending key."""
        self._connection.require_staging()
        self._completed_pending[key] = {**_id(key), **_outcome_fields(outcome)}

    def release(self, key: IdempotencyKey) -> None:
        """Stage the release of a claimed key, unless `complete` follows."""
        self._connection.require_staging()
        self._require_claimed(key)
        self._released.add(key)
        self._completed.pop(key, None)

    async def purge(self, before: datetime) -> int:
        """Delete the keys of old rejections; return how many."""
        return await self._connection.execute(
            delete(idempotency_keys).where(
                idempotency_keys.c.rejection.is_not(None),
                idempotency_keys.c.created_at < before,
                ~_has_result_in(orders),
                ~_has_result_in(deposits),
            )
        )

    async def confirm_found(self, *, commits: bool = False) -> None:
        """Have the commit wait for the standby, also if it writes nothing but this lock.

        What was found may have been committed here alone: after a crash, or if its wait for the
        standby was cancelled. An answer that repeats it must not be lost with this server.
        """
        found = sorted(map(_id, self._found), key=_lock_order)
        await self._connection.lock_matching(idempotency_keys, found, commits=commits)

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        completed = [each for key, each in self._completed.items() if key not in self._late]
        yield from update_rows(idempotency_keys, ["user_id", "key"], completed)
        yield from self._pending_outcomes()
        released = [_id(key) for key in self._released if key not in self._late]
        yield from delete_rows(idempotency_keys, released)
        yield from self._late_inserts()

    def _late_inserts(self) -> Iterator[PendingWrite]:
        rows = [
            {**fields, **self._completed.get(key, {})}
            for key, fields in self._late.items()
            if key not in self._released
        ]
        # Two groups with the same keys wait for each other in one order.
        return insert_rows(idempotency_keys, sorted(rows, key=_lock_order))

    def _pending_outcomes(self) -> Iterator[PendingWrite]:
        missing_keys = RuntimeError("pending idempotency keys are missing or already completed")
        return update_rows(
            idempotency_keys,
            ["user_id", "key"],
            self._completed_pending.values(),
            only_if=_is_pending,
            error_if_incomplete=missing_keys,
        )

    async def _find(self, keys: Collection[IdempotencyKey]) -> Mapping[IdempotencyKey, KeyRecord]:
        rows = await self._connection.fetch_matching(idempotency_keys, [_id(key) for key in keys])
        records = {_key(row): _record(row) for row in rows}
        self._found |= records.keys()
        return records

    def _require_claimed(self, key: IdempotencyKey) -> None:
        if key not in self._claimed:
            raise RuntimeError(f"idempotency key {key.value} was not claimed in this unit of work")


class LateIdempotencyKeys(SqlIdempotencyKeys):
    """The keys of a unit of work that inserts them at its end, together with their outcomes.

    Until then, only others without a lock can claim them. That violates the primary key.
    """

    async def claim(
        self, fingerprints: Mapping[IdempotencyKey, str], at: datetime
    ) -> Mapping[IdempotencyKey, KeyRecord]:
        """Return the records of the keys that are taken; the others are inserted at the end."""
        self._connection.acquire(LockOrder.IDEMPOTENCY_KEYS)
        records = await self._find(fingerprints)
        free = fingerprints.keys() - records.keys()
        self.claim_for_new_users({key: fingerprints[key] for key in free}, at)
        return records

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from self._pending_outcomes()
        yield from self._late_inserts()


def _claim_fields(key: IdempotencyKey, fingerprint: str, at: datetime) -> Fields:
    return {**_id(key), "fingerprint": fingerprint, "created_at": at}


def _has_result_in(table: Table) -> ColumnElement[bool]:
    return exists().where(
        table.c.user_id == idempotency_keys.c.user_id,
        table.c.idempotency_key == idempotency_keys.c.key,
    )


def _is_pending(table: Table, rows: FromClause) -> ColumnElement[bool]:
    del rows
    is_pending = and_(table.c.reference.is_(None), table.c.rejection.is_(None))
    # Of IS NULL alone, PostgreSQL expects one row, and searches the whole index (decision 29).
    return case((is_pending, 1), else_=0) > 0


def _lock_order(fields: Fields) -> tuple[Any, ...]:
    return fields["user_id"], fields["key"]


def _id(key: IdempotencyKey) -> Fields:
    return {"user_id": key.user_id, "key": key.value}


def _key(row: Row[Any]) -> IdempotencyKey:
    return IdempotencyKey(user_id=row.user_id, value=row.key)


def _outcome_fields(outcome: StoredOutcome) -> Fields:
    if isinstance(outcome, Succeeded):
        return {"reference": outcome.reference, "rejection": None}
    rejection = {"code": outcome.error.code, "fields": asdict(outcome.error)}
    return {"reference": None, "rejection": rejection}


def _record(row: Row[Any]) -> KeyRecord:
    return KeyRecord(fingerprint=row.fingerprint, outcome=_outcome(row))


def _outcome(row: Row[Any]) -> StoredOutcome | None:
    if row.reference is not None:
        return Succeeded(reference=row.reference)
    if row.rejection is not None:
        return Rejected(error=_stored_error(**row.rejection))
    return None


def _stored_error(code: str, fields: Mapping[str, Any]) -> ShopError:
    kind = _error_classes().get(code)
    if kind is None:
        raise RuntimeError(f"unknown code of a stored error: {code!r}")
    error: ShopError = _restored(kind, fields)
    return error


def _restored(kind: Any, stored: Any) -> Any:  # noqa: ANN401  A value of this kind.
    """Restore a dataclass, a tuple or a plain value from JSON."""
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _restored(hints[name], value) for name, value in stored.items()})
    if get_origin(kind) is UnionType:
        # An optional value.
        return None if stored is None else _restored(get_args(kind)[0], stored)
    if get_origin(kind) is tuple:
        return tuple(_restored(get_args(kind)[0], value) for value in stored)
    return kind(stored)


@cache
def _error_classes() -> Mapping[str, type[ShopError]]:
    """Return the error classes by code."""
    return {kind.code: kind for kind in _subclasses(ShopError) if "code" in vars(kind)}


def _subclasses(kind: type[ShopError]) -> Iterator[type[ShopError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)
