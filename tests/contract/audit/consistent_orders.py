"""Orders to be audited with all that belongs to them, consistent or with a single fault."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from shop.application.ports.repositories.audit import INVARIANTS, Fact
from shop.application.ports.repositories.idempotency_keys import Rejected, StoredOutcome, Succeeded
from shop.application.ports.repositories.jobs import Job, JobId, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.inventory import StockMovement, StockMovementKind
from shop.domain.orders.order import Actor, Order, OrderStatus, StatusChange
from shop.domain.orders.refund import Refund, RefundStatus
from shop.domain.orders.shipment import ShipmentEvent, ShipmentEventKind
from shop.domain.payment import Payment, PaymentExpired, PaymentMethod, PaymentStatus
from shop.domain.shared.idempotency_key import IdempotencyKey
from tests.contract.storage import Storage
from tests.factories import (
    NOW,
    SALES,
    account,
    card_details,
    claim,
    claim_keys,
    id_of,
    line,
    order,
    payment,
    product,
    refund,
    shipment_event,
    transfer,
    user,
    welcome_transfer,
)

ADA, BOB = user("ada"), user("bob")
ADA_ACCOUNT, BOB_ACCOUNT = account(ADA, 10_000), account(BOB, 5_000)
ORDER = order(ADA, "1", line("TEA", 2), line("POT", 1))
GIFT = transfer(ADA_ACCOUNT.id, BOB_ACCOUNT.id, 300)

NO_OUTCOME_YET = id_of("the request is running")
"""Stands for the outcome of a key that has none yet."""

Findings = list[tuple[int, str, Mapping[str, Fact]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStep:
    """An order's step, and everything that goes with it. Balances and stock follow from it.

    The jobs are those that the order has from then on.
    """

    order: Order
    event: StatusChange
    payment: Payment | None
    transfers: tuple[Transfer, ...]
    on_hand: Mapping[str, int]
    reserved: Mapping[str, int]
    shipment_events: tuple[ShipmentEvent, ...]
    refunds: tuple[Refund, ...]
    outcome: StoredOutcome | UUID | None
    jobs: frozenset[JobKind]


def paid(placed: Order) -> OrderStep:
    """Return all that belongs to an order paid from the account."""
    return OrderStep(
        order=placed,
        event=placed.initial_status_change(actor=Actor.CUSTOMER),
        payment=payment(placed),
        transfers=(charge(placed),),
        on_hand={each.sku: -each.quantity for each in placed.lines},
        reserved={},
        shipment_events=(),
        refunds=(),
        outcome=Succeeded(reference=placed.id),
        jobs=frozenset(),
    )


def pending(placed: Order) -> OrderStep:
    """Return all that belongs to an order that waits for its card."""
    placed = replace(placed, status=OrderStatus.PENDING, payment_method=PaymentMethod.CARD)
    return replace(
        paid(placed),
        payment=payment(placed, status=PaymentStatus.PENDING, card=card_details()),
        transfers=(),
        on_hand={},
        reserved={each.sku: each.quantity for each in placed.lines},
        outcome=NO_OUTCOME_YET,
        jobs=frozenset({JobKind.RESOLVE_PAYMENT}),
    )


def authorised(placed: Order) -> OrderStep:
    """Return all that belongs to an order whose card has answered, and has not paid yet."""
    placed = replace(placed, payment_method=PaymentMethod.CARD)
    clearing = ShopAccount.CARD_CLEARING.account_id(placed.total.currency)
    return replace(
        paid(placed),
        payment=payment(placed, status=PaymentStatus.AUTHORISED, card=card_details()),
        transfers=(charge(placed, debit_account_id=clearing),),
        jobs=frozenset({JobKind.CAPTURE_PAYMENT}),
    )


def cancelled(placed: Order) -> OrderStep:
    """Return all that belongs to the end of an order that was paid from the account."""
    ended, event = placed.transition_to(
        OrderStatus.CANCELLED, at=NOW + timedelta(hours=1), actor=Actor.CUSTOMER
    )
    return replace(
        paid(placed),
        order=ended,
        event=event,
        payment=payment(placed, status=PaymentStatus.REFUNDED),
        transfers=(refund_transfer(placed),),
        on_hand={each.sku: each.quantity for each in placed.lines},
    )


def refunded(placed: Order) -> OrderStep:
    """Return all that belongs to an order that was refunded without restocking."""
    ended, event = placed.transition_to(
        OrderStatus.REFUNDED, at=NOW + timedelta(hours=1), actor=Actor.ADMIN
    )
    order_refund = refund(placed, placed.total.amount)
    return replace(
        paid(placed.as_first_paid()),
        order=ended,
        event=event,
        payment=payment(placed, status=PaymentStatus.REFUNDED),
        transfers=(transfer_of(order_refund),),
        on_hand={},
        refunds=(order_refund,),
    )


def closed(pending_order: Order, status: OrderStatus, payment_status: PaymentStatus) -> OrderStep:
    """Return all that belongs to the end of an order that was never paid."""
    ended, event = pending_order.transition_to(
        status, at=NOW + timedelta(hours=1), actor=Actor.CUSTOMER
    )
    return replace(
        paid(pending_order),
        order=ended,
        event=event,
        payment=payment(pending_order, status=payment_status),
        transfers=(),
        on_hand={},
        reserved={each.sku: -each.quantity for each in pending_order.lines},
    )


def shipped_or_delivered(step: OrderStep, status: OrderStatus) -> OrderStep:
    """Return a shipment or delivery of the whole order; it moves neither money nor stock."""
    order, event = step.order.transition_to(status, at=NOW + timedelta(hours=1), actor=Actor.ADMIN)
    is_shipped = status is OrderStatus.SHIPPED
    event_of_all_lines = shipment_event(
        order, kind=ShipmentEventKind.SHIPPED if is_shipped else ShipmentEventKind.DELIVERED
    )
    return replace(
        step,
        order=order,
        event=event,
        transfers=(),
        on_hand={},
        shipment_events=(event_of_all_lines,),
    )


def steps_to(status: OrderStatus) -> tuple[OrderStep, ...]:
    """Return the steps that lead `ORDER` to a status, without faults."""
    paid_step, pending_step = paid(ORDER), pending(ORDER)
    rejected_step = replace(pending_step, outcome=Rejected(error=PaymentExpired()))
    shipped_step = shipped_or_delivered(paid_step, OrderStatus.SHIPPED)
    paths = (
        (pending_step,),
        (paid_step,),
        (rejected_step, closed(pending_step.order, OrderStatus.DECLINED, PaymentStatus.DECLINED)),
        (rejected_step, closed(pending_step.order, OrderStatus.EXPIRED, PaymentStatus.VOIDED)),
        (paid_step, cancelled(ORDER)),
        (paid_step, shipped_step),
        (paid_step, shipped_step, shipped_or_delivered(shipped_step, OrderStatus.DELIVERED)),
        (paid_step, refunded(ORDER)),
    )
    return next(path for path in paths if path[-1].order.status is status)


def charge(placed: Order, **changes: object) -> Transfer:
    fields: dict[str, object] = {
        "id": id_of(f"charge {placed.id}"),
        "kind": TransferKind.CHARGE,
        "order_id": placed.id,
    }
    return transfer(ADA_ACCOUNT.id, SALES, placed.total.amount, **fields | changes)


def refund_transfer(placed: Order, amount: int | None = None) -> Transfer:
    """Return the transfer that gives back this much of a charge, or all of it."""
    returned = transfer(SALES, ADA_ACCOUNT.id, amount or placed.total.amount)
    return replace(
        returned, id=id_of(f"return {placed.id}"), kind=TransferKind.REFUND, order_id=placed.id
    )


def transfer_of(made_refund: Refund) -> Transfer:
    """Return the transfer that moves the money of a refund to Ada's account."""
    money_back = refund_transfer(ORDER, made_refund.amount.amount)
    return replace(money_back, id=made_refund.id, order_id=made_refund.order_id)


