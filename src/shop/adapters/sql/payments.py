"""The payments of orders in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select

from shop.adapters.sql.changes import Change, Fields, alteration, insertion
from shop.adapters.sql.connection import SqlConnection
from shop.adapters.sql.orders import SqlOrders
from shop.adapters.sql.paging import listing, newest_first
from shop.adapters.sql.tables import orders, payments
from shop.application.ports.paging import Listing, Moment, Page, Span
from shop.application.ports.payments import Payments
from shop.domain.money import Currency, Money
from shop.domain.payment import CardCharge, Payment, PaymentMethod, PaymentStatus

PAYMENTS = select(payments).order_by(payments.c.order_id)

_NO_CARD: Fields = dict.fromkeys(
    ("card_token", "gateway_id", "expires_at", "session_id", "empties_cart")
)


class SqlPayments(Payments):
    """The table of payments."""

    def __init__(self, connection: SqlConnection, orders: SqlOrders) -> None:
        self._connection = connection
        self._orders = orders
        self._added: list[Fields] = []
        self._saved: dict[UUID, Fields] = {}

    async def of_orders(self, order_ids: Collection[UUID]) -> Mapping[UUID, Payment]:
        """Return the payments of these orders, by order id."""
        rows = await self._connection.among(PAYMENTS, payments.c.order_id, order_ids)
        return {row.order_id: _payment(row) for row in rows}

    async def by_card(self, span: Span, page: Page[Moment]) -> Listing[Payment, Moment]:
        """Return a page of payments by card, the newest first."""
        rows = await self._connection.all(_by_card(span, page))
        found = listing(rows, page, lambda row: Moment(at=row.placed_at, id=row.order_id))
        return Listing(items=[_payment(row) for row in found.items], next=found.next)

    def add(self, payment: Payment) -> None:
        """Stage the payment of a new order."""
        self._connection.require_staging()
        self._added.append(_payment_fields(payment))

    def save(self, payment: Payment) -> None:
        """Stage the next state of a payment whose order was locked."""
        self._orders.require_locked(payment.order_id)
        self._saved[payment.order_id] = _payment_fields(payment)

    def changes(self) -> Iterator[Change]:
        """Return what was staged."""
        yield from insertion(payments, self._added)
        yield from alteration(payments, ["order_id"], self._saved.values())


def _by_card(span: Span, page: Page[Moment]) -> Select[Any]:
    statement = (
        select(payments, orders.c.placed_at)
        .join(orders, orders.c.id == payments.c.order_id)
        .where(
            payments.c.method == PaymentMethod.CARD.value,
            orders.c.placed_at >= span.since,
            orders.c.placed_at < span.until,
        )
    )
    return newest_first(statement, orders.c.placed_at, orders.c.id, page)


def _payment(row: Row[Any]) -> Payment:
    return Payment(
        order_id=row.order_id,
        method=PaymentMethod(row.method),
        status=PaymentStatus(row.status),
        amount=Money(amount=row.amount, currency=Currency(row.currency)),
        card=None if row.card_token is None else _charge(row),
        created_at=row.created_at,
    )


def _charge(row: Row[Any]) -> CardCharge:
    return CardCharge(
        token=row.card_token,
        gateway_id=row.gateway_id,
        expires_at=row.expires_at,
        session_id=row.session_id,
        empties_cart=row.empties_cart,
    )


def _payment_fields(payment: Payment) -> Fields:
    return {
        "order_id": payment.order_id,
        "method": payment.method.value,
        "status": payment.status.value,
        "amount": payment.amount.amount,
        "currency": payment.amount.currency,
        "created_at": payment.created_at,
        **(_NO_CARD if payment.card is None else _charge_fields(payment.card)),
    }


def _charge_fields(charge: CardCharge) -> Fields:
    return {
        "card_token": charge.token,
        "gateway_id": charge.gateway_id,
        "expires_at": charge.expires_at,
        "session_id": charge.session_id,
        "empties_cart": charge.empties_cart,
    }
