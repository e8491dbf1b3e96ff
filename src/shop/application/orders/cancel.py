"""Cancel an order: stock and money go back where they came from."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from shop.application.admission import Admission
from shop.application.announcements import Announcements
from shop.application.orders.fulfil import lock_fulfilment
from shop.application.orders.goods import Goods
from shop.application.ports.clock import Clock
from shop.application.ports.idempotency import KeyId, Refused
from shop.application.ports.ids import Ids
from shop.application.ports.outbox import Job, JobId, JobKind
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.fulfilment import OrderUnderWay
from shop.domain.inventory import MovementKind
from shop.domain.order import Actor, Order, OrderNotFound, OrderStatus
from shop.domain.payment import Payment, PaymentCancelled, PaymentMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Undo an order of one's own, or, as an admin, anybody's."""

    session: SessionToken | None
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledOrder:
    """The order is cancelled, and its payment returned."""

    order: Order
    payment: Payment


class CancelOrders:
    """The use case that cancels orders."""

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

    async def cancel(self, command: CancelOrder) -> CancelledOrder:
        """Cancel the order, put its goods back into stock and its money where it came from.

        What a card has set aside or paid, the outbox has a job to give back. Raise `NotSignedIn`,
        `SessionExpired`, `OrderNotFound` (also for another's order), `IllegalTransition` where
        it is too late, or `OrderUnderWay` where part of it was shipped or refunded.
        """
        return await self._transact.write(partial(self._cancel, command), repeatable=False)

    async def _cancel(self, command: CancelOrder, uow: UnitOfWork) -> CancelledOrder:
        user = await self._admission.user(uow, command.session)
        # Lines and owner never change: read first, they tell what to lock in the common order.
        order = (await uow.orders.get_many([command.order_id])).get(command.order_id)
        if order is None or not order.is_visible_to(user):
            raise OrderNotFound
        now = self._clock.now()
        accounts = await uow.accounts.lock_of_users([order.user_id], order.total.currency)
        inventories = await uow.inventories.lock([line.sku for line in order.lines])
        standing = await lock_fulfilment(uow, order.id)
        if standing is None:
            raise OrderNotFound
        order, payment = standing.order, standing.payment

        actor = Actor.CUSTOMER if user.id == order.user_id else Actor.ADMIN
        cancelled, event = order.become(OrderStatus.CANCELLED, at=now, actor=actor)
        if standing.is_begun:
            raise OrderUnderWay
        goods = Goods(uow, self._ids, self._announcements, now, inventories)
        if order.status is OrderStatus.PENDING:
            goods.move(order, MovementKind.RELEASE)
            key = KeyId(user_id=order.user_id, key=order.idempotency_key)
            uow.keys.conclude(key, Refused(error=PaymentCancelled()))
        else:
            goods.move(order, MovementKind.SALE_UNDONE)
            self._return(uow, payment, to=self._origin(payment, accounts[order.user_id].id))
        if payment.method is PaymentMethod.ACCOUNT:
            uow.accounts.save(accounts[order.user_id].deposit(payment.amount))
        else:
            for kind in (JobKind.RESOLVE, JobKind.CAPTURE):
                uow.outbox.finish(JobId(kind=kind, subject_id=order.id))
            uow.outbox.add(Job.new(JobKind.UNDO, order.id, at=now, due_at=now))
        payment = payment.given_back()
        uow.payments.save(payment)
        uow.orders.save(cancelled, event)
        self._announcements.order_cancelled(uow, cancelled, payment)
        await uow.commit()
        return CancelledOrder(order=cancelled, payment=payment)

    def _return(self, uow: UnitOfWork, payment: Payment, *, to: UUID) -> None:
        uow.transfers.add(
            Transfer(
                id=self._ids.new(),
                kind=TransferKind.RETURN,
                debit_account_id=ShopAccount.SALES.id_in(payment.amount.currency),
                credit_account_id=to,
                amount=payment.amount,
                order_id=payment.order_id,
                note="",
                created_at=self._clock.now(),
            )
        )

    def _origin(self, payment: Payment, account_id: UUID) -> UUID:
        if payment.method is PaymentMethod.ACCOUNT:
            return account_id
        return ShopAccount.CARD_CLEARING.id_in(payment.amount.currency)
