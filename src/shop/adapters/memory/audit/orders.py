"""Audit rules of orders: their sessions, idempotency keys and history."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.application.ports.repositories.audit import Fact
from shop.application.ports.repositories.idempotency_keys import Rejected, StoredOutcome, Succeeded
from shop.domain.account import TransferKind
from shop.domain.inventory import StockMovementKind
from shop.domain.orders.order import ORDER_STATUSES, Order, OrderStatus, StatusChange
from shop.domain.payment import PaymentStatus
from shop.domain.shared.custom_ids import is_custom_id
from shop.domain.shared.idempotency_key import IdempotencyKey

Facts = Iterator[Mapping[str, Fact]]

FULFILLABLE = frozenset({OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED})
"""Statuses in which an order holds stock and money."""

CLOSED = frozenset({OrderStatus.DECLINED, OrderStatus.EXPIRED, OrderStatus.CANCELLED})
"""Statuses in which an order holds neither stock nor money."""


def ever_paid_orders(state: State) -> Iterator[Order]:
    """Yield the orders that are paid, or were before they were refunded or cancelled."""
    changes = state.status_changes.rows.values()
    paid = {change.order_id for change in changes if change.to_status == OrderStatus.PAID}
    paid_statuses = FULFILLABLE | {OrderStatus.REFUNDED}
    for order in state.orders.rows.values():
        was_paid = order.status is OrderStatus.CANCELLED and order.id in paid
        if order.status in paid_statuses or was_paid:
            yield order


def sessions_with_foreign_orders(state: State) -> Facts:
    """Find sessions whose last order is missing, or neither their user's nor their guest's."""
    for row in state.sessions.rows.values():
        session = row.session
        if session.last_order_id is not None:
            order = state.orders.rows.get(session.last_order_id)
            if order is None or order.user_id != session.buyer_id:
                yield {"session_id": str(session.id), "last_order_id": str(session.last_order_id)}


def orders_without_outcome(state: State) -> Facts:
    """Find orders whose idempotency key is missing or has another outcome."""
    paid = {order.id for order in ever_paid_orders(state)}
    for order in state.orders.rows.values():
        row = state.idempotency_keys.rows.get(order.idempotency_key)
        if row is None or not _outcome_matches(
            row.record.outcome, order, was_paid=order.id in paid
        ):
            yield {"order_id": str(order.id)}


def outcomes_without_order(state: State) -> Facts:
    """Find successful keys whose result is missing or was created under another key."""
    for row in state.idempotency_keys.rows.values():
        outcome = row.record.outcome
        if isinstance(outcome, Succeeded) and not _is_created_under(
            state, row.id, outcome.reference
        ):
            yield {"user_id": str(row.id.user_id), "reference": str(outcome.reference)}


def keys_without_outcome(state: State) -> Facts:
    """Find keys without an outcome and without a pending order or deposit."""
    pending = {
        order.idempotency_key
        for order in state.orders.rows.values()
        if order.status is OrderStatus.PENDING
    } | {
        deposit.idempotency_key
        for deposit in state.deposits.rows.values()
        if deposit.status is PaymentStatus.PENDING
    }
    for row in state.idempotency_keys.rows.values():
        if row.record.outcome is None and row.id not in pending:
            yield {"user_id": str(row.id.user_id), "key": row.id.value}


def histories_with_gaps(state: State) -> Facts:
    """Find orders whose status changes do not count from 1 to their version."""
    histories = _histories(state)
    for order in state.orders.rows.values():
        sequences = [event.sequence for event in histories[order.id]]
        if sequences != list(range(1, order.version + 1)):
            yield {
                "order_id": str(order.id),
                "version": order.version,
                "events": len(sequences),
            }


def illegal_transitions(state: State) -> Facts:
    """Find status changes that the state machine does not allow."""
    allowed = {(None, first.value) for first in ORDER_STATUSES.initial} | {
        (before.value, after.value)
        for before, followers in ORDER_STATUSES.transitions.items()
        for after in followers
    }
    for change in state.status_changes.rows.values():
        if (change.from_status, change.to_status) not in allowed:
            yield {**_change_facts(change), "to_status": change.to_status}


def history_discontinuities(state: State) -> Facts:
    """Find status changes that do not continue from the previous one."""
    for change in state.status_changes.rows.values():
        last = state.status_changes.rows.get((change.order_id, change.sequence - 1))
        previous = None if last is None else last.to_status
        if change.from_status != previous:
            yield {**_change_facts(change), "previous": previous}


def history_status_mismatches(state: State) -> Facts:
    """Find orders whose status differs from their last status change."""
    for order in state.orders.rows.values():
        last = state.status_changes.rows.get((order.id, order.version))
        after = None if last is None else last.to_status
        if order.status.value != after:
            yield {
                "order_id": str(order.id),
                "status": order.status.value,
                "to_status": after,
            }


def _outcome_matches(outcome: StoredOutcome | None, order: Order, *, was_paid: bool) -> bool:
    """Check an order's key: it refers to the order if ever paid, else to a rejection."""
    if outcome is None:
        return order.status is OrderStatus.PENDING
    if isinstance(outcome, Rejected):
        return order.status in CLOSED and not was_paid
    return outcome.reference == order.id and was_paid


def _is_created_under(state: State, key: IdempotencyKey, reference: UUID) -> bool:
    """Check that an object was created under the key.

    An admin may refund, cancel or ship any order, adjust stock and grant credit to any account.
    Codes and removed images are not stored under their ids, which are custom ones.
    """
    if is_custom_id(reference) or _is_of_staff(state, key, reference):
        return True
    order = state.orders.rows.get(reference)
    if order is not None:
        return key == order.idempotency_key or order.status is OrderStatus.CANCELLED
    deposit = state.deposits.rows.get(reference)
    if deposit is not None:
        is_paid = deposit.status in {PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED}
        return is_paid and key == deposit.idempotency_key
    transfer = state.transfers.rows.get(reference)
    if transfer is None or transfer.order_id is not None:
        return False
    payer = state.accounts.rows.get(transfer.debit_account_id)
    is_own = payer is not None and payer.user_id == key.user_id
    return is_own or transfer.kind is TransferKind.CREDIT


def _is_of_staff(state: State, key: IdempotencyKey, reference: UUID) -> bool:
    movement = state.stock_movements.rows.get(reference)
    product_import = state.imports.rows.get(reference)
    return (
        reference in state.refunds.rows
        or reference in state.shipment_events.rows
        or (movement is not None and movement.kind is StockMovementKind.ADJUSTMENT)
        or (product_import is not None and product_import.user_id == key.user_id)
    )


def _histories(state: State) -> defaultdict[UUID, list[StatusChange]]:
    histories: defaultdict[UUID, list[StatusChange]] = defaultdict(list)
    for key in sorted(state.status_changes.rows):
        histories[key[0]].append(state.status_changes.rows[key])
    return histories


def _change_facts(change: StatusChange) -> dict[str, Fact]:
    return {
        "order_id": str(change.order_id),
        "sequence": change.sequence,
        "from_status": change.from_status,
    }
