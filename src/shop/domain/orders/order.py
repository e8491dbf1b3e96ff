"""Orders: lines at the prices of that time, and the history of their status."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.domain.catalogue.variant import ChosenOption
from shop.domain.orders.order_details import NO_DETAILS, OrderDetails
from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.pricing.quoted import QuotedDiscount, Totals
from shop.domain.shared.errors import Conflict, NotFound
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.money import Money
from shop.domain.shared.state_machine import StateMachine
from shop.domain.shared.value import value
from shop.domain.user import User


class Actor(StrEnum):
    """The party that changed an order."""

    CUSTOMER = "customer"  # The customer who placed it.
    ADMIN = "admin"  # A user with the role admin.
    GATEWAY = "gateway"  # The payment gateway's response.
    SHOP = "shop"  # The shop itself, when a payment times out.


class OrderStatus(StrEnum):
    """The state of an order."""

    PENDING = "pending"  # The card payment has no outcome yet; stock is reserved.
    PAID = "paid"  # Paid or authorised, and not fully shipped.
    DECLINED = "declined"  # Closed: the card was declined.
    EXPIRED = "expired"  # Closed: the payment had no outcome in time.
    CANCELLED = "cancelled"  # Closed: cancelled before anything was shipped.
    SHIPPED = "shipped"  # Everything left to ship has been shipped.
    DELIVERED = "delivered"  # Everything shipped has arrived.
    REFUNDED = "refunded"  # The whole payment was refunded.


BOUGHT = frozenset(
    {OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.REFUNDED}
)
"""The statuses of orders that were paid and not cancelled."""

ORDER_STATUSES = StateMachine(
    initial=frozenset({OrderStatus.PENDING, OrderStatus.PAID}),
    transitions={
        OrderStatus.PENDING: frozenset(
            {
                OrderStatus.PAID,
                OrderStatus.DECLINED,
                OrderStatus.EXPIRED,
                OrderStatus.CANCELLED,
            }
        ),
        OrderStatus.PAID: frozenset(
            {OrderStatus.SHIPPED, OrderStatus.CANCELLED, OrderStatus.REFUNDED}
        ),
        OrderStatus.SHIPPED: frozenset({OrderStatus.DELIVERED, OrderStatus.REFUNDED}),
        OrderStatus.DELIVERED: frozenset({OrderStatus.REFUNDED}),
        OrderStatus.DECLINED: frozenset(),
        OrderStatus.EXPIRED: frozenset(),
        OrderStatus.CANCELLED: frozenset(),
        OrderStatus.REFUNDED: frozenset(),
    },
)


@value
class OrderLine:
    """A quantity of one variant at its price when the order was placed.

    `product`, `options` and `image` are copies, as the name is: whatever becomes of the product,
    the order says what was bought. Orders from before there were variants have none.
    """

    sku: str
    name: str
    quantity: int
    unit_price: Money
    product: str | None = None
    options: tuple[ChosenOption, ...] = ()
    image: str | None = None

    @property
    def amount(self) -> Money:
        """The price of the whole line."""
        return self.unit_price * self.quantity


@value
class StatusChange:
    """One step in an order's history; `sequence` counts from 1 without gaps."""

    order_id: UUID
    sequence: int
    from_status: str | None
    to_status: str
    actor: str
    created_at: datetime


@value
class Order:
    """A customer's order; `version` counts the steps in its history.

    `has_fulfilment` is true once any of it was shipped or refunded. `pricing` is None for a plain
    order: its lines at their prices are all that it costs.
    """

    id: UUID
    number: str
    idempotency_key: IdempotencyKey
    status: OrderStatus
    lines: tuple[OrderLine, ...]
    total: Money
    payment_method: PaymentMethod
    placed_at: datetime
    version: int
    has_fulfilment: bool
    pricing: OrderPricing | None = None
    details: OrderDetails = NO_DETAILS

    @property
    def full_pricing(self) -> OrderPricing:
        """The pricing, also of a plain order: that of its lines."""
        if self.pricing is not None:
            return self.pricing
        return OrderPricing(
            prices_include_tax=True,
            lines=tuple(
                KeptLine(
                    quantity=line.quantity,
                    unit_price=line.unit_price.amount,
                    discount=0,
                    tax=0,
                    prices_include_tax=True,
                )
                for line in self.lines
            ),
            shipping=None,
            discounts=(),
            taxes=(),
        )

    @property
    def totals(self) -> Totals:
        """All sums, as clients see them."""
        if self.pricing is not None:
            return self.pricing.totals
        total = self.total.amount
        return Totals(
            subtotal=total, discount=0, shipping=0, tax=0, total=total, prices_include_tax=True
        )

    @property
    def is_plain(self) -> bool:
        """Whether the order has lines at their prices, and nothing else."""
        return self.pricing is None and self.details.is_empty

    @property
    def user_id(self) -> UUID:
        """The customer: the user under whose key the order was placed."""
        return self.idempotency_key.user_id

    @property
    def discounts(self) -> tuple[QuotedDiscount, ...]:
        """What promotions have taken off; none without a pricing."""
        return () if self.pricing is None else self.pricing.discounts

    def is_visible_to(self, user: User) -> bool:
        """Check that the user is the order's customer or an admin."""
        return user.id == self.user_id or user.is_admin

    def transition_to(
        self, status: OrderStatus, *, at: datetime, actor: Actor
    ) -> tuple["Order", StatusChange]:
        """Change the status; raise `IllegalTransition` if that is not allowed."""
        ORDER_STATUSES.require_transition(self.status, status)
        change = StatusChange(
            order_id=self.id,
            sequence=self.version + 1,
            from_status=self.status.value,
            to_status=status.value,
            actor=actor.value,
            created_at=at,
        )
        return replace(self, status=status, version=change.sequence), change

    def as_first_paid(self) -> "Order":
        """Return the order as it was when it was paid, for replays."""
        return replace(self, status=OrderStatus.PAID, version=1, has_fulfilment=False)

    def payment_when_paid(self) -> Payment:
        """Return the order's payment as it stood when the order was paid."""
        is_captured = self.payment_method.is_immediate
        return Payment(
            order_id=self.id,
            method=self.payment_method,
            status=PaymentStatus.CAPTURED if is_captured else PaymentStatus.AUTHORISED,
            amount=self.total,
            card=None,
            created_at=self.placed_at,
        )

    def initial_status_change(self, *, actor: Actor) -> StatusChange:
        """Create the first step of the order's history."""
        ORDER_STATUSES.require_transition(None, self.status)
        return StatusChange(
            order_id=self.id,
            sequence=1,
            from_status=None,
            to_status=self.status.value,
            actor=actor.value,
            created_at=self.placed_at,
        )


@dataclass(kw_only=True, unsafe_hash=True)
class TooManyPendingOrders(Conflict):
    """The customer has too many orders whose payment has no outcome yet."""

    limit: int

    code = "too-many-pending-orders"
    message = "At most {limit} orders can wait for their payment; pay or cancel one of them first."

    @property
    def detail(self) -> str:
        """The message, which speaks of one order if only one can wait."""
        if self.limit == 1:
            return "At most 1 order can wait for its payment; pay or cancel it first."
        return super().detail


class OrderNotFound(NotFound):
    """The order does not exist or belongs to another customer."""

    code = "order-not-found"
    message = "There is no such order."


class SessionHasNoOrder(NotFound):
    """The session has no last order."""

    code = "no-order"
    message = "No order was placed in this session."
