"""Books to be audited: orders and all that goes with them, sound or with a single fault."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from shop.application.ports.repositories.audit import INVARIANTS, Fact
from shop.application.ports.repositories.idempotency_keys import (
    IdempotencyKey,
    Rejected,
    StoredOutcome,
    Succeeded,
)
from shop.application.ports.repositories.jobs import Job, JobId, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.inventory import StockMovement, StockMovementKind
from shop.domain.orders.order import Actor, Order, OrderStatus, StatusChange
from shop.domain.orders.refund import Refund, RefundStatus
from shop.domain.orders.shipment import ShipmentEvent, ShipmentEventKind
from shop.domain.payment import Payment, PaymentExpired, PaymentMethod, PaymentStatus
from tests.contract.stores import Stores
from tests.factories import (
    NOW,
    SALES,
    account,
    an_id,
    card_charge,
    claim,
    handover,
    line,
    order,
    payment,
    product,
    refund,
    transfer,
    user,
    welcome,
)

ADA, BOB = user("ada"), user("bob")
ADAS, BOBS = account(ADA, 10_000), account(BOB, 5_000)
ORDER = order(ADA, "1", line("TEA", 2), line("POT", 1))
GIFT = transfer(ADAS.id, BOBS.id, 300)

RUNNING = an_id("the request is running")
"""Stands for the outcome of a key that has none yet."""

Findings = list[tuple[int, str, Mapping[str, Fact]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An order's step, and everything that goes with it. Balances and stock follow from it.

    The jobs are those that the order has from then on.
    """

    order: Order
    event: StatusChange
    payment: Payment | None
    transfers: tuple[Transfer, ...]
    on_hand: Mapping[str, int]
    reserved: Mapping[str, int]
    handovers: tuple[ShipmentEvent, ...]
    refunds: tuple[Refund, ...]
    outcome: StoredOutcome | UUID | None
    jobs: frozenset[JobKind]


def bought(placed: Order) -> Step:
    """Return all that belongs to an order paid from the account."""
    return Step(
        order=placed,
        event=placed.initial_status_change(actor=Actor.CUSTOMER),
        payment=payment(placed),
        transfers=(charge(placed),),
        on_hand={each.sku: -each.quantity for each in placed.lines},
        reserved={},
        handovers=(),
        refunds=(),
        outcome=Succeeded(reference=placed.id),
        jobs=frozenset(),
    )


def pending(placed: Order) -> Step:
    """Return all that belongs to an order that waits for its card."""
    placed = replace(placed, status=OrderStatus.PENDING, payment_method=PaymentMethod.CARD)
    return replace(
        bought(placed),
        payment=payment(placed, status=PaymentStatus.PENDING, card=card_charge()),
        transfers=(),
        on_hand={},
        reserved={each.sku: each.quantity for each in placed.lines},
        outcome=RUNNING,
        jobs=frozenset({JobKind.RESOLVE_PAYMENT}),
    )


def authorised(placed: Order) -> Step:
    """Return all that belongs to an order whose card has answered, and has not paid yet."""
    placed = replace(placed, payment_method=PaymentMethod.CARD)
    clearing = ShopAccount.CARD_CLEARING.account_id(placed.total.currency)
    return replace(
        bought(placed),
        payment=payment(placed, status=PaymentStatus.AUTHORISED, card=card_charge()),
        transfers=(charge(placed, debit_account_id=clearing),),
        jobs=frozenset({JobKind.CAPTURE_PAYMENT}),
    )


def cancelled(placed: Order) -> Step:
    """Return all that belongs to the end of an order that was paid from the account."""
    ended, event = placed.transition_to(
        OrderStatus.CANCELLED, at=NOW + timedelta(hours=1), actor=Actor.CUSTOMER
    )
    return replace(
        bought(placed),
        order=ended,
        event=event,
        payment=payment(placed, status=PaymentStatus.REFUNDED),
        transfers=(returned(placed),),
        on_hand={each.sku: each.quantity for each in placed.lines},
    )


