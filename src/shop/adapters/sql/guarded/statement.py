"""One statement that locks rows, checks their guards, and writes everything or nothing."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Select,
    Table,
    Update,
    bindparam,
    case,
    false,
    func,
    literal_column,
    select,
    true,
)

from shop.adapters.sql.schema.tables import (
    accounts,
    customer_carts,
    idempotency_keys,
    inventories,
    jobs,
    orders,
    payments,
    promotion_counters,
    promotion_uses,
    sessions,
)
from shop.adapters.sql.statements.row_parameters import RowParameters
from shop.adapters.sql.statements.writes import (
    InsertMissingRows,
    InsertRows,
    LockRows,
    UpdateRows,
    WriteStatement,
    rows_name,
)
from shop.application.ports.unit_of_work import LockOrder

LOCK_ORDER: dict[Table, LockOrder] = {
    sessions: LockOrder.SESSIONS,
    customer_carts: LockOrder.CARTS,
    accounts: LockOrder.ACCOUNTS,
    inventories: LockOrder.INVENTORIES,
    promotion_counters: LockOrder.PROMOTIONS,
    orders: LockOrder.ORDERS,
    payments: LockOrder.ORDERS,
    idempotency_keys: LockOrder.IDEMPOTENCY_KEYS,
}
"""The tables whose rows a guarded statement may change, in the order in which it locks them.

It locks the key of a pending order after the order, as units of work with locks write it.
"""

_LOCK_RANKS = {table: rank for rank, table in enumerate(LOCK_ORDER)}

WITHOUT_LOCKS = {jobs, promotion_uses}
"""The tables whose rows follow from locked ones; they may be changed and deleted."""

WRITE_UNTIL = "write_until"
"""The parameter with the time until which the statement may write."""


@cache
def guarded_statement(
    writes: tuple[WriteStatement, ...], row_parameters: RowParameters
) -> Select[Any]:
    """Build one statement of many writes whose first column says whether all guards hold.

    Rows to update are locked first, in the order of `LOCK_ORDER`: each table only if all rows of
    the one before have passed their guard. PostgreSQL checks the guard again on the row as it is
    once the lock is held. Without all of them, no row is written, because the writes find no rows
    to write. So it is if the statement runs later than it may: nothing waits for its outcome then.
    Parameters are named `rows0` and `expected0` and so on.
    """
    for write in writes:
        _require_guardable(write)
    locked: dict[int, CTE] = {}
    all_hold: ColumnElement[bool] = true()
    updates = [(at, each) for at, each in enumerate(writes) if isinstance(each, UpdateRows)]
    given: list[FromClause] = [
        row_parameters.rows_from(each.columns, rows_name(position))
        for position, each in enumerate(writes)
    ]
    for position, _ in updates:
        # These rows are used several times, and so parsed once.
        given[position] = select(*given[position].c).cte(f"updates{position}")
    for position, update in sorted(updates, key=lambda each: _LOCK_RANKS[each[1].table]):
        locking = _lock(update, given[position]).where(all_hold)
        locked[position] = locking.cte(f"locked{position}")
        all_hold = _count(locked[position]) == bindparam(expected_name(position), type_=Integer())
    # Not AND, whose operands PostgreSQL evaluates in any order: the time is that after the locks.
    is_in_time = func.clock_timestamp() < bindparam(WRITE_UNTIL, type_=DateTime(timezone=True))
    may_commit = case((all_hold, is_in_time), else_=false())
    guards = select(may_commit.label("all_hold")).cte("guards")
    may_write = select(guards.c.all_hold).scalar_subquery()
    written: list[CTE] = []
    for position, write in enumerate(writes):
        if isinstance(write, LockRows):
            continue
        allowed = select(*given[position].c).where(may_write).subquery(f"allowed{position}")
        statement = write.statement(allowed)
        if isinstance(statement, Update) and position in locked:
            statement = statement.where(*_is_key_in(write.table, locked[position]))
        written.append(statement.returning(literal_column("1")).cte(f"written{position}"))
    # Its count has the first write run first; the others need none, and run at the end.
    return select(may_write, _count(written[0])).add_cte(*written[1:])


def expected_name(position: int) -> str:
    """Return the name of the number of rows that must pass a guard."""
    return f"expected{position}"


def _require_guardable(write: WriteStatement) -> None:
    """Raise `RuntimeError` for a write that needs a lock: a bug."""
    if write.table in WITHOUT_LOCKS:
        needs_lock = isinstance(write, UpdateRows)
    elif isinstance(write, UpdateRows):
        needs_lock = write.table not in LOCK_ORDER
    else:
        needs_lock = not isinstance(write, InsertRows | InsertMissingRows)
    if needs_lock:
        raise RuntimeError(f"{type(write).__name__} of {write.table.name} needs a lock")


def _lock(update: UpdateRows, rows: FromClause) -> Select[Any]:
    if update.guard is None:
        raise RuntimeError(f"an update of {update.table.name} needs a guard, or a lock")
    keys = [update.table.c[name] for name in update.keys]
    return (
        select(*keys)
        .where(*update.same_keys(rows), update.guard(update.table, rows))
        .where(*_is_key_in(update.table, rows.alias()))
        .order_by(*keys)
        .with_for_update(of=update.table, key_share=True)
    )


def _is_key_in(table: Table, rows: FromClause) -> Iterator[ColumnElement[bool]]:
    # PostgreSQL expects a hundred rows in JSON, and would scan the table; of an array, ten. Two
    # arrays would be all their pairs.
    key = next(iter(table.primary_key))
    if len(table.primary_key) == 1:
        keys = select(rows.c[key.name]).scalar_subquery()
        yield key == func.any(func.array(keys, type_=ARRAY(key.type)))


def _count(rows: FromClause) -> ColumnElement[Any]:
    return select(func.count()).select_from(rows).scalar_subquery()
