"""Finish orders that wait for their card: confirm, decline or give up, each once.

The request, the webhook, the driver and the expiry all come here with what they know. Whoever
finds the order pending, under its lock, decides; to all others it is decided. The use case is
plural, like placing is.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from shop.application.admission import Admission, Arrivals, Visit
from shop.application.announcements import Announcements
from shop.application.orders.goods import Goods
from shop.application.orders.placed import PlacedOrder, as_paid
from shop.application.payments import Ending, TimeUp
from shop.application.ports.clock import Clock
from shop.application.ports.idempotency import KeyId, Outcome, Refused, Succeeded
from shop.application.ports.ids import Ids
from shop.application.ports.outbox import Job, JobId, JobKind
from shop.application.ports.payment_gateway import Approved, Declined, Notice
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.errors import ShopError
from shop.domain.inventory import MovementKind
from shop.domain.order import Actor, Order, OrderStatus
from shop.domain.payment import (
    CAME_TO_NOTHING,
    CardDeclined,
    Payment,
    PaymentExpired,
    PaymentStatus,
)
from shop.domain.session import Session, SessionConflict, SessionTooLarge


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishOrder:
    """What is known of the card of an order, which was read before, and who asks for the order.

    Without a token, the session is told of in which the order was placed. Where a notice has
    brought it up, nothing is done that was done for the same notice before.
    """

    order: Order
    payment: Payment
    ending: Ending
    session: SessionToken | None
    notice: Notice | None


FinishedOrder = PlacedOrder | ShopError | None
"""The order as it was paid, or the refusal for good; None where somebody else decided."""


class FinishOrders:
    """The use case that finishes orders."""

    def __init__(
        self,
        transact: Transact,
        admission: Admission,
        clock: Clock,
        ids: Ids,
        announcements: Announcements,
    ) -> None:
        self._transact = transact
        self._admission = admission
        self._clock = clock
        self._ids = ids
        self._announcements = announcements

    async def finish(self, commands: Sequence[FinishOrder]) -> Sequence[FinishedOrder]:
        """Finish these orders, in one unit of work; refusals are `CardDeclined`, `PaymentExpired`.

        An approval that comes too late for its order is given back.
        """
        return await self._transact.write(
            partial(self._finish, commands), repeatable=True, divisible=len(commands) > 1
        )

    async def _finish(
        self, commands: Sequence[FinishOrder], uow: UnitOfWork
    ) -> Sequence[FinishedOrder]:
        heard = await self._hear(uow, [each.notice for each in commands if each.notice])
        arrivals = await self._admission.lock(uow, [each.session for each in commands])
        elsewhere = {
            each.payment.charge.session_id
            for each in commands
            if _own_visit(arrivals, each.session, each.payment) is None
        }
        sessions = await uow.sessions.lock_by_id(elsewhere)
        skus = {line.sku for each in commands for line in each.order.lines}
        inventories = await uow.inventories.lock(skus)
        orders = await uow.orders.lock({each.order.id for each in commands})
        payments = await uow.payments.of_orders(orders)
        now = self._clock.now()
        till = _Till(
            uow=uow,
            ids=self._ids,
            announcements=self._announcements,
            now=now,
            callers=_Callers(uow, self._admission, arrivals, sessions),
            goods=Goods(uow, self._ids, self._announcements, now, inventories),
            orders=orders,
            payments=payments,
        )
        finished = [
            till.finish(command) if command.notice is None or command.notice.id in heard else None
            for command in commands
        ]
        await uow.commit()
        return finished

    async def _hear(self, uow: UnitOfWork, notices: Sequence[Notice]) -> Collection[str]:
        return await uow.notices.take(notices, self._clock.now()) if notices else ()


class _Till:
    """What a group of endings has locked, and what has been decided with it so far."""

    def __init__(
        self,
        *,
        uow: UnitOfWork,
        ids: Ids,
        announcements: Announcements,
        now: datetime,
        callers: "_Callers",
        goods: Goods,
        orders: Mapping[UUID, Order],
        payments: Mapping[UUID, Payment],
    ) -> None:
        self._uow = uow
        self._ids = ids
        self._announcements = announcements
        self._now = now
        self._callers = callers
        self._goods = goods
        self._orders = dict(orders)
        self._payments = dict(payments)

    def finish(self, command: FinishOrder) -> FinishedOrder:
        """Decide one order, unless it is decided."""
        order, payment = self._orders[command.order.id], self._payments[command.order.id]
        ending = command.ending
        if order.status is not OrderStatus.PENDING:
            if isinstance(ending, Approved) and payment.status in CAME_TO_NOTHING:
                # Too late: what was set aside meanwhile is given back.
                self._do(JobKind.UNDO, order)
            return None
        self._uow.outbox.finish(JobId(kind=JobKind.RESOLVE, subject_id=order.id))
        match ending:
            case Approved(payment_id=gateway_id):
                return self._confirm(order, payment.known_as(gateway_id), command.session)
            case Declined(reason=reason):
                declined = self._release(order, OrderStatus.DECLINED, Actor.GATEWAY)
                payment = self._keep(payment.become(PaymentStatus.DECLINED))
                self._announcements.order_declined(self._uow, declined, payment)
                return self._refuse(order, CardDeclined(reason=reason))
            case TimeUp():
                expired = self._release(order, OrderStatus.EXPIRED, Actor.SHOP)
                payment = self._keep(payment.become(PaymentStatus.VOIDED))
                self._announcements.order_expired(self._uow, expired, payment)
                self._do(JobKind.UNDO, order)
                return self._refuse(order, PaymentExpired())

    def _confirm(self, order: Order, payment: Payment, token: SessionToken | None) -> PlacedOrder:
        paid = self._step(order, OrderStatus.PAID, Actor.GATEWAY)
        payment = self._keep(payment.become(PaymentStatus.AUTHORISED))
        self._goods.move(order, MovementKind.CONFIRMATION)
        currency = order.total.currency
        self._uow.transfers.add(
            Transfer(
                id=self._ids.new(),
                kind=TransferKind.CHARGE,
                debit_account_id=ShopAccount.CARD_CLEARING.id_in(currency),
                credit_account_id=ShopAccount.SALES.id_in(currency),
                amount=order.total,
                order_id=order.id,
                note="",
                created_at=self._now,
            )
        )
        self._conclude(order, Succeeded(reference=order.id))
        self._do(JobKind.CAPTURE, order)
        self._announcements.order_paid(self._uow, paid, payment)
        return PlacedOrder(
            order=paid.as_placed(),
            payment=as_paid(paid),
            issued=self._callers.tell(paid, payment, token),
        )

    def _refuse(self, order: Order, error: ShopError) -> ShopError:
        self._conclude(order, Refused(error=error))
        return error

    def _release(self, order: Order, status: OrderStatus, actor: Actor) -> Order:
        self._goods.move(order, MovementKind.RELEASE)
        return self._step(order, status, actor)

    def _step(self, order: Order, status: OrderStatus, actor: Actor) -> Order:
        changed, event = order.become(status, at=self._now, actor=actor)
        self._uow.orders.save(changed, event)
        self._orders[order.id] = changed
        return changed

    def _keep(self, payment: Payment) -> Payment:
        self._uow.payments.save(payment)
        self._payments[payment.order_id] = payment
        return payment

    def _conclude(self, order: Order, outcome: Outcome) -> None:
        key = KeyId(user_id=order.user_id, key=order.idempotency_key)
        self._uow.keys.conclude(key, outcome)

    def _do(self, kind: JobKind, order: Order) -> None:
        self._uow.outbox.add(Job.new(kind, order.id, at=self._now, due_at=self._now))


class _Callers:
    """The sessions in which a group of orders was placed."""

    def __init__(
        self,
        uow: UnitOfWork,
        admission: Admission,
        arrivals: Arrivals,
        elsewhere: Mapping[UUID, Session],
    ) -> None:
        self._uow = uow
        self._admission = admission
        self._arrivals = arrivals
        self._sessions = dict(elsewhere)

    def tell(
        self, order: Order, payment: Payment, token: SessionToken | None
    ) -> SessionToken | None:
        """Have the session track its order, unless it has ended; return a token issued for it."""
        session_id = payment.charge.session_id
        visit = _own_visit(self._arrivals, token, payment)
        before = self._sessions.get(session_id) or (visit.session if visit else None)
        if before is None or before.user_id != order.user_id:
            return None
        session = _tracking(before, order, payment)
        try:
            issued = self._save(session, visit)
        except (SessionConflict, SessionTooLarge):
            # The order is paid, whatever else goes on in the session; it is listed for its user.
            return None
        self._sessions[session_id] = session
        return issued

    def _save(self, session: Session, visit: Visit | None) -> SessionToken | None:
        if visit is not None:
            return self._admission.keep(self._uow, visit, session).issued
        self._uow.sessions.save(session)
        return None


def _own_visit(arrivals: Arrivals, token: SessionToken | None, payment: Payment) -> Visit | None:
    """Return the visit behind a token where it is of the session in which the order was placed."""
    visit = arrivals.holding(token)
    is_own = visit is not None and visit.session.id == payment.charge.session_id
    return visit if is_own else None


def _tracking(session: Session, order: Order, payment: Payment) -> Session:
    tracking = session.tracking(order.id)
    if not payment.charge.empties_cart:
        return tracking
    ordered = {line.sku: line.quantity for line in order.lines}
    return tracking.with_cart(session.cart.after(ordered))
