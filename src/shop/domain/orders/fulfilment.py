"""Fulfilment: shipping, delivering and refunding an order that is paid."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from shop.domain.orders.order import ORDER_STATUSES, Actor, Order, OrderStatus, StatusChange
from shop.domain.orders.refund import (
    NothingToRefund,
    NotPaidByCard,
    Refund,
    RefundExceedsPayment,
    RefundLine,
    RefundRequest,
    ShippingAlreadyRefunded,
    initial_refund_status,
)
from shop.domain.orders.refund_parts import Refundable, RefundPart
from shop.domain.orders.shipment import (
    ExcessQuantity,
    QuantityExceedsOrder,
    ShipmentEvent,
    ShipmentEventKind,
)
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.shared.errors import Conflict
from shop.domain.shared.line_quantity import LineQuantity, quantities_by_sku
from shop.domain.shared.money import Money
from shop.domain.shared.state_machine import IllegalTransition
from shop.domain.shared.value import value

_STATUSES_WITH_FULFILMENT = frozenset(
    {OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED}
)

_ORDER_STATUS_AFTER = {
    ShipmentEventKind.SHIPPED: OrderStatus.SHIPPED,
    ShipmentEventKind.DELIVERED: OrderStatus.DELIVERED,
}


@value
class Fulfilment:
    """An order with its payment, and all of its shipment events and refunds.

    `order.status` is the status before the latest of them; `status_changes` lead to `status`.
    """

    order: Order
    payment: Payment
    shipment_events: tuple[ShipmentEvent, ...]
    refunds: tuple[Refund, ...]

    @property
    def has_started(self) -> bool:
        """Whether anything was shipped or refunded."""
        return bool(self.shipment_events or self.refunds)

    @property
    def shipped(self) -> Counter[str]:
        """How many of each product were shipped."""
        return self._recorded(ShipmentEventKind.SHIPPED)

    @property
    def refunded(self) -> Counter[str]:
        """How many of each product were refunded."""
        return quantities_by_sku(self._refunded_lines())

    @property
    def refunded_amount(self) -> Money:
        """The part of the total that was refunded; a card may receive it later."""
        return Money.total((refund.amount for refund in self.refunds), self.order.total.currency)

    @property
    def unshipped(self) -> Counter[str]:
        """How many of each product are still to be shipped."""
        cancelled = Counter[str]()
        for line in self._refunded_lines():
            cancelled[line.sku] += line.cancelled_quantity
        return quantities_by_sku(self.order.lines) - self.shipped - cancelled

    @property
    def undelivered(self) -> Counter[str]:
        """How many of each product were shipped and not delivered yet."""
        return self.shipped - self._recorded(ShipmentEventKind.DELIVERED)

    @property
    def unrefunded(self) -> Counter[str]:
        """How many of each product were not refunded."""
        return quantities_by_sku(self.order.lines) - self.refunded

    @property
    def unrefunded_amount(self) -> Money:
        """The part of the total that was not refunded."""
        return self.order.total - self.refunded_amount

    @property
    def status(self) -> OrderStatus:
        """The order's status after all events; a partly shipped order is still paid."""
        if self.order.status not in _STATUSES_WITH_FULFILMENT:
            return self.order.status
        if self.refunds and not self.unrefunded_amount.amount:
            return OrderStatus.REFUNDED
        if self.unshipped or not self.shipment_events:
            return OrderStatus.PAID
        return OrderStatus.SHIPPED if self.undelivered else OrderStatus.DELIVERED

    def status_changes(self, *, at: datetime, actor: Actor) -> Iterator[tuple[Order, StatusChange]]:
        """Yield the order after each step to `status`, with the change of that step."""
        order = self.order
        if (order.status, self.status) == (OrderStatus.PAID, OrderStatus.DELIVERED):
            # The unshipped lines were refunded, and all others delivered.
            order, change = order.transition_to(OrderStatus.SHIPPED, at=at, actor=actor)
            yield order, change
        if order.status is not self.status:
            yield order.transition_to(self.status, at=at, actor=actor)

    def record(
        self,
        kind: ShipmentEventKind,
        requested: Sequence[LineQuantity],
        *,
        id: UUID,  # noqa: A002  The field's own name.
        at: datetime,
        actor: Actor,
    ) -> tuple["Fulfilment", ShipmentEvent]:
        """Record that lines were shipped or delivered; without any, all that remain.

        Raise `IllegalTransition` if the order is past this step or nothing remains,
        `PaymentNotCaptured`, or `QuantityExceedsOrder`.
        """
        status = _ORDER_STATUS_AFTER[kind]
        if self.order.status is not OrderStatus.PAID:
            ORDER_STATUSES.require_transition(self.order.status, status)
        self._require_payment_captured()
        unrecorded = self.unshipped if kind is ShipmentEventKind.SHIPPED else self.undelivered
        if not (unrecorded or requested):
            raise IllegalTransition(current=self.order.status.value, target=status.value)
        event = ShipmentEvent(
            id=id,
            order_id=self.order.id,
            kind=kind,
            lines=_requested_or_all(unrecorded, requested),
            actor=actor,
            created_at=at,
        )
        return replace(self, shipment_events=(*self.shipment_events, event)), event

    def refund(
        self,
        request: RefundRequest,
        *,
        id: UUID,  # noqa: A002  The field's own name.
        at: datetime,
        actor: Actor,
    ) -> tuple["Fulfilment", Refund]:
        """Refund the order, in full or in part.

        Raise `IllegalTransition` if the order is not paid or was refunded already,
        `PaymentNotCaptured`, `NotPaidByCard`, `QuantityExceedsOrder`, `RefundExceedsPayment`,
        `ShippingAlreadyRefunded` or `NothingToRefund`.
        """
        ORDER_STATUSES.require_transition(self.order.status, OrderStatus.REFUNDED)
        self._require_payment_captured()
        to = request.to or self.order.payment_method
        if to is PaymentMethod.CARD and self.order.payment_method is not PaymentMethod.CARD:
            raise NotPaidByCard
        refundable = Refundable.of(self.order, self.refunds)
        parts = self._refund_parts(request, refundable)
        amount = self._refund_amount(request, parts)
        refund = Refund(
            id=id,
            order_id=self.order.id,
            number=len(self.refunds) + 1,
            amount=amount,
            to=to,
            reason=request.reason,
            lines=self._refund_lines(parts),
            restocked=request.restock,
            status=initial_refund_status(to),
            gateway_response=None,
            actor=actor,
            created_at=at,
            shipping_amount=sum(part.amount for part in parts if part.sku is None),
            tax=refundable.tax_of(parts, amount.amount),
        )
        return replace(self, refunds=(*self.refunds, refund)), refund

    def _refund_parts(self, request: RefundRequest, refundable: Refundable) -> Sequence[RefundPart]:
        if request.shipping and refundable.shipping is None:
            raise ShippingAlreadyRefunded
        pieces: Sequence[LineQuantity] = ()
        if request.lines or request.is_for_the_rest:
            pieces = _requested_or_all(self.unrefunded, request.lines)
        return refundable.parts(
            pieces,
            with_shipping=request.shipping or request.is_for_the_rest,
            amount=None if request.amount is None else request.amount.amount,
        )

    def _refund_lines(self, parts: Sequence[RefundPart]) -> tuple[RefundLine, ...]:
        unshipped = self.unshipped
        return tuple(
            RefundLine(
                sku=part.sku,
                quantity=part.quantity,
                cancelled_quantity=min(part.quantity, unshipped[part.sku]),
                amount=part.amount,
                tax=part.tax,
            )
            for part in parts
            if part.sku is not None
        )

    def _refund_amount(self, request: RefundRequest, parts: Sequence[RefundPart]) -> Money:
        remaining = self.unrefunded_amount
        if request.is_for_the_rest:
            amount = remaining
        else:
            amount = request.amount or self._worth_of(request, parts)
        if remaining < amount:
            raise RefundExceedsPayment(requested=amount, remaining=remaining)
        if not amount.amount:
            raise NothingToRefund
        return amount

    def _worth_of(self, request: RefundRequest, parts: Sequence[RefundPart]) -> Money:
        """Return what parts are worth; of an order without a pricing, lines at their prices."""
        currency = self.order.total.currency
        if self.order.pricing is not None:
            return Money(amount=sum(part.amount for part in parts), currency=currency)
        prices = {line.sku: line.unit_price for line in self.order.lines}
        return Money.total((prices[each.sku] * each.quantity for each in request.lines), currency)

    def _require_payment_captured(self) -> None:
        if self.payment.status is PaymentStatus.AUTHORISED:
            raise PaymentNotCaptured

    def _recorded(self, kind: ShipmentEventKind) -> Counter[str]:
        return quantities_by_sku(
            line for event in self.shipment_events if event.kind is kind for line in event.lines
        )

    def _refunded_lines(self) -> Iterator[RefundLine]:
        for refund in self.refunds:
            yield from refund.lines


def _requested_or_all(
    remaining: Counter[str], requested: Sequence[LineQuantity]
) -> tuple[LineQuantity, ...]:
    """Return the requested lines, or all remaining; raise `QuantityExceedsOrder`."""
    chosen = quantities_by_sku(requested) if requested else remaining
    excesses = tuple(
        ExcessQuantity(sku=sku, requested=quantity, remaining=remaining[sku])
        for sku, quantity in chosen.items()
        if quantity > remaining[sku]
    )
    if excesses:
        raise QuantityExceedsOrder(lines=excesses)
    return tuple(LineQuantity(sku=sku, quantity=quantity) for sku, quantity in chosen.items())


class PaymentNotCaptured(Conflict):
    """The payment is authorised but not captured yet."""

    code = "payment-not-captured"
    is_final = False
    message = "The payment is authorised but not captured yet; try again shortly."


class OrderPartlyFulfilled(Conflict):
    """Part of the order was shipped or refunded, so it cannot be cancelled."""

    code = "order-partly-fulfilled"
    message = (
        "Part of the order has been shipped or refunded. It can no longer be cancelled; refund the "
        "rest instead."
    )
