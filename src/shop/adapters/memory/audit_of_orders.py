"""What the audit asks of orders: their sessions, their keys and their history."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from uuid import UUID

from shop.adapters.memory.database import State
from shop.application.ports.audit import Fact
from shop.application.ports.idempotency import KeyId, KeyRecord, Refused, Succeeded
from shop.domain.account import Transfer, TransferKind
from shop.domain.events import OrderEvent
from shop.domain.order import ORDER_STATUSES, Order, OrderStatus
from shop.domain.status import IllegalTransition

Facts = Iterator[Mapping[str, Fact]]

UNDONE = frozenset({OrderStatus.DECLINED, OrderStatus.EXPIRED, OrderStatus.CANCELLED})

_PAID = frozenset(
    {OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.REFUNDED}
)


def paid_orders(state: State) -> set[UUID]:
    """Return the ids of the orders that are paid, or were before they were cancelled."""
    once = {
        event.order_id for event in state.events.rows.values() if event.after == OrderStatus.PAID
    }
    return {
        order.id
        for order in state.orders.rows.values()
        if order.status in _PAID or (order.status is OrderStatus.CANCELLED and order.id in once)
    }


def sessions_with_a_foreign_order(state: State) -> Facts:
    """Find sessions that track an order of somebody else, or of nobody."""
    for row in state.sessions.rows.values():
        session = row.session
        if session.order_id is not None:
            order = state.orders.rows.get(session.order_id)
            if order is None or order.user_id != session.user_id:
                yield {"session": str(session.id), "order": str(session.order_id)}


def without_key(state: State) -> Facts:
    """Find orders whose key is not remembered."""
    for order, record in _with_records(state):
        if record is None:
            yield _order(order)


def of_refused_keys(state: State) -> Facts:
    """Find orders under a key whose request was refused."""
    for order, record in _with_records(state):
        if record is not None and isinstance(record.outcome, Refused):
            yield _order(order)


def paid_under_open_keys(state: State) -> Facts:
    """Find paid orders under a key whose request has not ended."""
    paid = paid_orders(state)
    for order, record in _with_records(state):
        if record is not None and record.outcome is None and order.id in paid:
            yield _order(order)


def of_keys_with_another_outcome(state: State) -> Facts:
    """Find orders under a key that led to something else."""
    for order, record in _with_records(state):
        outcome = record.outcome if record is not None else None
        if isinstance(outcome, Succeeded) and outcome.reference != order.id:
            yield {**_order(order), "reference": str(outcome.reference)}


def outcomes_without_effect(state: State) -> Facts:
    """Find keys that led to something that there is not."""
    for key, reference in _references(state):
        if reference not in state.orders.rows and reference not in state.transfers.rows:
            yield _key(key, reference)


def outcomes_of_another(state: State) -> Facts:
    """Find keys that led to an order of another key, or a transfer by another user."""
    for key, reference in _references(state):
        order = state.orders.rows.get(reference)
        transfer = state.transfers.rows.get(reference)
        foreign_order = order is not None and key != _key_of(order)
        foreign_transfer = transfer is not None and not _made_by(state, key.user_id, transfer)
        if foreign_order or foreign_transfer:
            yield _key(key, reference)


def with_a_broken_history(state: State) -> Facts:
    """Find orders whose events do not count from 1, or do not begin where the last one ended."""
    for order, events in _with_histories(state):
        counted = [event.sequence for event in events] == list(range(1, len(events) + 1))
        joined = all(before.after == after.before for before, after in pairwise(events))
        if not (counted and joined):
            yield {**_order(order), "events": len(events)}


def with_an_illegal_step(state: State) -> Facts:
    """Find orders that took a step, the first one included, that the status table has not."""
    for order, events in _with_histories(state):
        for event in events:
            begins_late = event is not events[0] and event.before is None
            if begins_late or not _is_legal(event):
                yield {**_order(order), "before": event.before, "after": event.after}


def with_an_unrecorded_status(state: State) -> Facts:
    """Find orders that stand elsewhere than where their last event led."""
    for order, events in _with_histories(state):
        last = events[-1].after if events else None
        if order.status.value != last:
            yield {**_order(order), "status": order.status.value, "recorded": last}


def with_another_version(state: State) -> Facts:
    """Find orders whose version does not count their events."""
    for order, events in _with_histories(state):
        if order.version != len(events):
            yield {**_order(order), "version": order.version, "events": len(events)}


def _is_legal(event: OrderEvent) -> bool:
    try:
        before = None if event.before is None else OrderStatus(event.before)
        ORDER_STATUSES.require(before, OrderStatus(event.after))
    except (IllegalTransition, ValueError):
        return False
    return True


def _made_by(state: State, user_id: UUID, transfer: Transfer) -> bool:
    """Tell whether a user can have asked for a transfer; credit is given by any admin."""
    payer = state.accounts.rows.get(transfer.debit_account_id)
    if transfer.kind is TransferKind.TRANSFER:
        return payer is not None and payer.user_id == user_id
    return transfer.kind is TransferKind.CREDIT


def _with_records(state: State) -> Iterator[tuple[Order, KeyRecord | None]]:
    for order in state.orders.rows.values():
        row = state.keys.rows.get(_key_of(order))
        yield order, None if row is None else row.record


def _references(state: State) -> Iterator[tuple[KeyId, UUID]]:
    for row in state.keys.rows.values():
        if isinstance(row.record.outcome, Succeeded):
            yield row.id, row.record.outcome.reference


def _with_histories(state: State) -> Iterator[tuple[Order, list[OrderEvent]]]:
    histories = _histories(state)
    for order in state.orders.rows.values():
        yield order, histories[order.id]


def _histories(state: State) -> defaultdict[UUID, list[OrderEvent]]:
    histories: defaultdict[UUID, list[OrderEvent]] = defaultdict(list)
    for key in sorted(state.events.rows):
        histories[key[0]].append(state.events.rows[key])
    return histories


def _key_of(order: Order) -> KeyId:
    return KeyId(user_id=order.user_id, key=order.idempotency_key)


def _order(order: Order) -> dict[str, Fact]:
    return {"order": str(order.id)}


def _key(key: KeyId, reference: UUID) -> dict[str, Fact]:
    return {"user": str(key.user_id), "key": key.key, "reference": str(reference)}
