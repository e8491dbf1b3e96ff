"""The payments of orders in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, func, literal_column, select, union_all

from shop.adapters.sql.repositories.orders import SqlOrders
from shop.adapters.sql.schema.tables import deposits, orders, payments
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.guards import as_known, still
from shop.adapters.sql.statements.paging import newest_first, to_page
from shop.adapters.sql.statements.row_parameters import RowParameters
from shop.adapters.sql.statements.writes import Fields, PendingWrite, insert_rows, update_rows
from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.application.ports.repositories.payments import CardUse, Payments
from shop.domain.payment import CardDetails, Payment, PaymentMethod, PaymentStatus
from shop.domain.shared.money import Currency, Money

PAYMENTS = select(payments).order_by(payments.c.order_id)

PENDING, DECLINED = PaymentStatus.PENDING, PaymentStatus.DECLINED
"""Orders and deposits have these statuses too, under the same names."""

_CHANGING = ("status", "gateway_payment_id", "expires_at")
"""The columns that change; the others stay as they were inserted."""

_NO_CARD: Fields = dict.fromkeys(
    ("card_token", "gateway_payment_id", "expires_at", "session_id", "clears_cart")
)


class SqlPayments(Payments):
    """The table of payments."""

    def __init__(self, connection: SqlConnection, orders: SqlOrders) -> None:
        self._connection = connection
        self._orders = orders
        self._added: list[Fields] = []
        self._saved: dict[UUID, Fields] = {}
        self._read: dict[UUID, Payment] = {}

    async def for_orders(self, order_ids: Collection[UUID]) -> Mapping[UUID, Payment]:
        """Return the payments of these orders, by order id."""
        rows = await self._connection.fetch_where_in(PAYMENTS, payments.c.order_id, order_ids)
        found = {row.order_id: _payment(row) for row in rows}
        self._read |= found
        return found

    async def card_payments_in(
        self, time_range: TimeRange, page: PageRequest[TimeCursor]
    ) -> Page[Payment, TimeCursor]:
        """Return a page of card payments, newest first."""
        rows = await self._connection.fetch_all(_select_card_payments(time_range, page))
        found = to_page(rows, page, lambda row: TimeCursor(at=row.placed_at, id=row.order_id))
        return Page(items=[_payment(row) for row in found.items], next=found.next)

    async def card_use(
        self, user_ids: Collection[UUID], *, declined_since: datetime
    ) -> Mapping[UUID, CardUse]:
        """Return what users have begun by card, by user id, with one statement."""
        row_parameters = self._connection.row_parameters
        rows = await self._connection.fetch_all(
            _select_card_use(row_parameters),
            {
                **row_parameters.bind_values(orders.c.user_id.type, user_ids),
                "declined_since": declined_since,
            },
        )
        return {
            row.user_id: CardUse(
                pending_orders=row.pending_orders,
                attempts=row.attempts,
                first_attempt_at=row.first_attempt_at,
            )
            for row in rows
        }

    def add(self, payment: Payment) -> None:
        """Stage the payment of a new order."""
        self._connection.require_staging()
        self._added.append(_payment_fields(payment))

    def save(self, payment: Payment) -> None:
        """Stage the next state of a payment of a locked order."""
        self._orders.require_locked(payment.order_id)
        self._saved[payment.order_id] = _payment_fields(payment)

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from insert_rows(payments, self._added)
        if self._connection.holds_locks:
            yield from update_rows(payments, ["order_id"], self._saved.values())
            return
        saved = [
            {**fields, **as_known(_payment_fields(self._read[order_id]), _CHANGING)}
            for order_id, fields in self._saved.items()
        ]
        yield from update_rows(
            payments,
            ["order_id"],
            saved,
            only_if=still(_CHANGING),
            known=_CHANGING,
        )


def _select_card_payments(time_range: TimeRange, page: PageRequest[TimeCursor]) -> Select[Any]:
    statement = (
        select(payments, orders.c.placed_at)
        .join(orders, orders.c.id == payments.c.order_id)
        .where(
            payments.c.method == PaymentMethod.CARD.value,
            orders.c.placed_at >= time_range.since,
            orders.c.placed_at < time_range.until,
        )
    )
    return newest_first(statement, orders.c.placed_at, orders.c.id, page)


@cache
def _select_card_use(row_parameters: RowParameters) -> Select[Any]:
    since = bindparam("declined_since", type_=orders.c.placed_at.type)
    # One part for each index: an OR over them would scan all orders of a customer.
    attempts = union_all(
        *(
            select(
                table.c.user_id,
                at.label("at"),
                literal_column(str(int(table is orders and status is PENDING))).label("is_pending"),
            ).where(
                row_parameters.is_in(table.c.user_id),
                # Not a parameter: the index of pending orders has this constant in its condition.
                table.c.status == literal_column(f"'{status.value}'"),
                *more,
            )
            for table, at, status, more in (
                (orders, orders.c.placed_at, PENDING, ()),
                (orders, orders.c.placed_at, DECLINED, (orders.c.placed_at >= since,)),
                (deposits, deposits.c.created_at, PENDING, ()),
                (deposits, deposits.c.created_at, DECLINED, (deposits.c.created_at >= since,)),
            )
        )
    ).subquery()
    return select(
        attempts.c.user_id,
        func.count().label("attempts"),
        func.sum(attempts.c.is_pending).label("pending_orders"),
        func.min(attempts.c.at).label("first_attempt_at"),
    ).group_by(attempts.c.user_id)


def _payment(row: Row[Any]) -> Payment:
    return Payment(
        order_id=row.order_id,
        method=PaymentMethod(row.method),
        status=PaymentStatus(row.status),
        amount=Money(amount=row.amount, currency=Currency(row.currency)),
        card=None if row.card_token is None else _card_details(row),
        created_at=row.created_at,
    )


def _card_details(row: Row[Any]) -> CardDetails:
    return CardDetails(
        token=row.card_token,
        gateway_payment_id=row.gateway_payment_id,
        expires_at=row.expires_at,
        session_id=row.session_id,
        clears_cart=row.clears_cart,
    )


def _payment_fields(payment: Payment) -> Fields:
    return {
        "order_id": payment.order_id,
        "method": payment.method.value,
        "status": payment.status.value,
        "amount": payment.amount.amount,
        "currency": payment.amount.currency,
        "created_at": payment.created_at,
        **(_NO_CARD if payment.card is None else _card_fields(payment.card)),
    }


def _card_fields(card: CardDetails) -> Fields:
    return {
        "card_token": card.token,
        "gateway_payment_id": card.gateway_payment_id,
        "expires_at": card.expires_at,
        "session_id": card.session_id,
        "clears_cart": card.clears_cart,
    }