async def store_customers_and_products(storage: Storage) -> Storage:
    """Return the storage, in which two customers have money now and two products are in stock."""
    await storage.commit(
        *(lambda uow, each=each: uow.users.add(each) for each in (ADA, BOB)),
        *(lambda uow, each=each: uow.accounts.add(each) for each in (ADA_ACCOUNT, BOB_ACCOUNT)),
        *(
            lambda uow, each=each: uow.transfers.add(welcome_transfer(each))
            for each in (ADA_ACCOUNT, BOB_ACCOUNT)
        ),
    )
    await storage.add_product(product("TEA"), 20)
    await storage.add_product(product("POT"), 5)
    return storage


async def store_order(storage: Storage, step: OrderStep) -> None:
    """Store a new order and what goes with it."""

    async def work(uow: UnitOfWork) -> None:
        await store_outcome(uow, step.order.idempotency_key.value, step.outcome)
        await store_transfers(uow, step.transfers)
        await store_stock_movements(uow, step)
        uow.orders.add(step.order, step.event)
        if step.payment is not None:
            uow.payments.add(step.payment)
        store_jobs(uow, step)

    await storage.write(work)
    await storage.write(lambda uow: store_fulfilment(uow, step.shipment_events, step.refunds))


async def store_order_with_status(storage: Storage, status: OrderStatus) -> OrderStep:
    """Store `ORDER` and all its steps to where it stands like this; return the last one."""
    first, *later = steps = steps_to(status)
    await store_order(storage, first)
    for step in later:
        await store_next_step(storage, step)
    return steps[-1]


