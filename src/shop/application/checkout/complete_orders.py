"""Completes pending card orders: each is confirmed, declined or expired once.

Requests and jobs report the outcomes of payments here. The first transaction that locks the
pending order decides it; later ones change nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_sessions import PlacementSessions, codes_of, own_session
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.identity.session_carts import SessionCarts
from shop.application.inventory.order_stock import OrderStock
from shop.application.notifications.events import Notifications
from shop.application.payments.card_payments import PaymentOutcome
from shop.application.payments.methods.card import CardOrderPayments
from shop.application.payments.payment_policy import TimedOut
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.metrics import GIVEN_BACK, UNCOUNTED, Metrics
from shop.application.ports.payment_gateway import Approved, Declined
from shop.application.ports.repositories.idempotency_keys import (
    Rejected,
    StoredOutcome,
    Succeeded,
)
from shop.application.ports.repositories.jobs import Job, JobId, JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.order_promotions import HeldPromotions
from shop.application.transactions.runner import TransactionRunner
from shop.domain.inventory import StockMovementKind
from shop.domain.orders.order import Actor, Order, OrderStatus
from shop.domain.payment import (
    NEVER_CHARGED,
    CardDeclined,
    Payment,
    PaymentExpired,
    PaymentStatus,
)
from shop.domain.shared.errors import ShopError
from shop.domain.shared.value import value


@value
class CompleteOrder:
    """Complete an order that was read before, with the outcome of its payment.

    `session` is the token of the customer's request, None for jobs.
    """

    order: Order
    payment: Payment
    payment_outcome: PaymentOutcome
    session: SessionToken | None

    @property
    def rows(self) -> RowsWanted:
        """The rows that it needs."""
        is_approved = isinstance(self.payment_outcome, Approved)
        given_back = () if is_approved else self.order.discounts
        return RowsWanted(
            session=self.session,
            session_ids=[self.payment.card_details.session_id],
            stock_skus=[line.sku for line in self.order.lines],
            order_ids=[self.order.id],
            promotions=[each.promotion for each in given_back],
            codes=[each.code for each in given_back if each.code is not None],
            has_cart=self.takes_from_cart,
        )

    @property
    def takes_from_cart(self) -> bool:
        """Whether the order becomes paid, and takes lines or codes out of the customer's cart."""
        takes = self.payment.card_details.clears_cart or bool(codes_of(self.order))
        return takes and isinstance(self.payment_outcome, Approved)


CompletedOrder = PlacedOrder | ShopError | None
"""The paid order or the final error; None if the order was decided before."""