def refunded(placed: Order) -> Step:
    """Return all that belongs to an order whose money went back, while its goods did not."""
    ended, event = placed.transition_to(
        OrderStatus.REFUNDED, at=NOW + timedelta(hours=1), actor=Actor.ADMIN
    )
    given_back = refund(placed, placed.total.amount)
    return replace(
        bought(placed.as_first_paid()),
        order=ended,
        event=event,
        payment=payment(placed, status=PaymentStatus.REFUNDED),
        transfers=(returned_by(given_back),),
        on_hand={},
        refunds=(given_back,),
    )


def dead(waiting: Order, status: OrderStatus, paid: PaymentStatus) -> Step:
    """Return all that belongs to the end of an order that was never paid."""
    ended, event = waiting.transition_to(status, at=NOW + timedelta(hours=1), actor=Actor.CUSTOMER)
    return replace(
        bought(waiting),
        order=ended,
        event=event,
        payment=payment(waiting, status=paid),
        transfers=(),
        on_hand={},
        reserved={each.sku: -each.quantity for each in waiting.lines},
    )


def sent(step: Step, status: OrderStatus) -> Step:
    """Return the step of all goods of an order: neither money nor stock move with it."""
    order, event = step.order.transition_to(status, at=NOW + timedelta(hours=1), actor=Actor.ADMIN)
    is_shipped = status is OrderStatus.SHIPPED
    gone = handover(
        order, kind=ShipmentEventKind.SHIPPED if is_shipped else ShipmentEventKind.DELIVERED
    )
    return replace(step, order=order, event=event, transfers=(), on_hand={}, handovers=(gone,))


def sound_steps(status: OrderStatus) -> tuple[Step, ...]:
    """Return how `ORDER` comes, soundly, to where it stands like this."""
    paid, waiting = bought(ORDER), pending(ORDER)
    decided = replace(waiting, outcome=Rejected(error=PaymentExpired()))
    shipped = sent(paid, OrderStatus.SHIPPED)
    ways = (
        (waiting,),
        (paid,),
        (decided, dead(waiting.order, OrderStatus.DECLINED, PaymentStatus.DECLINED)),
        (decided, dead(waiting.order, OrderStatus.EXPIRED, PaymentStatus.VOIDED)),
        (paid, cancelled(ORDER)),
        (paid, shipped),
        (paid, shipped, sent(shipped, OrderStatus.DELIVERED)),
        (paid, refunded(ORDER)),
    )
    return next(way for way in ways if way[-1].order.status is status)


def charge(placed: Order, **changes: object) -> Transfer:
    charged: dict[str, object] = {
        "id": an_id(f"charge {placed.id}"),
        "kind": TransferKind.CHARGE,
        "order_id": placed.id,
    }
    return transfer(ADAS.id, SALES, placed.total.amount, **charged | changes)


def returned(placed: Order, amount: int | None = None) -> Transfer:
    """Return the transfer that gives back this much of a charge, or all of it."""
    made = transfer(SALES, ADAS.id, amount or placed.total.amount)
    return replace(
        made, id=an_id(f"return {placed.id}"), kind=TransferKind.REFUND, order_id=placed.id
    )


def returned_by(made: Refund) -> Transfer:
    """Return the transfer that moves the money of a refund to Ada's account."""
    moved = returned(ORDER, made.amount.amount)
    return replace(moved, id=made.id, order_id=made.order_id)


async def fill(stores: Stores) -> Stores:
    """Return the storage, in which two customers have money now and two products are in stock."""
    await stores.commit(
        *(lambda uow, each=each: uow.users.add(each) for each in (ADA, BOB)),
        *(lambda uow, each=each: uow.accounts.add(each) for each in (ADAS, BOBS)),
        *(lambda uow, each=each: uow.transfers.add(welcome(each)) for each in (ADAS, BOBS)),
    )
    await stores.stock(product("TEA"), 20)
    await stores.stock(product("POT"), 5)
    return stores


async def place(stores: Stores, step: Step) -> None:
    """Store a new order and what goes with it."""

    async def work(uow: UnitOfWork) -> None:
        await settle(uow, step.order.idempotency_key, step.outcome)
        await book(uow, step.transfers)
        await move(uow, step)
        uow.orders.add(step.order, step.event)
        if step.payment is not None:
            uow.payments.add(step.payment)
        see_to(uow, step)

    await stores.change(work)
    await stores.change(lambda uow: fulfil(uow, step.handovers, step.refunds))


