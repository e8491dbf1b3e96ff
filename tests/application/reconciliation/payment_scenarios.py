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
from tests.application.memory_shop import PENDING_PAYMENT_SECONDS, MemoryShop, place_order
from tests.factories import NOW, eur, id_of

PENDING_PAYMENT_TIMEOUT = timedelta(seconds=PENDING_PAYMENT_SECONDS)
A_WHILE = timedelta(seconds=30)
A_DAY = timedelta(days=1)

Scenario = Callable[["PaymentScenario"], Awaitable[None]]


class PaymentScenario:
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

    async def mark_jobs_dead(self) -> None:
        async with self.shop.container.unit_of_work() as uow:
            jobs = await uow.jobs.lease(list(JobKind), NOW + A_DAY, NOW + 2 * A_DAY, 10)
            await uow.commit()
        async with self.shop.container.unit_of_work() as uow:
            for job in jobs:
                uow.jobs.mark_dead(job, "GatewayOutcomeUnknown: no answer")
            await uow.commit()

    async def set_payment_status(self, order_id: UUID, status: PaymentStatus) -> None:
        """Change where a payment stands here, as no use case does."""
        async with self.shop.container.unit_of_work() as uow:
            await uow.orders.lock([order_id])
            payment = (await uow.payments.for_orders([order_id]))[order_id]
            uow.payments.save(replace(payment, status=status))
            await uow.commit()

    @property
    def gateway_payment(self) -> GatewayPayment:
        (payment,) = self.shop.gateway._payments.values()
        return payment

    async def capture_by_hand(self) -> None:
        payment = self.gateway_payment
        await self.shop.gateway.capture(key="by hand", payment_id=payment.id, amount=payment.amount)

    async def refund_by_hand(self, amount: int) -> None:
        await self.shop.gateway.refund(
            key="back by hand", payment_id=self.gateway_payment.id, amount=eur(amount)
        )

    async def void_by_hand(self) -> None:
        await self.shop.gateway.void(key="void by hand", payment_id=self.gateway_payment.id)

    def forget_gateway_payments(self) -> None:
        self.shop.gateway._payments.clear()

    async def reconcile(self, *, is_dry_run: bool = False) -> Sequence[ReconciliationResult]:
        command = Reconcile(since=None, until=None, is_dry_run=is_dry_run)
        reconciling = self.shop.container.reconcile_payments()
        return [each async for each in reconciling.reconcile(command)]

    async def run_jobs_repeatedly(self) -> None:
        """Have the jobs done, as often as they want to be."""
        for _ in range(4):
            await self.shop.run_jobs()
            self.shop.clock.advance(timedelta(minutes=5))

    async def audit(self) -> Finding:
        return await self.shop.container.audit_gateway().run(A_DAY)


async def approved_while_pending(scenario: PaymentScenario) -> None:
    await scenario.pay("tok_timeout_after")
    await scenario.lose_jobs()


async def captured_while_pending(scenario: PaymentScenario) -> None:
    await scenario.pay("tok_timeout_after")
    await scenario.capture_by_hand()
    await scenario.lose_jobs()


async def pending_on_both_sides(scenario: PaymentScenario) -> None:
    await scenario.pay("tok_timeout_before")
    await scenario.lose_jobs()


async def unknown_while_pending(scenario: PaymentScenario) -> None:
    scenario.shop.gateway.script(ScriptedResult.TIMEOUT_BEFORE)
    await scenario.pay()
    await scenario.lose_jobs()


async def voided_while_pending(scenario: PaymentScenario) -> None:
    await scenario.pay("tok_timeout_after")
    await scenario.void_by_hand()
    await scenario.lose_jobs()


async def never_captured(scenario: PaymentScenario) -> None:
    await scenario.pay()
    await scenario.lose_jobs()


async def captured_but_not_recorded(scenario: PaymentScenario) -> None:
    await scenario.pay()
    await scenario.capture_by_hand()
    await scenario.lose_jobs()


async def cancelled_but_authorised(scenario: PaymentScenario) -> None:
    await scenario.cancel(await scenario.pay())
    await scenario.lose_jobs()


async def cancelled_but_captured(scenario: PaymentScenario) -> None:
    order_id = await scenario.pay()
    await scenario.shop.run_jobs()
    await scenario.cancel(order_id)
    await scenario.lose_jobs()


async def voided_in_shop_captured_at_gateway(scenario: PaymentScenario) -> None:
    await scenario.cancel(await scenario.pay())
    await scenario.capture_by_hand()
    await scenario.lose_jobs()


async def approved_after_expiry(scenario: PaymentScenario) -> None:
    scenario.shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * 9)
    order_id = await scenario.pay()
    for _ in range(3):
        scenario.shop.clock.advance(PENDING_PAYMENT_TIMEOUT)
        await scenario.shop.run_jobs()
    scenario.shop.gateway._scripted_results.clear()
    assert scenario.shop.jobs == []
    await scenario.shop.gateway.authorise(
        AuthorisationRequest(key="late", reference=order_id, amount=eur(200), token="tok_visa")
    )


