"""What goes wrong between a shop and its gateway, each thing alone."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.application.ledger.deposits import MakeDeposit
from shop.application.orders.cancel import CancelOrder
from shop.application.ports.payment_gateway import AuthorisationRequest, GatewayPayment
from shop.application.ports.repositories.jobs import JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.reconciliation.audit import Finding
from shop.application.reconciliation.repair import Reconcile, ReconciliationResult
from shop.domain.payment import PaymentStatus
from tests.factories import NOW, an_id, eur
from tests.unit.application.memory_shop import HOLD_SECONDS, MemoryShop, place_order

HOLD = timedelta(seconds=HOLD_SECONDS)
A_WHILE = timedelta(seconds=30)
A_DAY = timedelta(days=1)

Fault = Callable[["Desk"], Awaitable[None]]


class Desk:
    """A shop, a customer of it, and what goes wrong between it and the gateway."""

    def __init__(self, shop: MemoryShop, token: SessionToken) -> None:
        self.shop = shop
        self.token = token

    async def pay(self, card: str = "tok_visa", key: str = "key-0001") -> UUID:
        placed = await self.shop.check_out(place_order(self.token, ("TEA", 2), card=card, key=key))
        return placed.order.id

    async def deposit(self, card: str) -> None:
        command = MakeDeposit(session=self.token, key="key-0001", amount=eur(200), card=card)
        await self.shop.container.deposit_service().make(command)

    async def cancel(self, order_id: UUID) -> None:
        command = CancelOrder(session=self.token, order_id=order_id)
        await self.shop.container.cancel_orders().cancel(command)

    async def lose_jobs(self) -> None:
        async with self.shop.container.unit_of_work() as uow:
            for job_id in self.shop.state.jobs.rows:
                uow.jobs.remove(job_id)
            await uow.commit()

    async def give_up_jobs(self) -> None:
        async with self.shop.container.unit_of_work() as uow:
            jobs = await uow.jobs.lease(list(JobKind), NOW + A_DAY, NOW + 2 * A_DAY, 10)
            await uow.commit()
        async with self.shop.container.unit_of_work() as uow:
            for job in jobs:
                uow.jobs.mark_dead(job, "GatewayOutcomeUnknown: no answer")
            await uow.commit()

    async def tamper(self, order_id: UUID, status: PaymentStatus) -> None:
        """Change where a payment stands here, as no use case does."""
        async with self.shop.container.unit_of_work() as uow:
            await uow.orders.lock([order_id])
            payment = (await uow.payments.for_orders([order_id]))[order_id]
            uow.payments.save(replace(payment, status=status))
            await uow.commit()

    @property
    def there(self) -> GatewayPayment:
        (payment,) = self.shop.gateway._payments.values()
        return payment

    async def capture_by_hand(self) -> None:
        payment = self.there
        await self.shop.gateway.capture(key="by hand", payment_id=payment.id, amount=payment.amount)

    async def refund_by_hand(self, amount: int) -> None:
        await self.shop.gateway.refund(
            key="back by hand", payment_id=self.there.id, amount=eur(amount)
        )

    async def void_by_hand(self) -> None:
        await self.shop.gateway.void(key="void by hand", payment_id=self.there.id)

    def forget_there(self) -> None:
        self.shop.gateway._payments.clear()

    async def reconcile(self, *, is_dry_run: bool = False) -> Sequence[ReconciliationResult]:
        command = Reconcile(since=None, until=None, is_dry_run=is_dry_run)
        reconciling = self.shop.container.reconcile_payments()
        return [each async for each in reconciling.reconcile(command)]

    async def settle(self) -> None:
        """Have the jobs done, as often as they want to be."""
        for _ in range(4):
            await self.shop.work()
            self.shop.clock.advance(timedelta(minutes=5))

    async def audit(self) -> Finding:
        return await self.shop.container.audit_gateway().run(A_DAY)


async def approved_while_pending(desk: Desk) -> None:
    await desk.pay("tok_timeout_after")
    await desk.lose_jobs()


async def captured_while_pending(desk: Desk) -> None:
    await desk.pay("tok_timeout_after")
    await desk.capture_by_hand()
    await desk.lose_jobs()


async def pending_on_both_sides(desk: Desk) -> None:
    await desk.pay("tok_timeout_before")
    await desk.lose_jobs()


async def unheard_of_while_pending(desk: Desk) -> None:
    desk.shop.gateway.script(ScriptedResult.TIMEOUT_BEFORE)
    await desk.pay()
    await desk.lose_jobs()


async def voided_while_pending(desk: Desk) -> None:
    await desk.pay("tok_timeout_after")
    await desk.void_by_hand()
    await desk.lose_jobs()


async def never_captured(desk: Desk) -> None:
    await desk.pay()
    await desk.lose_jobs()


async def captured_and_not_recorded(desk: Desk) -> None:
    await desk.pay()
    await desk.capture_by_hand()
    await desk.lose_jobs()


async def cancelled_and_still_held(desk: Desk) -> None:
    await desk.cancel(await desk.pay())
    await desk.lose_jobs()


async def cancelled_and_still_taken(desk: Desk) -> None:
    order_id = await desk.pay()
    await desk.shop.work()
    await desk.cancel(order_id)
    await desk.lose_jobs()


async def voided_here_and_taken_there(desk: Desk) -> None:
    await desk.cancel(await desk.pay())
    await desk.capture_by_hand()
    await desk.lose_jobs()


async def expired_and_approved_since(desk: Desk) -> None:
    desk.shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * 9)
    order_id = await desk.pay()
    for _ in range(3):
        desk.shop.clock.advance(HOLD)
        await desk.shop.work()
    desk.shop.gateway._scripted_results.clear()
    assert desk.shop.jobs == []
    await desk.shop.gateway.authorise(
        AuthorisationRequest(key="late", reference=order_id, amount=eur(200), token="tok_visa")
    )


async def deposit_never_resolved(desk: Desk) -> None:
    await desk.deposit("tok_timeout_after")
    await desk.lose_jobs()


async def deposit_never_captured(desk: Desk) -> None:
    await desk.deposit("tok_visa")
    await desk.lose_jobs()


async def undecided_after_the_end(desk: Desk) -> None:
    await desk.cancel(await desk.pay("tok_timeout_before"))
    await desk.lose_jobs()


REPAIRABLE = [
    (approved_while_pending, "authorised-there-pending-here", JobKind.RESOLVE_PAYMENT),
    (captured_while_pending, "captured-there-pending-here", JobKind.RESOLVE_PAYMENT),
    (pending_on_both_sides, "pending-there-pending-here", JobKind.RESOLVE_PAYMENT),
    (unheard_of_while_pending, "unknown-there-pending-here", JobKind.RESOLVE_PAYMENT),
    (voided_while_pending, "voided-there-pending-here", JobKind.RESOLVE_PAYMENT),
    (never_captured, "authorised-there-authorised-here", JobKind.CAPTURE_PAYMENT),
    (captured_and_not_recorded, "captured-there-authorised-here", JobKind.CAPTURE_PAYMENT),
    (cancelled_and_still_held, "authorised-there-voided-here", JobKind.REVERSE_PAYMENT),
    (cancelled_and_still_taken, "captured-there-refunded-here", JobKind.REVERSE_PAYMENT),
    (voided_here_and_taken_there, "captured-there-voided-here", JobKind.REVERSE_PAYMENT),
    (expired_and_approved_since, "authorised-there-voided-here", JobKind.REVERSE_PAYMENT),
    (deposit_never_resolved, "authorised-there-pending-here", JobKind.RESOLVE_DEPOSIT),
    (deposit_never_captured, "authorised-there-authorised-here", JobKind.CAPTURE_DEPOSIT),
    (undecided_after_the_end, "pending-there-voided-here", JobKind.REVERSE_PAYMENT),
]


async def paid_and_voided_there(desk: Desk) -> None:
    await desk.pay()
    await desk.void_by_hand()
    await desk.lose_jobs()


async def captured_here_alone(desk: Desk) -> None:
    await desk.tamper(await desk.pay(), PaymentStatus.CAPTURED)
    await desk.lose_jobs()


async def lost_there(desk: Desk) -> None:
    await desk.pay()
    await desk.shop.work()
    desk.forget_there()


async def deposit_lost_there(desk: Desk) -> None:
    await desk.deposit("tok_visa")
    await desk.shop.work()
    desk.forget_there()


async def unknown_here(desk: Desk) -> None:
    await desk.shop.gateway.authorise(
        AuthorisationRequest(key="stray", reference=an_id("stray"), amount=eur(5), token="tok_visa")
    )


async def of_nothing(desk: Desk) -> None:
    await unknown_here(desk)
    payment = desk.there
    desk.shop.gateway._payments[payment.id] = replace(payment, reference=None)


async def another_amount(desk: Desk) -> None:
    await desk.pay()
    await desk.shop.work()
    desk.shop.gateway._payments[desk.there.id] = replace(desk.there, amount=eur(199))


async def refunded_there(desk: Desk) -> None:
    await desk.pay()
    await desk.shop.work()
    await desk.refund_by_hand(50)


async def returned_there(desk: Desk) -> None:
    await desk.pay()
    await desk.shop.work()
    await desk.refund_by_hand(200)


async def paid_twice(desk: Desk) -> None:
    order_id = await desk.pay()
    await desk.shop.work()
    await desk.shop.gateway.authorise(
        AuthorisationRequest(key="again", reference=order_id, amount=eur(200), token="tok_visa")
    )


async def given_up(desk: Desk) -> None:
    await desk.pay()
    await desk.give_up_jobs()


LEFT = [
    (paid_and_voided_there, "voided-there-authorised-here"),
    (captured_here_alone, "authorised-there-captured-here"),
    (lost_there, "unknown-there-captured-here"),
    (deposit_lost_there, "unknown-there-captured-here"),
    (unknown_here, "unknown-here"),
    (of_nothing, "unknown-here"),
    (another_amount, "amount-differs"),
    (refunded_there, "refunded-differs"),
    (returned_there, "refunded-there-captured-here"),
    (paid_twice, "second-there"),
    (given_up, "authorised-there-authorised-here"),
]