async def store_next_step(storage: Storage, step: OrderStep) -> None:
    """Store the next state of an order and what goes with it."""

    async def work(uow: UnitOfWork) -> None:
        await store_transfers(uow, step.transfers)
        await store_stock_movements(uow, step)
        await uow.orders.lock([step.order.id])
        uow.orders.save(step.order, step.event)
        if step.payment is not None:
            uow.payments.save(step.payment)
        store_jobs(uow, step)
        await store_fulfilment(uow, step.shipment_events, step.refunds)

    await storage.write(work)


def store_jobs(uow: UnitOfWork, step: OrderStep) -> None:
    """Store the jobs of an order, and no other of its own."""
    for kind in set(JobKind) - step.jobs:
        uow.jobs.remove(JobId(kind=kind, subject_id=step.order.id))
    for kind in step.jobs:
        due_at = card_details().expires_at if kind is JobKind.RESOLVE_PAYMENT else NOW
        uow.jobs.add(Job.new(kind, step.order.id, at=NOW, due_at=due_at))


async def store_fulfilment(
    uow: UnitOfWork, shipment_events: tuple[ShipmentEvent, ...], refunds: tuple[Refund, ...]
) -> None:
    """Store shipment events and refunds, with the jobs of pending refunds."""
    await uow.orders.lock(
        [*(each.order_id for each in shipment_events), *(each.order_id for each in refunds)]
    )
    for event in shipment_events:
        uow.shipment_events.add(event)
    for order_refund in refunds:
        uow.refunds.add(order_refund)
        if order_refund.status is RefundStatus.PENDING:
            uow.jobs.add(Job.new(JobKind.REFUND_PAYMENT, order_refund.id, at=NOW, due_at=NOW))


async def store_outcome(uow: UnitOfWork, key: str, outcome: StoredOutcome | UUID | None) -> None:
    """Store how a request of Ada's ended: None if there was none at all."""
    if outcome is not None:
        await claim_keys(uow, [claim(ADA, key)])
    if isinstance(outcome, Succeeded | Rejected):
        uow.idempotency_keys.complete(IdempotencyKey(user_id=ADA.id, value=key), outcome)


async def store_transfers(uow: UnitOfWork, transfers: tuple[Transfer, ...]) -> None:
    """Store transfers, and the balances that follow from them."""
    accounts = dict(await uow.accounts.lock([ADA_ACCOUNT.id, BOB_ACCOUNT.id]))
    for each in transfers:
        uow.transfers.add(each)
        for account_id, amount in (
            (each.debit_account_id, -each.amount),
            (each.credit_account_id, each.amount),
        ):
            if account_id in accounts:
                account_before = accounts[account_id]
                accounts[account_id] = replace(
                    account_before, balance=account_before.balance + amount
                )
                uow.accounts.save(accounts[account_id])


async def store_stock_movements(uow: UnitOfWork, step: OrderStep) -> None:
    """Store movements, and the stock that follows from them."""
    skus = sorted({*step.on_hand, *step.reserved})
    stock = await uow.inventories.lock(skus)
    for sku in skus:
        stock_change = StockMovement(
            id=id_of(f"movement {step.order.id} {step.order.version} {sku}"),
            sku=sku,
            kind=StockMovementKind.SALE,
            on_hand_delta=step.on_hand.get(sku, 0),
            reserved_delta=step.reserved.get(sku, 0),
            order_id=step.order.id,
            reason="",
            created_at=NOW,
        )
        after = replace(
            stock[sku],
            on_hand=stock[sku].on_hand + stock_change.on_hand_delta,
            reserved=stock[sku].reserved + stock_change.reserved_delta,
        )
        uow.inventories.save(after, stock_change)


async def findings(storage: Storage, due_before: datetime = NOW) -> Findings:
    """Return everything that the audit finds, invariant by invariant."""

    async def audit(uow: UnitOfWork) -> Findings:
        return [
            (invariant.number, violation.rule, violation.facts)
            for invariant in INVARIANTS
            for violation in await uow.audit.violations(invariant, due_before)
        ]

    return await storage.read(audit)
