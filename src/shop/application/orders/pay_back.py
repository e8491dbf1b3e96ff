"""Pay back by card what was refunded: the job behind each refund that goes to a card.

It bears to be done twice, and also after the gateway has forgotten its key: the refunds of an
order go to the gateway one after the other, so that its books tell whether the next has arrived.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from shop.application.outbox import NotYet
from shop.application.ports.clock import Clock
from shop.application.ports.outbox import Job, JobId
from shop.application.ports.payment_gateway import GatewayRefused, GatewaySilent, PaymentGateway
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.money import Money
from shop.domain.payment import Payment, PaymentMethod
from shop.domain.refund import Refund, RefundStatus


def refund_key(reference: UUID) -> str:
    """Return the key under which the amount of a refund is given back."""
    return f"shop:{reference}:refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A refund, the payment that it is of, and the refunds to the card that come before it."""

    refund: Refund
    payment: Payment
    before: tuple[Refund, ...]

    @property
    def has_its_turn(self) -> bool:
        return all(each.status is RefundStatus.DONE for each in self.before)

    @property
    def in_all(self) -> Money:
        """What will have gone back to the card after this one."""
        amounts = (each.amount for each in self.before)
        return Money.total(amounts, self.refund.amount.currency) + self.refund.amount


class PayBack:
    """The use case behind the job."""

    def __init__(
        self,
        transact: Transact,
        gateway: PaymentGateway,
        clock: Clock,
        key_memory: timedelta,
    ) -> None:
        self._transact = transact
        self._gateway = gateway
        self._clock = clock
        self._key_memory = key_memory

    async def refund(self, job: Job) -> None:
        """Have the gateway give an amount back, and record that it has.

        Raise `NotYet` while an earlier refund of the order is on its way, `GatewaySilent`, or
        `GatewayRefused`, of which the refund keeps the reason.
        """
        due = await self._transact.read(partial(_find, job.id.subject_id))
        if due.refund.status is RefundStatus.PENDING and not due.has_its_turn:
            raise NotYet(not_after=None)
        if due.refund.status is RefundStatus.PENDING and not await self._is_made(due, job):
            await self._ask(due)
        await self._record(due.refund, Refund.paid_back, done=job.id)

    async def _is_made(self, due: _Due, job: Job) -> bool:
        """Tell whether the gateway has given it back already.

        Its books are read where it may have forgotten the key, or where an attempt has failed: it
        may answer that key with an error for ever, or somebody may have given the money back.
        """
        is_fresh = self._clock.now() - due.refund.created_at < self._key_memory
        if is_fresh and job.failure is None:
            return False
        gateway_id = due.payment.charge.gateway_id
        found = await self._gateway.look_up(due.refund.order_id, gateway_id)
        if found is None:
            raise GatewaySilent(f"{gateway_id} is not in the books")
        return not found.refunded < due.in_all

    async def _ask(self, due: _Due) -> None:
        try:
            await self._gateway.refund(
                key=refund_key(due.refund.id),
                payment_id=due.payment.charge.gateway_id or "",
                amount=due.refund.amount,
            )
        except GatewayRefused as refusal:
            await self._record(
                due.refund, partial(Refund.refused, reason=refusal.reason), done=None
            )
            raise

    async def _record(
        self, refund: Refund, change: Callable[[Refund], Refund], *, done: JobId | None
    ) -> None:
        """Keep what the gateway has said to a refund, unless it is known to be done."""

        async def record(uow: UnitOfWork) -> None:
            await uow.orders.lock([refund.order_id])
            stored = (await uow.refunds.get_many([refund.id]))[refund.id]
            if stored.status is RefundStatus.PENDING:
                uow.refunds.save(change(stored))
            if done is not None:
                uow.outbox.finish(done)
            await uow.commit()

        await self._transact.write(record, repeatable=True)


async def _find(refund_id: UUID, uow: UnitOfWork) -> _Due:
    refund = (await uow.refunds.get_many([refund_id]))[refund_id]
    order_id = refund.order_id
    siblings = (await uow.refunds.of_orders([order_id]))[order_id]
    before = siblings[: siblings.index(refund)]
    return _Due(
        refund=refund,
        payment=(await uow.payments.of_orders([order_id]))[order_id],
        before=tuple(each for each in before if each.to is PaymentMethod.CARD),
    )
