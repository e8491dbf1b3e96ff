"""Fulfilment: what becomes of an order once it is paid, told by what was done with it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shop.domain.errors import Conflict
from shop.domain.events import OrderEvent
from shop.domain.handover import Excess, Handover, HandoverKind, NotSoManyLeft, Pieces
from shop.domain.money import Money
from shop.domain.order import ORDER_STATUSES, Actor, Order, OrderStatus
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.refund import (
    NotPaidByCard,
    Refund,
    RefundLine,
    RefundTooLarge,
    RefundWish,
    first_status,
)
from shop.domain.status import IllegalTransition

_UNDER_WAY = frozenset({OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED})

_LEADS_TO = {
    HandoverKind.SHIPMENT: OrderStatus.SHIPPED,
    HandoverKind.DELIVERY: OrderStatus.DELIVERED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfilment:
    """An order, its payment, its handovers and its refunds, each of them since it was placed.

    The order's own status is the one before the latest of these: `steps` lead to the next.
    """

    order: Order
    payment: Payment
    handovers: tuple[Handover, ...]
    refunds: tuple[Refund, ...]

    @property
    def is_begun(self) -> bool:
        """Whether any of the goods have left, or any of the money went back."""
        return bool(self.handovers or self.refunds)

    @property
    def to_ship(self) -> Counter[str]:
        """How many of each product have not left, and are to."""
        kept_back = Counter[str]()
        for line in self._refunded_lines():
            kept_back[line.sku] += line.kept_back
        return self._ordered() - self._handed_over(HandoverKind.SHIPMENT) - kept_back

    @property
    def to_deliver(self) -> Counter[str]:
        """How many of each product have left and not arrived."""
        shipped = self._handed_over(HandoverKind.SHIPMENT)
        return shipped - self._handed_over(HandoverKind.DELIVERY)

    @property
    def to_refund(self) -> Counter[str]:
        """How many of each product were not refunded by name."""
        refunded = Counter[str]()
        for line in self._refunded_lines():
            refunded[line.sku] += line.quantity
        return self._ordered() - refunded

    @property
    def left(self) -> Money:
        """What was paid and not refunded."""
        refunded = (refund.amount for refund in self.refunds)
        return self.order.total - Money.total(refunded, self.order.total.currency)

    @property
    def status(self) -> OrderStatus:
        """Where the order stands by all that was done: what is partly shipped is still paid."""
        if self.order.status not in _UNDER_WAY:
            return self.order.status
        if not self.left.amount:
            return OrderStatus.REFUNDED
        if self.to_ship or not self.handovers:
            return OrderStatus.PAID
        return OrderStatus.SHIPPED if self.to_deliver else OrderStatus.DELIVERED

    def steps(self, *, at: datetime, actor: Actor) -> Iterator[tuple[Order, OrderEvent]]:
        """Yield the order after each step to where it stands now, and the event of the step."""
        order = self.order
        if (order.status, self.status) == (OrderStatus.PAID, OrderStatus.DELIVERED):
            # What had not left was refunded, and the rest has arrived.
            order, event = order.become(OrderStatus.SHIPPED, at=at, actor=actor)
            yield order, event
        if order.status is not self.status:
            yield order.become(self.status, at=at, actor=actor)

    def hand_over(
        self,
        kind: HandoverKind,
        wanted: Sequence[Pieces],
        *,
        id: UUID,  # noqa: A002  The field's own name.
        at: datetime,
        actor: Actor,
    ) -> tuple["Fulfilment", Handover]:
        """Hand these goods over, or all that wait for it where none are named.

        Raise `IllegalTransition` where the order is past it or has nothing that waits,
        `MoneyNotTaken`, or `NotSoManyLeft`.
        """
        status = _LEADS_TO[kind]
        if self.order.status is not OrderStatus.PAID:
            ORDER_STATUSES.require(self.order.status, status)
        self._require_money_taken()
        waiting = self.to_ship if kind is HandoverKind.SHIPMENT else self.to_deliver
        if not (waiting or wanted):
            raise IllegalTransition(current=self.order.status.value, target=status.value)
        handover = Handover(
            id=id,
            order_id=self.order.id,
            kind=kind,
            lines=_among(waiting, wanted),
            actor=actor,
            created_at=at,
        )
        return replace(self, handovers=(*self.handovers, handover)), handover

    def refund(
        self,
        wish: RefundWish,
        *,
        id: UUID,  # noqa: A002  The field's own name.
        at: datetime,
        actor: Actor,
    ) -> tuple["Fulfilment", Refund]:
        """Give back what is wished for.

        Raise `IllegalTransition` where the order is not paid, or not any more, `MoneyNotTaken`,
        `NotPaidByCard`, `NotSoManyLeft` or `RefundTooLarge`.
        """
        ORDER_STATUSES.require(self.order.status, OrderStatus.REFUNDED)
        self._require_money_taken()
        to = wish.to or self.order.method
        if to is PaymentMethod.CARD and self.order.method is not PaymentMethod.CARD:
            raise NotPaidByCard
        lines = self._lines_of(wish)
        refund = Refund(
            id=id,
            order_id=self.order.id,
            number=len(self.refunds) + 1,
            amount=self._amount_of(wish),
            to=to,
            reason=wish.reason,
            lines=lines,
            restocked=wish.restock,
            status=first_status(to),
            outcome=None,
            actor=actor,
            created_at=at,
        )
        return replace(self, refunds=(*self.refunds, refund)), refund

    def _lines_of(self, wish: RefundWish) -> tuple[RefundLine, ...]:
        if wish.amount is not None and not wish.lines:
            return ()
        to_ship = self.to_ship
        return tuple(
            RefundLine(
                sku=each.sku,
                quantity=each.quantity,
                kept_back=min(each.quantity, to_ship[each.sku]),
            )
            for each in _among(self.to_refund, wish.lines)
        )

    def _amount_of(self, wish: RefundWish) -> Money:
        amount = wish.amount or self._price_of(wish.lines) or self.left
        if self.left < amount:
            raise RefundTooLarge(requested=amount, remaining=self.left)
        return amount

    def _price_of(self, wanted: Sequence[Pieces]) -> Money | None:
        if not wanted:
            return None
        prices = {line.sku: line.unit_price for line in self.order.lines}
        amounts = (prices[each.sku] * each.quantity for each in wanted)
        return Money.total(amounts, self.order.total.currency)

    def _require_money_taken(self) -> None:
        if self.payment.status is PaymentStatus.AUTHORISED:
            raise MoneyNotTaken

    def _ordered(self) -> Counter[str]:
        ordered = Counter[str]()
        for line in self.order.lines:
            ordered[line.sku] += line.quantity
        return ordered

    def _handed_over(self, kind: HandoverKind) -> Counter[str]:
        handed_over = Counter[str]()
        for handover in self.handovers:
            if handover.kind is kind:
                handed_over += _counted(handover.lines)
        return handed_over

    def _refunded_lines(self) -> Iterator[RefundLine]:
        for refund in self.refunds:
            yield from refund.lines


def _among(left: Counter[str], wanted: Sequence[Pieces]) -> tuple[Pieces, ...]:
    """Return what is wanted, or all there is; raise `NotSoManyLeft` where there are fewer."""
    chosen = _counted(wanted) if wanted else left
    excesses = tuple(
        Excess(sku=sku, requested=quantity, remaining=left[sku])
        for sku, quantity in chosen.items()
        if quantity > left[sku]
    )
    if excesses:
        raise NotSoManyLeft(lines=excesses)
    return tuple(Pieces(sku=sku, quantity=quantity) for sku, quantity in chosen.items())


def _counted(lines: Sequence[Pieces]) -> Counter[str]:
    counted = Counter[str]()
    for line in lines:
        counted[line.sku] += line.quantity
    return counted


class MoneyNotTaken(Conflict):
    """The card has set the money aside for the order, and it is not taken yet."""

    code = "payment-not-captured"
    is_final = False
    message = "The money for the order is set aside, and not taken yet; try again shortly."


class OrderUnderWay(Conflict):
    """Part of the order has left or was refunded: it cannot be cancelled as if nothing had."""

    code = "order-partly-fulfilled"
    message = "Part of the order was shipped or refunded; what is left of it can be refunded."
