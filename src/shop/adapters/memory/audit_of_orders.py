"""What the audit asks of orders: their sessions, their keys and their history."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from uuid import UUID

from shop.adapters.memory.database import State
from shop.application.ports.audit import Fact
from shop.application.ports.idempotency import KeyId, Outcome, Refused, Succeeded
from shop.domain.account import TransferKind
from shop.domain.events import OrderEvent
from shop.domain.order import ORDER_STATUSES, Order, OrderStatus
from shop.domain.payment import PaymentStatus

Facts = Iterator[Mapping[str, Fact]]

LIVING = frozenset({OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED})
"""What stands like this has its goods, and its money is the shop's."""

DEAD = frozenset({OrderStatus.DECLINED, OrderStatus.EXPIRED, OrderStatus.CANCELLED})
"""What stands like this has nothing, and the shop has nothing of it."""


def once_paid(state: State) -> Iterator[Order]:
    """Find the orders that are paid, or were before they were refunded or cancelled."""
    events = state.events.rows.values()
    paid = {event.order_id for event in events if event.after == OrderStatus.PAID}
    standing = LIVING | {OrderStatus.REFUNDED}
    for order in state.orders.rows.values():
        was_paid = order.status is OrderStatus.CANCELLED and order.id in paid
        if order.status in standing or was_paid:
            yield order


def sessions_with_anothers_order(state: State) -> Facts:
    """Find sessions that track an order of somebody else, or of nobody."""
    for row in state.sessions.rows.values():
        session = row.session
        if session.order_id is not None:
            order = state.orders.rows.get(session.order_id)
            if order is None or order.user_id != session.user_id:
                yield {"session_id": str(session.id), "order_id": str(session.order_id)}


def without_outcome(state: State) -> Facts:
    """Find orders whose key is not remembered, or led to something else."""
    paid = {order.id for order in once_paid(state)}
    for order in state.orders.rows.values():
        row = state.keys.rows.get(KeyId(user_id=order.user_id, key=order.idempotency_key))
        if row is None or not _agrees(row.record.outcome, order, was_paid=order.id in paid):
            yield {"order_id": str(order.id)}


def outcomes_without_order(state: State) -> Facts:
    """Find keys that led to nothing that there is, or to what was not asked for under them."""
    for row in state.keys.rows.values():
        outcome = row.record.outcome
        if isinstance(outcome, Succeeded) and not _is_made(state, row.id, outcome.reference):
            yield {"user_id": str(row.id.user_id), "reference": str(outcome.reference)}


def keys_without_outcome(state: State) -> Facts:
    """Find keys that led to nothing yet, and under which nothing waits for its card."""
    waiting = {
        KeyId(user_id=order.user_id, key=order.idempotency_key)
        for order in state.orders.rows.values()
        if order.status is OrderStatus.PENDING
    } | {
        KeyId(user_id=deposit.user_id, key=deposit.idempotency_key)
        for deposit in state.deposits.rows.values()
        if deposit.status is PaymentStatus.PENDING
    }
    for row in state.keys.rows.values():
        if row.record.outcome is None and row.id not in waiting:
            yield {"user_id": str(row.id.user_id), "key": row.id.key}


def histories_with_gaps(state: State) -> Facts:
    """Find orders whose events do not count from 1 to their version."""
    histories = _histories(state)
    for order in state.orders.rows.values():
        sequences = [event.sequence for event in histories[order.id]]
        if sequences != list(range(1, order.version + 1)):
            yield {
                "order_id": str(order.id),
                "version": order.version,
                "events": len(sequences),
            }


def illegal_steps(state: State) -> Facts:
    """Find steps, first ones included, that the status table has not."""
    legal = {(None, first.value) for first in ORDER_STATUSES.begins} | {
        (before.value, after.value)
        for before, followers in ORDER_STATUSES.follows.items()
        for after in followers
    }
    for event in state.events.rows.values():
        if (event.before, event.after) not in legal:
            yield {**_step(event), "status_after": event.after}


def steps_that_do_not_join(state: State) -> Facts:
    """Find steps that do not begin where the one before them ended, first ones nowhere."""
    for event in state.events.rows.values():
        last = state.events.rows.get((event.order_id, event.sequence - 1))
        previous = None if last is None else last.after
        if event.before != previous:
            yield {**_step(event), "previous": previous}


def histories_that_end_elsewhere(state: State) -> Facts:
    """Find orders that stand elsewhere than where the event of their version led."""
    for order in state.orders.rows.values():
        last = state.events.rows.get((order.id, order.version))
        after = None if last is None else last.after
        if order.status.value != after:
            yield {
                "order_id": str(order.id),
                "status": order.status.value,
                "status_after": after,
            }


def _agrees(outcome: Outcome | None, order: Order, *, was_paid: bool) -> bool:
    """Tell whether what is remembered under an order's key is what became of the order.

    One that was paid is remembered, whatever became of it since; any other was refused.
    """
    if outcome is None:
        return order.status is OrderStatus.PENDING
    if isinstance(outcome, Refused):
        return order.status in DEAD and not was_paid
    return outcome.reference == order.id and was_paid


def _is_made(state: State, key: KeyId, reference: UUID) -> bool:
    """Tell whether this was made under the key.

    Any admin may refund anybody's order, and give credit to anybody.
    """
    if reference in state.refunds.rows:
        return True
    order = state.orders.rows.get(reference)
    if order is not None:
        return key == KeyId(user_id=order.user_id, key=order.idempotency_key)
    deposit = state.deposits.rows.get(reference)
    if deposit is not None:
        is_paid = deposit.status in {PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED}
        return is_paid and key == KeyId(user_id=deposit.user_id, key=deposit.idempotency_key)
    transfer = state.transfers.rows.get(reference)
    if transfer is None or transfer.order_id is not None:
        return False
    payer = state.accounts.rows.get(transfer.debit_account_id)
    is_own = payer is not None and payer.user_id == key.user_id
    return is_own or transfer.kind is TransferKind.CREDIT


def _histories(state: State) -> defaultdict[UUID, list[OrderEvent]]:
    histories: defaultdict[UUID, list[OrderEvent]] = defaultdict(list)
    for key in sorted(state.events.rows):
        histories[key[0]].append(state.events.rows[key])
    return histories


def _step(event: OrderEvent) -> dict[str, Fact]:
    return {
        "order_id": str(event.order_id),
        "sequence": event.sequence,
        "status_before": event.before,
    }