async def bring(stores: Stores, status: OrderStatus) -> Step:
    """Store `ORDER` and all its steps to where it stands like this; return the last one."""
    first, *later = steps = sound_steps(status)
    await place(stores, first)
    for step in later:
        await follow(stores, step)
    return steps[-1]


async def follow(stores: Stores, step: Step) -> None:
    """Store the next state of an order and what goes with it."""

    async def work(uow: UnitOfWork) -> None:
        await book(uow, step.transfers)
        await move(uow, step)
        await uow.orders.lock([step.order.id])
        uow.orders.save(step.order, step.event)
        if step.payment is not None:
            uow.payments.save(step.payment)
        see_to(uow, step)
        await fulfil(uow, step.handovers, step.refunds)

    await stores.change(work)


def see_to(uow: UnitOfWork, step: Step) -> None:
    """Store the jobs of an order, and no other of its own."""
    for kind in set(JobKind) - step.jobs:
        uow.jobs.remove(JobId(kind=kind, subject_id=step.order.id))
    for kind in step.jobs:
        due_at = card_charge().expires_at if kind is JobKind.RESOLVE_PAYMENT else NOW
        uow.jobs.add(Job.new(kind, step.order.id, at=NOW, due_at=due_at))


async def fulfil(
    uow: UnitOfWork, handovers: tuple[ShipmentEvent, ...], refunds: tuple[Refund, ...]
) -> None:
    """Store handovers and refunds, with the jobs of those that are still to be made."""
    await uow.orders.lock(
        [*(each.order_id for each in handovers), *(each.order_id for each in refunds)]
    )
    for handed_over in handovers:
        uow.shipment_events.add(handed_over)
    for given_back in refunds:
        uow.refunds.add(given_back)
        if given_back.status is RefundStatus.PENDING:
            uow.jobs.add(Job.new(JobKind.REFUND_PAYMENT, given_back.id, at=NOW, due_at=NOW))


async def settle(uow: UnitOfWork, key: str, outcome: StoredOutcome | UUID | None) -> None:
    """Store how a request of Ada's ended: None if there was none at all."""
    if outcome is not None:
        await uow.idempotency_keys.claim([claim(ADA, key)])
    if isinstance(outcome, Succeeded | Rejected):
        uow.idempotency_keys.complete(IdempotencyKey(user_id=ADA.id, key=key), outcome)


async def book(uow: UnitOfWork, transfers: tuple[Transfer, ...]) -> None:
    """Store transfers, and the balances that follow from them."""
    accounts = dict(await uow.accounts.lock([ADAS.id, BOBS.id]))
    for each in transfers:
        uow.transfers.add(each)
        for account_id, amount in (
            (each.debit_account_id, -each.amount),
            (each.credit_account_id, each.amount),
        ):
            if account_id in accounts:
                held = accounts[account_id]
                accounts[account_id] = replace(held, balance=held.balance + amount)
                uow.accounts.save(accounts[account_id])


async def move(uow: UnitOfWork, step: Step) -> None:
    """Store movements, and the stock that follows from them."""
    skus = sorted({*step.on_hand, *step.reserved})
    stock = await uow.inventories.lock(skus)
    for sku in skus:
        moved = StockMovement(
            id=an_id(f"movement {step.order.id} {step.order.version} {sku}"),
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
            on_hand=stock[sku].on_hand + moved.on_hand_delta,
            reserved=stock[sku].reserved + moved.reserved_delta,
        )
        uow.inventories.save(after, moved)


async def findings(stores: Stores, due_before: datetime = NOW) -> Findings:
    """Return everything that the audit finds, invariant by invariant."""

    async def audit(uow: UnitOfWork) -> Findings:
        return [
            (invariant.number, violation.rule, violation.facts)
            for invariant in INVARIANTS
            for violation in await uow.audit.violations(invariant, due_before)
        ]

    return await stores.see(audit)
