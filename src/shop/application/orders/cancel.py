"""Cancel an order: stock and money go back where they came from."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from shop.application.admission import Admission
from shop.application.ports.clock import Clock
from shop.application.ports.ids import Ids
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.inventory import Movement, MovementKind
from shop.domain.order import Actor, Order, OrderNotFound, OrderStatus
from shop.domain.payment import Payment, PaymentStatus


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

    def __init__(self, transact: Transact, admission: Admission, clock: Clock, ids: Ids) -> None:
        self._transact = transact
        self._admission = admission
        self._clock = clock
        self._ids = ids

    async def cancel(self, command: CancelOrder) -> CancelledOrder:
        """Cancel the order, put its goods back into stock and its money into the account.

        Raise `NotSignedIn`, `SessionExpired`, `OrderNotFound` (also for another's order), or
        `IllegalTransition` where it is too late.
        """
        return await self._transact.write(partial(self._cancel, command), repeatable=False)

    async def _cancel(self, command: CancelOrder, uow: UnitOfWork) -> CancelledOrder:
        user = await self._admission.user(uow, command.session)
        # Lines and owner never change: read first, they tell what to lock in the common order.
        order = (await uow.orders.get_many([command.order_id])).get(command.order_id)
        if order is None or not order.is_visible_to(user):
            raise OrderNotFound
        now = self._clock.now()
        currency = order.total.currency
        account = (await uow.accounts.lock_of_users([order.user_id], currency))[order.user_id]
        inventories = await uow.inventories.lock([line.sku for line in order.lines])
        order = (await uow.orders.lock([order.id]))[order.id]
        payment = (await uow.payments.of_orders([order.id]))[order.id]

        actor = Actor.CUSTOMER if user.id == order.user_id else Actor.ADMIN
        order, event = order.become(OrderStatus.CANCELLED, at=now, actor=actor)
        payment = payment.become(PaymentStatus.REFUNDED)
        uow.accounts.save(account.deposit(payment.amount))
        uow.transfers.add(
            Transfer(
                id=self._ids.new(),
                kind=TransferKind.RETURN,
                debit_account_id=ShopAccount.SALES.id_in(currency),
                credit_account_id=account.id,
                amount=payment.amount,
                order_id=order.id,
                note="",
                created_at=now,
            )
        )
        for line in order.lines:
            before = inventories[line.sku]
            after = before.put_back(line.quantity)
            movement = Movement.between(
                before,
                after,
                id=self._ids.new(),
                kind=MovementKind.SALE_UNDONE,
                order_id=order.id,
                reason="",
                created_at=now,
            )
            uow.inventories.save(after, movement)
        uow.payments.save(payment)
        uow.orders.save(order, event)
        await uow.commit()
        return CancelledOrder(order=order, payment=payment)
