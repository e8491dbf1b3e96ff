"""Settle what requests began: the jobs that resolve, capture and undo card payments.

Each bears to be done twice: keys, the gateway's books, and the order's lock see to that.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

from shop.application.group_commit import GroupCommit, Lines
from shop.application.orders.finish import FinishedOrder, FinishOrder
from shop.application.outbox import NotYet, end_job
from shop.application.payments import CardDesk, CardRequest
from shop.application.ports.clock import Clock
from shop.application.ports.outbox import Job, JobId, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.errors import ShopError
from shop.domain.order import Order, OrderStatus
from shop.domain.payment import Payment, PaymentStatus


class SettlePayments:
    """The use cases behind the jobs of the outbox."""

    def __init__(
        self,
        transact: Transact,
        cards: CardDesk,
        finishing: GroupCommit[FinishOrder, FinishedOrder],
        lines: Lines,
        clock: Clock,
        patience: timedelta,
    ) -> None:
        self._transact = transact
        self._cards = cards
        self._finishing = finishing
        self._views = lines.before(self._find)
        self._captured = lines.before(self._record)
        self._clock = clock
        self._patience = patience

    async def resolve(self, job: Job) -> None:
        """Find out how a pending order ends; past its time, give it up. Raise `NotYet`."""
        verdict = await self._cards.find(job.id.subject_id)
        order, payment = await self._views.send(job.id.subject_id)
        if order.status is not OrderStatus.PENDING:
            await self._done(job)
            return
        ending = await self._cards.ending(CardRequest.of_order(payment), verdict)
        if ending is None:
            raise NotYet(not_after=payment.charge.expires_at)
        command = FinishOrder(
            order=order, payment=payment, ending=ending, session=None, notice=None
        )
        with suppress(ShopError):
            await self._finishing.send(command)

    async def capture(self, job: Job) -> None:
        """Take the money of a paid order; raise `GatewaySilent` or `GatewayRefused`."""
        order, payment = await self._views.send(job.id.subject_id)
        if payment.status is not PaymentStatus.AUTHORISED:
            await self._done(job)
            return
        await self._cards.take(order.id, payment.charge.gateway_id, payment.amount)
        await self._captured.send(order.id)

    async def undo(self, job: Job) -> None:
        """Give back what the gateway holds or has taken for what came to nothing.

        Raise `NotYet` while a request may still be on its way there, `GatewaySilent` or
        `GatewayRefused`.
        """
        gateway_id = await self._transact.read(partial(_gateway_id, job.id.subject_id))
        knew = await self._cards.undo(job.id.subject_id, gateway_id)
        certain_at = job.created_at + self._patience
        if not knew and self._clock.now() < certain_at:
            raise NotYet(not_after=certain_at)
        await self._done(job)

    async def _find(self, order_ids: Sequence[UUID]) -> Sequence[tuple[Order, Payment]]:
        async def find(uow: UnitOfWork) -> Sequence[tuple[Order, Payment]]:
            orders = await uow.orders.get_many(set(order_ids))
            payments = await uow.payments.of_orders(set(order_ids))
            return [(orders[each], payments[each]) for each in order_ids]

        return await self._transact.read(find)

    async def _record(self, order_ids: Sequence[UUID]) -> Sequence[None]:
        """Record in one unit of work what the gateway has captured."""
        return await self._transact.write(
            partial(self._record_captures, order_ids),
            repeatable=True,
            divisible=len(order_ids) > 1,
        )

    async def _record_captures(self, order_ids: Sequence[UUID], uow: UnitOfWork) -> Sequence[None]:
        await uow.orders.lock(set(order_ids))
        payments = await uow.payments.of_orders(set(order_ids))
        now = self._clock.now()
        for order_id, payment in payments.items():
            uow.outbox.finish(JobId(kind=JobKind.CAPTURE, subject_id=order_id))
            if payment.status is PaymentStatus.AUTHORISED:
                uow.payments.save(payment.become(PaymentStatus.CAPTURED))
            elif payment.status is PaymentStatus.VOIDED:
                # Cancelled while the money was taken: it goes back.
                uow.outbox.add(Job.new(JobKind.UNDO, order_id, at=now, due_at=now))
        await uow.commit()
        return [None] * len(order_ids)

    async def _done(self, job: Job) -> None:
        await self._transact.write(partial(end_job, job), repeatable=True)


async def _gateway_id(reference: UUID, uow: UnitOfWork) -> str | None:
    """Return the gateway's own id of what pays an order or a deposit, where it was told."""
    payment = (await uow.payments.of_orders([reference])).get(reference)
    if payment is not None:
        return payment.charge.gateway_id
    deposit = (await uow.deposits.get_many([reference])).get(reference)
    return None if deposit is None else deposit.gateway_id