async def deposit_never_resolved(scenario: PaymentScenario) -> None:
    await scenario.deposit("tok_timeout_after")
    await scenario.lose_jobs()


async def deposit_never_captured(scenario: PaymentScenario) -> None:
    await scenario.deposit("tok_visa")
    await scenario.lose_jobs()


async def pending_after_cancellation(scenario: PaymentScenario) -> None:
    await scenario.cancel(await scenario.pay("tok_timeout_before"))
    await scenario.lose_jobs()


REPAIRABLE = [
    (approved_while_pending, "gateway-authorised-shop-pending", JobKind.RESOLVE_PAYMENT),
    (captured_while_pending, "gateway-captured-shop-pending", JobKind.RESOLVE_PAYMENT),
    (pending_on_both_sides, "gateway-pending-shop-pending", JobKind.RESOLVE_PAYMENT),
    (unknown_while_pending, "gateway-unknown-shop-pending", JobKind.RESOLVE_PAYMENT),
    (voided_while_pending, "gateway-voided-shop-pending", JobKind.RESOLVE_PAYMENT),
    (never_captured, "gateway-authorised-shop-authorised", JobKind.CAPTURE_PAYMENT),
    (captured_but_not_recorded, "gateway-captured-shop-authorised", JobKind.CAPTURE_PAYMENT),
    (cancelled_but_authorised, "gateway-authorised-shop-voided", JobKind.REVERSE_PAYMENT),
    (cancelled_but_captured, "gateway-captured-shop-refunded", JobKind.REVERSE_PAYMENT),
    (voided_in_shop_captured_at_gateway, "gateway-captured-shop-voided", JobKind.REVERSE_PAYMENT),
    (approved_after_expiry, "gateway-authorised-shop-voided", JobKind.REVERSE_PAYMENT),
    (deposit_never_resolved, "gateway-authorised-shop-pending", JobKind.RESOLVE_DEPOSIT),
    (deposit_never_captured, "gateway-authorised-shop-authorised", JobKind.CAPTURE_DEPOSIT),
    (pending_after_cancellation, "gateway-pending-shop-voided", JobKind.REVERSE_PAYMENT),
]


async def paid_but_voided_at_gateway(scenario: PaymentScenario) -> None:
    await scenario.pay()
    await scenario.void_by_hand()
    await scenario.lose_jobs()


async def captured_only_in_shop(scenario: PaymentScenario) -> None:
    await scenario.set_payment_status(await scenario.pay(), PaymentStatus.CAPTURED)
    await scenario.lose_jobs()


async def unknown_to_gateway(scenario: PaymentScenario) -> None:
    await scenario.pay()
    await scenario.shop.run_jobs()
    scenario.forget_gateway_payments()


async def deposit_unknown_to_gateway(scenario: PaymentScenario) -> None:
    await scenario.deposit("tok_visa")
    await scenario.shop.run_jobs()
    scenario.forget_gateway_payments()


async def unknown_to_shop(scenario: PaymentScenario) -> None:
    await scenario.shop.gateway.authorise(
        AuthorisationRequest(key="stray", reference=id_of("stray"), amount=eur(5), token="tok_visa")
    )


async def without_reference(scenario: PaymentScenario) -> None:
    await unknown_to_shop(scenario)
    payment = scenario.gateway_payment
    scenario.shop.gateway._payments[payment.id] = replace(payment, reference=None)


async def amount_mismatch(scenario: PaymentScenario) -> None:
    await scenario.pay()
    await scenario.shop.run_jobs()
    scenario.shop.gateway._payments[scenario.gateway_payment.id] = replace(
        scenario.gateway_payment, amount=eur(199)
    )


async def partly_refunded_at_gateway(scenario: PaymentScenario) -> None:
    await scenario.pay()
    await scenario.shop.run_jobs()
    await scenario.refund_by_hand(50)


async def fully_refunded_at_gateway(scenario: PaymentScenario) -> None:
    await scenario.pay()
    await scenario.shop.run_jobs()
    await scenario.refund_by_hand(200)


async def paid_twice(scenario: PaymentScenario) -> None:
    order_id = await scenario.pay()
    await scenario.shop.run_jobs()
    await scenario.shop.gateway.authorise(
        AuthorisationRequest(key="again", reference=order_id, amount=eur(200), token="tok_visa")
    )


async def job_dead(scenario: PaymentScenario) -> None:
    await scenario.pay()
    await scenario.mark_jobs_dead()


NOT_REPAIRABLE = [
    (paid_but_voided_at_gateway, "gateway-voided-shop-authorised"),
    (captured_only_in_shop, "gateway-authorised-shop-captured"),
    (unknown_to_gateway, "gateway-unknown-shop-captured"),
    (deposit_unknown_to_gateway, "gateway-unknown-shop-captured"),
    (unknown_to_shop, "unknown-to-shop"),
    (without_reference, "unknown-to-shop"),
    (amount_mismatch, "amount-differs"),
    (partly_refunded_at_gateway, "refunded-amount-differs"),
    (fully_refunded_at_gateway, "gateway-refunded-shop-captured"),
    (paid_twice, "second-payment-at-gateway"),
    (job_dead, "gateway-authorised-shop-authorised"),
]