class CompleteOrders:
    """Completes pending orders."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        clock: Clock,
        ids: IdGenerator,
        notifications: Notifications,
        metrics: Metrics = UNCOUNTED,
    ) -> None:
        self._metrics = metrics
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock
        self._ids = ids
        self._notifications = notifications

    async def complete(self, commands: Sequence[CompleteOrder]) -> Sequence[CompletedOrder]:
        """Complete these orders in one unit of work.

        An approval that comes too late is reversed. Errors: `CardDeclined`, `PaymentExpired`.
        """
        completed = await self._transactions.write(
            partial(self._complete, commands),
            retryable=True,
            splittable=len(commands) > 1,
            guarded=True,
        )
        for command, result in zip(commands, completed, strict=True):
            if isinstance(result, ShopError) and command.order.discounts:
                self._metrics.promotions_used(GIVEN_BACK, len(command.order.discounts))
        return completed

    async def _complete(
        self, commands: Sequence[CompleteOrder], uow: UnitOfWork
    ) -> Sequence[CompletedOrder]:
        await uow.read_ahead([each.rows for each in commands])
        resolved_sessions = await self._authenticator.resolve_for_update(
            uow, [each.session for each in commands]
        )
        other_session_ids = {
            each.payment.card_details.session_id
            for each in commands
            if own_session(resolved_sessions, each.session, each.payment) is None
        }
        sessions = await uow.sessions.lock_by_id(other_session_ids)
        carts = await SessionCarts.lock(
            uow, {each.order.user_id for each in commands if each.takes_from_cart}
        )
        skus = {line.sku for each in commands for line in each.order.lines}
        inventories = await uow.inventories.lock(skus)
        promotions = await HeldPromotions.lock(
            uow, [each.order for each in commands if not isinstance(each.payment_outcome, Approved)]
        )
        orders = await uow.orders.lock({each.order.id for each in commands})
        payments = await uow.payments.for_orders(orders)
        now = self._clock.now()
        completion_batch = CompletionBatch(
            uow=uow,
            ids=self._ids,
            notifications=self._notifications,
            now=now,
            rows=CompletionRows(
                placement_sessions=PlacementSessions(
                    uow, self._authenticator, resolved_sessions, sessions, carts
                ),
                stock=OrderStock(uow, self._ids, self._notifications, now, inventories),
                promotions=promotions,
                orders=orders,
                payments=payments,
            ),
        )
        completed = [completion_batch.complete(command) for command in commands]
        await uow.commit()
        return completed


@value
class CompletionRows:
    """The rows of a group of completions."""

    placement_sessions: PlacementSessions
    stock: OrderStock
    promotions: HeldPromotions
    orders: Mapping[UUID, Order]
    payments: Mapping[UUID, Payment]


class CompletionBatch:
    """The rows that a group of completions has locked, with the changes so far."""

    def __init__(
        self,
        *,
        uow: UnitOfWork,
        ids: IdGenerator,
        notifications: Notifications,
        now: datetime,
        rows: CompletionRows,
    ) -> None:
        self._uow = uow
        self._notifications = notifications
        self._now = now
        self._placement_sessions = rows.placement_sessions
        self._stock = rows.stock
        self._promotions = rows.promotions
        self._card_payments = CardOrderPayments(uow, ids, now)
        self._orders = dict(rows.orders)
        self._payments = dict(rows.payments)

    def complete(self, command: CompleteOrder) -> CompletedOrder:
        """Decide one order if it is still pending."""
        order, payment = self._orders[command.order.id], self._payments[command.order.id]
        payment_outcome = command.payment_outcome
        if order.status is not OrderStatus.PENDING:
            if isinstance(payment_outcome, Approved) and payment.status in NEVER_CHARGED:
                # Approved too late: the order is closed, so the payment has to be reversed.
                self._add_job(JobKind.REVERSE_PAYMENT, order)
            return None
        self._uow.jobs.remove(JobId(kind=JobKind.RESOLVE_PAYMENT, subject_id=order.id))
        match payment_outcome:
            case Approved(payment_id=gateway_payment_id):
                return self._confirm(
                    order, payment.with_gateway_payment_id(gateway_payment_id), command.session
                )
            case Declined(reason=reason):
                declined = self._release(order, OrderStatus.DECLINED, Actor.GATEWAY)
                payment = self._save_payment(payment.transition_to(PaymentStatus.DECLINED))
                self._notifications.order_declined(self._uow, declined, payment)
                return self._reject(order, CardDeclined(reason=reason))
            case TimedOut():
                expired = self._release(order, OrderStatus.EXPIRED, Actor.SHOP)
                payment = self._save_payment(payment.transition_to(PaymentStatus.VOIDED))
                self._notifications.order_expired(self._uow, expired, payment)
                self._add_job(JobKind.REVERSE_PAYMENT, order)
                return self._reject(order, PaymentExpired())

    def _confirm(self, order: Order, payment: Payment, token: SessionToken | None) -> PlacedOrder:
        paid = self._transition(order, OrderStatus.PAID, Actor.GATEWAY)
        payment = self._save_payment(payment.transition_to(PaymentStatus.AUTHORISED))
        self._stock.apply(order, StockMovementKind.RESERVED_SALE)
        self._card_payments.confirm(order)
        self._complete_key(order, Succeeded(reference=order.id))
        self._notifications.order_paid(self._uow, paid, payment)
        return PlacedOrder(
            order=paid.as_first_paid(),
            payment=paid.payment_when_paid(),
            new_token=self._placement_sessions.remember_order(paid, payment, token),
        )

    def _reject(self, order: Order, error: ShopError) -> ShopError:
        self._complete_key(order, Rejected(error=error))
        return error

    def _release(self, order: Order, status: OrderStatus, actor: Actor) -> Order:
        self._stock.apply(order, StockMovementKind.RELEASE)
        self._promotions.give_back(order)
        return self._transition(order, status, actor)

    def _transition(self, order: Order, status: OrderStatus, actor: Actor) -> Order:
        changed, status_change = order.transition_to(status, at=self._now, actor=actor)
        self._uow.orders.save(changed, status_change)
        self._orders[order.id] = changed
        return changed

    def _save_payment(self, payment: Payment) -> Payment:
        self._uow.payments.save(payment)
        self._payments[payment.order_id] = payment
        return payment

    def _complete_key(self, order: Order, stored_outcome: StoredOutcome) -> None:
        self._uow.idempotency_keys.complete_pending(order.idempotency_key, stored_outcome)

    def _add_job(self, kind: JobKind, order: Order) -> None:
        self._uow.jobs.add(Job.new(kind, order.id, at=self._now, due_at=self._now))
