"""Cancels orders: returns the stock and reverses the payment."""

from collections.abc import Collection, Mapping
from functools import partial
from uuid import UUID

from shop.application.idempotency.optional_key import execute_once, optional_request
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.inventory.order_stock import OrderStock
from shop.application.notifications.events import Notifications
from shop.application.orders.fulfil import lock_fulfilment
from shop.application.payments.methods import payments_by_method
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.metrics import GIVEN_BACK, UNCOUNTED, Metrics
from shop.application.ports.repositories.idempotency_keys import Rejected
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.order_promotions import HeldPromotions
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import Account
from shop.domain.inventory import Inventory, StockMovementKind
from shop.domain.orders.fulfilment import Fulfilment, OrderPartlyFulfilled
from shop.domain.orders.order import Actor, Order, OrderNotFound, OrderStatus
from shop.domain.payment import Payment, PaymentCancelled
from shop.domain.shared.value import value
from shop.domain.user import User


@value
class CancelOrder:
    """Cancel one's own order, or any order as an admin. The key is optional."""

    session: SessionToken | None
    order_id: UUID
    key: str | None = None


@value
class CancelledOrder:
    """The order was cancelled and its payment reversed; an admin sees its customer."""

    order: Order
    payment: Payment
    customer: User | None

    @property
    def id(self) -> UUID:
        """The id of the order."""
        return self.order.id


@value
class _LockedOrder:
    """An order to cancel, with the account, stock and promotions that get something back."""

    fulfilment: Fulfilment
    accounts: Mapping[UUID, Account]
    inventories: Mapping[str, Inventory]
    promotions: HeldPromotions
    customer: User | None


class CancelOrders:
    """Cancels orders."""

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

    async def cancel(self, command: CancelOrder) -> CommandResult[CancelledOrder]:
        """Cancel the order, return its stock and reverse its payment; a card's by a job.

        Errors: `NotSignedIn`, `SessionExpired`, `OrderNotFound`, `IllegalTransition`,
        `OrderPartlyFulfilled`, `BalanceTooLarge`, `IdempotencyKeyReused`, `RequestInProgress`.
        """
        result = await self._transactions.write(
            partial(self._cancel, command), retryable=command.key is not None
        )
        cancelled = result.value
        if (
            isinstance(cancelled, CancelledOrder)
            and not result.replayed
            and cancelled.order.discounts
        ):
            self._metrics.promotions_used(GIVEN_BACK, len(cancelled.order.discounts))
        return result

    async def _cancel(self, command: CancelOrder, uow: UnitOfWork) -> CommandResult[CancelledOrder]:
        user = await self._authenticator.require_buyer(uow, command.session)
        request = optional_request(user, command.key, command, "cancel", order_id=command.order_id)
        return await execute_once(
            uow,
            request,
            at=self._clock.now(),
            lock=partial(self._lock, uow, user, command),
            decide=partial(self._decide, uow, user),
            load=partial(_load_cancelled, uow, user),
        )

    async def _lock(self, uow: UnitOfWork, user: User, command: CancelOrder) -> _LockedOrder | None:
        # Lines and owner never change, so they can be read first to lock in the common order.
        order = (await uow.orders.get_many([command.order_id])).get(command.order_id)
        if order is None or not order.is_visible_to(user):
            return None
        accounts = await uow.accounts.lock_for_users([order.user_id], order.total.currency)
        inventories = await uow.inventories.lock([line.sku for line in order.lines])
        promotions = await HeldPromotions.lock(uow, [order])
        fulfilment = await lock_fulfilment(uow, order.id)
        if fulfilment is None:
            return None
        return _LockedOrder(
            fulfilment=fulfilment,
            accounts=accounts,
            inventories=inventories,
            promotions=promotions,
            customer=await _customer_for(uow, user, order),
        )

    def _decide(self, uow: UnitOfWork, user: User, locked: _LockedOrder | None) -> CancelledOrder:
        if locked is None:
            raise OrderNotFound
        now = self._clock.now()
        fulfilment = locked.fulfilment
        order, payment = fulfilment.order, fulfilment.payment
        actor = Actor.CUSTOMER if user.id == order.user_id else Actor.ADMIN
        cancelled, status_change = order.transition_to(OrderStatus.CANCELLED, at=now, actor=actor)
        if fulfilment.has_started:
            raise OrderPartlyFulfilled
        # The money comes first: a balance that is too large rejects the cancellation, and then
        # nothing may be staged.
        payments_by_method(uow, self._ids, now, locked.accounts)[payment.method].cancel(
            order, payment
        )
        stock = OrderStock(uow, self._ids, self._notifications, now, locked.inventories)
        if order.status is OrderStatus.PENDING:
            stock.apply(order, StockMovementKind.RELEASE)
            uow.idempotency_keys.complete_pending(
                order.idempotency_key, Rejected(error=PaymentCancelled())
            )
        else:
            stock.apply(order, StockMovementKind.RESTOCK)
        locked.promotions.give_back(order)
        payment = payment.reversed()
        uow.payments.save(payment)
        uow.orders.save(cancelled, status_change)
        self._notifications.order_cancelled(uow, cancelled, payment)
        return CancelledOrder(order=cancelled, payment=payment, customer=locked.customer)


async def _load_cancelled(
    uow: UnitOfWork, user: User, ids: Collection[UUID]
) -> Mapping[UUID, CancelledOrder]:
    """Load cancelled orders; neither such an order nor its payment ever changes again."""
    orders = await uow.orders.get_many(ids)
    payments = await uow.payments.for_orders(ids)
    return {
        id_: CancelledOrder(
            order=order,
            payment=payments[id_],
            customer=await _customer_for(uow, user, order),
        )
        for id_, order in orders.items()
    }


async def _customer_for(uow: UnitOfWork, user: User, order: Order) -> User | None:
    """Return the customer of an order, if an admin asks."""
    if not user.is_admin:
        return None
    return (await uow.users.get_many([order.user_id]))[order.user_id]
