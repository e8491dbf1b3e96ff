"""Refund an order, in whole or in part: money goes back, and goods where they are named.

The books have it at once. What goes to a card, the outbox has a job to give back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from shop.application.admission import Admission, Arrivals
from shop.application.announcements import Announcements
from shop.application.idempotency import (
    Claims,
    Reply,
    Request,
    fingerprint,
    made_earlier,
)
from shop.application.orders.fulfil import lock_fulfilment
from shop.application.orders.goods import Goods
from shop.application.ports.clock import Clock
from shop.application.ports.idempotency import Claim, KeyId
from shop.application.ports.ids import Ids
from shop.application.ports.outbox import Job, JobKind
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.account import Account, ShopAccount, Transfer, TransferKind
from shop.domain.fulfilment import Fulfilment
from shop.domain.inventory import MovementKind
from shop.domain.money import Currency
from shop.domain.order import Actor, Order, OrderNotFound, OrderStatus
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.domain.refund import Refund, RefundWish
from shop.domain.user import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """Give back some of an order, or all that is left of it."""

    session: SessionToken | None
    key: str
    order_id: UUID
    wish: RefundWish


class RefundOrders:
    """The use case that refunds orders (admin)."""

    def __init__(
        self,
        transact: Transact,
        admission: Admission,
        clock: Clock,
        ids: Ids,
        announcements: Announcements,
        currency: Currency,
    ) -> None:
        self._transact = transact
        self._admission = admission
        self._clock = clock
        self._ids = ids
        self._announcements = announcements
        self._currency = currency

    async def refund(self, command: RefundOrder) -> Reply[Refund]:
        """Give money back, once under the key, and goods into stock where that is wished for.

        Refusals: `NotSignedIn`, `SessionExpired`, `Forbidden`, `RuleBroken`, `OrderNotFound`,
        `IllegalTransition`, `MoneyNotTaken`, `NotPaidByCard`, `NotSoManyLeft`, `RefundTooLarge`,
        `BalanceTooLarge`, `IdempotencyKeyReused`, `RequestInProgress`.
        """
        return await self._transact.write(partial(self._refund, command), repeatable=True)

    async def _refund(self, command: RefundOrder, uow: UnitOfWork) -> Reply[Refund]:
        arrivals = await self._admission.look(uow, [command.session])
        request = self._request(arrivals, command)
        claims = await Claims.take(uow, [request])
        # Lines, owner and method never change: read first, they tell what to lock.
        order = (await uow.orders.get_many([command.order_id])).get(command.order_id)
        desk = await self._open_desk(uow, order)
        verdict = claims.decide(request, desk.refund)
        earlier = await uow.refunds.get_many(made_earlier([verdict], desk.made))
        await uow.commit()
        as_made = {each.id: each.as_made() for each in earlier.values()}
        return verdict.reply({**as_made, **desk.made})

    def _request(self, arrivals: Arrivals, command: RefundOrder) -> Request[RefundOrder]:
        visit = arrivals.signed_in(command.session)
        visit.signed_in_user.require(Role.ADMIN)
        if command.wish.amount is not None:
            command.wish.amount.require_currency(self._currency)
        return Request(
            command=command,
            visit=visit,
            claim=Claim(
                id=KeyId(user_id=visit.signed_in_user.id, key=command.key),
                fingerprint=fingerprint("refund", order_id=command.order_id, wish=command.wish),
                created_at=self._clock.now(),
            ),
        )

    async def _open_desk(self, uow: UnitOfWork, order: Order | None) -> "_Desk":
        now = self._clock.now()
        accounts: Mapping[UUID, Account] = {}
        skus: set[str] = set()
        if order is not None:
            accounts = await uow.accounts.lock_of_users([order.user_id], self._currency)
            skus = {line.sku for line in order.lines}
        inventories = await uow.inventories.lock(skus)
        goods = Goods(uow, self._ids, self._announcements, now, inventories)
        fulfilment = None if order is None else await lock_fulfilment(uow, order.id)
        return _Desk(uow, self._ids, self._announcements, now, accounts, goods, fulfilment)


class _Desk:
    """What a refund has locked, and what was decided with it."""

    def __init__(
        self,
        uow: UnitOfWork,
        ids: Ids,
        announcements: Announcements,
        now: datetime,
        accounts: Mapping[UUID, Account],
        goods: Goods,
        fulfilment: Fulfilment | None,
    ) -> None:
        self._uow = uow
        self._ids = ids
        self._announcements = announcements
        self._now = now
        self._accounts = accounts
        self._goods = goods
        self._fulfilment = fulfilment
        self.made: dict[UUID, Refund] = {}

    def refund(self, request: Request[RefundOrder]) -> UUID:
        """Decide the refund by the rules of the domain, then stage it; return its id."""
        before = self._fulfilment
        if before is None:
            raise OrderNotFound
        after, refund = before.refund(
            request.command.wish, id=self._ids.new(), at=self._now, actor=Actor.ADMIN
        )
        # The money first: a balance that grows too large can still refuse.
        self._return(refund, before.order)
        if refund.restocked:
            for line in refund.lines:
                self._goods.move_line(
                    refund.order_id, line.sku, line.quantity, MovementKind.SALE_UNDONE
                )
        self._uow.refunds.add(refund)
        order, payment = before.order, before.payment
        if after.status is OrderStatus.REFUNDED:
            payment = payment.become(PaymentStatus.REFUNDED)
            self._uow.payments.save(payment)
        for order, event in after.steps(at=self._now, actor=Actor.ADMIN):
            self._uow.orders.save(order, event)
        self._announcements.order_refunded(self._uow, order, payment, refund=refund)
        self.made[refund.id] = refund
        return refund.id

    def _return(self, refund: Refund, order: Order) -> None:
        currency = refund.amount.currency
        if refund.to is PaymentMethod.ACCOUNT:
            account = self._accounts[order.user_id].deposit(refund.amount)
            self._uow.accounts.save(account)
            credited = account.id
        else:
            credited = ShopAccount.CARD_CLEARING.id_in(currency)
            job = Job.new(JobKind.REFUND, refund.id, at=self._now, due_at=self._now)
            self._uow.outbox.add(job)
        self._uow.transfers.add(
            Transfer(
                id=refund.id,
                kind=TransferKind.RETURN,
                debit_account_id=ShopAccount.SALES.id_in(currency),
                credit_account_id=credited,
                amount=refund.amount,
                order_id=refund.order_id,
                note=refund.reason,
                created_at=self._now,
            )
        )
